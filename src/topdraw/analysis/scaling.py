"""The coverage law c = exp(a k^b): fitted on coverage itself, with intervals and forecasts.

Not here: coverage (`analysis.coverage`). Beyond the samples all is a model, never an estimate.
Try it: `python -m pytest tests/analysis/test_scaling.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.coverage import coverage_curve
from topdraw.analysis.estimates import count_scored, judge
from topdraw.analysis.intervals import resamples
from topdraw.analysis.stopped import stopped
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray, IntArray
from topdraw.core.seeds import Rng
from topdraw.errors import DomainError
from topdraw.selection.candidates import candidates
from topdraw.store.run import Run

_POINTS = 100
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class ModelValue:
    """What a model says about a k, drawn or not. Not an estimate.

    Attributes:
        k: samples.
        value: coverage by the fitted law.
        low: lower end over resampled problems; says nothing of whether the law holds.
        high: upper end, likewise.
        others: what other models of the same counts say; where they differ, nobody knows.
        label: what to print beside it; begins with "model".
    """

    k: int
    value: float
    low: float
    high: float
    others: Mapping[str, float]
    label: str

    def __str__(self) -> str:
        values = [self.value, *self.others.values()]
        spread = f"models say {min(values):.3f} to {max(values):.3f}"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] ({self.label}; {spread})"


@dataclass(frozen=True, slots=True)
class CoverageLaw:
    """c = exp(a k^b), fitted.

    Attributes:
        a: log coverage at k = 1, < 0.
        b: exponent, < 0: the further from 0, the faster coverage rises.
        residual: mean absolute distance between law and coverage over the fitted k.
        k_max: the largest k fitted; beyond it the law extrapolates.
        draws: shape (resamples, 2). (a, b) of each resample of the problems.
        beta_mean: mean of the beta law of the difficulty fitted to the same counts.
        beta_weight: sum of its two parameters; NaN when it could not be fitted.
        log_log: (a, b) by a line through log(-log c) over log k.
    """

    a: Estimate
    b: Estimate
    residual: float
    k_max: int
    draws: FloatArray = field(repr=False, compare=False)
    beta_mean: float = field(repr=False)
    beta_weight: float = field(repr=False)
    log_log: tuple[float, float] = field(repr=False)

    def predict(self, k: int) -> ModelValue:
        """Coverage at k by the law.

        Args:
            k: samples, >= 1; at most `k_max` it interpolates, beyond it extrapolates.

        Raises:
            DomainError: if k < 1.
        """
        if k < 1:
            raise DomainError(f"Coverage needs k >= 1, not {k}.")
        tail = (1 - self.a.level) / 2
        spread = _law(self.draws[:, 0], self.draws[:, 1], k)
        low, high = np.quantile(spread, [tail, 1 - tail]).tolist()
        others = {"log-log line": float(_law(*self.log_log, k))}
        if not math.isnan(self.beta_weight):
            others["beta-binomial"] = _beta_coverage(self.beta_mean, self.beta_weight, k)
        reach = "interpolated" if k <= self.k_max else f"extrapolated from k <= {self.k_max}"
        value = float(_law(self.a.value, self.b.value, k))
        label = f"model c = exp(a k^b), {reach}"
        return ModelValue(k, value, min(low, value), max(high, value), others, label)


def fit_coverage(
    run: Run, *, by: str | None = None, level: float = 0.95, rng: Rng = 0, draws: int = 200
) -> CoverageLaw:
    """The coverage law of a run.

    Args:
        run: a scored run.
        by: the verifier; default the task's own.
        level: confidence level of the intervals of a and b.
        rng: seed or generator of the resampling of problems.
        draws: how many resamples.

    Returns:
        The law over k = 1..n, n the smallest number of scored samples of a problem. Of a run that
        a rule stopped, over the k for which `estimates.pass_at_k` has a number.

    Raises:
        ConfigError: if there is no verifier or no scored sample.
        UnknownNameError: if the run holds no scores by `by`.
        DomainError: as `fit_counts`, or if the rule that stopped the drawing does not guarantee the
            samples.
    """
    by, samples = judge(run, by), run.samples()
    found, rule = candidates(run, by=by, samples=samples), stopped(run, samples)
    if rule is not None and rule.corrects(by):
        counts = count_scored(run, rule.all_drawn(found))
        kept = {key: found[key] for key in counts.problem_ids}
        ks = _spaced(rule.reach(kept))
        table = rule.coverage(kept, ks.tolist(), "A coverage law")
        # The rule is no part of the likelihood of n and c, by which the beta law is fitted.
        return _fitted(ks, table, counts.n, counts.c, level, rng, draws, counts.missing)
    if rule is not None:
        rule.require_start(_FEWEST, f"A coverage law of {_FEWEST} or more samples")
        found = rule.start(found)
    counts = count_scored(run, found)
    return fit_counts(counts.n, counts.c, level=level, rng=rng, draws=draws, missing=counts.missing)


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
    ks = _spaced(int(n_.min()) if n_.size else 0)
    table = coverage_curve(n_, c_, ks.tolist())
    return _fitted(ks, table, n_, c_, level, rng, draws, missing)


def _spaced(k_max: int) -> IntArray:
    if k_max < _FEWEST:
        raise DomainError(
            f"A coverage law needs at least {_FEWEST} samples per problem, not {k_max}."
        )
    return np.unique(np.geomspace(1, k_max, _POINTS).round().astype(np.int64))


def _fitted(
    ks: IntArray,
    table: FloatArray,
    n_: IntArray,
    c_: IntArray,
    level: float,
    rng: Rng,
    draws: int,
    missing: int,
) -> CoverageLaw:
    """The law through coverage of shape (problems, ks), with the beta law of the counts."""
    mean = table.mean(axis=0)
    if not mean.any() or mean[0] == 1:
        raise DomainError("Coverage is the same at every k, 0 or 1: there is no law to fit.")
    line = _line(ks, mean)
    best = _fit(ks, mean, line)
    again = [_fit(ks, row, best) for row in resamples(n_.size, draws, rng) @ table]
    found = np.array(again, dtype=float)
    method = f"least squares on c, {ks.size} k; percentiles of {draws} resamples of problems"
    ends = np.quantile(found, [(1 - level) / 2, (1 + level) / 2], axis=0)
    a, b = (
        Estimate(best[i], float(ends[0, i]), float(ends[1, i]), level, method, n_.size, missing)
        for i in (0, 1)
    )
    residual = float(np.abs(_law(*best, ks) - mean).mean())
    beta_mean, beta_weight = _fit_beta(n_, c_)
    return CoverageLaw(a, b, residual, int(ks[-1]), found, beta_mean, beta_weight, line)


def _law(a: ArrayLike, b: ArrayLike, k: ArrayLike) -> FloatArray:
    law: FloatArray = np.exp(np.multiply(a, np.power(np.asarray(k, dtype=float), b)))
    return law


def _line(ks: IntArray, coverage: FloatArray) -> tuple[float, float]:
    inside = (coverage > 0) & (coverage < 1)
    if inside.sum() < 2:
        return (math.log(min(max(float(coverage[0]), 1e-9), 1 - 1e-9)), -0.5)
    b, log_a = np.polyfit(np.log(ks[inside]), np.log(-np.log(coverage[inside])), 1)
    return (-math.exp(log_a), min(float(b), -1e-9))


def _fit(ks: IntArray, coverage: FloatArray, start: tuple[float, float]) -> tuple[float, float]:
    """Least squares over log(-a) and log(-b), which keeps both signs without bounds."""
    from scipy.optimize import least_squares

    log_k = np.log(ks)

    def residuals(logs: FloatArray) -> FloatArray:
        gap: FloatArray = np.exp(-np.exp(logs[0] - np.exp(logs[1]) * log_k)) - coverage
        return gap

    def slopes(logs: FloatArray) -> FloatArray:
        power = np.exp(logs[0] - np.exp(logs[1]) * log_k)
        common = -power * np.exp(-power)
        return np.stack([common, -common * np.exp(logs[1]) * log_k], axis=1)

    # Beyond these, c is 0 or 1, or flat, to all digits.
    begin = np.clip(np.log(np.negative(start)), -14.0, 4.0)
    found = least_squares(residuals, begin, jac=slopes, bounds=(-15.0, 5.0)).x
    return (-math.exp(found[0]), -math.exp(found[1]))


def _fit_beta(n: IntArray, c: IntArray) -> tuple[float, float]:
    """Mean and weight of the beta law of difficulty, by maximum likelihood of the counts."""
    from scipy.optimize import minimize
    from scipy.special import betaln, expit

    def loss(x: FloatArray) -> float:
        mean, weight = expit(x[0]), math.exp(x[1])
        first, second = mean * weight, (1 - mean) * weight
        return -float((betaln(c + first, n - c + second) - betaln(first, second)).sum())

    share = min(max(float((c / n).mean()), 1e-6), 1 - 1e-6)
    start = [math.log(share / (1 - share)), 0.0]
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(-20, 20), (-12, 12)])
    return float(expit(found.x[0])), math.exp(found.x[1]) if np.isfinite(found.fun) else math.nan


def _beta_coverage(mean: float, weight: float, k: int) -> float:
    from scipy.special import betaln

    # 1 - B(a, b+k)/B(a, b), by the difference of logs and expm1: small coverages keep digits.
    first, second = mean * weight, (1 - mean) * weight
    return float(-np.expm1(betaln(first, second + k) - betaln(first, second)))
