"""The strategies of a report as plain cells, for CSV and LaTeX, with pass^k and more selectors.

Not here: the table of a terminal and of the page (`table`).
Try it: `topdraw report RUN --csv`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from topdraw.core.estimate import Estimate
from topdraw.reports.finding import at
from topdraw.reports.strategies import in_order, look
from topdraw.reports.tabular import Cell, Tabular

if TYPE_CHECKING:
    from topdraw.analysis.summary import Curve, Summary

ALL_CORRECT = "all k correct (pass^k)"


def shown_ks(summary: Summary) -> tuple[int, ...]:
    """The k asked for; without, 1, 10, 100, ... and n, of those that were measured.

    Args:
        summary: of a run or a table.
    """
    if summary.asked:
        return summary.asked
    powers = {10**power for power in range(len(str(summary.n)))}
    return tuple(k for k in summary.ks if k in powers or k == summary.n)


def strategy_tabular(
    summary: Summary,
    ks: Sequence[int],
    others: Mapping[str, Sequence[Estimate | None]] | None = None,
) -> Tabular:
    """Accuracy of every strategy at some k; a reference that costs one sample stands at the first.

    Args:
        summary: of a run or a table.
        ks: the columns.
        others: further rows by label, a cell for each k.
    """
    rows = [_row(curve, ks) for curve in in_order(summary.curves)]
    rows += [(label, *cells) for label, cells in (others or {}).items()]
    return Tabular(("strategy", *(f"k = {k}" for k in ks)), tuple(rows))


def more_tabular(ks: Sequence[int], others: Mapping[str, Sequence[Estimate | None]]) -> Tabular:
    """The further rows alone.

    Args:
        ks: the columns.
        others: rows by label, a cell for each k.
    """
    rows: tuple[tuple[Cell, ...], ...] = tuple((label, *cells) for label, cells in others.items())
    return Tabular(("also", *(f"k = {k:,}" for k in ks)), rows)


def pick_row(summary: Summary, ks: Sequence[int]) -> dict[str, list[Estimate | None]]:
    """The number to quote where several selectors compete, as a row; none where it has no column.

    Args:
        summary: of a run or a table.
        ks: the columns; it stands at n.
    """
    pick = summary.pick
    if pick is None or summary.stopping is not None or summary.n not in ks:
        return {}
    return {
        f"best of {pick.among}, picked on half": [
            pick.estimate if k == summary.n else None for k in ks
        ]
    }


def _row(curve: Curve, ks: Sequence[int]) -> tuple[Cell, ...]:
    if look(curve.strategy).reference:
        return (curve.label, curve.estimates[0], *[None] * (len(ks) - 1))
    return (curve.label, *(at(curve, k) for k in ks))
