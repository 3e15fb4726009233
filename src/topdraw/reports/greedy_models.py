"""Panels of several models: the family table, and whose order depends on how one decodes.

Not here: the numbers (`analysis.orders`, `studies.greedy.reading`).
Try it: `python -m pytest tests/reports/test_greedy_models.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from topdraw.reports.compare_panel import orders_sentence, orders_table
from topdraw.reports.panel import Panel
from topdraw.reports.tabular import Cell, Tabular
from topdraw.studies.greedy.reading import Family, GreedyReading, SampledSet

_HOW = (
    "Over the problems that all models of a task share. P(first ahead) is the share of 4,000 "
    "bootstrap resamples of the problems in which the first model has the larger mean, ties "
    "counted half; P(order reverses) the share in which greedy decoding and sampling name "
    "different winners: how sure an order is, not a p-value. Wins, ties and losses are shares of "
    "problems."
)


def model_panels(reading: GreedyReading) -> list[Panel]:
    """The family table, and the orders; none where no task has two models.

    Args:
        reading: of the study.
    """
    if not reading.families:
        return []
    return [_family(reading), _orders(reading.families)]


def _family(reading: GreedyReading) -> Panel:
    sets = {(one.task, one.name): one for one in reading.sets}
    rows: list[tuple[Cell, ...]] = []
    for family in reading.families:
        found = family.orders
        for at, name in enumerate(found.names):
            one = sets.get((family.task, name))
            rows.append(
                (
                    family.task,
                    name,
                    found.mean[at],
                    found.mean_rank[at],
                    found.greedy[at] if found.greedy else None,
                    found.greedy_rank[at] if found.greedy else None,
                    *_spread(one),
                )
            )
    return Panel(
        "family",
        "Models side by side",
        " ".join(f"{one.task}: {orders_sentence(one.orders)}" for one in reading.families),
        table=Tabular(
            (
                "task",
                "model",
                "one sample (mean)",
                "rank",
                "greedy",
                "rank by greedy",
                "greedy less sampled",
                "std of full runs",
                "std by chance",
                "output tokens",
            ),
            tuple(rows),
        ),
        how="Equal means share the mean of their ranks. " + _HOW,
    )


def _spread(one: SampledSet | None) -> tuple[Cell, ...]:
    if one is None or one.variability is None:
        return (None,) * 4
    apart = one.variability.overall.spread
    std = (None, None) if apart is None else (apart.std, apart.chance_std)
    return (one.difference, *std, one.variability.lengths.sampled)


def _orders(families: Sequence[Family]) -> Panel:
    tables = [(one.task, orders_table(one.orders)) for one in families]
    columns = max((table.columns for _, table in tables), key=len)
    rows: list[tuple[Cell, ...]] = []
    for task, table in tables:
        for row in table.rows:
            known = dict(zip(table.columns, row, strict=True))
            rows.append((task, *(known.get(name) for name in columns)))
    return Panel(
        "orders",
        "Does the winner depend on the decoding?",
        _told(families),
        table=Tabular(("task", *columns), tuple(rows)),
        how=_HOW,
    )


def _told(families: Sequence[Family]) -> str:
    both = [(one.task, pair) for one in families for pair in one.orders.pairs if pair.greedy]
    if not both:
        return "Not all models have greedy answers: the order under sampling alone."
    flipped = [(one.task, pair) for one in families for pair in one.orders.reversed]
    if flipped:
        named = "; ".join(
            f"{task}: {pair.a} and {pair.b} (in {pair.reversal:.0%} of resamples of the problems)"
            for task, pair in flipped[:3]
        )
        return (
            f"Greedy decoding and sampling name different winners in {len(flipped)} of "
            f"{len(both)} pairs: {named}."
        )
    task, pair = max(both, key=lambda item: _number(item[1].reversal))
    pairs = "the one pair" if len(both) == 1 else f"all {len(both)} pairs"
    return (
        f"Greedy decoding and sampling agree on the winner of {pairs}; the least sure is "
        f"{pair.a} and {pair.b} on {task}, whose order reverses in {_number(pair.reversal):.1%} "
        "of resamples of the problems."
    )


def _number(value: float) -> float:
    return 0.0 if math.isnan(value) else value
