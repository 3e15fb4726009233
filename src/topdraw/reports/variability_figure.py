"""The figure of greedy against sampled: both with their intervals, above the full runs.

Not here: the numbers (`analysis.variability`), the panel (`variability_panel`).
Try it: `python -m pytest tests/reports/test_variability_panel.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from markupsafe import escape

from topdraw.core.estimate import Estimate
from topdraw.reports.frame import WIDE, Layout, label
from topdraw.reports.sweep_lines import CIRCLE, round_top

if TYPE_CHECKING:
    from topdraw.analysis.variability import Variation
    from topdraw.analysis.variability_runs import Spread

_ROW, _TOP = 52, 8
Place = Callable[[float], float]


def variation_figure(one: Variation, layout: Layout = WIDE) -> str:
    """Both accuracies with intervals above the scores of the full runs, on one scale.

    Args:
        one: of all problems.
        layout: the room there is.

    Returns:
        An `svg` element, escaped; "" when nothing is known.
    """
    rows = [("greedy", "greedy", one.greedy), ("single", "one sample (mean)", one.sampled)]
    rows = [row for row in rows if math.isfinite(row[2].value)]
    if not rows:
        return ""
    apart = one.spread
    ends = [x for _, _, e in rows for x in (e.value, e.high) if math.isfinite(x)]
    most = min(round_top(max([*ends, apart.best.value] if apart else ends)), 1.0)
    left, right = 12.0, layout.width - 24.0

    def x(value: float) -> float:
        return left + (right - left) * min(value / most, 1.0)

    parts: list[str] = []
    for at, (key, name, estimate) in enumerate(rows):
        parts += _estimate(key, name, estimate, x, _TOP + at * _ROW)
    bottom = _TOP + len(rows) * _ROW
    if apart is not None:
        parts += _runs(apart, x, bottom, layout)
        bottom += _ROW
    for at in range(5):
        value = most * at / 4
        parts.append(f'<path class="axis" d="M{x(value):.1f} {bottom:.1f}v5"/>')
        look = "tick" if at == 0 else "tick right" if at == 4 else "tick middle"
        parts.append(label(x(value), bottom + 20, f"{value:.3g}", look))
    parts.append(f'<path class="axis" d="M{left:.1f} {bottom:.1f}H{right:.1f}"/>')
    parts.append(label((left + right) / 2, bottom + 40, "share correct", "name middle"))
    told = "; ".join(f"{name} {estimate}" for _, name, estimate in rows)
    return (
        f'<svg class="figure {layout.name}" viewBox="0 0 {layout.width} {bottom + 50:.0f}" '
        f'role="img" aria-label="{escape(told)}">{"".join(parts)}</svg>'
    )


def _estimate(key: str, name: str, estimate: Estimate, x: Place, top: float) -> Iterable[str]:
    """A name with its number, and below them the mark on its interval."""
    y = top + 34
    yield f'<g class="s-{key}">'
    yield label(x(0.0), top + 16, f"{name} {estimate}", "end")
    if math.isfinite(estimate.low + estimate.high):
        yield f'<path class="whisker" d="M{x(estimate.low):.1f} {y:.1f}H{x(estimate.high):.1f}"/>'
    yield f'<path class="mark" d="M{x(estimate.value):.1f} {y:.1f}{CIRCLE}"/></g>'


def _runs(apart: Spread, x: Place, top: float, layout: Layout) -> Iterable[str]:
    """The range of the full runs: worst, best and one standard deviation about their mean."""
    y = top + 34
    worst, best = x(apart.worst.value), x(apart.best.value)
    told = f"{apart.runs} full runs: {apart.worst.value:.3f} to {apart.best.value:.3f}"
    if layout.name == "wide":
        told += f", gap {apart.gap.value:.3f}, std {apart.std}"
    yield '<g class="s-other">' + label(x(0.0), top + 16, told, "end")
    yield f'<path class="line thin" d="M{worst:.1f} {y:.1f}H{best:.1f}"/>'
    yield f'<path class="line" d="M{worst:.1f} {y - 6:.1f}v12M{best:.1f} {y - 6:.1f}v12"/></g>'
