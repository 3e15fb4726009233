"""The second figure: problems from hardest to easiest, and where each strategy finds an answer.

Not here: the numbers (analysis/summary). A pure function of rows, like `figure`.
Try it: `python -m pytest tests/reports/test_difficulty.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from markupsafe import escape

from topdraw.reports.frame import WIDE, Layout, label, text_width

if TYPE_CHECKING:
    from topdraw.analysis.summary import ProblemRow

_TOP, _BARS, _STRIP = 60, 150, 18
_BINS = {"wide": 400, "narrow": 120}


@dataclass(frozen=True, slots=True)
class _Bin:
    """One problem, or the mean of neighbours where there are more problems than pixels."""

    share: float
    majority: float
    best_of_n: float


@dataclass(frozen=True, slots=True)
class _Strip:
    """A strategy below the bars."""

    key: str
    name: str
    told: str
    of: Callable[[_Bin], float]


def difficulty_figure(rows: Sequence[ProblemRow], *, layout: Layout = WIDE) -> str:
    """Problems by the share of their samples that is correct, and what each strategy picks there.

    Args:
        rows: problems; those without a scored sample are left out.
        layout: the room there is.

    Returns:
        An `svg` element; "" when no problem has a scored sample.
    """
    known = sorted((row for row in rows if row.n), key=lambda row: (row.c / row.n, row.problem_id))
    if not known:
        return ""
    bins = _bins(known, _BINS[layout.name])
    left, right = float(layout.left), float(layout.width - 12)
    strips = _named(known)
    height = _TOP + _BARS + len(strips) * (_STRIP + 24) + 26
    parts = [*_axes(left, right), *_bars(bins, left, right)]
    parts += _groups(known, left, right, layout)
    parts += _strips(bins, strips, left, right)
    parts.append(label((left + right) / 2, height - 6, "problems, hardest first", "name middle"))
    return (
        f'<svg class="figure {layout.name}" viewBox="0 0 {layout.width} {height}" role="img" '
        f'aria-label="{escape(_description(known))}">{"".join(parts)}</svg>'
    )


def _named(rows: Sequence[ProblemRow]) -> list[_Strip]:
    """The strategies that are known for at least one problem."""
    strips = []
    for key, name, values, of in (
        ("majority", "majority", [row.majority for row in rows], lambda one: one.majority),
        ("best", "best of n", [row.best_of_n for row in rows], lambda one: one.best_of_n),
    ):
        known = [value for value in values if math.isfinite(value)]
        if known:
            strips.append(_Strip(key, name, f"{sum(known):,.0f} of {len(rows):,}", of))
    return strips


def _bins(rows: Sequence[ProblemRow], most: int) -> list[_Bin]:
    count = min(len(rows), most)
    edges = [len(rows) * i // count for i in range(count + 1)]
    groups = [rows[a:b] for a, b in pairwise(edges)]
    return [
        _Bin(
            _mean(row.c / row.n for row in group),
            _mean(row.majority for row in group),
            _mean(row.best_of_n for row in group),
        )
        for group in groups
    ]


def _mean(values: Iterable[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return sum(known) / len(known) if known else math.nan


def _counts(rows: Sequence[ProblemRow]) -> tuple[int, int, int]:
    """Problems solved never, sometimes and always."""
    never = sum(row.c == 0 for row in rows)
    always = sum(row.c == row.n for row in rows)
    return never, len(rows) - never - always, always


def _description(rows: Sequence[ProblemRow]) -> str:
    never, sometimes, always = _counts(rows)
    return (
        f"{len(rows)} problems by the share of their samples that is correct: {never} never, "
        f"{sometimes} sometimes, {always} always solved."
    )


def _axes(left: float, right: float) -> Iterable[str]:
    yield label(2, 16, "share of samples correct", "name")
    for level in (0.0, 0.5, 1.0):
        y = _TOP + _BARS * (1 - level)
        yield f'<path class="grid" d="M{left:.1f} {y:.1f}H{right:.1f}"/>'
        yield label(left - 8, y + 5, f"{level:g}", "tick right")


def _bars(bins: Sequence[_Bin], left: float, right: float) -> Iterable[str]:
    width = (right - left) / len(bins)
    thick = width - min(1.0, width * 0.2)
    for at, one in enumerate(bins):
        tall = one.share * _BARS
        if tall > 0:
            x, y = left + at * width, _TOP + _BARS - tall
            yield (
                f'<rect class="share" x="{x:.2f}" y="{y:.1f}" width="{thick:.2f}" '
                f'height="{tall:.1f}"/>'
            )


def _groups(rows: Sequence[ProblemRow], left: float, right: float, layout: Layout) -> Iterable[str]:
    """Brackets over the problems solved never, sometimes and always, named where they fit."""
    start = left
    for name, count in zip(("never", "sometimes", "always"), _counts(rows), strict=True):
        end = start + (right - left) * count / len(rows)
        if count:
            yield f'<path class="axis" d="M{start + 1:.1f} {_TOP - 4}v-4H{end - 1:.1f}v4"/>'
            text = f"{name} {count:,}"
            x, anchor = {"never": (left, ""), "always": (right, " right")}.get(
                name, ((start + end) / 2, " middle")
            )
            if name != "sometimes" or text_width(text, layout.font) < (right - left) / 3:
                yield label(x, _TOP - 14, text, f"tick{anchor}")
        start = end


def _strips(
    bins: Sequence[_Bin], named: Sequence[_Strip], left: float, right: float
) -> Iterable[str]:
    """Below the bars, a row per strategy: the darker, the likelier it picks a correct sample."""
    top = _TOP + _BARS + 8.0
    for strip in named:
        yield label(left, top + 14, f"{strip.name} picks a correct sample: {strip.told}", "tick")
        yield f'<g class="s-{strip.key}">'
        yield from _cells([strip.of(one) for one in bins], left, right, top + 20)
        yield "</g>"
        top += _STRIP + 24


def _cells(values: Sequence[float], left: float, right: float, top: float) -> Iterable[str]:
    width = (right - left) / len(values)
    yield (
        f'<rect class="track" x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
        f'height="{_STRIP}"/>'
    )
    for at, value in enumerate(values):
        if value > 0:  # false for NaN too: nothing is drawn where nothing was picked
            yield (
                f'<rect class="cell" x="{left + at * width:.2f}" y="{top:.1f}" '
                f'width="{width:.2f}" height="{_STRIP}" opacity="{value:.2f}"/>'
            )
