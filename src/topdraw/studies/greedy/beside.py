"""Published numbers beside ours, value for value, and what that says in words.

Not here: the published numbers (`published`), the paper's claims (`claims`).
Try it: `python -m pytest tests/studies/greedy/test_beside.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from topdraw.core.estimate import Estimate
from topdraw.studies.greedy.published import PublishedRow, matching
from topdraw.studies.greedy.reading import SampledSet

#: Problems may differ by so much before standard deviations are of different benchmarks.
_ALIKE = 0.1


@dataclass(frozen=True, slots=True)
class Beside:
    """One published number beside ours.

    Attributes:
        row: the published row.
        ours: whose number.
        what: "greedy", "mean", "std" or "gap".
        published: as a share.
        own: with its interval.
        verdict: in words.
    """

    row: PublishedRow
    ours: SampledSet
    what: str
    published: float
    own: Estimate
    verdict: str


def beside(sets: Sequence[SampledSet], rows: Sequence[PublishedRow]) -> list[Beside]:
    """Every published number of a model and task of ours.

    Args:
        sets: ours.
        rows: published ones.
    """
    found = []
    for one in sets:
        row = matching(one.task, one.drawn.material.model, rows)
        if row is not None and one.variability is not None:
            found += _pairs(one, row)
    return found


def _pairs(one: SampledSet, row: PublishedRow) -> list[Beside]:
    assert one.variability is not None  # noqa: S101 - see `beside`
    whole = one.variability.overall
    nothing = Estimate(math.nan)
    apart = whole.spread
    numbers = {
        "greedy": (row.greedy, whole.greedy),
        "mean": (row.mean, whole.sampled),
        "std": (row.std, apart.std if apart else nothing),
        "gap": (row.gap, apart.gap if apart else nothing),
    }
    return [
        Beside(row, one, what, theirs, own, _verdict(what, theirs, own, row))
        for what, (theirs, own) in numbers.items()
        if math.isfinite(theirs) and math.isfinite(own.value)
    ]


def _verdict(what: str, theirs: float, own: Estimate, row: PublishedRow) -> str:
    problems = row.benchmark.problems
    if what in ("std", "gap") and abs(own.n - problems) > _ALIKE * problems:
        return f"not comparable: ours is over {own.n:,} problems, theirs over {problems:,}"
    if not math.isfinite(own.low + own.high):
        return "no interval to decide by"
    over = "" if own.n == problems else f" (over {own.n:,} of {problems:,} problems)"
    if own.low <= theirs <= own.high:
        return f"the published value lies inside ours{over}"
    side = "above" if theirs > own.high else "below"
    edge = own.high if theirs > own.high else own.low
    return f"the published value lies {side} ours, {abs(theirs - edge):.3f} beyond it{over}"
