"""Heat maps of a sweep: a number over two settings, one map for each combination of the others.

Not here: the numbers (`analysis.variability_cells`), lines (`sweep_lines`), colours (page.css).
Try it: `python -m pytest tests/reports/test_sweep_heat.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import escape

from topdraw.core.estimate import Estimate
from topdraw.reports.frame import WIDE, Layout, label, text_width
from topdraw.reports.spot import spot, with_n

_FAINT, _STRONG = 0.05, 0.55
_HEAD, _FOOT = 26, 50


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One cell of a map.

    Attributes:
        x: place of its column.
        y: place of its row, 0 at the top.
        estimate: its number; NaN stays empty.
        mark: a word below the number: "best", "\u2248"; "" for none.
    """

    x: int
    y: int
    estimate: Estimate
    mark: str = ""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """One map.

    Attributes:
        title: the settings that it holds fixed; "" for none.
        columns: values across.
        rows: values down.
        cells: any of them.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    cells: tuple[HeatCell, ...]


def heat_figure(maps: Sequence[HeatMap], *, across: str, down: str, layout: Layout = WIDE) -> str:
    """Maps below each other on one scale of darkness; every cell says its number.

    Args:
        maps: at least one with a number.
        across: name of the setting of the columns.
        down: that of the rows.
        layout: the room there is.

    Returns:
        An `svg` element, escaped; "" when there is no number.
    """
    values = [one.estimate.value for each in maps for one in each.cells]
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return ""
    scale = (min(known), max(known))
    tall = 44 if layout.name == "wide" else 38
    left = max(
        layout.left, *(text_width(row, layout.font) + 14 for each in maps for row in each.rows)
    )
    parts, top = [label(2, 16, down, "name")], 12.0
    for each in maps:
        parts += _map(each, left, top, tall, scale, across, layout)
        top += _HEAD + tall * len(each.rows) + _FOOT
    told = f"Heat map over {across} and {down}: {_told(maps)}"
    return (
        f'<svg class="figure {layout.name}" viewBox="0 0 {layout.width} {top:.0f}" role="group" '
        f'aria-label="{escape(told)}">{"".join(parts)}</svg>'
    )


def _told(maps: Sequence[HeatMap]) -> str:
    cells = [
        (each, one)
        for each in maps
        for one in each.cells
        if one.estimate.value == one.estimate.value
    ]
    best = max(cells, key=lambda pair: pair[1].estimate.value)
    each, one = best
    where = f"{each.columns[one.x]}, {each.rows[one.y]}"
    return f"{len(cells)} cells, highest {one.estimate} at {where}."


def _map(
    each: HeatMap,
    left: float,
    top: float,
    tall: int,
    scale: tuple[float, float],
    across: str,
    layout: Layout,
) -> Iterable[str]:
    width = (layout.width - 8 - left) / len(each.columns)
    first = top + _HEAD
    if each.title:
        yield label(layout.width - 8, top + 10, each.title, "name right")
    for at, row in enumerate(each.rows):
        yield label(left - 8, first + tall * (at + 0.5) + 5, row, "tick right")
    for one in each.cells:
        yield from _cell(one, each, left + one.x * width, first + one.y * tall, width, tall, scale)
    bottom = first + tall * len(each.rows)
    taken = -math.inf
    for at, column in enumerate(each.columns):
        x, half = left + width * (at + 0.5), text_width(column, layout.font) / 2
        if x - half > taken + 3:
            yield label(x, bottom + 18, column, "tick middle")
            taken = x + half
    yield label(left + width * len(each.columns) / 2, bottom + 38, across, "name middle")


def _cell(
    one: HeatCell,
    each: HeatMap,
    x: float,
    y: float,
    width: float,
    tall: float,
    scale: tuple[float, float],
) -> Iterable[str]:
    value = one.estimate.value
    if not math.isfinite(value):
        return
    share = (value - scale[0]) / (scale[1] - scale[0]) if scale[1] > scale[0] else 1.0
    dark = _FAINT + share * (_STRONG - _FAINT)
    mark = f"; {one.mark}" if one.mark else ""
    place = f"{each.columns[one.x]}, {each.rows[one.y]}"
    yield (
        f'<rect class="heat" x="{x + 1:.1f}" y="{y + 1:.1f}" width="{width - 2:.1f}" '
        f'height="{tall - 2:.1f}" fill-opacity="{dark:.3f}"/>'
    )
    shown = f"{value:.2f}"
    middle = x + width / 2
    yield label(middle, y + tall / 2 + (-3 if one.mark else 5), shown, "middle")
    if one.mark:
        yield label(middle, y + tall / 2 + 13, one.mark, "middle")
    told = (place, f"{with_n(one.estimate)}{mark}")
    yield spot(x, y, width, tall, told, first=one is each.cells[0])
