"""The figure of the cost panel: cost per solved problem over k, both on logarithmic scales.

Not here: the numbers (`analysis.cost_report`), the words around it (`cost_panel`).
Try it: `python -m pytest tests/reports/test_cost_figure.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from markupsafe import escape

from topdraw.core.estimate import Estimate
from topdraw.reports.axis import Axis, round_ticks
from topdraw.reports.frame import WIDE, Frame, Layout, label, log_ticks, text_width, thinned
from topdraw.reports.spread import spread
from topdraw.reports.strategies import look
from topdraw.reports.visible import plain

if TYPE_CHECKING:
    from topdraw.analysis.cost_of_k import Unit

_HEIGHT, _TOP, _BOTTOM = 340, 40, 50
_LEFT = 24
_KEYS: dict[str, str] = {"usd": "usd", "flops": "flops"}


@dataclass(frozen=True, slots=True)
class CostLine:
    """The cost per solved problem of one strategy.

    Attributes:
        strategy: its key, for the look.
        name: what to print.
        points: by k, those with a finite value.
    """

    strategy: str
    name: str
    points: dict[int, Estimate]


def amount(value: float, unit: Unit) -> str:
    """A cost as a number for people, with its unit's sign.

    Args:
        value: >= 0.
        unit: of it.

    Examples:
        >>> amount(0.0421, "usd"), amount(12_345, "output_tokens"), amount(3.2e12, "flops")
        ('$0.042', '12.3k', '3.2·10¹²')
        >>> amount(7.25, "seconds")
        '7.25 s'
    """
    if not math.isfinite(value):
        return "no end" if value > 0 else "-"
    if unit == "seconds":
        return f"{value:.3g} s"
    if unit == "usd":
        places = 2 if value >= 1 or value == 0 else 1 - math.floor(math.log10(value))
        return f"${value:,.{places}f}"
    return Axis(_KEYS.get(unit, "tokens"), {}).told(float(f"{value:.3g}")) if value else "0"


def cost_figure(lines: Sequence[CostLine], unit: Unit, *, layout: Layout = WIDE) -> str:
    """Cost per solved problem over k with bands and direct labels.

    Args:
        lines: strategies; an upper end without end reaches the top of the figure.
        unit: of the costs.
        layout: the room there is.

    Returns:
        An `svg` element, escaped, colours by CSS class; "" when there are not two k to draw.
    """
    drawn = [line for line in lines if line.points]
    ks = sorted({k for line in drawn for k in line.points})
    if len(ks) < 2:
        return ""
    scale = _scale(drawn, ks, unit, layout)
    parts = [*_axes(scale, unit, layout)]
    for line in drawn:
        parts += _drawn(line, scale)
    parts += _ends(drawn, scale, unit, layout)
    parts += _columns(drawn, ks, scale, unit)
    ends = ", ".join(f"{line.name} {_told(line.points[max(line.points)], unit)}" for line in drawn)
    about = escape(
        f"Cost per solved problem over samples used, both logarithmic. At the end: {ends}."
    )
    return (
        f'<svg class="figure {layout.name}" viewBox="0 0 {layout.width} {_HEIGHT}" role="group" '
        f'aria-label="{about}">{"".join(parts)}</svg>'
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where k and a cost lie in the picture."""

    frame: Frame
    least: float
    most: float

    def y(self, cost: float) -> float:
        inside = min(max(cost, self.least), self.most)
        return self.frame.y(math.log(inside / self.least) / math.log(self.most / self.least))


def _scale(lines: Sequence[CostLine], ks: Sequence[int], unit: Unit, layout: Layout) -> _Scale:
    estimates = [e for line in lines for e in line.points.values()]
    values = [e.value for e in estimates]
    # A far upper end must not flatten the lines: three times the largest value is room enough.
    highs = [min(e.high, 3 * max(values)) for e in estimates]
    lows = [max(e.low, min(values) / 3) for e in estimates]
    least, most = min(lows) / 1.05, max(highs) * 1.05
    ticks = _levels(least, most)
    levels = max((text_width(amount(tick, unit), layout.font) for tick in ticks), default=0.0)
    widest = max(text_width(row, layout.font) for line in lines for row in _rows(line, layout))
    frame = Frame(
        left=max(layout.left + _LEFT, levels + 12),
        right=layout.width - 20 - widest,
        top=_TOP,
        bottom=_HEIGHT - _BOTTOM,
        kmin=ks[0],
        kmax=ks[-1],
        ymax=1.0,
    )
    return _Scale(frame, least, most)


def _rows(line: CostLine, layout: Layout) -> list[str]:
    rows = [""]
    for word in line.name.split():
        if rows[-1] and len(rows[-1]) + 1 + len(word) > min(layout.wrap, 22):
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    return [row[: layout.wrap] for row in rows]


