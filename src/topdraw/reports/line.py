"""One strategy as a figure draws it: only what was measured, with its look.

Not here: the drawing. Try it: `python -m pytest tests/reports/test_line.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from topdraw.core.estimate import Estimate
from topdraw.reports.strategies import Look, in_order, is_real, look
from topdraw.reports.visible import plain

if TYPE_CHECKING:
    from topdraw.analysis.summary import Curve

_LONGEST = 32


@dataclass(frozen=True, slots=True)
class Line:
    """A curve with at least one finite point.

    Attributes:
        name: its label, safe to look at; not escaped.
        look: colour, dash and mark.
        points: estimates by k, all finite.
        real: whether somebody could use this selector.
        oracle: whether it is the bound that knows the truth.
        band: the same values with the edges of a band around the whole curve; empty when it has
            none.
    """

    name: str
    look: Look
    points: Mapping[int, Estimate]
    real: bool
    oracle: bool
    band: Mapping[int, Estimate]

    def edges(self) -> Mapping[int, Estimate]:
        """What is drawn around it: its band, else the interval at each k."""
        return self.band or self.points

    @property
    def last(self) -> Estimate:
        """The estimate at the largest k."""
        return self.points[max(self.points)]

    def at(self, k: int) -> Estimate | None:
        """The estimate at k; a reference's at every k; None where nothing was measured."""
        return self.last if self.look.reference else self.points.get(k)


def lines_of(curves: Iterable[Curve]) -> list[Line]:
    """The curves that can be drawn, in the order of the tables; the worst pick is left out.

    Args:
        curves: strategies; points that are not finite are left out.

    Raises:
        ValueError: if a curve has not one estimate per k.
    """
    lines = []
    ordered = in_order(curves)
    judge = next((curve.chooser for curve in ordered if curve.strategy == "oracle"), "")
    for curve in ordered:
        pairs = zip(curve.k, curve.estimates, strict=True)
        points = {k: estimate for k, estimate in pairs if math.isfinite(estimate.value)}
        if points and curve.strategy != "worst":
            real, oracle = is_real(curve, judge), curve.strategy == "oracle"
            name = plain(curve.label, _LONGEST)
            band = {k: e for k, e in zip(curve.k, curve.band, strict=False) if k in points}
            lines.append(Line(name, look(curve.strategy), points, real, oracle, band))
    return lines


def best_of(lines: Sequence[Line]) -> Line | None:
    """The real selector with the largest value at the largest k; None when there is none."""
    last = max((k for line in lines for k in line.points), default=0)
    real = [line for line in lines if line.real and last in line.points]
    return max(real, key=lambda line: line.points[last].value, default=None)
