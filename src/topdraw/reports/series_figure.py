"""A figure of lines: bands, marks where something was measured, models dashed, names at the ends.

Not here: axes (`scale`), what a line holds (`series`), colours (page.css), files (`figure_file`).
Try it: `python -m pytest tests/reports/test_series_figure.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import escape

from topdraw.core.estimate import Estimate
from topdraw.reports.figure import SHAPES
from topdraw.reports.frame import NARROW, WIDE, Layout, label, text_width
from topdraw.reports.scale import SAMPLES, SOLVED, Measure, Scale, scale
from topdraw.reports.series import Series
from topdraw.reports.spot import column
from topdraw.reports.spread import spread
from topdraw.reports.sweep_lines import wrapped
from topdraw.reports.visible import plain

_TOP, _BOTTOM = 40, 50
_MOST_MARKS, _FEW_TRIED = 16, 12
_NEAR, _LONGEST = 7.0, 48
_CLEAR_BANDS = 3


def series_figures(
    series: Sequence[Series], *, across: Measure = SAMPLES, up: Measure = SOLVED, tall: float = 0.8
) -> tuple[str, ...]:
    """The figure for a wide and for a narrow screen, as `Panel.figures` wants them.

    Args:
        series: its lines, the most important last: it lies above the others.
        across: what the level axis counts.
        up: what the upright axis counts.
        tall: height as a share of that of a report's first figure.

    Returns:
        Two `svg` elements, escaped, colours by CSS class; none when no line has a point.
    """
    made = (
        series_figure(series, across=across, up=up, layout=layout, tall=tall)
        for layout in (WIDE, NARROW)
    )
    return tuple(svg for svg in made if svg)


def series_figure(
    series: Sequence[Series],
    *,
    across: Measure = SAMPLES,
    up: Measure = SOLVED,
    layout: Layout = WIDE,
    tall: float = 0.8,
) -> str:
    """The figure in one width; see `series_figures`.

    Args:
        series: its lines; a "level" alone has no place and makes no figure.
        across: what the level axis counts.
        up: what the upright axis counts.
        layout: the room there is.
        tall: height as a share of the layout's.
    """
    drawn = [_Drawn(one, points) for one in series if (points := _placed(one, across, up))]
    if not any(one.spans for one in drawn):
        return ""
    plot = _plot(drawn, across, up, layout, layout.height * tall)
    parts = [*_axes(plot)]
    clear = sum(one.series.kind == "measured" for one in drawn) <= _CLEAR_BANDS
    for one in drawn:
        parts += _line(one, plot, clear=clear)
    parts += _names(drawn, plot)
    parts += _columns(drawn, plot)
    told = "; ".join(f"{one.name}: {one.ends(across)}" for one in drawn)
    about = escape(f"{up.name} over {across.name}. {told}.")
    return (
        f'<svg class="figure {layout.name}" viewBox="0 0 {layout.width} {plot.height:.0f}" '
        f'role="group" aria-label="{about}">{"".join(parts)}</svg>'
    )


def _placed(one: Series, across: Measure, up: Measure) -> dict[float, Estimate]:
    """The points that the axes can show."""
    known = one.known().items()
    return {
        x: y
        for x, y in known
        if (x > 0 or not across.log or one.kind == "level") and (y.value > 0 or not up.log)
    }


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A line with at least one point that can be shown."""

    series: Series
    points: dict[float, Estimate]

    @property
    def spans(self) -> bool:
        return self.series.kind != "level"

    @property
    def name(self) -> str:
        return plain(self.series.called, _LONGEST)

    @property
    def last(self) -> Estimate:
        return self.points[max(self.points)]

    def ends(self, across: Measure) -> str:
        first, last = min(self.points), max(self.points)
        if not self.spans or first == last:
            return str(self.last)
        return f"{self.points[first]} at {across.told(first)}, {self.last} at {across.told(last)}"

    def rows(self, wrap: int) -> list[str]:
        """The label at its end, its last value with it where that is a share."""
        if not self.series.name:
            return []
        share = 0 <= self.last.value <= 1 and self.series.kind in ("measured", "level")
        return wrapped(f"{self.name} {self.last.value:.2f}" if share else self.name, wrap)


@dataclass(frozen=True, slots=True)
class _Plot:
    """The two axes in the picture."""

    x: Scale
    y: Scale
    across: Measure
    up: Measure
    layout: Layout
    height: float


