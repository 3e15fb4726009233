"""Paired differences as rows with a small picture: the interval against zero.

Not here: the estimates (analysis/summary). Try it: `python -m pytest tests/reports/test_forest.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from topdraw.core.estimate import Estimate
from topdraw.reports.strategies import look

if TYPE_CHECKING:
    from topdraw.analysis.summary import Summary

_WIDTH = 200


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """One paired difference ready for the page.

    Attributes:
        a: label of the strategy.
        b: label of the one taken off it.
        key: CSS key of `a`.
        estimate: the difference.
        drawn: its interval as an SVG on the scale that all rows share.
    """

    a: str
    b: str
    key: str
    estimate: Estimate
    drawn: Markup


def forest(summary: Summary) -> list[DifferenceRow]:
    """The differences of a summary, drawn on one scale that holds zero.

    Args:
        summary: of a run; differences that are NaN are left out.
    """
    labels = {curve.strategy: curve.label for curve in summary.curves}
    known = [d for d in summary.differences if math.isfinite(d.estimate.value)]
    ends = [0.0, *(x for d in known for x in _ends(d.estimate))]
    scale = (min(ends), max(max(ends), min(ends) + 0.01))
    return [
        DifferenceRow(
            a=labels.get(d.a, d.a),
            b=labels.get(d.b, d.b),
            key=look(d.a).key,
            estimate=d.estimate,
            drawn=Markup(_drawn(d.estimate, *scale)),  # noqa: S704 - numbers only
        )
        for d in known
    ]


def _ends(estimate: Estimate) -> list[float]:
    return [x for x in (estimate.value, estimate.low, estimate.high) if math.isfinite(x)]


def _drawn(estimate: Estimate, least: float, most: float) -> str:
    low, *_, high = sorted(_ends(estimate) * 2)
    marks = (estimate.value, low, high, 0.0)
    x, left, right, zero = (3 + (_WIDTH - 6) * (v - least) / (most - least) for v in marks)
    return (
        f'<svg class="forest" viewBox="0 0 {_WIDTH} 20" preserveAspectRatio="none" '
        f'aria-hidden="true"><path class="zero" d="M{zero:.1f} 0V20"/>'
        f'<path class="span" d="M{left:.1f} 10H{right:.1f}"/>'
        f'<rect class="point" x="{x - 1.2:.1f}" y="5" width="2.4" height="10"/></svg>'
    )
