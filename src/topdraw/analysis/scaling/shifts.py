"""Models of a family: one exponent for all, and how many samples of one equal one of another.

Not here: the law of each by itself (`fitted`). Try it: `topdraw fit counts.csv` with a column
`model`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.coverage import coverage_curve
from topdraw.analysis.intervals import resamples
from topdraw.analysis.scaling.law import law, log_log_line, spaced
from topdraw.analysis.scaling.values import FEWEST_PROBLEMS, too_few
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray, IntArray
from topdraw.core.seeds import Rng
from topdraw.errors import DomainError


@dataclass(frozen=True, slots=True)
class Shifts:
    """Coverage of several models of the same problems by c = exp(a k^b) with one b for all.

    Attributes:
        names: of the models; the first is the reference.
        b: the common exponent.
        shifts: for each model, log10 of how many samples of it equal one sample of the reference;
            0 for the reference, positive where it needs more.
        a: log coverage at k = 1 of each model, under the common exponent.
        residuals: for each model, mean absolute distance of this law from its coverage.
        own: for each model, the same of a law with its own exponent.
        ks: shape (k,). The k fitted.
    """

    names: tuple[str, ...]
    b: Estimate
    shifts: tuple[Estimate, ...]
    a: tuple[Estimate, ...]
    residuals: tuple[float, ...]
    own: tuple[float, ...]
    ks: IntArray = field(repr=False, compare=False)


def fit_shifts(
    counts: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    level: float = 0.95,
    rng: Rng = 0,
    draws: int = 200,
) -> Shifts:
    """One exponent for several models, and the shift of each along log k.

    With a common b, c(k) = exp(a k^b) of one model is that of another with k times a constant:
    (a / a_ref)^(-1/b) samples of the one do what one sample of the other does. Where the residuals
    are far above those with an own exponent, the curves are not parallel and there is no such
    constant.

    Args:
        counts: for each model n and c, shape (problems,), the same problems in the same order.
        level: confidence level.
        rng: seed or generator of the resampling of problems, the same for all models.
        draws: how many resamples.

    Raises:
        DomainError: if there are fewer than two models, numbers of problems differ, some n < 3, a c
            lies outside 0..n, or a model's coverage is 0 at every k, or 1.

    References:
        Brown et al. 2024 (arXiv 2407.21787), section 3.3: curves of a family are horizontal shifts.
    """
    names = tuple(counts)
    arrays = [
        [np.asarray(x, dtype=np.int64) for x in np.broadcast_arrays(n, c)]
        for n, c in counts.values()
    ]
    if len(names) < 2 or len({n.size for n, _ in arrays}) != 1:
        raise DomainError("A family is two or more models of the same problems.")
    ks = spaced(min(int(n.min()) if n.size else 0 for n, _ in arrays))
    tables = np.stack([coverage_curve(n, c, ks.tolist()) for n, c in arrays])
    means = tables.mean(axis=1)
    for name, mean in zip(names, means, strict=True):
        if not mean.any() or mean[0] == 1:
            raise DomainError(f"Coverage of {name!r} is the same at every k: no law to fit.")
    lines = [log_log_line(ks, mean) for mean in means]
    start = np.log([-a for a, _ in lines] + [-float(np.mean([b for _, b in lines]))])
    best = _common(ks, means, start)
    weights = resamples(tables.shape[1], draws, rng)
    again = np.array([_common(ks, tables.transpose(0, 2, 1) @ row, best) for row in weights])
    return _shifts(names, ks, means, best, again, level, tables.shape[1])


def _common(ks: IntArray, means: FloatArray, start: FloatArray) -> FloatArray:
    """log(-a) of each model and, last, log(-b), by least squares on coverage."""
    from scipy.optimize import least_squares

    log_k, models = np.log(ks), len(means)

    def powers(logs: FloatArray) -> FloatArray:
        return np.asarray(np.exp(logs[:-1, None] - np.exp(logs[-1]) * log_k))

    def residuals(logs: FloatArray) -> FloatArray:
        return np.asarray((np.exp(-powers(logs)) - means).ravel())

    def slopes(logs: FloatArray) -> FloatArray:
        power = powers(logs)
        common = -power * np.exp(-power)
        table = np.zeros((models, ks.size, models + 1))
        table[np.arange(models), :, np.arange(models)] = common
        table[:, :, -1] = -common * np.exp(logs[-1]) * log_k
        return table.reshape(-1, models + 1)

    begin = np.clip(start, -14.0, 4.0)
    found: FloatArray = least_squares(residuals, begin, jac=slopes, bounds=(-15.0, 5.0)).x
    return found


def _shifts(
    names: tuple[str, ...],
    ks: IntArray,
    means: FloatArray,
    best: FloatArray,
    again: FloatArray,
    level: float,
    problems: int,
) -> Shifts:
    method = f"least squares on c, one b for {len(names)} models; {len(again)} resamples"

    if problems < FEWEST_PROBLEMS:
        method = f"least squares on c, one b for {len(names)} models; {too_few(problems)}"

    def estimate(values: FloatArray, value: float) -> Estimate:
        if problems < FEWEST_PROBLEMS:
            return Estimate(value, level=level, method=method, n=problems)
        low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2]).tolist()
        return Estimate(value, min(low, value), max(high, value), level, method, problems)

    def shift(logs: FloatArray, at: int) -> FloatArray:
        return np.asarray((logs[..., at] - logs[..., 0]) / np.exp(logs[..., -1]) / math.log(10))

    places = range(len(names))
    a = -np.exp(best[:-1])
    fits = law(a[:, None], -math.exp(best[-1]), ks)
    return Shifts(
        names=names,
        b=estimate(-np.exp(again[:, -1]), -math.exp(best[-1])),
        shifts=tuple(estimate(shift(again, at), float(shift(best, at))) for at in places),
        a=tuple(estimate(-np.exp(again[:, at]), float(a[at])) for at in places),
        residuals=tuple(np.abs(fits - means).mean(axis=1).tolist()),
        own=tuple(_own(ks, mean, best, at) for at, mean in enumerate(means)),
        ks=ks,
    )


def _own(ks: IntArray, mean: FloatArray, best: FloatArray, at: int) -> float:
    log_a, log_b = _common(ks, mean[None], best[[at, -1]])
    return float(np.abs(law(-math.exp(log_a), -math.exp(log_b), ks) - mean).mean())


def shared(ids: Sequence[Sequence[str]]) -> list[str]:
    """Problems that every model has, in the order of the first."""
    common = set(ids[0]).intersection(*ids[1:]) if ids else set()
    return [key for key in ids[0] if key in common] if ids else []
