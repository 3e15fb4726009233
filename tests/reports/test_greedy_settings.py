from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.studies.greedy.made import made_material, sure

from topdraw.reports.panel import Panel
from topdraw.reports.study_files import StudyPage
from topdraw.reports.study_greedy import greedy_page


def _curves(folder: Path, models: int, shares: Sequence[float] = (0.5, 0.5)) -> StudyPage:
    return greedy_page(
        [
            made_material(
                folder / f"{at}-{temperature}",
                sure(12, share, 2, seed=at),
                model=f"m{at}",
                temperature=temperature,
            )
            for at in range(models)
            for temperature, share in zip((0.5, 1.0), shares, strict=True)
        ]
    )


def _panels(page: StudyPage) -> dict[str, Panel]:
    return {panel.key: panel for panel in page.panels}


def test_lines_are_named_by_model_where_there_are_several(tmp_path: Path) -> None:
    figure = _panels(_curves(tmp_path, 2))["temperature"].figures[0]
    assert "m0 0." in figure
    assert "m1 0." in figure


def test_more_lines_than_colours_are_left_out_and_said(tmp_path: Path) -> None:
    notes = _panels(_curves(tmp_path, 9))["temperature"].notes
    assert notes == ("The figure shows the first 8 of 9 lines.",)


def test_single_samples_have_one_panel(tmp_path: Path) -> None:
    page = greedy_page(
        [made_material(tmp_path / f"{x}", sure(9, 0.5, 1), temperature=x) for x in (0.5, 1.0)]
    )
    assert [key for key in _panels(page) if "temperature" in key] == ["temperature"]


@pytest.mark.parametrize(
    ("shares", "shape"),
    [
        ((0.5, 0.5), "flat: no value can be told from the best"),
        ((1.0, 0.0), "lower at the high end"),
        ((0.0, 1.0), "lower at the low end"),
    ],
)
def test_shapes_are_words(tmp_path: Path, shares: tuple[float, float], shape: str) -> None:
    table = _panels(_curves(tmp_path, 1, shares))["temperature-several"].table
    assert table is not None
    assert table.rows[0][-1] == shape


def test_an_optimum_inside_is_counted(two_models: StudyPage) -> None:
    panel = _panels(two_models)["temperature-several"]
    assert panel.notes[0].startswith("3 of 3 numbers have an optimum inside")
    assert "at 0.5 it is lower by" in panel.claim
