"""Two runs at equal budgets, each at its best k: a table, a sentence and a panel.

Not here: the numbers (`analysis.cost_report.compare_all_costs`).
Try it: `topdraw compare RUN RUN --equal tokens`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from topdraw.analysis.cost_of_k import UNITS
from topdraw.reports.cost_figure import amount
from topdraw.reports.difference_figure import difference_figure
from topdraw.reports.frame import NARROW, WIDE
from topdraw.reports.panel import Panel
from topdraw.reports.tabular import Cell, Tabular

if TYPE_CHECKING:
    from topdraw.analysis.cost_budget import AtBudget, BestK
    from topdraw.analysis.cost_report import CostComparison

_HOW = (
    "A budget is the mean cost of a problem. At each one both runs are taken at their best "
    "affordable k, over the problems they share. Coverage always spends all it can; a selector may "
    "be best before that, and then each half of the problems is valued at the k that the other "
    "half chose, so that choosing k does not flatter. Differences are paired over problems; p is a "
    "two-sided sign-flip test of each budget by itself, adjusted p (Holm) allows for all budgets "
    "of this table. A full mark in the figure is an interval that by itself excludes 0; adjusted p "
    "says who wins. What scoring and choosing cost is not counted."
)


def equal_title(found: CostComparison) -> str:
    """What is equal and what is compared, in a few words.

    Args:
        found: of two runs.
    """
    return f"{_what(found)} at equal {UNITS[found.unit]}"


def equal_table(found: CostComparison) -> Tabular:
    """One row for each budget.

    Args:
        found: of two runs.
    """
    what = _what(found)
    heads = [part for name in (found.a, found.b) for part in (f"k of {name}", f"{name}, {what}")]
    return Tabular(
        (f"{UNITS[found.unit]} per problem", *heads, "difference", "p", "adjusted p"),
        tuple(
            (_cell(at.budget), *_side(at.a), *_side(at.b), at.difference, at.difference.p_value, p)
            for at, p in zip(found.budgets, found.adjusted_p, strict=True)
        ),
    )


def equals_table(found: Sequence[CostComparison]) -> Tabular:
    """The same of several comparisons in one table: a row says which two runs, and what is equal.

    Args:
        found: of two runs each.
    """
    heads = ("first run", "second run", "measure", "unit", "budget per problem")
    return Tabular(
        (*heads, "k of a", "a", "k of b", "b", "difference", "p", "adjusted p"),
        tuple(
            (one.a, one.b, _what(one), UNITS[one.unit], *row)
            for one in found
            for row in equal_table(one).rows
        ),
    )


def equal_panel(found: CostComparison, key: str, *, several: bool = False) -> Panel:
    """Differences at equal budgets as a panel.

    Args:
        found: of two runs.
        key: its place in the page.
        several: whether other pairs of runs stand on the same page, so that the title names them.
    """
    pair = f", {found.a} / {found.b}" if several else ""
    rows = [(f"{_told(found, at)}, k {at.a.k:,} / {at.b.k:,}", at) for at in found.budgets]
    figures = (
        difference_figure(
            [(name, at.difference) for name, at in rows], f"{found.a} less {found.b}", layout
        )
        for layout in (WIDE, NARROW)
    )
    return Panel(
        key=key,
        title=f"Equal {UNITS[found.unit]}: {_what(found)}{pair}",
        claim=equal_sentence(found),
        figures=tuple(svg for svg in figures if svg),
        table=equal_table(found),
        how=f"{_HOW} ({found.basis})",
        notes=tuple(equal_notes(found)),
    )


def equal_sentence(found: CostComparison) -> str:
    """Who wins at which budgets, in one sentence; undecided where no test can tell.

    Args:
        found: of two runs.
    """
    known = [at for at in found.budgets if math.isfinite(at.difference.value)]
    if not known:
        return f"No budget buys a sample of both {found.a} and {found.b} ({equal_title(found)})."
    spans = _spans(found)
    won = [span for span in spans if span.winner]
    if not won:
        most = max(known, key=lambda at: abs(at.difference.value))
        return (
            f"Undecided: in {equal_title(found)}, {found.a} and {found.b} cannot be told apart at "
            f"any of {len(known)} budgets; the largest difference is {most.difference}, at "
            f"{_told(found, most)}."
        )
    said = ", ".join(f"{span.winner} wins {span.where(found)}" for span in won)
    undecided = sum(len(span.budgets) for span in spans if not span.winner)
    rest = f"; {undecided} of {len(found.budgets)} budgets are undecided" if undecided else ""
    return f"In {equal_title(found)}, {said}{rest}."


def equal_notes(found: CostComparison) -> list[str]:
    """What to know before quoting it.

    Args:
        found: of two runs.
    """
    last = found.budgets[-1]
    spent = [
        name for name, side in ((found.a, last.a), (found.b, last.b)) if side.at_end and side.k
    ]
    if not spent:
        return []
    return [
        f"Beyond {_told(found, last)} nothing is known: {' and '.join(spent)} can afford all "
        "samples that were drawn, and might do better with more."
    ]


@dataclass(frozen=True, slots=True)
class _Span:
    """Neighbouring budgets with one winner; "" where it is undecided."""

    winner: str
    budgets: tuple[AtBudget, ...]

    def where(self, found: CostComparison) -> str:
        """The place of these budgets among all, with the difference at the clearest of them."""
        first, last = self.budgets[0], self.budgets[-1]
        start, end = first is found.budgets[0], last is found.budgets[-1]
        if start and end and first is not last:
            text = f"at every budget from {_told(found, first)} to {_told(found, last)}"
        elif first is last:
            text = f"at {_told(found, first)}"
        elif start:
            text = f"up to {_told(found, last)}"
        elif end:
            text = f"from {_told(found, first)} on"
        else:
            text = f"from {_told(found, first)} to {_told(found, last)}"
        gap = max((at.difference for at in self.budgets), key=lambda one: abs(one.value))
        if gap.value < 0:
            gap = replace(gap, value=-gap.value, low=-gap.high, high=-gap.low)
        return f"{text} (by {'' if first is last else 'up to '}{gap})"


def _spans(found: CostComparison) -> list[_Span]:
    pairs = zip(found.budgets, found.adjusted_p, strict=True)
    told = [(_winner(found, at, p), at) for at, p in pairs]
    return [
        _Span(winner, tuple(at for _, at in each))
        for winner, each in groupby(told, key=lambda pair: pair[0])
    ]


def _winner(found: CostComparison, at: AtBudget, p: float) -> str:
    if not p < 1 - found.level:
        return ""
    return found.a if at.difference.value > 0 else found.b


def _what(found: CostComparison) -> str:
    return "coverage" if found.strategy == "oracle" else found.strategy


def _told(found: CostComparison, at: AtBudget) -> str:
    told = amount(at.budget, found.unit)
    if found.unit == "samples" and at.budget == 1:
        return "1 sample"
    return told if found.unit == "usd" else f"{told} {UNITS[found.unit]}"


def _side(side: BestK) -> tuple[Cell, Cell]:
    return side.k, side.value


def _cell(budget: float) -> Cell:
    """Whole numbers where they are, or where there are digits enough before the point."""
    return round(budget) if budget == int(budget) or 100 <= budget < 1e8 else budget
