"""The figure of the Bayesian reading: what distance from one draw buys, in reward and in gold.

Not here: the numbers (`analysis.bayes`), the words around it (`posterior_panel`).
Try it: `python -m pytest tests/reports/test_posterior_figure.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import escape

from topdraw.analysis.bayes.tilt import FEW
from topdraw.reports.frame import WIDE, Layout, label, text_width
from topdraw.reports.spread import spread
from topdraw.reports.visible import plain

if TYPE_CHECKING:
    from topdraw.analysis.bayes.of_run import Reading
    from topdraw.analysis.bayes.rows import BestRow

_TALL, _TOP, _BETWEEN, _BOTTOM = 190, 40, 62, 50
_MOST_NAMED = 5
# A fifth of less may be no number any more.
_LEAST_WIDTH = 1e-300


@dataclass(frozen=True, slots=True)
class _Point:
    """A place on a curve, with its interval."""

    kl: float
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class _Curve:
    """One way to choose, by KL; `sure` points lead it, the others are dashed."""

    key: str
    name: str
    points: Sequence[_Point]
    sure: int


@dataclass(frozen=True, slots=True)
class _Plot:
    """One of the two plots: its room, and the numbers along its sides."""

    name: str
    top: float
    least: float
    most: float
    ticks: Sequence[float]
    curves: Sequence[_Curve]

    def y(self, value: float) -> float:
        share = (min(max(value, self.least), self.most) - self.least) / (self.most - self.least)
        return self.top + _TALL * (1 - share)


def posterior_figure(reading: Reading, *, layout: Layout = WIDE) -> str:
    """Reward above and gold below, over the KL from one draw, for best-of-n and the posterior.

    Args:
        reading: with at least one posterior and a largest n above 1.
        layout: the room there is.

    Returns:
        An `svg` element, escaped, colours by CSS class; "" when there is nothing to draw.
    """
    if not reading.posterior or len(reading.best) < 2:
        return ""
    reward, gold = _plots(reading)
    widest = max(text_width(each.name, layout.font) for each in (*reward.curves, *gold.curves))
    left, right = layout.left + 14.0, layout.width - 18.0 - widest
    most = max(point.kl for curve in reward.curves for point in curve.points)
    scale = (left, right, most)
    parts: list[str] = []
    for plot in (reward, gold):
        parts += _sides(plot, scale)
        for curve in plot.curves:
            parts += _drawn(curve, plot, scale)
        parts += _ends(plot, scale, layout)
    parts += _named(reading.best, reward, scale, layout)
    bottom = gold.top + _TALL
    parts += _below(bottom, scale, layout)
    height = bottom + _BOTTOM
    return (
        f'<svg class="figure {layout.name}" viewBox="0 0 {layout.width} {height:.0f}" role="img" '
        f'aria-label="{escape(_description(reading))}">{"".join(parts)}</svg>'
    )


def _plots(reading: Reading) -> tuple[_Plot, _Plot]:
    best, rows = reading.best, reading.posterior
    start = best[0]
    few = next((r.kl.value for r in rows if r.effective_median.value < FEW), math.inf)
    within = [_bare(row.kl_within, row.reward_within) for row in best]
    # The optimum at the KL of each n lies on the same curve as the posteriors.
    optimum = [_bare(row.kl_within, row.optimum.value) for row in best]
    soft = sorted(
        [*optimum, *(_bare(r.kl.value, r.reward.value) for r in rows)], key=lambda p: p.kl
    )
    rewards = [
        _Curve("posterior", "posterior", soft, _before(soft, few)),
        _Curve("best", "best of n", within, len(within)),
    ]
    gold = start.gold
    origin = _Point(0.0, gold.value, gold.low, gold.high)
    worths = [
        origin, *(_Point(r.kl.value, r.gold.value, r.gold.low, r.gold.high) for r in rows)
    ]  # fmt: skip
    golds = [
        _Curve("posterior", "posterior", worths, _before(worths, few)),
        _Curve(
            "best",
            "best of n",
            [_Point(r.kl_within, r.gold.value, r.gold.low, r.gold.high) for r in best],
            len(best),
        ),
    ]
    below = _TOP + _TALL + _BETWEEN
    name = reading.value if "reward" in reading.value else f"reward: {reading.value}"
    worth = "share correct" if reading.gold == reading.by else f"gold: {reading.gold}"
    return (
        _plot(name, _TOP, rewards),
        _plot(worth, below, golds),
    )


def _before(points: Sequence[_Point], kl: float) -> int:
    return sum(point.kl < kl for point in points)


def _bare(kl: float, value: float) -> _Point:
    return _Point(kl, value, math.nan, math.nan)


def _plot(name: str, top: float, curves: Sequence[_Curve]) -> _Plot:
    values = [
        value
        for curve in curves
        for point in curve.points
        for value in (point.value, point.low, point.high)
        if math.isfinite(value)
    ]
    ticks = linear_ticks(min(values), max(values))
    return _Plot(name, top, ticks[0], ticks[-1], ticks, curves)


def linear_ticks(least: float, most: float) -> list[float]:
    """Three to seven round numbers that hold everything from `least` to `most`.

    Args:
        least: finite.
        most: finite, >= least.

    Examples:
        >>> linear_ticks(0.3, 7)
        [0.0, 2.0, 4.0, 6.0, 8.0]
    """
    width = most - least or abs(most)
    width = width if width > _LEAST_WIDTH else 1.0
    power = 10.0 ** math.floor(math.log10(width / 5))
    step = next(m * power for m in (1, 2, 5, 10, 20) if width / (m * power) <= 5 + 1e-9)
    first, last = math.floor(least / step + 1e-9), math.ceil(most / step - 1e-9)
    return [step * at for at in range(first, max(last, first + 1) + 1)]


def _x(kl: float, scale: tuple[float, float, float]) -> float:
    left, right, most = scale
    return left + (right - left) * kl / most


def _sides(plot: _Plot, scale: tuple[float, float, float]) -> Iterable[str]:
    left, right, _ = scale
    yield label(2, plot.top - 16, plain(plot.name, 40), "name")
    for tick in plot.ticks:
        y = plot.y(tick)
        yield f'<path class="grid" d="M{left:.1f} {y:.1f}H{right:.1f}"/>'
        yield label(left - 8, y + 5, f"{tick:.4g}", "tick right")


def _below(bottom: float, scale: tuple[float, float, float], layout: Layout) -> Iterable[str]:
    left, right, most = scale
    yield f'<path class="axis" d="M{left:.1f} {bottom:.1f}H{right:.1f}"/>'
    for tick in linear_ticks(0.0, most):
        if tick <= most:
            x = _x(tick, scale)
            yield f'<path class="axis" d="M{x:.1f} {bottom:.1f}v5"/>'
            yield label(x, bottom + 21, f"{tick:.4g}", "tick middle")
    text = "KL from one draw, nats"
    at = max((left + right) / 2, text_width(text, layout.font) / 2)
    yield label(at, bottom + 42, text, "name middle")


def _drawn(curve: _Curve, plot: _Plot, scale: tuple[float, float, float]) -> Iterable[str]:
    """Band, line and marks; what stands on few effective samples is dashed, as a model is."""
    yield f'<g class="s-{curve.key}">'
    known = [p for p in curve.points if math.isfinite(p.low + p.high)]
    if len(known) > 1:
        upper = [f"{_x(p.kl, scale):.1f} {plot.y(p.high):.1f}" for p in known]
        lower = [f"{_x(p.kl, scale):.1f} {plot.y(p.low):.1f}" for p in reversed(known)]
        yield f'<path class="band" d="M{"L".join(upper + lower)}Z"/>'
    places = [f"{_x(p.kl, scale):.1f} {plot.y(p.value):.1f}" for p in curve.points]
    if curve.sure > 1:
        yield f'<path class="line" d="M{"L".join(places[: curve.sure])}"/>'
    if curve.sure < len(places):
        yield f'<path class="line model" d="M{"L".join(places[curve.sure - 1 :])}"/>'
    if curve.key == "best":
        for place in places:
            x, y = place.split()
            yield f'<path class="mark" d="M{x} {y}m-3 -3h6v6h-6z"/>'
    yield "</g>"


def _ends(plot: _Plot, scale: tuple[float, float, float], layout: Layout) -> Iterable[str]:
    """The name of each curve at its end, with a hair to it."""
    last = [curve.points[-1] for curve in plot.curves]
    wanted = [plot.y(point.value) for point in last]
    places = spread(wanted, [layout.font * 1.4] * len(wanted), plot.top - 6, plot.top + _TALL + 6)
    edge = scale[1] + 14
    for curve, point, y, place in zip(plot.curves, last, wanted, places, strict=True):
        x = _x(point.kl, scale)
        early = ' stroke-dasharray="1 5"' if x < scale[1] - 1 else ""
        yield f'<g class="s-{curve.key}">'
        yield f'<path class="hair"{early} d="M{x + 4:.1f} {y:.1f}L{edge - 3:.1f} {place:.1f}"/>'
        yield label(edge, place + layout.font * 0.35, curve.name, "end")
        yield "</g>"


def _named(
    best: Sequence[BestRow], plot: _Plot, scale: tuple[float, float, float], layout: Layout
) -> Iterable[str]:
    """The n of some points of best-of-n, below them, where they do not touch."""
    named = best if len(best) <= _MOST_NAMED else best[1 :: max(1, len(best) // _MOST_NAMED)]
    shown: list[float] = []
    for row in (best[-1], *named):
        x, text = _x(row.kl_within, scale), f"n = {row.n:,}"
        room = text_width(text, layout.font)
        clear = x - scale[0] > room and all(abs(x - other) > room + 6 for other in shown)
        if row.n > 1 and clear:
            shown.append(x)
            at = min(x, scale[1] - room / 2)
            yield label(at, plot.y(row.reward_within) + 22, text, "tick middle")


def _description(reading: Reading) -> str:
    first, last = reading.best[0], reading.best[-1]
    return (
        f"Reward and what it is worth over KL from one draw, for best of n and for the posterior. "
        f"From n = {first.n} to {last.n} the reward goes from {first.reward.value:.3g} to "
        f"{last.reward.value:.3g}, and gold from {first.gold} to {last.gold}."
    )
