"""A band around a curve: all of its points at once, where an interval covers one at a time.

Not here: the curves (`analysis.coverage`, `.curves`), pointwise intervals (`analysis.intervals`).
Try it: `python -m pytest tests/analysis/test_bands.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topdraw.analysis.clusters import Clusters, labels, units
from topdraw.analysis.intervals import mean_estimates
from topdraw.analysis.limits import student_quantile, wilson_limits
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray
from topdraw.core.seeds import Rng, generator
from topdraw.errors import DomainError

#: Draws of the largest deviation along a curve; the critical value is then known to about 1 %.
DRAWS = 10_000
#: Weight of an unseen event in the edges of a band. Close to k = n a curve turns on the one problem
#: that was not solved, and a sample may hold none of those: with 0 the band covered 82 to 98 %.
UNSEEN = 0.4


@dataclass(frozen=True, slots=True)
class Band:
    """A curve with its band.

    Attributes:
        estimates: one for each point, with its own (pointwise) interval.
        low: shape (points,). Lower edge of the band; NaN where there is no number.
        high: shape (points,). Upper edge; never inside the pointwise interval.
        critical: what takes the place of Student's quantile; between it (all points move as one)
            and Bonferroni's.
        level: confidence that the band holds the whole curve.
        method: how the band was made, in words.
    """

    estimates: tuple[Estimate, ...]
    low: FloatArray
    high: FloatArray
    critical: float
    level: float
    method: str


def simultaneous_band(
    values: FloatArray,
    *,
    clusters: Clusters = None,
    level: float = 0.95,
    rng: Rng = 0,
    draws: int = DRAWS,
    missing: int = 0,
    method: str = "",
) -> Band:
    """Means over problems at all points of a curve, and a band that holds all of them at `level`.

    The band is the pointwise Wilson interval with a larger quantile (and a larger weight of what
    was not seen, see `UNSEEN`): that of the largest of all
    studentised deviations along the curve (max-t), from a Gaussian multiplier bootstrap. Its
    deviations given the data are jointly normal with the sample correlation of the points, so
    they are drawn from that law, over a common chi for the estimated variance: no loop over
    problems.

    Args:
        values: shape (problems, points), in [0, 1]. A problem with NaN somewhere, but not in a
            whole column, is left out of the correlation and of that point.
        clusters: a label for each problem, as in `intervals.mean_estimate`.
        level: confidence level of the band, and of each pointwise interval; in (0, 1).
        rng: seed or generator.
        draws: how many largest deviations are drawn, >= 100.
        missing: samples left out before, to be handed on.
        method: how the values were made.

    Returns:
        The band. With one point its critical value is Student's.

    Raises:
        DomainError: if a value lies outside [0, 1], the level outside (0, 1), draws < 100, or
            there is not one cluster label for each problem.

    References:
        Chernozhukov, Chetverikov & Kato 2013 (arXiv 1212.6906): Gaussian multiplier bootstrap of
        maxima. Montiel Olea & Plagborg-Moller 2019: sup-t bands.
    """
    estimates = mean_estimates(
        values, clusters=clusters, level=level, missing=missing, method=method
    )
    label = labels(clusters, len(values))
    some = ~np.isnan(values).all(axis=0)
    whole = np.asarray(~np.isnan(values[:, some]).any(axis=1))
    each = units(values[whole][:, some], label, whole).values
    low, high = np.full((2, values.shape[1]), np.nan)
    critical = critical_value(_correlation(each), len(each) - 1, level=level, rng=rng, draws=draws)
    for at in np.flatnonzero(some):
        kept = ~np.isnan(values[:, at])
        point, number = units(values[kept, at], label, kept)
        variance = point.var(ddof=1) * number / len(point) if len(point) > 1 else 0.0
        wide = max(critical, student_quantile(len(point) - 1, level))
        low[at], high[at] = wilson_limits(
            values[kept, at].mean(), variance, number, wide, unseen=UNSEEN
        )
    said = f"simultaneous over {int(some.sum())} points, max-t {critical:.2f}, {draws} draws"
    return Band(estimates, low, high, critical, level, said)


def _correlation(each: FloatArray) -> FloatArray:
    centred = each - each.mean(axis=0) if len(each) else each
    return correlation_of(centred.T @ centred / max(len(each) - 1, 1))


def correlation_of(covariance: FloatArray) -> FloatArray:
    """The correlation of points; one without variance is independent of all others.

    Args:
        covariance: shape (points, points).

    Returns:
        Shape (points, points), 1 on the diagonal.
    """
    scale = np.sqrt(np.diag(covariance))
    # Variances of points where all problems agree are sums of rounding errors, if not 0.
    flat = scale <= 1e-9
    scale = np.where(flat, 1.0, scale)
    correlation: FloatArray = covariance / np.outer(scale, scale)
    correlation[flat, :] = correlation[:, flat] = 0.0
    np.fill_diagonal(correlation, 1.0)
    return correlation


def critical_value(
    correlation: FloatArray,
    freedom: float,
    *,
    level: float = 0.95,
    rng: Rng = 0,
    draws: int = DRAWS,
) -> float:
    """The quantile of the largest |t| of several correlated ones.

    Args:
        correlation: shape (points, points), positive semi-definite with 1 on the diagonal.
        freedom: degrees of freedom of the common variance estimate, >= 1.
        level: in (0, 1).
        rng: seed or generator.
        draws: how many are drawn, >= 100.

    Returns:
        At least Student's quantile, at most Bonferroni's.

    Raises:
        DomainError: if draws < 100.

    Examples:
        >>> bool(critical_value(np.eye(1), 49) == student_quantile(49, 0.95))
        True
    """
    if draws < 100:
        raise DomainError(f"draws is {draws}; a critical value needs at least 100.")
    points = len(correlation)
    single = student_quantile(freedom, level)
    if points < 2:
        return single
    random = generator(rng)
    root, directions = np.linalg.eigh(correlation)
    kept = root > 1e-10 * root[-1]
    factor = directions[:, kept] * np.sqrt(root[kept])
    normal = random.standard_normal((draws, int(kept.sum()))) @ factor.T
    free = max(freedom, 1)
    chi = np.sqrt(random.chisquare(free, draws) / free)
    drawn = float(np.quantile(np.abs(normal).max(axis=1) / chi, level))
    return min(max(drawn, single), student_quantile(freedom, 1 - (1 - level) / points))
