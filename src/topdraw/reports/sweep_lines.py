"""Lines of a sweep: a number over one setting, a line for each combination of the others.

Not here: the numbers (`analysis.variability_cells`), heat maps (`sweep_heat`), colours (page.css).
Try it: `python -m pytest tests/reports/test_sweep_lines.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import escape

from topdraw.core.estimate import Estimate
from topdraw.reports.frame import WIDE, Layout, label, text_width
from topdraw.reports.spread import spread

_KEYS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
_DASHES = ("", "7 4", "2 4", "9 3 2 3", "5 5", "1 3", "11 4", "3 2 3 6")
#: A mark as a path, from its middle.
CIRCLE = "m-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0 -6.4 0z"
_TOP, _BOTTOM = 40, 48
#: More lines than colours cannot be told apart.
MOST_LINES = len(_KEYS)


@dataclass(frozen=True, slots=True)
class SweepLine:
    """One line: what it holds fixed, and its estimates.

    Attributes:
        name: of the settings it holds fixed; short.
        points: estimates by the value of the setting on the axis; NaN is not drawn.
    """

    name: str
    points: Mapping[float, Estimate]


def lines_figure(
    lines: Sequence[SweepLine],
    *,
    across: str,
    up: str,
    most: float | None = None,
    layout: Layout = WIDE,
) -> str:
    """Estimates over a setting: points with whiskers, joined, and named where they end.

    Args:
        lines: at most `MOST_LINES`; further ones are left out.
        across: name of the setting.
        up: name of the numbers.
        most: end of the upright axis; None for a round number above all intervals.
        layout: the room there is.

    Returns:
        An `svg` element, escaped; "" when there is no point.
    """
    known = [
        SweepLine(one.name, {x: e for x, e in one.points.items() if math.isfinite(e.value)})
        for one in lines[:MOST_LINES]
    ]
    known = [one for one in known if one.points]
    if not known:
        return ""
    plot = _plot(known, most, layout)
    parts = [*_axes(plot, across, up, layout)]
    for at, one in enumerate(known):
        parts += _drawn(one, at, (at - (len(known) - 1) / 2) * 3, plot)
    parts += _names(known, plot, layout)
    parts += _columns(known, plot, across)
    told = "; ".join(f"{one.name}: {_ends(one)}" for one in known)
    return (
        f'<svg class="figure {layout.name}" viewBox="0 0 {layout.width} {plot.height:.0f}" '
        f'role="group" aria-label="{escape(f"{up} over {across}. {told}.")}">'
        f"{''.join(parts)}</svg>"
    )


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where a setting and a number lie in the picture."""

    left: float
    right: float
    top: float
    bottom: float
    height: float
    xs: tuple[float, ...]
    ymax: float

    def x(self, value: float) -> float:
        if self.xs[0] == self.xs[-1]:
            return (self.left + self.right) / 2
        share = (value - self.xs[0]) / (self.xs[-1] - self.xs[0])
        return self.left + 14 + share * (self.right - self.left - 28)

    def y(self, value: float) -> float:
        share = min(max(value / self.ymax, 0.0), 1.0)
        return self.bottom - share * (self.bottom - self.top)


def _plot(lines: Sequence[SweepLine], most: float | None, layout: Layout) -> _Plot:
    ends = [x for one in lines for e in one.points.values() for x in (e.value, e.high)]
    highest = max(x for x in ends if math.isfinite(x))
    rows = [row for one in lines for row in wrapped(one.name, layout.wrap)]
    names = max(text_width(row, layout.font) for row in rows)
    height = layout.height * 0.72
    return _Plot(
        left=layout.left,
        right=layout.width - 16 - names,
        top=_TOP,
        bottom=height - _BOTTOM,
        height=height,
        xs=tuple(sorted({x for one in lines for x in one.points})),
        ymax=most or round_top(highest),
    )


def round_top(highest: float) -> float:
    """A round number at or above the highest: the end of an axis that starts at 0.

    Examples:
        >>> round_top(0.43), round_top(117.0), round_top(0.0)
        (0.5, 120.0, 1.0)
    """
    if highest <= 0:
        return 1.0
    step = _step(highest)
    return round(math.ceil(highest / step - 1e-9) * step, 12)


def _step(highest: float) -> float:
    """1, 2 or 5 times a power of ten, so that at most six steps reach the highest."""
    power = 10.0 ** math.floor(math.log10(highest / 6))
    return next(m * power for m in (1, 2, 5, 10) if highest / (m * power) <= 6 + 1e-9)


