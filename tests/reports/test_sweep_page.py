from pathlib import Path

import pytest
from tests.reports.conftest import Chromium
from tests.reports.seen import FLOWS_OVER, LOW_CONTRAST, OPEN_ALL, TOO_WIDE
from tests.sampling.models_for_tests import Echo

from topdraw.analysis.variability_cells import SweepReading, sweep_reading
from topdraw.core.records import Problem, Score, Task
from topdraw.errors import BudgetExhausted
from topdraw.reports.sweep_page import sweep_page, sweep_panels
from topdraw.reports.sweep_table import (
    cells_tabular,
    standing,
    sweep_claim,
    sweep_json,
    sweep_notes,
    sweep_tabular,
)
from topdraw.reports.tabular import csv_text
from topdraw.sampling.budget import Budget
from topdraw.sampling.sweep import open_sweep, sweep

TASK = Task("<b>echoes</b>", "1", tuple(Problem(str(at), f"Say {at}.") for at in range(9)), "judge")
RIGHT = {0.0: 4, 0.5: 9, 1.0: 0}
AXES = {"temperature": [0.0, 0.5, 1.0], "repetition_penalty": [1.0, 1.1]}


def _reading(
    folder: Path, axes: dict[str, list[float]], *, n_at_zero: int = 1, cap: int | None = None
) -> SweepReading:
    budget = Budget(samples=cap) if cap else None
    try:
        sweep(TASK, Echo(), 4, axes=axes, out=folder, n_at_zero=n_at_zero, budget=budget)
    except BudgetExhausted:
        assert cap
    made = open_sweep(folder)
    for run in filter(None, map(made.run, made.cells)):
        sampler = run.manifest.sampler("sampled")
        assert sampler is not None
        right = RIGHT[sampler.decoding.temperature]
        run.add_scores(
            "judge",
            [(s, Score.verdict(int(s.problem_id) < right, answer="x")) for s in run.samples()],
        )
    return sweep_reading(made)


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> SweepReading:
    return _reading(tmp_path_factory.mktemp("s") / "s", AXES, n_at_zero=2)


def test_the_claim_names_the_best_cell_and_its_equals(reading: SweepReading) -> None:
    claim = sweep_claim(reading)
    assert " at temperature 0.5, repetition penalty 1 is the best of 6 cells: 1.00" in claim
    assert claim.startswith(reading.sweep.model)
    assert "cannot be told from it (" in claim


def test_a_table_has_a_row_for_each_cell(reading: SweepReading) -> None:
    table = sweep_tabular(reading)
    assert table.columns[:3] == ("temperature", "repetition penalty", "one sample (mean)")
    assert [row[-1] for row in table.rows] == [standing(one) for one in reading.cells]
    assert cells_tabular(reading).rows[2][0] == "t0.5-r1"
    assert csv_text(table).count("\n") == 7


def test_json_holds_every_number(reading: SweepReading) -> None:
    found = sweep_json(reading)
    assert found["best"] == "t0.5-r1"
    cells = found["cells"]
    assert isinstance(cells, list)
    assert cells[2]["mean"]["value"] == 1.0
    assert cells[0]["pass_at_k"]["4"]["value"] is None
    assert cells[4]["standing"] == "below"
    assert len(cells) == 6


def test_notes_say_what_to_beware_of(reading: SweepReading, tmp_path: Path) -> None:
    notes = sweep_notes(reading)
    assert any("Not deterministic in 2 repeats of 9 problems" in note for note in notes)
    assert any("picked on the same problems" in note for note in notes)
    part = _reading(tmp_path / "s", AXES, cap=40)
    assert any(
        "left out of the comparison: t0.5-r1 (not drawn in full)" in x for x in sweep_notes(part)
    )


def test_missing_scores_are_noted(tmp_path: Path) -> None:
    made = sweep(TASK, Echo(), 1, axes={"temperature": [0.5]}, out=tmp_path / "s")
    run = made.run(made.cells[0])
    assert run is not None
    run.add_scores("judge", [(s, Score.missing("down")) for s in run.samples()])
    assert sweep_notes(sweep_reading(made))[-1].startswith("9 samples have no score")


def test_without_a_complete_cell_nothing_is_claimed(tmp_path: Path) -> None:
    part = _reading(tmp_path / "s", {"temperature": [0.5, 1.0]}, cap=5)
    assert sweep_claim(part) == "No cell is drawn and scored in full yet."
    assert "No cell is drawn" in sweep_page(part)


def test_one_cell_and_one_axis_have_no_map(tmp_path: Path) -> None:
    one = _reading(tmp_path / "one", {"temperature": [0.5]})
    assert " at temperature 0.5: 1.00 [" in sweep_claim(one)
    assert [panel.key for panel in sweep_panels(one)] == ["cells"]
    line = _reading(tmp_path / "line", {"temperature": [0.5, 1.0]})
    assert sweep_claim(line).endswith("every other cell is below it.")
    keys = [panel.key for panel in sweep_panels(line)]
    assert keys == ["single", "coverage", "votes", "tokens", "cells"]


def test_a_third_axis_makes_a_map_for_each_of_its_values(tmp_path: Path) -> None:
    axes = {**AXES, "temperature": [0.5, 1.0], "top_p": [0.9, 1.0]}
    found = _reading(tmp_path / "s", axes)
    (panel,) = [each for each in sweep_panels(found) if each.key == "map"]
    assert panel.figures[0].count('class="heat"') == 8
    assert "repetition penalty 1.1" in panel.figures[0]


def test_lines_beyond_the_colours_are_said_to_be_left_out(tmp_path: Path) -> None:
    axes = {"temperature": [0.5, 1.0], "top_k": [float(at) for at in range(9)]}
    found = _reading(tmp_path / "s", axes)
    claims = [each.claim for each in sweep_panels(found) if each.key == "single"]
    assert claims[0].endswith("The first 8 of 9 lines.")


def test_a_page_says_it_all_and_escapes_names(reading: SweepReading) -> None:
    page = sweep_page(reading, command="topdraw sweep <here>")
    assert "<b>echoes" not in page
    assert "topdraw sweep &lt;here&gt;" in page
    assert sweep_json(reading)["model"] == reading.sweep.model != ""
    assert "Every cell" in page


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_page_fits_and_can_be_read(
    chromium: Chromium, reading: SweepReading, width: int, dark: bool
) -> None:
    visit = chromium.visit(sweep_page(reading), width=width, dark=dark)
    visit.page.evaluate(OPEN_ALL)
    assert not visit.page.evaluate(FLOWS_OVER)
    assert visit.page.evaluate(TOO_WIDE) == []
    assert visit.page.evaluate(LOW_CONTRAST) == []
    assert visit.complaints == []
