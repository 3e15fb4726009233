"""The coverage law of counts or of a run: a and b with intervals, and what is left over at each k.

Not here: the curve itself (`law`); a value beyond the samples that is not this law's alone
(`forecast`). Try it: `topdraw fit RUN`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.coverage import coverage_curve
from topdraw.analysis.intervals import resamples
from topdraw.analysis.scaling.law import law, least_squares_law, log_log_line, spaced
from topdraw.analysis.scaling.mixtures import Mixture, fit_mixture
from topdraw.analysis.scaling.values import FEWEST_PROBLEMS, ModelValue, too_few
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray, IntArray
from topdraw.core.seeds import Rng
from topdraw.errors import DomainError


@dataclass(frozen=True, slots=True)
class CoverageLaw:
    """c = exp(a k^b), fitted.

    Attributes:
        a: log coverage at k = 1, < 0; below five problems without an interval, as is b.
        b: exponent, < 0: the further from 0, the faster coverage rises.
        residual: mean absolute distance between law and coverage over the fitted k.
        residual_std: standard deviation of that distance over the fitted k, as the paper prints.
        k_max: the largest k fitted; beyond it the law extrapolates.
        ks: shape (k,). The k fitted, log-spaced.
        residuals: shape (k,). Law minus coverage at each of them.
        draws: shape (resamples, 2). (a, b) of each resample of the problems.
        beta: the beta law of difficulty with the largest likelihood of the same counts.
        log_log: (a, b) by a line through log(-log c) over log k.
    """

    a: Estimate
    b: Estimate
    residual: float
    residual_std: float
    k_max: int
    ks: IntArray = field(repr=False, compare=False)
    residuals: FloatArray = field(repr=False, compare=False)
    draws: FloatArray = field(repr=False, compare=False)
    beta: Mixture = field(repr=False, compare=False)
    log_log: tuple[float, float] = field(repr=False)

    def predict(self, k: int) -> ModelValue:
        """Coverage at k by the law alone; `forecast` averages it with others.

        Args:
            k: samples, >= 1; at most `k_max` it interpolates, beyond it extrapolates.

        Raises:
            DomainError: if k < 1.
        """
        if k < 1:
            raise DomainError(f"Coverage needs k >= 1, not {k}.")
        tail = (1 - self.a.level) / 2
        spread = law(self.draws[:, 0], self.draws[:, 1], k)
        low, high = np.quantile(spread, [tail, 1 - tail]).tolist()
        if math.isnan(self.a.low):
            low = high = math.nan
        others = {
            "log-log line": float(law(*self.log_log, k)),
            "beta-binomial": self.beta.pass_at(k),
        }
        reach = "interpolated" if k <= self.k_max else f"extrapolated from k <= {self.k_max}"
        value = float(law(self.a.value, self.b.value, k))
        label = f"model c = exp(a k^b), {reach}"
        low, high = min(low, value), max(high, value)  # NaN stays: it comes first
        return ModelValue(k, value, low, high, others, label, self.a.level)


def fit_counts(
    n: ArrayLike,
    c: ArrayLike,
    *,
    level: float = 0.95,
    rng: Rng = 0,
    draws: int = 200,
    missing: int = 0,
) -> CoverageLaw:
    """The coverage law of problems with these counts.

    Least squares on the coverage itself, at up to 100 log-spaced k: a line through log(-log c)
    gives all its weight to the ends, where c is near 0 or 1 and -log c is mostly noise.

    Args:
        n: shape (problems,). Scored samples per problem.
        c: shape (problems,), 0 <= c <= n. Correct samples.
        level: confidence level.
        rng: seed or generator of the resampling of problems.
        draws: how many resamples.
        missing: samples left out before.

    Raises:
        DomainError: if some n < 3 or a c lies outside 0..n, or if coverage is 0 at every k, or 1,
            so that there is no curve to fit.

    References:
        Brown et al. 2024 (arXiv 2407.21787), section 3.2 and figure 5, which fit log c; here c.
    """
    n_, c_ = (np.asarray(x, dtype=np.int64) for x in np.broadcast_arrays(n, c))
    ks = spaced(int(n_.min()) if n_.size else 0)
    table = coverage_curve(n_, c_, ks.tolist())
    return fit_table(ks, table, n_, c_, level=level, rng=rng, draws=draws, missing=missing)


def fit_table(
    ks: IntArray,
    table: FloatArray,
    n: IntArray,
    c: IntArray,
    *,
    level: float = 0.95,
    rng: Rng = 0,
    draws: int = 200,
    missing: int = 0,
) -> CoverageLaw:
    """The law through coverage that is known, with the beta law of the counts behind it.

    Args:
        ks: shape (k,), rising.
        table: shape (problems, k). Coverage of each problem.
        n: shape (problems,). Scored samples.
        c: shape (problems,). Correct samples.
        level: confidence level.
        rng: seed or generator of the resampling of problems.
        draws: how many resamples.
        missing: samples left out before.

    Raises:
        DomainError: if coverage is 0 at every k, or 1.
    """
    mean = table.mean(axis=0)
    if not mean.any() or mean[0] == 1:
        raise DomainError("Coverage is the same at every k, 0 or 1: there is no law to fit.")
    line = log_log_line(ks, mean)
    best = least_squares_law(ks, mean, line)
    again = [least_squares_law(ks, row, best) for row in resamples(n.size, draws, rng) @ table]
    found = np.array(again, dtype=float)
    method = f"least squares on c, {ks.size} k; percentiles of {draws} resamples of problems"
    ends = np.quantile(found, [(1 - level) / 2, (1 + level) / 2], axis=0)
    if n.size < FEWEST_PROBLEMS:
        method = f"least squares on c, {ks.size} k; {too_few(n.size)}"
        ends = np.full((2, 2), math.nan)
    a, b = (
        Estimate(best[i], float(ends[0, i]), float(ends[1, i]), level, method, n.size, missing)
        for i in (0, 1)
    )
    off = law(*best, ks) - mean
    return CoverageLaw(
        a=a,
        b=b,
        residual=float(np.abs(off).mean()),
        residual_std=float(np.abs(off).std()),
        k_max=int(ks[-1]),
        ks=ks,
        residuals=off,
        draws=found,
        beta=fit_mixture(n, c, "beta"),
        log_log=line,
    )
