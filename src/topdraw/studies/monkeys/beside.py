"""The paper's numbers beside ours: value for value where model and task are the same.

Not here: the numbers themselves (`studies.published`), claims in words (`claims`).
Try it: `topdraw study monkeys`, panel *Published*.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.intervals import mean_estimate
from topdraw.core.estimate import Estimate
from topdraw.store.plain import PlainTable
from topdraw.studies.monkeys.plan import NAME
from topdraw.studies.monkeys.reading import Reading
from topdraw.studies.monkeys.rise import at
from topdraw.studies.published import Published, Value, published, same_model, same_task

#: Numbers that say something of another one.
_BESIDE = ("error std", "of")
NO_MATCH = "another model or task: for reference"


@dataclass(frozen=True, slots=True)
class Beside:
    """A published number, with ours where we have it.

    Attributes:
        what: what it is a number of: "coverage at k = 100", "a", "error of the fit".
        task: of the paper.
        model: of the paper; "" where it has none.
        theirs: as printed.
        ours: of the same model on the same task; None where we have none.
        verdict: what the two say together, in words.
        source: paper and place.
    """

    what: str
    task: str
    model: str
    theirs: float
    ours: Estimate | None
    verdict: str
    source: str


def beside(found: Sequence[Reading]) -> list[Beside]:
    """Every published number of the study, those that we have too first.

    Args:
        found: readings.
    """
    rows = [each for table in published(NAME) for each in _rows(table, found)]
    return sorted(rows, key=lambda row: row.ours is None)


def _rows(table: Published, found: Sequence[Reading]) -> Iterator[Beside]:
    for row in table.rows:
        one = _match(row, found)
        for name in table.numbers:
            if name in _BESIDE:
                continue
            what, theirs = _what(row, name), float(row[name])
            task, model = str(row.get("task", "")), str(row.get("model", ""))
            ours, verdict = (None, NO_MATCH) if one is None else _ours(one, row, name)
            if one is not None and not same_task(one.task, task):
                verdict = f"if {one.task} is {task}: {verdict}"
            yield Beside(what, task, model, theirs, ours, verdict, table.source)


def _match(row: Mapping[str, Value], found: Sequence[Reading]) -> Reading | None:
    """Ours of the same model and task; a recorded table may name no task."""
    model, task = str(row.get("model", "")), str(row.get("task", ""))
    same = [one for one in found if model and same_model(one.name, model)]
    both = [one for one in same if same_task(one.task, task)]
    if both:
        return both[0]
    unnamed = [one for one in same if not _names_a_task(one)]
    return unnamed[0] if unnamed else None


def _names_a_task(one: Reading) -> bool:
    """Whether the task of a recorded set is one that a paper names."""
    tasks = {str(row.get("task", "")) for table in published(NAME) for row in table.rows}
    named = not isinstance(one.material.evidence, PlainTable)
    return named or any(same_task(one.task, task) for task in tasks)


def _what(row: Mapping[str, Value], name: str) -> str:
    if "what" in row:
        return f"{row['what']} ({name})"
    words = {"error": "mean error of the fit", "selected": "best selector"}.get(name, name)
    return f"{words} at k = {int(row['k']):,}" if "k" in row else words


def _ours(one: Reading, row: Mapping[str, Value], name: str) -> tuple[Estimate | None, str]:
    theirs = float(row[name])
    if name in ("a", "b", "error"):
        return _fitted(one, name, theirs)
    k = int(row.get("k", 0))
    if k > one.n:
        return None, f"the same model, but {one.n:,} samples of ours do not reach it"
    if name == "coverage":
        return agreement(_coverage(one, k), theirs)
    if name == "selected" and one.chosen:
        best = max(one.chosen, key=lambda each: each.flat.end.value)
        near = max(each for each in best.points if each <= k)
        return agreement(best.points[near], theirs)
    return None, "the same model, but not measured here"


def _coverage(one: Reading, k: int) -> Estimate:
    values = at(one.known, [k])[:, 0]
    return mean_estimate(values, level=one.band.level, missing=one.known.counts.missing)


def agreement(ours: Estimate, theirs: float) -> tuple[Estimate, str]:
    """Ours, and in words whether a published number agrees with it.

    Args:
        ours: with its interval.
        theirs: as printed.

    Examples:
        >>> agreement(Estimate(0.33, 0.24, 0.43), 0.33)[1]
        'agrees: within our interval'
        >>> agreement(Estimate(0.33, 0.24, 0.43), 0.5)[1]
        'differs: outside our interval'
    """
    if np.isnan(ours.low):
        return ours, f"off by {abs(ours.value - theirs):.2g}; ours has no interval"
    inside = ours.low <= theirs <= ours.high
    return ours, "agrees: within our interval" if inside else "differs: outside our interval"


def _fitted(one: Reading, name: str, theirs: float) -> tuple[Estimate | None, str]:
    if one.law is None:
        return None, "the same model, but no law fits ours"
    if name == "error":
        error = one.law.residual
        ours = Estimate(error, n=one.problems, method=f"mean over {one.law.ks.size} k")
        return ours, "at least as close" if error <= theirs else "not as close"
    return agreement(one.law.a if name == "a" else one.law.b, theirs)
