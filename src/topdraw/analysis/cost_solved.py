"""Cost per solved problem, and the k that reaches a target at least cost, from plain arrays.

Not here: what k samples cost (`analysis.cost_of_k`), two models at one budget (`.cost_budget`).
Try it: `python -m pytest tests/analysis/test_cost_solved.py`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.cost_of_k import UNITS, Costs
from topdraw.analysis.intervals import mean_estimate
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray
from topdraw.errors import DomainError


def cost_per_solved(
    cost: ArrayLike,
    solved: ArrayLike,
    *,
    level: float = 0.95,
    missing: int = 0,
    method: str = "",
) -> Estimate:
    """Cost of all problems over the problems solved: a ratio of two means over the same problems.

    The interval recovers the variance of the ratio from an interval for each mean (Student's for
    the cost, `analysis.intervals.mean_estimate` for the solved share) and from their correlation
    over problems. Where costs are equal it is the interval of the share turned over. Where nothing
    was solved the value and its upper end are infinite, and the lower end is a bound.

    Args:
        cost: shape (problems,), >= 0. Expected cost of each problem.
        solved: shape (problems,), in [0, 1]. Expected share of it that is solved; NaN leaves the
            problem out, with its cost.
        level: confidence level, in (0, 1).
        missing: samples left out before, to be handed on.
        method: how the values were made.

    Returns:
        The estimate, in the unit of `cost`; NaN when there is no problem.

    Raises:
        DomainError: if a share lies outside [0, 1], a cost below 0, or the level outside (0, 1).

    Examples:
        >>> print(cost_per_solved([0.02] * 100, [1.0] * 25 + [0.0] * 75))
        0.080 [0.058, 0.115]

    References:
        Donner & Zou 2012, Closed-form confidence intervals for functions of the normal mean and
        standard deviation (MOVER); the correlation enters as there.
    """
    paid, share = np.broadcast_arrays(np.asarray(cost, float), np.asarray(solved, float))
    kept = ~np.isnan(share) & ~np.isnan(paid)
    paid, share = paid[kept], share[kept]
    if (paid < 0).any():
        raise DomainError(f"A cost is a number >= 0; one is {paid.min()}.")
    said = (f"{method}; " if method else "") + "ratio of means over problems, MOVER"
    if not paid.size:
        return Estimate(math.nan, level=level, method=said, missing=missing)
    bottom = mean_estimate(share, level=level)
    low, high = _ratio_interval(paid, share, bottom)
    value = float(paid.mean()) / bottom.value if bottom.value else math.inf
    return Estimate(value, low, high, level, said, paid.size, missing)


def _ratio_interval(paid: FloatArray, share: FloatArray, bottom: Estimate) -> tuple[float, float]:
    top, problems = float(paid.mean()), paid.size
    half = 0.0
    if problems > 1:
        from scipy.special import stdtrit

        quantile = float(stdtrit(problems - 1, (1 + bottom.level) / 2))
        half = quantile * float(paid.std(ddof=1)) / math.sqrt(problems)
    both = paid.std() * share.std()
    tied = float(np.mean((paid - top) * (share - share.mean())) / both) if both > 0 else 0.0
    below, above = min(half, top), half
    down, up = bottom.value - bottom.low, bottom.high - bottom.value
    # The roots of the quadratic in their stable form: the lower one has no 0/0 at 2 share = high.
    # Squares differ as products of sum and difference, which cancel nothing.
    product = top * bottom.value
    cross = product - tied * below * up
    least = (top - below) * (top + below)
    square = least * bottom.high * (2 * bottom.value - bottom.high)
    low = least / (cross + math.sqrt(max(cross**2 - square, 0.0))) if least > 0 else 0.0
    floor = bottom.low * (2 * bottom.value - bottom.low)
    if floor <= 0:
        return low, math.inf
    cross = product - tied * above * down
    square = (top - above) * (top + above) * floor
    return low, (cross + math.sqrt(max(cross**2 - square, 0.0))) / floor


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a curve reaches a target.

    Attributes:
        target: share of problems solved.
        k: the smallest k at which the mean reaches it, which is the cheapest, because cost rises
            with k; NaN when none does. Low and high: the smallest k whose interval's upper, and
            lower, end reaches it; infinite when that is beyond the largest k.
        cost: mean cost of a problem at that k; likewise.
    """

    target: float
    k: Estimate
    cost: Estimate


def cheapest_k(
    values: FloatArray,
    ks: Sequence[int],
    costs: Costs,
    target: float,
    *,
    level: float = 0.95,
    missing: int = 0,
) -> Reached:
    """The k that reaches a target share at least cost, with its uncertainty.

    Args:
        values: shape (problems, ks), in [0, 1] or NaN. What is solved at each k.
        ks: samples used, rising.
        costs: of the same problems.
        target: share of problems solved, in (0, 1].
        level: confidence level of the interval at each k, which is inverted.
        missing: samples left out before, to be handed on.

    Raises:
        DomainError: if the target lies outside (0, 1], `ks` do not rise, or there is none.
    """
    if not 0 < target <= 1:
        raise DomainError(f"A target is a share of problems in (0, 1], not {target}.")
    if not ks or any(a >= b for a, b in itertools.pairwise(ks)):
        raise DomainError(f"The ks of a curve must rise: {list(ks)}.")
    curve = [mean_estimate(column, level=level) for column in values.T]
    paid = costs.of_k(ks).mean(axis=0)
    places = [_first([e.value for e in curve], target)] + [
        _first([getattr(e, end) for e in curve], target) for end in ("high", "low")
    ]
    said = f"smallest k with a share of {target:g}"
    if places[0] is None:
        said += f"; not reached by k = {ks[-1]:,}"
    at_k = [math.inf if at is None else float(ks[at]) for at in places]
    at_cost = [math.inf if at is None else float(paid[at]) for at in places]
    return Reached(
        target,
        _inverted(at_k, curve[-1].n, level, missing, said),
        _inverted(at_cost, curve[-1].n, level, missing, f"{UNITS[costs.unit]} at the {said}"),
    )


def _first(values: Sequence[float], target: float) -> int | None:
    # Sums of products round: 0.3 may come as 0.3 - 1e-16.
    return next((at for at, value in enumerate(values) if value >= target - 1e-12), None)


def _inverted(ends: Sequence[float], n: int, level: float, missing: int, method: str) -> Estimate:
    value, low, high = ends
    return Estimate(
        value if math.isfinite(value) else math.nan,
        low,
        high,
        level,
        f"{method}; interval of the curve inverted",
        n,
        missing,
    )
