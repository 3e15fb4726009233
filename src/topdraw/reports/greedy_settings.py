"""Panels over one setting of the decoding: one sample, several samples, lengths.

Not here: the numbers (`studies.greedy.settings`).
Try it: `python -m pytest tests/reports/test_greedy_settings.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from topdraw.reports.panel import Panel
from topdraw.reports.scale import Measure
from topdraw.reports.series import MOST_NUMBERED, Series, numbered
from topdraw.reports.series_figure import series_figures
from topdraw.reports.tabular import Cell, Tabular
from topdraw.studies.greedy.claims import optimum_told
from topdraw.studies.greedy.reading import GreedyReading
from topdraw.studies.greedy.settings import Optimum, SettingCurve

_HOW = (
    "Every number is over the problems that all values of the setting share. Each value is "
    "compared with the best one by a paired sign-flip test over problems; its p-value is "
    "multiplied by the number of comparisons (Bonferroni), which stays valid although the best "
    "was picked from the same numbers. Values whose p-value stays above 1 less the level cannot "
    "be told from the best. What uses several samples is the mean over all subsets of k. "
)
_MOST_TOLD = 3
_COLD = "At temperature 0 one sample is the greedy answer, and several would all be alike."


def setting_panels(reading: GreedyReading) -> list[Panel]:
    """For each setting that varies: one sample, then what several samples reach.

    Args:
        reading: of the study.
    """
    panels: list[Panel] = []
    for axis in dict.fromkeys(one.axis for one in reading.curves):
        curves = [one for one in reading.curves if one.axis == axis and one.optima]
        if curves:
            panels.append(_single(axis, curves))
            panels += _several(axis, curves)
    return panels


def _single(axis: str, curves: Sequence[SettingCurve]) -> Panel:
    name = axis.replace("_", " ")
    told = [f"{optimum_told(one, one.optima[0])}." for one in sorted(curves, key=_drop)]
    lines = [
        Series(label, one.optima[0].points, numbered(at))
        for at, (label, one) in enumerate(zip(_labels(curves), curves, strict=True))
    ]
    return Panel(
        axis.replace("_", "-"),
        f"{name[0].upper()}{name[1:]}",
        told[0],
        prose=tuple(told[1:_MOST_TOLD]),
        figures=series_figures(
            lines[:MOST_NUMBERED],
            across=Measure(name),
            up=Measure("share of single samples correct", unit="share"),
        ),
        table=_table(axis, curves),
        how=_HOW + (_COLD if any(one.greedy for one in curves) else ""),
        notes=_left_out(lines),
    )


def _drop(one: SettingCurve) -> float:
    """Minus the largest fall from the best value that is sure: the clearest curve first."""
    first = one.optima[0]
    return min((a.difference.value for a in first.against.values() if not a.is_tied), default=0.0)


def _several(axis: str, curves: Sequence[SettingCurve]) -> Iterator[Panel]:
    """One panel of what several samples reach: coverage and votes of each curve."""
    name = axis.replace("_", " ")
    lines = []
    for at, (label, one) in enumerate(zip(_labels(curves), curves, strict=True)):
        covered = [each for each in one.optima[1:] if each.measure.startswith("pass@")]
        lines += [Series(f"{label}, {each.measure}", each.points, numbered(at)) for each in covered]
    if not lines:
        return
    optima = [(one, each) for one in curves for each in one.optima[1:]]
    inside = [(one, each) for one, each in optima if each.is_inside]
    shown = sorted(inside or optima, key=lambda pair: not pair[1].measure.startswith("pass@"))
    told = [f"{optimum_told(*pair)}." for pair in shown]
    counted = (
        f"{len(inside)} of {len(optima)} numbers have an optimum inside, surely lower at both ends."
    )
    yield Panel(
        f"{axis.replace('_', '-')}-several",
        f"{name[0].upper()}{name[1:]} and several samples",
        told[0],
        prose=tuple(told[1:_MOST_TOLD]),
        figures=series_figures(
            lines[:MOST_NUMBERED],
            across=Measure(name),
            up=Measure("share of problems with a correct sample", unit="share"),
        ),
        table=Tabular(
            ("task", "model", "measure", "best at", "value there", "not told apart", "shape"),
            tuple(
                (
                    one.task,
                    one.model,
                    each.measure,
                    each.best,
                    each.points[each.best],
                    ", ".join(f"{value:g}" for value in each.tied if value != each.best) or "none",
                    _shape(each),
                )
                for one in curves
                for each in one.optima
            ),
        ),
        how=_HOW,
        notes=(counted, *_left_out(lines)),
    )


def _shape(one: Optimum) -> str:
    if one.is_flat:
        return "flat: no value can be told from the best"
    if one.is_inside:
        return "optimum inside: lower at both ends"
    if one.falls:
        return "lower at the high end"
    return "lower at the low end" if min(one.points) not in one.tied else "uneven"


def _labels(curves: Sequence[SettingCurve]) -> list[str]:
    """Names of lines: the task, with the model where there are several."""
    models = {one.model for one in curves}
    tasks = {one.task for one in curves}
    if len(models) < 2:
        return [one.task for one in curves]
    return [one.model if len(tasks) < 2 else f"{one.task}, {one.model}" for one in curves]


def _left_out(lines: Sequence[Series]) -> tuple[str, ...]:
    if len(lines) <= MOST_NUMBERED:
        return ()
    return (f"The figure shows the first {MOST_NUMBERED} of {len(lines)} lines.",)


def _table(axis: str, curves: Sequence[SettingCurve]) -> Tabular:
    """One row for each value of each curve, with every number there is at it."""
    measures = list(dict.fromkeys(each.measure for one in curves for each in one.optima))
    rows: list[tuple[Cell, ...]] = []
    for one in curves:
        by_name = {each.measure: each for each in one.optima}
        first = one.optima[0]
        for value, against in first.against.items():
            numbers = (
                by_name[name].points.get(value) if name in by_name else None for name in measures
            )
            less = None if against.is_best else against.difference
            told = "best" if against.is_best else "not told apart" if against.is_tied else "below"
            rows.append(
                (
                    one.task,
                    one.model,
                    value,
                    *numbers,
                    one.tokens.get(value),
                    less,
                    against.p_value,
                    told,
                )
            )
    heads = ("one sample less the best (interval unadjusted)", "p (adjusted)", "standing")
    return Tabular(
        ("task", "model", axis.replace("_", " "), *measures, "output tokens", *heads), tuple(rows)
    )
