from pathlib import Path

from tests.analysis.made_run import LOST, NO, YES, made_run
from tests.studies.greedy.made import made_categories, made_material, sure

from topdraw.core.estimate import Estimate
from topdraw.reports.study_files import StudyPage
from topdraw.reports.study_greedy import greedy_page
from topdraw.studies.material import Material


def _claims(page: StudyPage) -> dict[str, str]:
    return {panel.key: panel.claim for panel in page.panels}


def test_rows_are_numbers_with_intervals(two_models: StudyPage) -> None:
    table = two_models.panels[0].table
    assert table is not None
    first = dict(zip(table.columns, table.rows[0], strict=True))
    assert (first["task"], first["model"], first["full runs"]) == ("gsm8k", "large", 8)
    for name in ("greedy", "one sample (mean)", "greedy less sampled", "std of full runs"):
        assert isinstance(first[name], Estimate)


def test_nothing_told_apart_is_said_so(tmp_path: Path) -> None:
    table = sure(12, 0.5, 4)
    page = greedy_page([made_material(tmp_path / "run", table, greedy=table[:, 0])])
    assert "cannot be told apart in the one set there is" in page.claim


def test_sampling_that_is_better_is_said_so(tmp_path: Path) -> None:
    table = sure(40, 0.8, 4)
    page = greedy_page([made_material(tmp_path / "run", table, greedy=~table.any(axis=1))])
    assert page.claim.startswith("The mean sample beats greedy decoding in 1 of 1 set")


def test_categories_are_told_where_problems_have_them(tmp_path: Path) -> None:
    page = greedy_page([made_categories(tmp_path / "run", apart=True)])
    assert "In 2 of 2 categories zero lies outside" in _claims(page)["categories"]
    same = greedy_page([made_categories(tmp_path / "same", apart=False)])
    assert "In none of 2 categories" in _claims(same)["categories"]


def test_many_sets_are_named_by_number(tmp_path: Path) -> None:
    sets = [
        made_material(
            tmp_path / f"{at}", sure(30, 0.2, 2), greedy=sure(30, 1.0, 1)[:, 0], model=f"m{at}"
        )
        for at in range(6)
    ]
    assert " and 2 more; full runs lie" in greedy_page(sets).panels[0].claim


def test_indices_that_lack_a_verdict_are_noted(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", {"a": [YES, LOST, NO], "b": [YES, YES, NO]})
    page = greedy_page([Material("run", "main", "made", "made", run)])
    assert page.panels[0].notes == ("made, made: 1 index lacks the verdict of some problem.",)
