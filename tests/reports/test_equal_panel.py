import dataclasses
import math
from pathlib import Path

import pytest
from tests.analysis.made_run import NO, YES, made_run

from topdraw.analysis.cost_budget import AtBudget, BestK
from topdraw.analysis.cost_of_k import Unit
from topdraw.analysis.cost_report import CostComparison, compare_costs
from topdraw.core.estimate import Estimate
from topdraw.reports.equal_panel import (
    equal_notes,
    equal_panel,
    equal_sentence,
    equal_table,
    equal_title,
)
from topdraw.reports.panels import render_panels

SURE, UNSURE = 0.001, 0.4


def made(
    gaps: list[tuple[float, float]], *, unit: Unit = "flops", strategy: str = "oracle"
) -> CostComparison:
    """At budgets 1e12, 2e12, ... these differences with these adjusted p."""
    side = BestK(2, 1.0, Estimate(0.5, 0.4, 0.6), at_end=False)
    budgets = tuple(
        AtBudget((at + 1) * 1e12, side, side, Estimate(gap, gap - 0.1, gap + 0.1))
        for at, (gap, _) in enumerate(gaps)
    )
    return CostComparison(
        unit=unit,
        strategy=strategy,
        a="small",
        b="large",
        problems=40,
        only_a=(),
        only_b=(),
        budgets=budgets,
        adjusted_p=tuple(p for _, p in gaps),
        level=0.95,
        basis="made",
    )


@pytest.mark.parametrize(
    ("gaps", "said"),
    [
        (
            [(0.3, SURE), (0.2, SURE), (0.01, UNSURE), (-0.2, SURE), (-0.4, SURE)],
            "In coverage at equal FLOPs, small wins up to 2·10¹² FLOPs (by up to 0.30 [0.20, 0.40])"
            ", large wins from 4·10¹² FLOPs on (by up to 0.40 [0.30, 0.50]); "
            "1 of 5 budgets are undecided.",
        ),
        (
            [(0.3, SURE), (0.2, SURE)],
            "small wins at every budget from 10¹² FLOPs to 2·10¹² FLOPs (by up to 0.30",
        ),
        ([(0.1, UNSURE), (-0.2, SURE), (0.1, UNSURE)], "large wins at 2·10¹² FLOPs (by 0.20"),
        (
            [(0.1, UNSURE), (0.2, SURE), (0.2, SURE), (0.1, UNSURE)],
            "small wins from 2·10¹² FLOPs to 3·10¹² FLOPs",
        ),
        (
            [(0.1, UNSURE), (-0.2, UNSURE)],
            "Undecided: in coverage at equal FLOPs, small and large cannot be told apart at any of "
            "2 budgets; the largest difference is -0.20 [-0.30, -0.10], at 2·10¹² FLOPs.",
        ),
        ([(math.nan, math.nan)], "No budget buys a sample of both small and large"),
    ],
)
def test_the_sentence_says_who_wins_where_and_what_is_undecided(
    gaps: list[tuple[float, float]], said: str
) -> None:
    assert said in equal_sentence(made(gaps))


def test_units_and_strategies_are_named() -> None:
    found = made([(0.3, SURE)], unit="usd", strategy="majority")
    assert equal_title(found) == "majority at equal USD"
    assert "at $1,000,000,000,000.00 (by" in equal_sentence(found)
    assert equal_table(found).columns == (
        "USD per problem",
        "k of small",
        "small, majority",
        "k of large",
        "large, majority",
        "difference",
        "p",
        "adjusted p",
    )


def test_what_ends_is_told_and_nothing_else() -> None:
    found = made([(0.3, SURE)])
    assert equal_notes(found) == []
    at = found.budgets[0]
    ended = dataclasses.replace(at, b=dataclasses.replace(at.b, at_end=True))
    (note,) = equal_notes(dataclasses.replace(found, budgets=(ended,)))
    assert note.startswith("Beyond 10¹² FLOPs nothing is known: large can afford all samples")


def test_a_panel_of_two_runs_has_figures_and_escapes_names(tmp_path: Path) -> None:
    a = made_run(tmp_path / "a", {f"p{i}": [YES, NO, YES, YES] for i in range(12)})
    b = made_run(tmp_path / "b", {f"p{i}": [NO, NO, YES, NO] for i in range(12)})
    found = compare_costs(a, b, names=("<i>a", "b & c"), unit="samples")
    assert [at.budget for at in found.budgets] == [1, 2, 3, 4]
    panel = equal_panel(found, "equal-1")
    assert len(panel.figures) == 2
    assert panel.title == "Equal samples: coverage"
    other = equal_panel(found, "equal-2", several=True)
    assert other.title == "Equal samples: coverage, <i>a / b & c"
    assert panel.notes[0].startswith("Beyond 4 samples nothing is known: <i>a and b & c can")
    page = render_panels("Runs compared", panel.claim, [panel])
    assert "<i>a" not in page
    assert "samples per attempt" in page
