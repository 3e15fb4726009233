from pathlib import Path

from tests.studies.greedy.made import made_material, sure

from topdraw.reports.study_files import StudyPage
from topdraw.reports.study_greedy import greedy_page


def _claims(page: StudyPage) -> dict[str, str]:
    return {panel.key: panel.claim for panel in page.panels}


def test_reversed_orders_are_named_with_how_sure_they_are(two_models: StudyPage) -> None:
    assert (
        "different winners in 1 of 1 pairs: gsm8k: large and small" in _claims(two_models)["orders"]
    )
    assert "% of resamples" in _claims(two_models)["orders"]


def test_an_order_that_stays_says_how_often_it_would_not(tmp_path: Path) -> None:
    strong, weak = sure(40, 0.6, 4), sure(40, 0.4, 4, seed=1)
    page = greedy_page(
        [
            made_material(tmp_path / name, table, greedy=table[:, 0], model=name)
            for name, table in (("a", strong), ("b", weak))
        ]
    )
    claim = _claims(page)["orders"]
    assert "agree on the winner of the one pair" in claim
    assert "% of resamples" in claim
