"""Coverage beyond the samples: an average of models that leans on the published law.

Not here: the families (`families`), what counts say of them (`posterior`), the law (`law`).
Try it: `topdraw fit RUN --extrapolate 10000`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.coverage import coverage_curve
from topdraw.analysis.intervals import mean_estimate
from topdraw.analysis.limits import require_level
from topdraw.analysis.samples_used import whole_k
from topdraw.analysis.scaling import difficulty
from topdraw.analysis.scaling.difficulty import Counted, counted
from topdraw.analysis.scaling.families import FAMILIES
from topdraw.analysis.scaling.law import law, least_squares_law, log_log_line, spaced
from topdraw.analysis.scaling.posterior import Posterior, posterior
from topdraw.analysis.scaling.values import ModelValue
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray, IntArray
from topdraw.core.seeds import Rng, generator
from topdraw.errors import DomainError

#: How far the law may be off when it extrapolates over as many decades as there are samples, were
#: all problems solved. With few solved it is itself a guess: this is divided by coverage.
_SLACK = 0.002
#: The family that leans. Beta needs no help where it holds; none but this is about any benchmark.
_LEANS = "general"
#: A family less probable than this, were all alike before the counts, has no say in the interval.
_RULED_OUT = 0.15
_LABEL = "model average over laws of difficulty, extrapolated from k <= {}"


@dataclass(frozen=True, slots=True)
class _Law:
    """The published law, fitted two ways to k <= k_max."""

    k_max: int
    line: tuple[float, float]
    squares: tuple[float, float]

    def at(self, k: int) -> dict[str, float]:
        return {
            "log-log line": float(law(*self.line, k)),
            "least-squares law": float(law(*self.squares, k)),
        }


@dataclass(frozen=True, slots=True)
class _Known:
    """What all k share: counts, their likelihood on the cells, laws left, coverage at the end."""

    found: Counted
    middles: FloatArray
    chances: FloatArray
    laws: Mapping[str, Posterior]
    fitted: _Law
    least: float


def forecast_counts(
    n: ArrayLike, c: ArrayLike, ks: Sequence[int], *, level: float = 0.95, rng: Rng = 0
) -> tuple[ModelValue, ...]:
    """Coverage at each k beyond the samples, by a model average, with an interval.

    Five families of difficulty (beta, logit-normal, a general one with free tails, and the first
    and last with a share of problems that nothing solves) are each fitted by importance sampling
    and weighted by their evidence. Counts of n samples say almost nothing of p far below 1/n: there
    the general family leans on the published law c = exp(a k^b), the less the more decades were
    drawn and the fewer problems are solved. The value is the median over all; problems with c > 0
    count as they are.
    The interval does not lean: it spans those of all families that the counts do not rule out, and
    allows for other problems and for luck on these; neither end lies below the same end of the
    interval of coverage measured at n, and none falls as k rises.

    Args:
        n: shape (problems,). Scored samples per problem, >= 3.
        c: shape (problems,), 0 <= c <= n. Correct samples.
        ks: samples, each above the smallest n (below, `coverage` measures).
        level: level of the intervals, in (0, 1).
        rng: seed or generator.

    Returns:
        For each k, the value, the interval, and each method by itself.

    Raises:
        DomainError: if a k is not above the smallest n, some n < 3, a c lies outside 0..n, or the
            level outside (0, 1).

    Examples:
        >>> print(forecast_counts([100] * 4, [0, 1, 7, 60], [1000])[0].label)
        model average over laws of difficulty, extrapolated from k <= 100

    References:
        Brown et al. 2024 (arXiv 2407.21787), figure 5: the law and its exponents.
        Hoeting et al. 1999, Bayesian model averaging.
    """
    n_, c_ = (np.asarray(x, dtype=np.int64) for x in np.broadcast_arrays(n, c))
    found = counted(n_.ravel(), c_.ravel())
    points = spaced(int(n_.min()))
    mean = coverage_curve(n_.ravel(), c_.ravel(), points.tolist()).mean(axis=0)
    measured = mean_estimate(
        coverage_curve(n_.ravel(), c_.ravel(), [int(points[-1])])[:, 0], level=level
    )
    return forecast_curve(found, points, mean, ks, level=level, rng=rng, measured=measured)


def forecast_curve(
    found: Counted,
    points: IntArray,
    coverage: FloatArray,
    ks: Sequence[int],
    *,
    level: float = 0.95,
    rng: Rng = 0,
    measured: Estimate | None = None,
) -> tuple[ModelValue, ...]:
    """`forecast_counts` where coverage was measured otherwise, as of a run that a rule stopped.

    Args:
        found: the counts. A rule that looks at verdicts alone is no part of their likelihood.
        points: shape (points,). The k at which coverage is known, rising.
        coverage: shape (points,). Mean coverage there.
        ks: samples, each above the last point.
        level: level of the intervals.
        rng: seed or generator.
        measured: coverage at the last point with its interval. More samples solve no less, so that
            neither end of a forecast's interval lies below the same end of it.

    Returns:
        For each k, as `forecast_counts`. Values and both ends never fall as k rises.

    Raises:
        DomainError: as `forecast_counts`.
    """
    wanted = [whole_k(k) for k in ks]
    require_level(level)
    if not wanted or min(wanted) <= points[-1]:
        raise DomainError(
            f"A forecast needs k above the {points[-1]} samples that every problem has; "
            f"{min(wanted, default=0)} is not.",
            hint="Within the samples coverage is measured: `pass_at_k`.",
        )
    random = generator(rng)
    middles = difficulty.logits(max(wanted))
    chances = difficulty.likelihood(found, middles)
    laws = {
        family.name: posterior(family, found, chances, middles, random)
        for family in FAMILIES.values()
    }
    known = _Known(
        found, middles, chances, laws, _fitted_law(points, coverage), float(coverage[-1])
    )
    steps = sorted(set(wanted))
    raised = _rising([_at(k, known, level, random) for k in steps], measured)
    return tuple(raised[steps.index(k)] for k in wanted)


def _rising(values: Sequence[ModelValue], measured: Estimate | None) -> list[ModelValue]:
    """The same at rising k, no number below that of a smaller k or of what was measured."""
    raised: list[ModelValue] = []
    low, value, high = (0.0, 0.0, 0.0)
    if measured is not None and not math.isnan(measured.low):
        low, high = measured.low, measured.high
    for one in values:
        value, high = max(value, one.value), max(high, one.high)
        low = min(max(low, one.low), value)
        raised.append(replace(one, value=value, low=low, high=high))
    return raised


def _fitted_law(points: IntArray, coverage: FloatArray) -> _Law:
    line = log_log_line(points, coverage)
    return _Law(int(points[-1]), line, least_squares_law(points, coverage, line))


def _at(k: int, known: _Known, level: float, random: np.random.Generator) -> ModelValue:
    failing, laws = difficulty.failing(known.middles, k), known.laws
    here = np.stack([_of_these(one.masses, known, failing) for one in laws.values()])
    anywhere = np.stack([1 - one.masses @ failing for one in laws.values()])
    shares, law_values = _shares(laws, known.least), known.fitted.at(k)
    value = max(
        _quantile(here, _leaning(here, shares, law_values["log-log line"], k, known), 0.5),
        known.least,
    )
    left = _shares(laws) >= _RULED_OUT
    low, high = _interval(here[left], anywhere[left], known.found.total, level, random)
    each = {name: float(np.median(row)) for name, row in zip(laws, here, strict=True)}
    return ModelValue(
        k=k,
        value=value,
        low=min(low, value),
        high=max(high, value),
        others=law_values | each,
        label=_LABEL.format(known.fitted.k_max),
        level=level,
        shares=dict(zip(laws, shares.tolist(), strict=True)),
    )


def _leaning(
    here: FloatArray, shares: FloatArray, line: float, k: int, known: _Known
) -> FloatArray:
    """Weights of all draws, those of one family pulled to the law; no family's sum moves."""
    weights = _spread(shares, here)
    if known.least:  # else nothing is solved, and there is no law to lean on
        decades = math.log(known.fitted.k_max) / math.log(k / known.fitted.k_max)
        row = list(known.laws).index(_LEANS)
        weights[row] = shares[row] * _towards(here[row], line, _SLACK * decades / known.least)
    return weights


