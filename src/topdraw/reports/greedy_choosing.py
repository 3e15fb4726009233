"""Panels of best of N: who chooses how well, and a weaker model's many against a stronger's one.

Not here: the numbers (`studies.greedy.passing`).
Try it: `python -m pytest tests/reports/test_greedy_choosing.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from topdraw.core.estimate import Estimate
from topdraw.reports.panel import Panel
from topdraw.reports.scale import SAMPLES
from topdraw.reports.series import Series, numbered, selector_series
from topdraw.reports.series_figure import series_figures
from topdraw.reports.strategies import look
from topdraw.reports.tabular import Cell, Tabular
from topdraw.studies.greedy.claims import passing_told
from topdraw.studies.greedy.drawn import BEST, MAJORITY, ORACLE
from topdraw.studies.greedy.passing import Chase, Passing
from topdraw.studies.greedy.reading import GreedyReading, SampledSet

_KNOWN = (MAJORITY, BEST, ORACLE)
_MOST_FIGURES = 8
_HOW = (
    "At each N the mean over all subsets of N of a problem's samples, exact, where the paper takes "
    "the first N; ties are split. The oracle knows which sample is correct. Differences are paired "
    "over problems. Intervals are of each N by itself."
)


def choosing_panels(reading: GreedyReading) -> list[Panel]:
    """Best of N by each scorer, votes and the oracle: a figure for each task's best model.

    Args:
        reading: of the study.
    """
    sets = [one for one in reading.sets if one.best]
    tasks = list(dict.fromkeys(one.task for one in sets))
    panels = []
    for at, task in enumerate(tasks[:_MOST_FIGURES], start=1):
        here = [one for one in sets if one.task == task]
        shown = max(here, key=lambda one: _single(one).value)
        panels.append(
            Panel(
                f"best-of-n-{at}",
                f"Best of N: {task}",
                _best_told(shown),
                figures=series_figures(list(_lines(shown)), across=SAMPLES),
                table=_table(here),
                how=_HOW + f" The figure is of {shown.name}.",
                notes=tuple(_falls(here)),
            )
        )
    return panels


def _single(one: SampledSet) -> Estimate:
    """One sample: any strategy with N = 1."""
    return one.best[0].points[1]


def _greedy(one: SampledSet) -> Estimate:
    return Estimate(math.nan) if one.variability is None else one.variability.overall.greedy


def _lines(one: SampledSet) -> Iterator[Series]:
    yield selector_series("random", {1: _single(one)}, "one sample")
    if math.isfinite(_greedy(one).value):
        yield selector_series("greedy", {1: _greedy(one)}, "greedy")
    yield from _chased(one.best)


def _chased(found: Sequence[Chase]) -> Iterator[Series]:
    """Lines of choosers, the oracle last; scorers beyond the usual one in further colours."""
    others = [one for one in found if one.strategy not in _KNOWN]
    for at, each in enumerate(others):
        yield Series(_short(each), _floats(each.points), numbered(at + 4))
    for name in _KNOWN:
        for each in found:
            if each.strategy == name:
                yield Series(_short(each), _floats(each.points), look(name))


def _short(one: Chase) -> str:
    return {ORACLE: "oracle", MAJORITY: "majority"}.get(
        one.strategy, one.label.removeprefix("best of N by ")
    )


def _floats(points: Mapping[int, Estimate]) -> dict[float, Estimate | float]:
    return {float(k): each for k, each in points.items()}


def _best_told(one: SampledSet) -> str:
    n = max(one.best[0].points)
    oracle = next((each for each in one.best if each.strategy == ORACLE), None)
    real = [each for each in one.best if each.strategy != ORACLE and each.points]
    if not real:
        told = "" if oracle is None else f"a correct one is among {n} on {oracle.points[n]}"
        return f"{one.label}: one sample is right on {_single(one)} of problems; {told}."
    best = max(real, key=lambda each: each.last.value)
    at = max(best.points)
    told = (
        f"{one.label}: {best.label.replace('N', str(at))}, the best chooser here, is right on "
        f"{best.points[at]} of problems, {_by(best.last)} one sample"
    )
    if math.isfinite(best.greedy_difference.value):
        told += f" and {_by(best.greedy_difference)} the greedy answer"
    if oracle is not None:
        told += f"; a correct sample is there on {oracle.points[max(oracle.points)]}"
    return f"{told}."


def _by(gap: Estimate) -> str:
    if gap.value < 0:
        return f"{Estimate(-gap.value, -gap.high, -gap.low, gap.level)} below"
    return f"{gap} above"


def _falls(sets: Sequence[SampledSet]) -> Iterator[str]:
    for one in sets:
        for each in one.best:
            if each.strategy not in (ORACLE, MAJORITY) and each.last.high < 0:
                yield (
                    f"{one.label}: {each.label.replace('N', str(max(each.points)))} is worse than "
                    f"one sample, by {Estimate(-each.last.value, -each.last.high, -each.last.low)}:"
                    " over-optimisation."
                )


def _table(sets: Sequence[SampledSet]) -> Tabular:
    ks = sorted({k for one in sets for each in one.best for k in each.points})
    rows: list[tuple[Cell, ...]] = []
    for one in sets:
        for each in one.best:
            points = (each.points.get(k) for k in ks)
            rows.append((one.name, each.label, *points, each.last, each.greedy_difference))
    heads = (f"N = {k}" for k in ks)
    return Tabular(
        ("model", "chosen by", *heads, "at the largest N less one sample", "less greedy"),
        tuple(rows),
    )


def passing_panels(reading: GreedyReading) -> list[Panel]:
    """A weaker model's many samples against one answer of a stronger.

    Args:
        reading: of the study.
    """
    found = [one for one in reading.passings if one.chases]
    if not found:
        return []
    shown = max(found, key=_interest)
    rows = tuple(row for one in found for row in _passing_rows(one))
    told = max(shown.chases, key=lambda each: (each.strategy != ORACLE, each.last.value))
    return [
        Panel(
            "passing",
            "A weaker model with many samples",
            f"{passing_told(shown, told)}.",
            figures=series_figures(list(_passing_lines(shown)), across=SAMPLES),
            table=Tabular(
                (
                    "task",
                    "weaker",
                    "stronger",
                    "chosen by",
                    "one sample of the stronger",
                    "its greedy answer",
                    "N",
                    "weaker at N",
                    "less one of the stronger",
                    "less its greedy answer",
                    "ahead from N =",
                ),
                rows,
            ),
            how=_HOW
            + " The weaker model is that with the smaller mean sample. It is ahead from the "
            "smallest N from which on every difference to one sample of the stronger lies above "
            f"zero. The figure is of {shown.weaker} against {shown.stronger} on {shown.task}.",
        )
    ]


def _interest(one: Passing) -> tuple[bool, float]:
    """Pairs surely apart first, then where a real chooser gets furthest."""
    real = [each.last.value for each in one.chases if each.strategy != ORACLE]
    return one.gap.low > 0, max(real, default=-1.0)


def _passing_lines(one: Passing) -> Iterator[Series]:
    yield selector_series("random", {1: one.one}, f"one of {one.stronger}")
    if math.isfinite(one.greedy.value):
        yield selector_series("greedy", {1: one.greedy}, f"greedy of {one.stronger}")
    yield from _chased(one.chases)


def _passing_rows(one: Passing) -> Iterator[tuple[Cell, ...]]:
    for each in one.chases:
        n = max(each.points)
        yield (
            one.task,
            one.weaker,
            one.stronger,
            each.label,
            one.one,
            one.greedy,
            n,
            each.points[n],
            each.last,
            each.greedy_difference,
            each.passes_at or "not ahead",
        )
