"""The figure of a fit: measured coverage with its band, the law through it, forecasts beyond.

Not here: the numbers (`analysis.scaling`), the panel (`fit_panel`).
Try it: `python -m pytest tests/reports/test_scaling_figure.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from markupsafe import escape

from topdraw.reports.frame import (
    Frame,
    Layout,
    label,
    level_ticks,
    log_ticks,
    text_width,
    thinned,
    top_of,
)
from topdraw.reports.spot import column, with_n

if TYPE_CHECKING:
    from topdraw.analysis.scaling.reading import Scaling

_KEYS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
_HEIGHT, _TOP, _BOTTOM = 380, 34, 50
_APART = 4.0


def scaling_figure(found: Sequence[Scaling], layout: Layout) -> str:
    """Coverage of each model over k: measured, fitted (dashed), and forecast (whiskers).

    Args:
        found: up to eight models; further ones are left out.
        layout: the room there is.

    Returns:
        An `svg` element, escaped, colours by CSS class; "" when there is no model.
    """
    shown = found[: len(_KEYS)]
    if not shown:
        return ""
    frame = _frame(shown, layout)
    parts = [*_axes(frame, layout)]
    ends = []
    for at, one in enumerate(shown):
        parts += [f'<g class="s-{_KEYS[at]}">', *_model(one, frame, at * _APART), "</g>"]
        last = one.forecasts[-1].value if one.forecasts else one.coverage[-1].value
        ends.append((frame.y(last), one.name, _KEYS[at]))
    parts += _names(ends, frame, layout)
    parts += _columns(shown, frame)
    said = "; ".join(_told(one) for one in shown)
    return (
        f'<svg class="figure {layout.name}" viewBox="0 0 {layout.width} {_HEIGHT}" role="group" '
        f'aria-label="{escape(f"Coverage over samples, logarithmic. {said}")}">'
        f"{''.join(parts)}</svg>"
    )


def _frame(found: Sequence[Scaling], layout: Layout) -> Frame:
    highest = [e.high for one in found for e in one.coverage]
    highest += [value.high for one in found for value in one.forecasts]
    room = max(text_width(_cut(one.name, layout), layout.font) for one in found)
    return Frame(
        left=layout.left,
        right=layout.width - 18 - room,
        top=_TOP,
        bottom=_HEIGHT - _BOTTOM,
        kmin=1,
        kmax=max(one.forecasts[-1].k if one.forecasts else one.k_max for one in found),
        ymax=top_of(highest),
    )


def _cut(name: str, layout: Layout) -> str:
    return name if len(name) <= layout.wrap else name[: layout.wrap - 1] + "\u2026"


def _axes(frame: Frame, layout: Layout) -> Iterable[str]:
    for level in level_ticks(frame.ymax):
        y = frame.y(level)
        yield f'<path class="grid" d="M{frame.left:.1f} {y:.1f}H{frame.right:.1f}"/>'
        yield label(frame.left - 8, y + 5, f"{level:.2g}", "tick right")
    ticks = log_ticks(frame.kmin, frame.kmax)
    shown = thinned(ticks, frame, layout.font)
    for tick in ticks:
        yield f'<path class="axis" d="M{frame.x(tick):.1f} {frame.bottom:.1f}v5"/>'
        if tick in shown:
            yield label(frame.x(tick), frame.bottom + 21, f"{tick:,}", "tick middle")
    yield f'<path class="axis" d="M{frame.left:.1f} {frame.bottom:.1f}H{frame.right:.1f}"/>'
    middle = (frame.left + frame.right) / 2
    yield label(middle, frame.bottom + 42, "samples used, k (log scale)", "name middle")
    yield label(2, 16, "share of problems solved", "name")


def _model(one: Scaling, frame: Frame, aside: float) -> Iterable[str]:
    ks = one.known.ks.tolist()
    # Coverage never falls as k rises: where an end of an interval would, the band gives way.
    highs = list(itertools.accumulate((e.high for e in one.coverage), max))
    lows = list(itertools.accumulate((e.low for e in reversed(one.coverage)), min))[::-1]
    upper = [(frame.x(k), frame.y(high)) for k, high in zip(ks, highs, strict=True)]
    lower = [(frame.x(k), frame.y(low)) for k, low in zip(ks, lows, strict=True)]
    middle = [(frame.x(k), frame.y(e.value)) for k, e in zip(ks, one.coverage, strict=True)]
    yield f'<path class="band" d="M{_path([*upper, *reversed(lower)])}Z"/>'
    yield f'<path class="line" d="M{_path(middle)}"/>'
    # Whiskers of several models at one k would hide each other.
    beyond = [(frame.x(value.k) - aside, frame.y(value.value)) for value in one.forecasts]
    if beyond:
        yield f'<path class="line thin model" d="M{_path([middle[-1], *beyond])}"/>'
    for value, (x, y) in zip(one.forecasts, beyond, strict=True):
        top, bottom = frame.y(value.high), frame.y(value.low)
        yield f'<path class="whisker" d="M{x:.1f} {top:.1f}V{bottom:.1f}"/>'
        yield f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'


def _columns(found: Sequence[Scaling], frame: Frame) -> Iterable[str]:
    """One invisible area for each k, measured or forecast, that tells its numbers."""
    rows: dict[int, list[tuple[str, str]]] = {}
    for key, one in zip(_KEYS, found, strict=False):
        for k, e in zip(one.known.ks.tolist(), one.coverage, strict=True):
            rows.setdefault(k, []).append((key, f"{one.name} {with_n(e)}"))
        for value in one.forecasts:
            rows.setdefault(value.k, []).append((key, f"{one.name}, model {value}"))
    places = [frame.x(k) for k in sorted(rows)]
    between = [(a + b) / 2 for a, b in itertools.pairwise(places)]
    edges = [frame.left, *between, max(frame.right, frame.left + 1)]
    for at, k in enumerate(sorted(rows)):
        keys, told = zip(*rows[k], strict=True)
        yield column(
            (edges[at], edges[at + 1]),
            (frame.top, frame.bottom),
            places[at],
            (f"k = {k:,}", *told),
            keys=keys,
            first=not at,
        )


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _names(ends: list[tuple[float, str, str]], frame: Frame, layout: Layout) -> Iterable[str]:
    """Names at the right end, pushed down until none lies on another."""
    least = _TOP - 2.0
    for y, name, key in sorted(ends):
        least = max(y + 5, least + layout.font + 3)
        word = label(frame.right + 10, least, _cut(name, layout), "end")
        yield f'<g class="s-{key}">{word}</g>'


def _told(one: Scaling) -> str:
    measured = f"{one.name}: {one.coverage[-1]} measured at k = {one.k_max:,}"
    if not one.forecasts:
        return measured
    last = one.forecasts[-1]
    return f"{measured}, model {last.value:.3f} at k = {last.k:,}"
