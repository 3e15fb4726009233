"""Ends of an interval from a mean and its spread, elementwise: for means and for differences.

Not here: which values go in and what is said of them; that is `analysis.intervals` and `.bands`.
Try it: `python -c "from topdraw.analysis.limits import *; print(wilson_limits(.5, .25, 50, 2))"`.

The constants below were chosen on simulated data (benchmarks/measure_coverage.py), where rare large
values are what makes an interval too short: a sample often holds none of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from topdraw.core.records import FloatArray
from topdraw.errors import DomainError

#: Pseudo-problem of full variance, shrunk to the mean: no interval without width.
_PROBLEM = 0.5
#: Pseudo-event: a value far from the others that was not seen, times the root of their own share of
#: variance. Matters where few values are far from 0 or from 1.
_EVENT = 0.2
#: The same for differences, in the ratio of sums that says how large one is.
_MOVE = 0.1
#: Effective number of problems that differ, from which on their direction is believed.
_MOVED = 8
#: How much of what leaning towards the heavy tail would take off the light side is kept, when
#: differences go both ways and when all go one way.
_KEPT_BOTH, _KEPT_ONE = 0.7, 0.3


class Limits(NamedTuple):
    """Lower and upper ends, of one shape."""

    low: FloatArray
    high: FloatArray


def require_level(level: float) -> None:
    """Refuse what is no confidence level.

    Raises:
        DomainError: if it lies outside (0, 1).
    """
    if not 0 < level < 1:
        raise DomainError(f"A confidence level lies between 0 and 1; {level} does not.")


def student_quantile(freedom: float, level: float) -> float:
    """Student's two-sided quantile: |t| stays below it with probability `level`.

    Args:
        freedom: degrees of freedom, >= 1.
        level: in (0, 1).

    Examples:
        >>> round(student_quantile(49, 0.95), 3)
        2.01
    """
    from scipy.special import stdtrit

    return float(stdtrit(max(freedom, 1), (1 + level) / 2))


def variance_share(
    mean: ArrayLike, variance: ArrayLike, problems: ArrayLike, *, unseen: float = 0.0
) -> FloatArray:
    """The variance of values in [0, 1] as a share of the largest possible one, m (1 - m).

    Half a pseudo-problem at the mean, and a fifth of an unseen event, times the square root of the
    share without it, are added to both.

    Args:
        mean: of the values, in [0, 1].
        variance: of the values, with P - 1 in the denominator.
        problems: P, how many there are.
        unseen: at least this weight for an unseen event as large as can be.

    Returns:
        In (0, 1]; 1 is a set of zeros and ones.
    """
    m, number = np.asarray(mean, float), np.asarray(problems, float)
    # Four: the square of a quantile of 2, for Agresti and Coull's shrunken mean.
    shrunk = (m * number + 2) / (number + 4)
    pseudo = _PROBLEM * shrunk * (1 - shrunk)
    seen, most = np.asarray(variance) * number, m * (1 - m) * number
    event = np.maximum(_EVENT * np.sqrt(np.minimum((seen + pseudo) / (most + pseudo), 1.0)), unseen)
    share: FloatArray = np.minimum((seen + pseudo + event) / (most + pseudo + event), 1.0)
    return share


def wilson_limits(
    mean: ArrayLike,
    variance: ArrayLike,
    problems: ArrayLike,
    quantile: ArrayLike,
    *,
    unseen: float = 0.0,
) -> Limits:
    """Wilson's score interval with P / r effective problems, r the share of variance.

    Solves (m - mu)^2 = z^2 r mu (1 - mu) / P for mu: asymmetric near 0 and 1, never without width.

    Args:
        mean: of the values, in [0, 1].
        variance: of the values, with P - 1 in the denominator.
        problems: P, > 0; of clusters of unequal size their effective number.
        quantile: z, >= 0: Student's, or the critical value of a band.
        unseen: as in `variance_share`; for bands, whose points near k = n may turn on few problems.

    Returns:
        Ends in [0, 1] that hold the mean; broadcast shape.

    References:
        Wilson 1927; effective sample size in a binomial interval: Korn & Graubard 1998.
    """
    m, z = np.asarray(mean, float), np.asarray(quantile, float)
    pull = z * z * variance_share(m, variance, problems, unseen=unseen) / np.asarray(problems)
    centre = (m + pull / 2) / (1 + pull)
    half = np.sqrt(pull * m * (1 - m) + pull * pull / 4) / (1 + pull)
    low = np.minimum(np.clip(centre - half, 0.0, 1.0), m)
    return Limits(low, np.maximum(np.clip(centre + half, 0.0, 1.0), m))


def difference_limits(differences: FloatArray, problems: ArrayLike, quantile: float) -> Limits:
    """Interval of a mean difference: Student's, stretched towards the heavy tail.

    Half a pseudo-problem that differs as much as those that do is added to the variance: problems
    that all agree say that few differ, not that none does (Agresti & Min add two of them).
    Where differences go mostly one way their law is skewed as that of a proportion is, and
    Student's interval misses the truth on the heavy side (coverage 80 to 92 %). There the interval
    leans: it solves (m - mu)^2 = z^2 (v + g (mu - m)) / P, Wilson's equation with the slope
    g = s |s| (sum d^2 + 0.1) / (sum |d| + 0.1) (1 - 2 |m|) of variance on mean, s = (gains -
    losses) / (gains + losses). The end on the heavy side is the farther of the two; the other is
    Student's, moved 30 % of the way to the leaning one, or 70 % when all go one way.

    Args:
        differences: shape (..., units), in about [-1, 1]; the last axis is averaged.
        problems: effective number of units, as in `wilson_limits`.
        quantile: z, >= 0.

    Returns:
        Ends in [-1, 1]; shape (...).

    References:
        Agresti & Min 2005: pseudo-observations for paired proportions. Wilson 1927.
    """
    d, units = np.asarray(differences, float), differences.shape[-1]
    m: FloatArray = d.mean(-1)
    spread = d.var(-1, ddof=1) if units > 1 else np.zeros_like(m)
    variance = (spread + _PROBLEM * _move(d) ** 2 / units) / np.asarray(problems)
    half = quantile * np.sqrt(variance)
    lean = quantile**2 * _slope(d, m) / (2 * np.asarray(problems))
    leaning = np.hypot(half, lean)
    mix = _kept(d)
    return Limits(
        np.maximum(m - _stretched(half, leaning - lean, mix), -1.0),
        np.minimum(m + _stretched(half, leaning + lean, mix), 1.0),
    )


def _slope(d: FloatArray, mean: FloatArray) -> FloatArray:
    size = np.abs(d).sum(-1)
    sided = np.divide(d.sum(-1), size, out=np.zeros_like(mean), where=size > 0)
    slope: FloatArray = sided * np.abs(sided) * _move(d)
    slope *= 1 - 2 * np.abs(mean)
    return slope


def _move(d: FloatArray) -> FloatArray:
    """How large a difference is where there is one; 1 when none was seen."""
    ratio: FloatArray = ((d * d).sum(-1) + _MOVE) / (np.abs(d).sum(-1) + _MOVE)
    return ratio


def _kept(d: FloatArray) -> FloatArray:
    square: FloatArray = (d * d).sum(-1)
    moved = np.divide(np.abs(d).sum(-1) ** 2, square, out=np.zeros_like(square), where=square > 0)
    one_way = (d.min(-1) >= -1e-9) | (d.max(-1) <= 1e-9)
    kept: FloatArray = np.where(moved < _MOVED, 1.0, np.where(one_way, _KEPT_ONE, _KEPT_BOTH))
    return kept


def _stretched(student: FloatArray, leaning: FloatArray, kept: FloatArray) -> FloatArray:
    end: FloatArray = np.maximum(leaning, leaning + kept * (student - leaning))
    return end
