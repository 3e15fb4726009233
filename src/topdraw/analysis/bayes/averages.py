"""Means and medians over problems of numbers that know no bounds: rewards, nats, log Z.

Not here: numbers in [0, 1], whose interval is better near the ends (`analysis.intervals`).
Try it: `python -c "from topdraw.analysis.bayes.averages import *; print(real_mean([1, 2, 4]))"`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.limits import require_level
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray


def real_mean(
    values: ArrayLike,
    *,
    level: float = 0.95,
    low: float = -math.inf,
    high: float = math.inf,
    missing: int = 0,
    method: str = "",
) -> Estimate:
    """Mean over problems of real numbers, with Student's interval.

    Args:
        values: shape (problems,). NaN is a problem without a number: left out.
        level: confidence level, in (0, 1).
        low: the mean cannot lie below; the interval is cut there.
        high: nor above.
        missing: samples left out before, to be handed on.
        method: how the values were made.

    Returns:
        The estimate, with the p-value of Student's test against 0. Without interval for fewer than
        two problems, or when all values are equal (to 12 digits): then nothing tells how far the
        mean may be off.

    Raises:
        DomainError: if the level lies outside (0, 1).

    Examples:
        >>> print(real_mean([1.0, 2.0, 4.0, 5.0]))
        3.0 [0.1, 5.9]
    """
    kept, said = _kept(values, level, method)
    if not kept.size:
        return Estimate(math.nan, level=level, method=said, missing=missing)
    said += ", Student over problems"
    mean = float(kept.mean())
    if kept.size < 2 or not math.isfinite(mean) or _equal(kept):
        said += ", no spread to tell an error from"
        return Estimate(mean, level=level, method=said, n=kept.size, missing=missing)
    from scipy.special import stdtr, stdtrit

    error = float(kept.std(ddof=1)) / math.sqrt(kept.size)
    half = float(stdtrit(kept.size - 1, (1 + level) / 2)) * error
    p_value = 2 * float(stdtr(kept.size - 1, -abs(mean) / error))
    ends = max(mean - half, min(low, mean)), min(mean + half, max(high, mean))
    return Estimate(mean, *ends, level, said, kept.size, missing, p_value)


def _equal(values: FloatArray) -> bool:
    """Whether all are one number, which computed in different ways differs in its last bits."""
    return float(np.ptp(values)) <= 1e-12 * float(np.abs(values).max())


def median_estimate(
    values: ArrayLike, *, level: float = 0.95, missing: int = 0, method: str = ""
) -> Estimate:
    """Median over problems, with the interval between two order statistics.

    Without any assumption: the number of values below the median of the population is binomial
    with probability 1/2, so that the ends cover at `level` or more.

    Args:
        values: shape (problems,). NaN is a problem without a number: left out.
        level: confidence level, in (0, 1).
        missing: samples left out before, to be handed on.
        method: how the values were made.

    Returns:
        The estimate; without interval when even the extremes do not cover (5 problems at 95 %).

    Raises:
        DomainError: if the level lies outside (0, 1).

    Examples:
        >>> print(median_estimate(range(1, 12)))
        6.0 [2.0, 10.0]
    """
    kept, said = _kept(values, level, f"median of {method}" if method else "median")
    if not kept.size:
        return Estimate(math.nan, level=level, method=said, missing=missing)
    from scipy.special import bdtr

    ordered, tail = np.sort(kept), (1 - level) / 2
    # The largest rank r with P(Binomial(n, 1/2) < r) <= tail.
    rank = int(np.sum(bdtr(np.arange(kept.size), kept.size, 0.5) <= tail))
    said += ", between order statistics"
    ends = (
        (float(ordered[rank - 1]), float(ordered[kept.size - rank]))
        if rank
        else (math.nan, math.nan)
    )
    return Estimate(float(np.median(kept)), *ends, level, said, kept.size, missing)


def ratio_estimate(
    above: ArrayLike,
    below: ArrayLike,
    *,
    level: float = 0.95,
    low: float = -math.inf,
    high: float = math.inf,
    missing: int = 0,
    method: str = "",
) -> Estimate:
    """Ratio of two means over the same problems, with the interval of the delta method.

    Args:
        above: shape (problems,); NaN in either leaves the problem out.
        below: shape (problems,).
        level: confidence level, in (0, 1).
        low: the ratio cannot lie below; the interval is cut there.
        high: nor above.
        missing: samples left out before, to be handed on.
        method: how the values were made.

    Returns:
        The estimate; NaN where the mean below is 0.

    Raises:
        DomainError: if the level lies outside (0, 1).
    """
    top, bottom = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    both = ~(np.isnan(top) | np.isnan(bottom))
    mean = float(bottom[both].mean()) if both.any() else 0.0
    if mean == 0:
        return Estimate(math.nan, level=level, method=method, missing=missing)
    ratio = float(top[both].mean()) / mean
    # Linear in both means: their residual has mean 0 and the ratio's variance.
    spread = ratio + (top[both] - ratio * bottom[both]) / mean
    said = f"{method}, ratio of means"
    return real_mean(spread, level=level, low=low, high=high, missing=missing, method=said)


def _kept(values: ArrayLike, level: float, method: str) -> tuple[FloatArray, str]:
    require_level(level)
    array = np.asarray(values, dtype=float)
    kept: FloatArray = array[~np.isnan(array)]
    left = array.size - kept.size
    return kept, method + (f", {left} problems without a number left out" if left else "")