def _axes(scale: _Scale, unit: Unit, layout: Layout) -> Iterable[str]:
    frame = scale.frame
    for tick in _levels(scale.least, scale.most):
        y = scale.y(tick)
        yield f'<path class="grid" d="M{frame.left:.1f} {y:.1f}H{frame.right:.1f}"/>'
        yield label(frame.left - 8, y + 5, amount(tick, unit), "tick right")
    ticks = log_ticks(frame.kmin, frame.kmax)
    shown = thinned(ticks, frame, layout.font)
    for k in ticks:
        yield f'<path class="axis" d="M{frame.x(k):.1f} {frame.bottom:.1f}v5"/>'
        if k in shown:
            yield label(frame.x(k), frame.bottom + 21, f"{k:,}", "tick middle")
    yield f'<path class="axis" d="M{frame.left:.1f} {frame.bottom:.1f}H{frame.right:.1f}"/>'
    middle = (frame.left + frame.right) / 2
    yield label(middle, frame.bottom + 42, "samples used, k (log scale)", "name middle")
    yield label(2, 16, "cost per solved problem (log scale)", "name")


def _levels(least: float, most: float) -> list[float]:
    """Round costs, a few: powers of ten alone where 1, 2, 5 would be too many."""
    ticks = round_ticks(least, most)
    if len(ticks) <= 7:
        return ticks
    powers = [tick for tick in ticks if f"{tick:e}".startswith("1")]
    step = max(1, -(-len(powers) // 7))
    return powers[::step]


def _drawn(line: CostLine, scale: _Scale) -> Iterable[str]:
    shape, ks = look(line.strategy), sorted(line.points)
    dash = f' stroke-dasharray="{shape.dash}"' if shape.dash else ""
    at = {k: scale.frame.x(k) for k in ks}
    upper = [f"{at[k]:.1f} {scale.y(line.points[k].high):.1f}" for k in ks]
    lower = [f"{at[k]:.1f} {scale.y(line.points[k].low):.1f}" for k in reversed(ks)]
    middle = [f"{at[k]:.1f} {scale.y(line.points[k].value):.1f}" for k in ks]
    yield f'<g class="s-{shape.key}"><path class="band" d="M{"L".join(upper + lower)}Z"/>'
    yield f'<path class="line"{dash} d="M{"L".join(middle)}"/></g>'


def _ends(lines: Sequence[CostLine], scale: _Scale, unit: Unit, layout: Layout) -> Iterable[str]:
    """Name at the end of each line, moved apart, with a hair from line to label."""
    rows = [_rows(line, layout) for line in lines]
    height = layout.font * 1.15
    wanted = [scale.y(line.points[max(line.points)].value) for line in lines]
    sizes = [len(row) * height + layout.font * 0.25 for row in rows]
    places = spread(wanted, sizes, 24, scale.frame.bottom + 10)
    for line, text, y, place in zip(lines, rows, wanted, places, strict=True):
        x, edge = scale.frame.x(max(line.points)), scale.frame.right + 14
        hair = f"M{x + 2:.1f} {y:.1f}L{edge - 3:.1f} {place:.1f}"
        yield f'<g class="s-{look(line.strategy).key}"><path class="hair" d="{hair}"/>'
        first = place - height * (len(text) - 1) / 2 + layout.font * 0.35
        for at, row in enumerate(text):
            yield label(edge, first + at * height, row, "end")
        yield "</g>"


def _columns(
    lines: Sequence[CostLine], ks: Sequence[int], scale: _Scale, unit: Unit
) -> Iterable[str]:
    """One invisible area per k that carries what a pointer or the keyboard asks for."""
    frame = scale.frame
    edges = [(frame.x(a) + frame.x(b)) / 2 for a, b in pairwise(ks)]
    bounds = [frame.left, *edges, frame.right]
    for at, k in enumerate(ks):
        told = [line for line in lines if k in line.points]
        rows = [f"{line.name} {_told(line.points[k], unit)}" for line in told]
        text = escape("\n".join([f"k = {k:,}, cost per solved problem", *rows]))
        keys = " ".join(look(line.strategy).key for line in told)
        yield (
            f'<rect class="column" x="{bounds[at]:.1f}" y="{frame.top:.1f}" '
            f'width="{bounds[at + 1] - bounds[at]:.1f}" height="{frame.bottom - frame.top:.1f}" '
            f'data-x="{frame.x(k):.1f}" data-room="below" data-keys="{keys}" '
            f'tabindex="{-1 if at else 0}" role="img" aria-label="{text}">'
            f"<title>{text}</title></rect>"
        )


def _told(estimate: Estimate, unit: Unit) -> str:
    low, high = amount(estimate.low, unit), amount(estimate.high, unit)
    return f"{amount(estimate.value, unit)} [{low}, {high}]"


def line_of(strategy: str, name: str, ks: Sequence[int], costs: Sequence[Estimate]) -> CostLine:
    """A strategy's line, of its finite points.

    Args:
        strategy: its key.
        name: what to print; it may be hostile.
        ks: samples used.
        costs: cost per solved problem at each of them.
    """
    pairs = zip(ks, costs, strict=True)
    return CostLine(strategy, plain(name, 40), {k: e for k, e in pairs if math.isfinite(e.value)})