def _plot(
    drawn: Sequence[_Drawn], across: Measure, up: Measure, layout: Layout, height: float
) -> _Plot:
    rows = [row for one in drawn for row in one.rows(layout.wrap)]
    names = max((text_width(row, layout.font) for row in rows), default=0.0)
    xs = sorted({x for one in drawn if one.spans for x in one.points})
    around = [e for one in drawn for e in (*one.points.values(), *one.series.edges().values())]
    ys = [y for e in around for y in (e.value, e.low, e.high)]
    upright = scale(up, ys, height - _BOTTOM, _TOP)
    numbers = max(text_width(up.told(tick), layout.font) for tick in upright.ticks or (0.0,))
    left = max(layout.left, numbers + 12)
    inset = 0 if across.log else 12
    tried = xs if not across.log and len(xs) <= _FEW_TRIED else ()
    right = layout.width - 16 - names - inset
    level = scale(across, xs, left + inset, right, tried)
    return _Plot(level, upright, across, up, layout, height)


def _axes(plot: _Plot) -> Iterable[str]:
    inset, font = 0 if plot.x.log else 12, plot.layout.font
    left, right, base = plot.x.start - inset, plot.x.end + inset, plot.y.start
    for level in plot.y.ticks:
        y = plot.y.at(level)
        look = "axis" if level == 0 and plot.y.least < 0 else "grid"
        yield f'<path class="{look}" d="M{left:.1f} {y:.1f}H{right:.1f}"/>'
        yield label(left - 8, y + 5, plot.up.told(level), "tick right")
    shown = plot.x.labelled(plot.across, font)
    for tick in plot.x.ticks:
        yield f'<path class="axis" d="M{plot.x.at(tick):.1f} {base:.1f}v5"/>'
        if tick in shown:
            yield label(plot.x.at(tick), base + 21, plot.across.told(tick), "tick middle")
    yield f'<path class="axis" d="M{left:.1f} {base:.1f}H{right:.1f}"/>'
    half = text_width(plot.across.name, font) / 2
    middle = max((left + right) / 2, half + 2)
    yield label(middle, base + 42, plot.across.name, "name middle")
    yield label(2, 16, plot.up.name, "name")


def _line(one: _Drawn, plot: _Plot, *, clear: bool) -> Iterable[str]:
    kind, look = one.series.kind, one.series.look
    dash = f' stroke-dasharray="{look.dash}"' if look.dash and kind != "model" else ""
    yield f'<g class="s-{look.key}">'
    if kind == "level":
        y, inset = plot.y.at(one.last.value), 0 if plot.x.log else 12
        ends = f"M{plot.x.start - inset:.1f} {y:.1f}H{plot.x.end + inset:.1f}"
        yield f'<path class="line thin"{dash} d="{ends}"/>'
    else:
        yield from _around(one, plot, "band" if clear or look.key == "oracle" else "band faint")
        if kind != "published" and len(one.points) > 1:
            style = "line thin model" if kind == "model" else "line"
            places = [(plot.x.at(x), plot.y.at(e.value)) for x, e in one.points.items()]
            yield f'<path class="{style}"{dash} d="M{_path(places)}"/>'
        yield from _marks(one, plot)
    yield "</g>"


def _around(one: _Drawn, plot: _Plot, style: str) -> Iterable[str]:
    """The intervals as an area; as whiskers where points stand alone."""
    edges = {x: e for x, e in one.series.edges().items() if x in one.points or one.series.band}
    if plot.across.log:
        edges = {x: e for x, e in edges.items() if x > 0}
    places = [(plot.x.at(x), plot.y.at(e.low), plot.y.at(e.high)) for x, e in edges.items()]
    if len(places) > 1 and one.series.kind != "published":
        upper = [(x, high) for x, _, high in places]
        lower = [(x, low) for x, low, _ in reversed(places)]
        faint = "band faint" if one.series.kind == "model" else style
        yield f'<path class="{faint}" d="M{_path([*upper, *lower])}Z"/>'
        return
    for x, low, high in places:
        yield f'<path class="whisker" d="M{x:.1f} {high:.1f}V{low:.1f}"/>'


def _path(places: Iterable[tuple[float, float]]) -> str:
    return "L".join(f"{x:.1f} {y:.1f}" for x, y in places)


