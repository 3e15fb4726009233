"""Mean pass@k at every k with both bands, from columns of counts: 10,000 problems x 10,000 samples.

Not here: pass@k problem by problem (`analysis.coverage`); other strategies (`analysis.curves`).
Try it: `python benchmarks/bench_analysis.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis import coverage
from topdraw.analysis.bands import DRAWS, UNSEEN, correlation_of, critical_value
from topdraw.analysis.limits import require_level, student_quantile, wilson_limits
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray, IntArray
from topdraw.core.seeds import Rng
from topdraw.errors import DomainError

#: About how many k, evenly spaced in log k, the law of the largest deviation is taken from.
KNOTS = 100


@dataclass(frozen=True, slots=True)
class EveryK:
    """Mean pass@k over problems at k = 1, 2, ..., in arrays of one length.

    Attributes:
        k: 1 to the smallest n.
        value: mean pass@k.
        low: lower end of the interval of that k alone.
        high: its upper end.
        band_low: lower edge of the band that holds all k at once.
        band_high: its upper edge.
        critical: what takes the place of Student's quantile in the band.
        level: confidence level of both.
        problems: how many the means stand on.
    """

    k: IntArray
    value: FloatArray
    low: FloatArray
    high: FloatArray
    band_low: FloatArray
    band_high: FloatArray
    critical: float
    level: float
    problems: int

    def at(self, k: int) -> Estimate:
        """pass@k with its own interval.

        Raises:
            DomainError: if k is outside 1..n.
        """
        if not 1 <= k <= self.k.size:
            raise DomainError(f"pass@{k} is not known; 1 <= k <= {self.k.size} is.")
        ends = float(self.low[k - 1]), float(self.high[k - 1])
        said = f"pass@{k}, exact and unbiased; Wilson over problems"
        return Estimate(float(self.value[k - 1]), *ends, self.level, said, self.problems)


def coverage_at_every_k(
    n: ArrayLike, c: ArrayLike, *, level: float = 0.95, rng: Rng = 0, draws: int = DRAWS
) -> EveryK:
    """Mean pass@k over problems at every k up to the smallest n.

    f(k) = C(n-c, k) / C(n, k) = f(k-1) (n-c-k+1) / (n-k+1) for all different (n, c) at once: one
    multiplication for each of them and k, until all of a problem's subsets hold a success. All
    factors lie in [0, 1]: the error of 1 - f is below 1e-12 at k = 10,000.

    Args:
        n: shape (problems,). Scored samples per problem, >= 1.
        c: shape (problems,), 0 <= c <= n. Correct samples.
        level: confidence level of the intervals and of the band, in (0, 1).
        rng: seed or generator of the band.
        draws: how many largest deviations the band is drawn from.

    Returns:
        The curve; it equals the means of `coverage.coverage_curve`.

    Raises:
        DomainError: if there is no problem, one has no sample, c is outside 0..n, or the level
            outside (0, 1).

    Examples:
        >>> coverage_at_every_k([5, 5], [2, 0], draws=100).value.round(3).tolist()
        [0.2, 0.35, 0.45, 0.5, 0.5]

    References:
        Chen et al. 2021 (arXiv 2107.03374), eq. 1; the band: `analysis.bands`.
    """
    counts = _counts(n, c, level)
    moments = _moments(counts)
    problems = int(counts.times.sum())
    single = student_quantile(problems - 1, level)
    critical = critical_value(
        correlation_of(moments.covariance), problems - 1, level=level, rng=rng, draws=draws
    )
    point = wilson_limits(moments.mean, moments.variance, problems, single)
    band = wilson_limits(moments.mean, moments.variance, problems, critical, unseen=UNSEEN)
    k = np.arange(1, moments.mean.size + 1, dtype=np.int64)
    return EveryK(k, moments.mean, *point, *band, critical, level, problems)


class _Counts(NamedTuple):
    """Different (n, c), by n - c falling, and how many problems have each."""

    n: IntArray
    c: IntArray
    times: IntArray


class _Moments(NamedTuple):
    """Mean and variance of pass@k at every k, and the covariance between the knots."""

    mean: FloatArray
    variance: FloatArray
    covariance: FloatArray


def _counts(n: ArrayLike, c: ArrayLike, level: float) -> _Counts:
    require_level(level)
    n_, c_ = (
        one.ravel().astype(np.int64) for one in np.broadcast_arrays(np.asarray(n), np.asarray(c))
    )
    if not n_.size:
        raise DomainError("There is no problem to average over.")
    # Refuses what is no count, or n = 0, in the words of all coverage numbers.
    coverage.pass_at_k(n, c, 1)
    pairs, times = np.unique(np.stack([n_, c_]), axis=1, return_counts=True)
    order = np.argsort(pairs[1] - pairs[0], kind="stable")
    return _Counts(pairs[0, order], pairs[1, order], times[order])


def _moments(counts: _Counts) -> _Moments:
    n, c, times = counts
    most, problems = int(n.min()), int(times.sum())
    knots = np.unique(np.geomspace(1, most, KNOTS).round().astype(int))
    sums, squares = np.zeros((2, most))
    table = np.zeros((n.size, knots.size))
    wrong, failing = (n - c).astype(float), np.ones(n.size)
    drawn, weight = n.astype(float), times.astype(float)
    active, knot = n.size, 0
    for k in range(most):
        # Rows stand by n - c falling: those with a success in every subset of k + 1 are the last.
        while active and wrong[active - 1] <= k:
            active -= 1
        failing = failing[:active]
        failing *= (wrong[:active] - k) / (drawn[:active] - k)
        weighted = failing * weight[:active]
        sums[k], squares[k] = weighted.sum(), weighted @ failing
        if knots[knot] == k + 1:
            table[:active, knot] = failing
            knot += 1
    mean = sums / problems
    spread = max(problems - 1, 1)
    # v = 1 - f has the variance of f; 1e-16 of rounding must not make it negative.
    variance = np.maximum(squares - problems * mean * mean, 0.0) / spread
    centred = table - mean[knots - 1]
    covariance = (centred * weight[:, None]).T @ centred / spread
    return _Moments(np.clip(1 - mean, 0.0, 1.0), variance, covariance)
