import csv
import json
import math
from pathlib import Path

import pytest

from topdraw.core.estimate import Estimate
from topdraw.errors import StoreError
from topdraw.reports.panel import Panel
from topdraw.reports.series import Series
from topdraw.reports.series_figure import series_figures
from topdraw.reports.study_files import PAGE, StudyPage, table_json, write_study
from topdraw.reports.tabular import Tabular

TABLE = Tabular(
    ("name", "value", "n", "nothing"),
    (("<b>", Estimate(0.5, 0.4, 0.6, n=3), 3, None), ("b", 0.25, 4, math.nan)),
)
FIGURES = series_figures([Series("a", {1: 0.1, 10: 0.5})])


def _page(*panels: Panel) -> StudyPage:
    return StudyPage("Study", "It is 0.5 [0.4, 0.6].", panels, bibtex=("@article{x}",))


def test_a_panel_is_a_table_in_three_forms_and_a_figure(tmp_path: Path) -> None:
    panel = Panel("one", "One", "C.", FIGURES, TABLE, tables=(("More", TABLE),))
    path = write_study(tmp_path, _page(panel), command="topdraw study s")
    assert path == tmp_path / PAGE
    names = sorted(each.name for each in (tmp_path / "tables").iterdir())
    assert names == [f"one{more}.{end}" for more in ("-2", "") for end in ("csv", "json", "tex")]
    rows = json.loads((tmp_path / "tables" / "one.json").read_text())
    assert rows[0]["value"]["low"] == 0.4
    assert rows[1]["nothing"] is None
    (head, first, _) = list(csv.reader((tmp_path / "tables" / "one.csv").read_text().splitlines()))
    assert head == ["name", "value", "value low", "value high", "n", "nothing"]
    assert first[:4] == ["<b>", "0.5", "0.4", "0.6"]
    figure = (tmp_path / "figures" / "one.svg").read_text()
    assert figure.startswith("<?xml")
    assert "class=" not in figure
    text = path.read_text()
    assert "<b>" not in text
    assert "@article{x}" in text
    assert "topdraw study s" in text


def test_the_same_page_is_the_same_files_to_the_byte(tmp_path: Path) -> None:
    panel = Panel("one", "One", "C.", FIGURES, TABLE)
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_study(tmp_path / folder, _page(panel), command="x")
    first, second = (
        {
            str(path.relative_to(tmp_path / folder)): path.read_bytes()
            for path in (tmp_path / folder).rglob("*.*")
        }
        for folder in ("a", "b")
    )
    assert first == second
    assert len(first) >= 5


def test_what_another_page_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    panels = [Panel(key, key, "C.", FIGURES * 2, TABLE) for key in ("old", "new")]
    write_study(tmp_path, _page(*panels), command="x")
    (tmp_path / "tables" / "mine.txt").touch()
    assert (tmp_path / "figures" / "old-2.svg").exists()
    write_study(tmp_path, _page(panels[1]), command="x")
    left = [each.name for each in sorted(tmp_path.rglob("*.*")) if "old" in each.name]
    assert left == []
    assert (tmp_path / "tables" / "mine.txt").exists()


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "tables").touch()
    with pytest.raises(StoreError, match="cannot be made"):
        write_study(tmp_path, _page(Panel("a", "A", "C.", table=TABLE)), command="")


def test_numbers_keep_all_digits() -> None:
    (row, _) = table_json(Tabular(("x",), ((1 / 3,), (math.inf,))))
    assert row["x"] == 1 / 3
