"""The figure of a report: every strategy's accuracy over k as a static SVG.

Not here: the numbers (analysis/), scales (`frame`), colours (page.css). Pure functions of curves;
without JavaScript each k still has its tooltip.
Try it: `python -m pytest tests/reports/test_figure.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from markupsafe import escape

from topdraw.core.estimate import Estimate
from topdraw.reports.axis import Axis, axes, round_ticks
from topdraw.reports.frame import (
    WIDE,
    Frame,
    Layout,
    label,
    level_ticks,
    log_ticks,
    text_width,
    thinned,
    top_of,
)
from topdraw.reports.gap import gap_marks
from topdraw.reports.line import Line, best_of, lines_of
from topdraw.reports.spread import spread

if TYPE_CHECKING:
    from topdraw.analysis.summary import Curve

_TOP, _BOTTOM = 52, 50
_MOST_MARKS = 16


def curves_figure(
    curves: Iterable[Curve],
    *,
    gap: Estimate | None = None,
    layout: Layout = WIDE,
    axis: Axis | None = None,
) -> str:
    """The strategies over k: bands, points where measured, the gap to the oracle, direct labels.

    Args:
        curves: strategies; values are proportions in [0, 1], NaN points are left out.
        gap: oracle minus the best real selector at the largest k; not drawn when None or NaN.
        layout: the room there is.
        axis: what the horizontal axis counts, known at every k of the curves; default: samples.

    Returns:
        An `svg` element, escaped, colours by CSS class; "" when no curve has a point.
    """
    lines = lines_of(curves)
    if not lines:
        return ""
    ks = {k for line in lines for k in line.points}
    axis = axis or axes(ks)[0]
    frame = _frame(lines, layout, axis)
    best, oracle = best_of(lines), next((line for line in lines if line.oracle), None)
    parts = [*_axes(frame, layout, axis)]
    if best is not None and oracle is not None and gap is not None and gap.value > 0:
        parts += gap_marks(oracle, best, gap, frame, layout)
    for line in lines:
        parts += _drawn(line, frame, best)
    parts += _end_labels(lines, frame, layout)
    parts += _columns(lines, frame, axis)
    return (
        f'<svg class="figure {layout.name}" viewBox="0 0 {layout.width} {layout.height}" '
        f'role="group" aria-label="{_description(lines, frame, axis)}">{"".join(parts)}</svg>'
    )


def _frame(lines: Sequence[Line], layout: Layout, axis: Axis) -> Frame:
    ks = [k for line in lines for k in line.points]
    widest = max(text_width(row, layout.font) for line in lines for row in _rows(line, layout))
    values = [x for line in lines for e in line.edges().values() for x in (e.value, e.high)]
    return Frame(
        left=layout.left,
        right=layout.width - 16 - widest,
        top=_TOP,
        bottom=layout.height - _BOTTOM,
        kmin=min(ks),
        kmax=max(ks),
        ymax=top_of(values),
        costs=None if axis.key == "k" else axis.at,
    )


def _rows(line: Line, layout: Layout) -> list[str]:
    """The end label in lines of at most `wrap` letters, the value last."""
    rows = [""]
    for word in [*line.name.split(), f"{line.last.value:.2f}"]:
        if rows[-1] and len(rows[-1]) + 1 + len(word) > layout.wrap:
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    return [row[: layout.wrap] for row in rows]


def _description(lines: Sequence[Line], frame: Frame, axis: Axis) -> str:
    ends = ", ".join(f"{line.name} {line.last}" for line in lines)
    span = f"k = {frame.kmin} to {frame.kmax}, logarithmic"
    over = "samples used" if axis.key == "k" else f"{axis.switch} per problem"
    return str(escape(f"Share of problems solved over {over} ({span}). At the end: {ends}."))


def _axes(frame: Frame, layout: Layout, axis: Axis) -> Iterable[str]:
    right, base = frame.right, frame.bottom
    for level in level_ticks(frame.ymax):
        y = frame.y(level)
        yield f'<path class="grid" d="M{frame.left:.1f} {y:.1f}H{right:.1f}"/>'
        yield label(frame.left - 8, y + 5, f"{level:.2g}", "tick right")
    whole: list[float] = [*log_ticks(frame.kmin, frame.kmax)]
    ticks = whole if axis.key == "k" else round_ticks(*frame.ends)
    shown = thinned(ticks, frame, layout.font, axis.told)
    for tick in ticks:
        yield f'<path class="axis" d="M{frame.at(tick):.1f} {base:.1f}v5"/>'
        if tick in shown:
            yield label(frame.at(tick), base + 21, axis.told(tick), "tick middle")
    yield f'<path class="axis" d="M{frame.left:.1f} {base:.1f}H{right:.1f}"/>'
    middle = (frame.left + right) / 2
    yield label(middle, base + 42, axis.name, "name middle")
    yield label(2, 16, "share of problems solved", "name")


def _drawn(line: Line, frame: Frame, best: Line | None) -> Iterable[str]:
    """Band, line and points of one strategy; the bands of all but the best are faint."""
    dash = f' stroke-dasharray="{line.look.dash}"' if line.look.dash else ""
    yield f'<g class="s-{line.look.key}">'
    if line.look.reference:
        y = frame.y(line.last.value)
        yield f'<path class="line thin"{dash} d="M{frame.left:.1f} {y:.1f}H{frame.right:.1f}"/>'
    else:
        yield _band(line, frame, "band" if line is best or line.oracle else "band faint")
        yield f'<path class="line"{dash} d="M{_path(line.points, frame)}"/>'
        yield from _marks(line, frame)
    yield "</g>"


def _path(points: Mapping[int, Estimate], frame: Frame) -> str:
    return "L".join(f"{frame.x(k):.1f} {frame.y(points[k].value):.1f}" for k in sorted(points))


def _band(line: Line, frame: Frame, style: str) -> str:
    """The interval as an area, or as a whisker where there is a single point."""
    known = [(k, e) for k, e in sorted(line.edges().items()) if math.isfinite(e.low + e.high)]
    upper = [f"{frame.x(k):.1f} {frame.y(e.high):.1f}" for k, e in known]
    lower = [f"{frame.x(k):.1f} {frame.y(e.low):.1f}" for k, e in reversed(known)]
    if len(known) == 1:
        return f'<path class="whisker" d="M{upper[0]}L{lower[0]}"/>'
    return f'<path class="{style}" d="M{"L".join(upper + lower)}Z"/>' if known else ""


def _marks(line: Line, frame: Frame) -> Iterable[str]:
    """A mark where something was measured; of many, some that are evenly spread."""
    ks = sorted(line.points)
    step = max(1, -(-len(ks) // _MOST_MARKS))
    for k in {*ks[::step], ks[-1]}:
        x, y = frame.x(k), frame.y(line.points[k].value)
        yield f'<path class="mark" d="M{x:.1f} {y:.1f}{SHAPES[line.look.mark]}"/>'


#: Marks as paths from their middle.
SHAPES = {
    "": "",
    "circle": "m-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0 -6.4 0z",
    "square": "m-3 -3h6v6h-6z",
    "diamond": "m0 -4.2l4.2 4.2l-4.2 4.2l-4.2 -4.2z",
    "triangle": "m0 -4l4 7h-8z",
}


def _end_labels(lines: Sequence[Line], frame: Frame, layout: Layout) -> Iterable[str]:
    """Name and value at the end of each line, moved apart, with a hair from line to label."""
    rows = [_rows(line, layout) for line in lines]
    row_height = layout.font * 1.15
    wanted = [frame.y(line.last.value) for line in lines]
    sizes = [len(row) * row_height + layout.font * 0.25 for row in rows]
    places = spread(wanted, sizes, 8, frame.bottom + 16)
    for line, text, y, place in zip(lines, rows, wanted, places, strict=True):
        x = frame.right if line.look.reference else frame.x(max(line.points))
        edge = frame.right + 14
        hair = f"M{x + 2:.1f} {y:.1f}L{edge - 3:.1f} {place:.1f}"
        # Where a line ends early, a hair must not look like the rest of it.
        early = ' stroke-dasharray="1 5"' if x < frame.right - 1 else ""
        yield f'<g class="s-{line.look.key}"><path class="hair"{early} d="{hair}"/>'
        first = place - row_height * (len(text) - 1) / 2 + layout.font * 0.35
        for at, row in enumerate(text):
            yield label(edge, first + at * row_height, row, "end")
        yield "</g>"


def _columns(lines: Sequence[Line], frame: Frame, axis: Axis) -> Iterable[str]:
    """One invisible area per k that carries what a pointer or the keyboard asks for."""
    ks = sorted({k for line in lines for k in line.points})
    edges = [(frame.x(a) + frame.x(b)) / 2 for a, b in pairwise(ks)]
    bounds = [frame.left, *edges, frame.right]
    for at, k in enumerate(ks):
        asked = [(line, line.at(k)) for line in reversed(lines)]
        told = [(line, e) for line, e in asked if e is not None]
        keys = " ".join(line.look.key for line, _ in told)
        spent = "" if axis.key == "k" else f", {axis.of(k)}"
        text = escape(_told(k, spent, [(line.name, e) for line, e in told]))
        high = sum(e.value for _, e in told) / len(told) > frame.ymax / 2
        x, width = bounds[at], bounds[at + 1] - bounds[at]
        yield (
            f'<rect class="column" x="{x:.1f}" y="{frame.top:.1f}" width="{width:.1f}" '
            f'height="{frame.bottom - frame.top:.1f}" data-x="{frame.x(k):.1f}" '
            f'data-room="{"below" if high else "above"}" data-keys="{keys}" '
            f'tabindex="{-1 if at else 0}" role="img" '
            f'aria-label="{text}"><title>{text}</title></rect>'
        )


def _told(k: int, spent: str, rows: Sequence[tuple[str, Estimate]]) -> str:
    """What a tooltip says: k, and a line per strategy; how many problems, once where it is one."""
    counts = {estimate.n for _, estimate in rows}
    head = f"k = {k:,}{spent}" + (f", {counts.pop():,} problems" if len(counts) == 1 else "")
    each = [f"{name} {e}" + (f" ({e.n:,} problems)" if counts else "") for name, e in rows]
    return "\n".join([head, *each])
