"""Whether values are probabilities of being right: calibration error and Brier score.

Not here: whether they rank well within a problem (`analysis.agreement`); a scorer can do either
without the other. Try it: `python -m pytest tests/analysis/test_calibration.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from topdraw.analysis.clusters import Clusters, labels
from topdraw.analysis.intervals import resamples
from topdraw.analysis.limits import require_level, student_quantile
from topdraw.analysis.ratios import ratio_estimate
from topdraw.core.estimate import Estimate
from topdraw.core.records import BoolArray, FloatArray, IntArray
from topdraw.core.seeds import Rng, generator
from topdraw.errors import ConfigError

#: How values become probabilities: as they are, or by a map learnt on the other half of problems.
Link: TypeAlias = Literal["none", "logistic", "isotonic"]
BINS = 10
DRAWS = 1000


def are_probabilities(value: FloatArray) -> bool:
    """Whether all values that are numbers lie in [0, 1]; False without any."""
    known = value[~np.isnan(value)]
    return bool(known.size and known.min() >= 0 and known.max() <= 1)


def linked(
    value: FloatArray, passed: BoolArray, problem: IntArray, link: Link, *, rng: Rng = 0
) -> FloatArray:
    """The values as probabilities of being right.

    "logistic" fits 1 / (1 + exp(-(a + b v))) (Platt), "isotonic" the best rising function; each on
    a random half of the problems, for the other half, so that no sample is judged by itself.

    Args:
        value: shape (samples,); NaN stays NaN.
        passed: shape (samples,). Verdicts.
        problem: shape (samples,). Whole numbers; the samples of a problem (or of a cluster of
            problems) stay in one half.
        link: how.
        rng: of the halves.

    Returns:
        Shape (samples,), in [0, 1] or NaN.

    Raises:
        ConfigError: if link is "none" and a value is no probability.

    References:
        Platt 1999; Zadrozny & Elkan 2002.
    """
    if link == "none":
        if not are_probabilities(value):
            raise ConfigError("Values outside [0, 1] are no probabilities; name a link.")
        return value
    fit = _logistic if link == "logistic" else _isotonic
    numbers, place = np.unique(problem, return_inverse=True)
    side = generator(rng).permutation(numbers.size) % 2
    half, known = side[place].astype(bool), ~np.isnan(value)
    finite = np.clip(value, *_span(value))
    found = np.full(value.shape, np.nan)
    for here in (half, ~half):
        source, target = known & ~here, known & here
        if source.any() and target.any():
            found[target] = fit(finite[source], passed[source])(finite[target])
    return found


def calibration_error(
    chance: FloatArray,
    passed: BoolArray,
    problem: IntArray,
    *,
    bins: int = BINS,
    clusters: Clusters = None,
    level: float = 0.95,
    draws: int = DRAWS,
    rng: Rng = 0,
    method: str = "",
) -> Estimate:
    """Expected calibration error over bins of equal mass, with an interval over problems.

    ECE = sum_b n_b / n |share right in b - mean probability in b|; equal probabilities share a bin.
    A perfectly calibrated scorer has a positive one by chance alone: twice the plug-in value less
    the mean of its bootstrap takes that bias off to first order. The interval reaches from that
    value, or from 0 where so large a plug-in is no surprise without any miscalibration, to the
    plug-in, each less or plus Student's quantile times the standard error: nominal 95 % covered
    95.2 to 97.2 % in six simulations of 2,000 data sets (benchmarks/measure_audit.py).

    Args:
        chance: shape (samples,), in [0, 1]; NaN is left out.
        passed: shape (samples,). Verdicts.
        problem: shape (samples,). Which problem, 0..P-1.
        bins: how many, >= 1.
        clusters: a label for each of the P problems, as in `intervals.mean_estimate`.
        level: confidence level, in (0, 1).
        draws: resamples of whole problems, with the edges of the bins kept.
        rng: of these.
        method: how the probabilities were made.

    Returns:
        The estimate, in [0, 1]; NaN without a probability. `n` counts problems.

    Raises:
        DomainError: if the level is outside (0, 1), or there is not one cluster label for each
            problem.

    References:
        Naeini et al. 2015; bins of equal mass and the bias: Nixon et al. 2019 (arXiv 1904.01685),
        Roelofs et al. 2022 (arXiv 2012.08668).
    """
    require_level(level)
    known = ~np.isnan(chance)
    said = ", ".join(filter(None, (method, f"{bins} bins of equal mass, bias taken off")))
    if not known.any():
        return Estimate(math.nan, level=level, method=said)
    label = labels(clusters, int(problem.max()) + 1)
    unit = problem if label is None else label[problem]
    table = _gaps(chance[known], passed[known], unit[known], bins)
    weights = resamples(table.size.size, draws, rng)
    plain, value, spread, noise = table.error(weights)
    bar = float(np.quantile(noise, (1 + level) / 2))
    half = student_quantile(table.size.size - 1, level) * spread
    low = 0.0 if plain <= bar else max(value - half, 0.0)
    number = np.unique(problem[known]).size
    said = f"{said}, plug-in {plain:.3f}"
    return Estimate(value, low, min(plain + half, 1.0), level, said, number)


class _Gaps(NamedTuple):
    """Sums over the samples of each unit (problem or cluster) in each bin.

    Attributes:
        gap: shape (units, bins). Verdicts less probabilities.
        size: shape (units,). Samples.
    """

    gap: FloatArray
    size: FloatArray

    def error(self, weights: FloatArray) -> _Error:
        """The error, and what resamples say of it."""
        total = self.gap.sum(axis=0)
        plain = float(np.abs(total).sum() / self.size.sum())
        sizes = weights @ self.size
        drawn = np.abs(weights @ self.gap).sum(axis=1) / sizes
        centred = self.gap - np.outer(self.size, total / self.size.sum())
        noise: FloatArray = np.abs(weights @ centred).sum(axis=1) / sizes
        moves = (self.gap @ np.sign(total) - self.size * plain) / self.size.mean()
        units = self.size.size
        linear = float(moves.std(ddof=1)) / math.sqrt(units) if units > 1 else 0.0
        spread = max(float(drawn.std()) * math.sqrt(units / max(units - 1, 1)), linear)
        value = min(max(2 * plain - float(drawn.mean()), 0.0), 1.0)
        return _Error(plain, value, spread, noise)


class _Error(NamedTuple):
    plain: float
    value: float
    spread: float
    noise: FloatArray


def _gaps(chance: FloatArray, passed: BoolArray, unit: IntArray, bins: int) -> _Gaps:
    edges = np.unique(np.quantile(chance, np.arange(1, bins) / bins, method="higher"))
    place = np.searchsorted(edges, chance, side="left")
    _, row = np.unique(unit, return_inverse=True)
    shape = (int(row.max()) + 1, edges.size + 1)
    gap = np.bincount(row * shape[1] + place, passed - chance, shape[0] * shape[1])
    return _Gaps(gap.astype(float).reshape(shape), np.bincount(row).astype(float))


def brier_score(
    chance: FloatArray,
    passed: BoolArray,
    problem: IntArray,
    *,
    clusters: Clusters = None,
    level: float = 0.95,
    method: str = "",
) -> Estimate:
    """Mean of (probability - verdict)^2 over samples, with an interval over problems.

    Args:
        chance: shape (samples,), in [0, 1]; NaN is left out.
        passed: shape (samples,). Verdicts.
        problem: shape (samples,). Which problem, 0..P-1.
        clusters: a label for each of the P problems.
        level: confidence level, in (0, 1).
        method: how the probabilities were made.

    Returns:
        The estimate, in [0, 1]; 0 is perfect.

    References:
        Brier 1950, for one of two outcomes.
    """
    known = ~np.isnan(chance)
    number = int(problem.max(initial=-1)) + 1
    off = (chance[known] - passed[known]) ** 2
    sums = np.bincount(problem[known], off, number)
    sizes = np.bincount(problem[known], minlength=number)
    return ratio_estimate(sums, sizes, clusters=clusters, level=level, method=method)


def _span(value: FloatArray) -> tuple[float, float]:
    finite = value[np.isfinite(value)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


_Map: TypeAlias = Callable[[FloatArray], FloatArray]


def _logistic(value: FloatArray, passed: BoolArray) -> _Map:
    """Platt's map, fitted by Newton's method with his smoothed targets."""
    centre, scale = float(value.mean()), float(value.std()) or 1.0
    right, wrong = int(passed.sum()), int((~passed).sum())
    target = np.where(passed, (right + 1) / (right + 2), 1 / (wrong + 2))
    x = np.stack([np.ones(value.size), (value - centre) / scale], axis=1)
    theta = np.zeros(2)
    for _ in range(50):
        p = _sigmoid(x @ theta)
        # A ridge far below the data keeps the step finite where one class is missing.
        step = np.linalg.solve(
            (x * (p * (1 - p))[:, None]).T @ x + 1e-6 * np.eye(2), x.T @ (target - p)
        )
        theta += np.clip(step, -4, 4)
        if np.abs(step).max() < 1e-10:
            break
    return lambda other: _sigmoid(theta[0] + theta[1] * (other - centre) / scale)


def _sigmoid(x: FloatArray) -> FloatArray:
    p: FloatArray = np.exp(-np.logaddexp(0.0, -x))
    return p


def _isotonic(value: FloatArray, passed: BoolArray) -> _Map:
    """The rising function of least squares, by pooling adjacent violators; linear in between."""
    levels, block, sizes = np.unique(value, return_inverse=True, return_counts=True)
    pools: list[_Pool] = []
    for right, size in zip(np.bincount(block, passed).tolist(), sizes.tolist(), strict=True):
        pools.append(_Pool(right, size, 1))
        while len(pools) > 1 and pools[-2].mean >= pools[-1].mean:
            last, before = pools.pop(), pools.pop()
            pools.append(_Pool(*(a + b for a, b in zip(before, last, strict=True))))
    fitted = np.repeat([pool.mean for pool in pools], [int(pool.levels) for pool in pools])
    return lambda other: np.interp(other, levels, fitted)


class _Pool(NamedTuple):
    """Neighbouring levels that share one value: right samples, samples, levels."""

    right: float
    size: float
    levels: float

    @property
    def mean(self) -> float:
        return self.right / self.size
