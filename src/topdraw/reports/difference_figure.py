"""Differences with their intervals as rows above one axis with a line at zero.

Not here: the numbers (`analysis.comparison`), what stands around the figure (`compare_panel`).
Try it: `python -m pytest tests/reports/test_difference_figure.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from markupsafe import escape

from topdraw.core.estimate import Estimate
from topdraw.reports.frame import WIDE, Layout, label, text_width
from topdraw.reports.spot import spot, with_n
from topdraw.reports.visible import plain

_ROW, _TOP, _BOTTOM, _RIGHT = {"wide": 34, "narrow": 50}, 14, 46, 18
_LETTERS = 44


def difference_figure(
    rows: Sequence[tuple[str, Estimate]],
    axis: str,
    layout: Layout = WIDE,
    *,
    stands: Sequence[bool] | None = None,
) -> str:
    """Rows of intervals on one scale that holds zero, as SVG.

    Args:
        rows: what each difference is of, and the difference; those that are NaN are left out.
        axis: what the scale counts.
        layout: for a wide or a narrow screen.
        stands: for each row whether its dot is full; default those whose interval lies away from
            zero and whose p-value, where there is one, is below 1 - level.

    Returns:
        SVG text, escaped; "" when there is no number.
    """
    full = [_stands(one) for _, one in rows] if stands is None else stands
    kept = [math.isfinite(one.value) for _, one in rows]
    known = [
        (plain(name, _LETTERS), one) for (name, one), keep in zip(rows, kept, strict=True) if keep
    ]
    full = [one for one, keep in zip(full, kept, strict=True) if keep]
    if not known:
        return ""
    left, right = _left(known, layout), layout.width - _RIGHT
    least, most, step = _scale(known)
    height = _TOP + _ROW[layout.name] * len(known) + _BOTTOM
    bottom = height - _BOTTOM

    def x(value: float) -> float:
        return left + (right - left) * (value - least) / (most - least)

    parts = [
        f'<svg class="figure {layout.name}" viewBox="0 0 {layout.width} {height}" role="group" '
        f'aria-label="{escape(_told(known, axis))}">'
    ]
    for tick in _ticks(least, most, step):
        at = x(tick)
        kind = "axis" if tick == 0 else "grid"
        parts.append(f'<path class="{kind}" d="M{at:.1f} {_TOP - 8}V{bottom}"/>')
        parts.append(label(at, bottom + layout.font + 4, _signed(tick, step), "tick middle"))
    parts.append(label((left + right) / 2, height - 6, axis, "name middle"))
    for at, (name, one) in enumerate(known):
        parts += _row(at, name, one, x, layout, full=full[at])
    return "".join([*parts, "</svg>"])


def _left(known: Sequence[tuple[str, Estimate]], layout: Layout) -> float:
    if layout.name != "wide":
        return 14.0
    return min(max(text_width(name, layout.font) for name, _ in known) + 26, layout.width * 0.45)


def _row(
    at: int,
    name: str,
    one: Estimate,
    x: Callable[[float], float],
    layout: Layout,
    *,
    full: bool,
) -> list[str]:
    height = _ROW[layout.name]
    y = _TOP + height * at + (height / 2 if layout.name == "wide" else height - 14)
    said = (
        label(10, y + layout.font * 0.35, name, "name")
        if layout.name == "wide"
        else label(14, y - 15, name, "name")
    )
    low, high = (end if math.isfinite(end) else one.value for end in (one.low, one.high))
    fill = "" if full else ' fill-opacity="0.35"'
    return [
        said,
        f'<g class="s-one"><path class="whisker" d="M{x(low):.1f} {y:.1f}H{x(high):.1f}"/>'
        f'<circle class="mark" cx="{x(one.value):.1f}" cy="{y:.1f}" r="5"{fill}/></g>',
        spot(0, _TOP + height * at, layout.width, height, (name, with_n(one)), first=not at),
    ]


def _stands(one: Estimate) -> bool:
    return (one.low > 0 or one.high < 0) and not one.p_value >= 1 - one.level


def _told(known: Sequence[tuple[str, Estimate]], axis: str) -> str:
    return f"{axis}: " + "; ".join(f"{name}: {one}" for name, one in known)


def _scale(known: Sequence[tuple[str, Estimate]]) -> tuple[float, float, float]:
    """Ends and step of the axis: round, and around all intervals and zero."""
    ends = [0.0, *(x for _, one in known for x in (one.value, one.low, one.high) if x == x)]
    least, most = min(ends), max(max(ends), min(ends) + 0.01)
    raw = (most - least) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw - 1e-12)
    return math.floor(least / step + 1e-9) * step, math.ceil(most / step - 1e-9) * step, step


def _ticks(least: float, most: float, step: float) -> list[float]:
    first, last = round(least / step), round(most / step)
    return [at * step if at else 0.0 for at in range(first, last + 1)]


def _signed(tick: float, step: float) -> str:
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{tick:+.{places}f}".replace("-", "\u2212") if tick else "0"