def _marks(one: _Drawn, plot: _Plot) -> Iterable[str]:
    """Marks where something was measured; of very many, some that are evenly spread."""
    if one.series.kind == "model":
        return
    xs = list(one.points)
    step = max(1, -(-len(xs) // _MOST_MARKS))
    look = "mark hollow" if one.series.kind == "published" else "mark"
    shape = SHAPES[one.series.look.mark or "circle"]
    for x in dict.fromkeys([*xs[::step], xs[-1]]):
        y = plot.y.at(one.points[x].value)
        yield f'<path class="{look}" d="M{plot.x.at(x):.1f} {y:.1f}{shape}"/>'


def _names(drawn: Sequence[_Drawn], plot: _Plot) -> Iterable[str]:
    """Names at the ends of lines, moved apart, with a hair from line to name."""
    named = [(one, rows) for one in drawn if (rows := one.rows(plot.layout.wrap))]
    tall = plot.layout.font * 1.15
    wanted = [plot.y.at(one.last.value) for one, _ in named]
    sizes = [len(rows) * tall + plot.layout.font * 0.25 for _, rows in named]
    places = spread(wanted, sizes, 26, plot.y.start + 16)
    edge = plot.x.end + (0 if plot.x.log else 12) + 14
    for (one, rows), y, place in zip(named, wanted, places, strict=True):
        x = plot.x.at(max(one.points)) if one.spans else edge - 14
        # Where a line ends early, a hair must not look like the rest of it.
        early = ' stroke-dasharray="1 5"' if x < edge - 28 else ""
        yield f'<g class="s-{one.series.look.key}">'
        hair = f"M{x + 2:.1f} {y:.1f}L{edge - 3:.1f} {place:.1f}"
        yield f'<path class="hair"{early} d="{hair}"/>'
        first = place - tall * (len(rows) - 1) / 2 + plot.layout.font * 0.35
        for at, row in enumerate(rows):
            yield label(edge, first + at * tall, row, "end")
        yield "</g>"


def _columns(drawn: Sequence[_Drawn], plot: _Plot) -> Iterable[str]:
    """One invisible area for each place that was measured, which tells its numbers."""
    groups = _groups(drawn, plot)
    middles = [sum(map(plot.x.at, xs)) / len(xs) for xs in groups]
    inset = 0 if plot.x.log else 12
    between = [(a + b) / 2 for a, b in pairwise(middles)]
    edges = [plot.x.start - inset, *between, plot.x.end + inset]
    top, bottom = plot.y.end, plot.y.start
    for at, xs in enumerate(groups):
        rows = _asked(drawn, xs)
        middle = sum(plot.y.at(e.value) for _, _, e in rows) / len(rows)
        yield column(
            (edges[at], edges[at + 1]),
            (top, bottom),
            middles[at],
            _told(rows, xs, plot.across),
            keys=[one.series.look.key for one, _, _ in rows],
            room="below" if middle * 2 < top + bottom else "above",
            first=not at,
        )


def _groups(drawn: Sequence[_Drawn], plot: _Plot) -> list[list[float]]:
    """Places to ask at, near ones together; of a model only those beyond what was measured."""
    real = {x for one in drawn if one.series.kind in ("measured", "published") for x in one.points}
    last = max(real, default=-math.inf)
    models = {x for one in drawn if one.series.kind == "model" for x in one.points if x > last}
    groups: list[list[float]] = []
    for x in sorted(real | models):
        if groups and plot.x.at(x) - plot.x.at(groups[-1][0]) < _NEAR:
            groups[-1].append(x)
        else:
            groups.append([x])
    return groups


def _asked(
    drawn: Sequence[_Drawn], xs: Sequence[float]
) -> list[tuple[_Drawn, float | None, Estimate]]:
    """The lines that have a number there, the highest first: the line, its place, its number."""
    rows: list[tuple[_Drawn, float | None, Estimate]] = []
    for one in reversed(drawn):
        there = [x for x in xs if x in one.points]
        if there:
            rows.append((one, there[-1], one.points[there[-1]]))
        elif not one.spans:
            rows.append((one, None, one.last))
    return sorted(rows, key=lambda row: -row[2].value)


def _told(
    rows: Sequence[tuple[_Drawn, float | None, Estimate]], xs: Sequence[float], across: Measure
) -> list[str]:
    """What a tooltip says: the place, and a line for each number; n once where it is one."""
    counts = {e.n for _, _, e in rows if e.n}
    one_n = len(counts) == 1 and all(e.n for _, x, e in rows if x is not None)
    head = across.said(xs[-1]) if len(xs) == 1 else f"{across.said(xs[0])} to {across.told(xs[-1])}"
    head += f", {counts.pop():,} problems" if one_n else ""
    said = []
    for one, x, e in rows:
        place = f" at {across.told(x)}" if x is not None and len(xs) > 1 else ""
        n = f" ({e.n:,} problems)" if e.n and not one_n else ""
        said.append(f"{one.name or 'value'} {e}{place}{n}")
    return [head, *said]
