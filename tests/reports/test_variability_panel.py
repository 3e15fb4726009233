import math
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from tests.analysis.made_run import LOST, NO, YES, made_run
from tests.reports.conftest import Chromium
from tests.reports.seen import FLOWS_OVER, LOW_CONTRAST, OPEN_ALL, TOO_WIDE

from topdraw.analysis.summary import summarize
from topdraw.analysis.variability import Variability
from topdraw.analysis.variability_repeats import determinism
from topdraw.core.estimate import Estimate
from topdraw.reports.frame import NARROW, WIDE, Layout
from topdraw.reports.panel import Panel
from topdraw.reports.panels import render_panels
from topdraw.reports.tabular import csv_text
from topdraw.reports.variability_figure import variation_figure
from topdraw.reports.variability_panel import (
    category_of,
    greedy_sentence,
    panel_of,
    variability_panel,
)
from topdraw.store.evidence import open_evidence
from topdraw.store.run import Run


def _run(folder: Path) -> Run:
    return made_run(
        folder,
        {"a": [NO, NO, NO, YES], "b": [YES, YES, NO, YES], "<c>": [YES, LOST, YES, YES]},
        greedy={"a": [YES], "b": [NO], "<c>": [YES]},
    )


def _panel(run: Run) -> Panel:
    found = variability_panel(run, summarize(run))
    assert found is not None
    return found


def test_the_panel_compares_greedy_with_sampling(tmp_path: Path) -> None:
    panel = _panel(_run(tmp_path / "run"))
    assert panel.key == "greedy"
    assert panel.claim.startswith("Greedy decoding is right on 0.67 [")
    assert "they cannot be told apart" in panel.claim
    notes = " ".join(panel.notes)
    assert "Greedy is right and most samples are wrong on 1 problem: a (25% of samples)" in notes
    assert "Greedy is wrong and most samples are right on 1 problem: b (75% of samples)" in notes
    assert "Outputs without a score, which are in no number: 1." in notes
    assert "over 3 full runs" in notes
    assert panel.table is not None
    assert csv_text(panel.table).startswith("set,problems,greedy,greedy low")


def test_of_counts_there_is_nothing_to_say(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("problem,n,c\na,10,3\nb,10,5\n")
    table = open_evidence(path)
    assert variability_panel(table, summarize(table)) is None


def test_one_sample_without_greedy_says_nothing(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", {"a": [YES], "b": [NO]})
    assert variability_panel(run, summarize(run)) is None


def test_without_greedy_the_full_runs_are_told(tmp_path: Path) -> None:
    panel = _panel(made_run(tmp_path / "run", {"a": [YES, NO], "b": [NO, NO]}))
    assert "2 full runs lie between 0.000 and 0.500" in panel.claim


def test_categories_are_rows(tmp_path: Path) -> None:
    path = tmp_path / "samples.csv"
    rows = [f"p{at},{index},{at % 2},level {at % 3}" for at in range(6) for index in range(2)]
    path.write_text("\n".join(["problem,index,correct,level", *rows, ""]))
    table = open_evidence(path)
    assert category_of(table) == "level"
    panel = variability_panel(table, summarize(table))
    assert panel is not None
    assert panel.table is not None
    assert [row[0] for row in panel.table.rows] == ["all problems", "level 0", "level 1", "level 2"]
    assert panel.table.columns[0] == "level"


def _made(greedy: list[float], scores: list[list[float]]) -> Variability:
    from topdraw.analysis.variability import variation
    from topdraw.analysis.variability_lengths import lengths

    nothing = [[math.nan] * len(scores[0])] * len(scores)
    return Variability(
        by="judge",
        n=len(scores[0]),
        overall=variation(greedy, scores),
        categories=(),
        category="",
        flips=(),
        lengths=lengths([math.nan] * len(scores), nothing, scores),
        missing=0,
        greedy_missing=0,
        unanswered=(),
    )


@pytest.mark.parametrize(("greedy", "better"), [(1.0, "greedy"), (0.0, "sampling")])
def test_the_sentence_says_which_is_better(greedy: float, better: str) -> None:
    found = _made([greedy] * 40, [[1.0, 0.0, 1.0, 0.0]] * 40)
    assert f"{better} is better" in greedy_sentence(found.overall)


def test_the_sentence_of_a_single_run_names_its_accuracy() -> None:
    assert greedy_sentence(_made([math.nan], [[1.0]]).overall).startswith(
        "One sample is right on 1.0"
    )


def test_runs_that_share_something_are_pointed_out() -> None:
    # Every sample of an index is right or wrong together.
    found = _made([math.nan] * 50, [[1.0, 0.0, 1.0, 0.0]] * 50)
    notes = panel_of(found).notes
    told = next(note for note in notes if "something that all samples of one run share" in note)
    assert "chance alone does so less than once in a million" in told


def test_indices_without_some_verdict_are_counted() -> None:
    rng = np.random.default_rng(0)
    table = rng.integers(0, 2, (40, 8)).astype(float)
    table[0, 3] = math.nan
    notes = panel_of(_made([math.nan] * 40, table.tolist())).notes
    assert "1 index lacks the verdict of some problem: full runs are the 7 others." in notes
    table[np.arange(6), np.arange(6)] = math.nan
    panel = panel_of(_made([math.nan] * 40, table.tolist()))
    assert panel.title == "Full runs"
    assert any("run j of 6 is therefore the j-th scored sample" in note for note in panel.notes)


def test_repeated_greedy_draws_are_the_claim() -> None:
    found = _made([math.nan] * 2, [[1.0, 1.0], [0.0, 0.0]])
    repeats = determinism({"a": ["x", "x"], "b": ["y", "y"]})
    panel = panel_of(found, repeats)
    assert panel.claim.startswith("No output changed in 2 repeats of 2 problems; with so few")
    assert panel.title == "Repeats at temperature 0"


@pytest.mark.parametrize("layout", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_figure_shows_both_and_the_runs(layout: Layout) -> None:
    found = _made([1.0, 0.0], [[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    root = ET.fromstring(variation_figure(found.overall, layout))  # noqa: S314 - our own
    told = " ".join(each.text or "" for each in root.iter("text"))
    assert "greedy 0.5" in told
    assert "one sample (mean) 0.5" in told
    assert "3 full runs: 0.000 to 1.000" in told
    assert sum(each.get("class") == "mark" for each in root.iter("path")) == 2


def test_nothing_known_is_no_figure() -> None:
    from dataclasses import replace

    found = _made([math.nan], [[1.0, 0.0]]).overall
    assert variation_figure(replace(found, sampled=Estimate(math.nan))) == ""


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_panel_fits_and_can_be_read(
    chromium: Chromium, tmp_path: Path, width: int, dark: bool
) -> None:
    page = render_panels("Run", "Claim.", [_panel(_run(tmp_path / "run"))])
    visit = chromium.visit(page, width=width, dark=dark)
    visit.page.evaluate(OPEN_ALL)
    assert not visit.page.evaluate(FLOWS_OVER)
    assert visit.page.evaluate(TOO_WIDE) == []
    assert visit.page.evaluate(LOW_CONTRAST) == []
    assert visit.complaints == []