def _of_these(masses: FloatArray, known: _Known, failing: FloatArray) -> FloatArray:
    """Coverage of the problems counted, under each law, given what each problem showed."""
    likely = np.maximum(known.chances @ masses.T, 1e-300)
    fail = (known.chances @ (masses * failing).T) / likely
    covered: FloatArray = 1 - known.found.problems @ fail / known.found.total
    return np.clip(covered, 0.0, 1.0)


def _shares(laws: Mapping[str, Posterior], coverage: float | None = None) -> FloatArray:
    """Probability of each family given the counts; by its prior at a coverage, or all alike."""
    prior = [1.0 if coverage is None else FAMILIES[name].prior_at(coverage) for name in laws]
    log = np.log(prior) + [one.log_evidence for one in laws.values()]
    shares: FloatArray = np.exp(log - log.max())
    shares /= shares.sum()
    return shares


def _spread(shares: FloatArray, values: FloatArray) -> FloatArray:
    """The share of each family, evenly over its draws."""
    return np.asarray(np.repeat(shares[:, None] / values.shape[1], values.shape[1], axis=1))


def _towards(values: FloatArray, centre: float, slack: float) -> FloatArray:
    """Weights summing to 1 that pull values to a centre, known to within a slack."""
    off = ((values - centre) / slack) ** 2
    weights: FloatArray = np.exp(-0.5 * (off - off.min()))
    weights /= weights.sum()
    return weights


def _quantile(values: FloatArray, weights: FloatArray, at: float) -> float:
    order = np.argsort(values, axis=None)
    below = np.cumsum(weights.ravel()[order]) - weights.ravel()[order] / 2
    return float(np.interp(at, below, values.ravel()[order]))


def _interval(
    here: FloatArray,
    anywhere: FloatArray,
    problems: int,
    level: float,
    random: np.random.Generator,
) -> tuple[float, float]:
    """The ends of the intervals of all families left, each allowing for three kinds of doubt.

    These are: coverage of all such problems, of these, and the share of these that are solved.
    """
    solved = np.clip(1 - random.poisson(problems * (1 - here)) / problems, 0.0, 1.0)
    each = np.concatenate([here, anywhere, solved])
    low, high = np.quantile(each, [(1 - level) / 2, (1 + level) / 2], axis=1)
    return float(low.min()), float(high.max())