def _axes(plot: _Plot, across: str, up: str, layout: Layout) -> Iterable[str]:
    step = _step(plot.ymax)
    for at in range(round(plot.ymax / step) + 1):
        y = plot.y(at * step)
        yield f'<path class="grid" d="M{plot.left:.1f} {y:.1f}H{plot.right:.1f}"/>'
        yield label(plot.left - 8, y + 5, f"{at * step:g}", "tick right")
    taken = -math.inf
    for value in plot.xs:
        x, text = plot.x(value), f"{value:g}"
        yield f'<path class="axis" d="M{x:.1f} {plot.bottom:.1f}v5"/>'
        half = text_width(text, layout.font) / 2
        if x - half > taken + 4:
            yield label(x, plot.bottom + 21, text, "tick middle")
            taken = x + half
    yield f'<path class="axis" d="M{plot.left:.1f} {plot.bottom:.1f}H{plot.right:.1f}"/>'
    yield label((plot.left + plot.right) / 2, plot.bottom + 42, across, "name middle")
    yield label(2, 16, up, "name")


def _drawn(one: SweepLine, at: int, aside: float, plot: _Plot) -> Iterable[str]:
    """Line, whiskers and marks, a little aside so that whiskers do not hide each other."""
    dash = f' stroke-dasharray="{_DASHES[at]}"' if _DASHES[at] else ""
    places = [(plot.x(x) + aside, e) for x, e in sorted(one.points.items())]
    path = "L".join(f"{x:.1f} {plot.y(e.value):.1f}" for x, e in places)
    yield f'<g class="s-{_KEYS[at]}"><path class="line"{dash} d="M{path}"/>'
    for x, e in places:
        if math.isfinite(e.low + e.high):
            yield f'<path class="whisker" d="M{x:.1f} {plot.y(e.low):.1f}V{plot.y(e.high):.1f}"/>'
        y = plot.y(e.value)
        yield f'<path class="mark" d="M{x:.1f} {y:.1f}{CIRCLE}"/>'
    yield "</g>"


def _names(lines: Sequence[SweepLine], plot: _Plot, layout: Layout) -> Iterable[str]:
    ends = [plot.y(one.points[max(one.points)].value) for one in lines]
    rows, tall = [wrapped(one.name, layout.wrap) for one in lines], layout.font * 1.15
    sizes = [len(row) * tall + layout.font * 0.25 for row in rows]
    places = spread(ends, sizes, 8, plot.bottom + 16)
    for at, (one, y, place) in enumerate(zip(lines, ends, places, strict=True)):
        x, edge = plot.x(max(one.points)) + 5, plot.right + 14
        yield f'<g class="s-{_KEYS[at]}">'
        yield f'<path class="hair" d="M{x:.1f} {y:.1f}L{edge - 3:.1f} {place:.1f}"/>'
        first = place - tall * (len(rows[at]) - 1) / 2 + layout.font * 0.35
        for line, row in enumerate(rows[at]):
            yield label(edge, first + line * tall, row, "end")
        yield "</g>"


def wrapped(name: str, most: int) -> list[str]:
    """A name in lines of at most so many letters, parted at spaces.

    Examples:
        >>> wrapped("repetition penalty 1.2", 13)
        ['repetition', 'penalty 1.2']
    """
    rows = [""]
    for word in name.split():
        if rows[-1] and len(rows[-1]) + 1 + len(word) > most:
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    return [row[:most] for row in rows]


def _columns(lines: Sequence[SweepLine], plot: _Plot, across: str) -> Iterable[str]:
    """One invisible area for each value, which tells its numbers."""
    xs = plot.xs
    between = [(plot.x(a) + plot.x(b)) / 2 for a, b in pairwise(xs)]
    edges = [plot.left, *between, plot.right]
    for at, value in enumerate(xs):
        there = [(key, one) for key, one in zip(_KEYS, lines, strict=False) if value in one.points]
        rows = [f"{one.name} {one.points[value]}".strip() for _, one in there]
        text = escape("\n".join([f"{across} {value:g}", *rows]))
        keys = " ".join(key for key, _ in there)
        high = sum(one.points[value].value for _, one in there) / len(there) > plot.ymax / 2
        yield (
            f'<rect class="column" x="{edges[at]:.1f}" y="{plot.top:.1f}" '
            f'width="{edges[at + 1] - edges[at]:.1f}" height="{plot.bottom - plot.top:.1f}" '
            f'data-x="{plot.x(value):.1f}" data-room="{"below" if high else "above"}" '
            f'data-keys="{keys}" tabindex="{-1 if at else 0}" role="img" '
            f'aria-label="{text}"><title>{text}</title></rect>'
        )


def _ends(one: SweepLine) -> str:
    first, last = min(one.points), max(one.points)
    return f"{one.points[first]} at {first:g}, {one.points[last]} at {last:g}"
