"""Full runs: one sample of every problem each, how far their scores lie apart, and by chance.

Not here: greedy against sampled (`analysis.variability`), tests of run effects.
Try it: `python -m pytest tests/analysis/test_variability_runs.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.limits import require_level
from topdraw.analysis.selected import best_of_k_weights
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray, IntArray
from topdraw.errors import DomainError


@dataclass(frozen=True, slots=True)
class FullRuns:
    """Scores of the whole set of problems, one per full run.

    Attributes:
        scores: shape (runs,), in [0, 1]. Mean over the problems of their samples of one index.
        indices: shape (runs,). The column of each.
        problems: problems in each run; those without any score are in none.
        left_out: columns that lack the score of some problem, and are no full run.
        closed_up: whether less than half of the columns were complete, and run j is the j-th
            scored sample of each problem instead.
    """

    scores: FloatArray
    indices: IntArray
    problems: int
    left_out: int
    closed_up: bool = False


@dataclass(frozen=True, slots=True)
class Spread:
    """How far full runs lie apart.

    Attributes:
        runs: how many there are, >= 2.
        std: their standard deviation as papers print it, with `runs` in the denominator.
        std_unbiased: the same with `runs` - 1.
        best: the highest score; of runs seen, so without an interval.
        worst: the lowest.
        gap: best - worst, the "delta" of a table.
        best_index: which run is the best (the first of several).
        worst_index: which is the worst.
        chance_std: *model*: what `std_unbiased` is expected to be when problems are drawn
            independently of each other, from the spread within problems.
        chance_gap: *model*: the gap that so many runs are expected to show by that alone.
        left_out: indices that lack the score of some problem, and are no full run.
        closed_up: see `FullRuns`.
        by_chance: *model*: probability that runs lie at least so far apart when problems are drawn
            independently of each other; NaN where that leaves no spread at all.
    """

    runs: int
    std: Estimate
    std_unbiased: Estimate
    best: Estimate
    worst: Estimate
    gap: Estimate
    best_index: int
    worst_index: int
    chance_std: Estimate
    chance_gap: Estimate
    left_out: int
    closed_up: bool
    by_chance: float = math.nan


def full_runs(scores: ArrayLike) -> FullRuns:
    """The full runs in a table of scores: the columns that every problem has a score in.

    A full run is what a paper that draws once would have reported. Where fewer than two columns
    are complete, or less than half of them, though every problem has more scores, the samples of
    each problem close up: run j takes its j-th scored sample. That is as good where samples are
    exchangeable, and says nothing about effects that all samples of one index share.

    Args:
        scores: shape (problems, indices), in [0, 1]; NaN where there is no score. A problem without
            any score is left out of all runs.

    Raises:
        DomainError: if it is no table, or a score lies outside [0, 1].

    Examples:
        >>> full_runs([[1, 0, 1], [1, 0, float("nan")]]).scores
        array([1., 0.])
    """
    table = _table(scores)
    known = ~np.isnan(table)
    table, known = table[known.any(axis=1)], known[known.any(axis=1)]
    complete = np.flatnonzero(known.all(axis=0)) if len(table) else np.zeros(0, np.int64)
    left_out = int(known.any(axis=0).sum()) - complete.size
    fewest = int(known.sum(axis=1).min(initial=0 if not len(table) else table.shape[1]))
    is_most = complete.size >= 2 and complete.size >= left_out
    if is_most or fewest <= complete.size:
        means = table[:, complete].mean(axis=0) if complete.size else np.zeros(0)
        return FullRuns(means, complete, len(table), left_out)
    first = np.argsort(~known, axis=1, kind="stable")[:, :fewest]
    means = np.take_along_axis(table, first, axis=1).mean(axis=0)
    return FullRuns(means, np.arange(fewest), len(table), left_out, closed_up=True)


def spread(scores: ArrayLike, *, level: float = 0.95) -> Spread | None:
    """How far the full runs of a table lie apart, and how far they would by chance.

    Args:
        scores: as of `full_runs`.
        level: confidence level of the intervals of the standard deviations, in (0, 1).

    Returns:
        None where there are fewer than two full runs.

    Raises:
        DomainError: as `full_runs`, or if the level lies outside (0, 1).

    References:
        Song et al. 2024, The Good, The Bad, and The Greedy (arXiv 2407.10457), table 1: std is that
        of the population of runs, delta the gap. They print neither intervals nor chance.
    """
    table, found = _table(scores), full_runs(scores)
    runs = found.scores.size
    if runs < 2:
        return None
    best, worst = int(found.scores.argmax()), int(found.scores.argmin())
    high, low = float(found.scores[best]), float(found.scores[worst])
    among = f"of {runs} full runs over {found.problems} problems"
    chance = chance_std(table)
    told = "model: problems independent of each other"
    return Spread(
        runs=runs,
        std=_std(found, level, unbiased=False),
        std_unbiased=_std(found, level, unbiased=True),
        best=Estimate(high, n=found.problems, method=f"highest {among}"),
        worst=Estimate(low, n=found.problems, method=f"lowest {among}"),
        gap=Estimate(high - low, n=found.problems, method=f"highest less lowest {among}"),
        best_index=int(found.indices[best]),
        worst_index=int(found.indices[worst]),
        chance_std=Estimate(chance, n=found.problems, method=told),
        chance_gap=Estimate(
            2 * chance * expected_largest(runs),
            n=found.problems,
            method=f"{told}, normal range of {runs} runs",
        ),
        left_out=found.left_out,
        closed_up=found.closed_up,
        by_chance=_by_chance(found, chance),
    )


def _by_chance(found: FullRuns, chance: float) -> float:
    """Upper tail of the chi-square of the runs' squares over the variance by chance."""
    from scipy.special import chdtrc

    if not chance > 0:
        return math.nan
    runs = found.scores.size
    return float(chdtrc(runs - 1, float(found.scores.var()) * runs / chance**2))


def _std(found: FullRuns, level: float, *, unbiased: bool) -> Estimate:
    """Standard deviation with the chi-square interval of normal scores."""
    require_level(level)
    from scipy.special import chdtri

    runs = found.scores.size
    value = float(found.scores.std(ddof=int(unbiased)))
    squares = float(found.scores.var()) * runs
    # Runs that happen to agree still could have differed: one verdict more in one of them.
    more = squares + found.problems**-2
    # chdtri gives the point with so much mass above it: the smaller mass, the lower end.
    low = math.sqrt(squares / chdtri(runs - 1, (1 - level) / 2))
    high = math.sqrt(more / chdtri(runs - 1, (1 + level) / 2))
    kind = "with runs - 1 in the denominator" if unbiased else "population, as papers print it"
    method = f"standard deviation of {runs} full runs, {kind}; chi-square interval over runs"
    return Estimate(value, low, high, level, method, found.problems)


def chance_std(scores: ArrayLike) -> float:
    """Standard deviation of a full run when problems are drawn independently of each other.

    The square root of the sum over problems of the variance within each (with n - 1 in the
    denominator, so without bias at small n), over the number of problems: of right and wrong, the
    binomial sqrt(sum p (1 - p)) / P.

    Args:
        scores: shape (problems, indices), NaN where there is no score.

    Returns:
        NaN where no problem has two scores. Problems with one are taken to be like the others.

    Raises:
        DomainError: as `full_runs`.

    Examples:
        >>> round(chance_std([[1, 0]] * 50), 4)
        0.1
    """
    table = _table(scores)
    known = ~np.isnan(table)
    n = known.sum(axis=1)
    rows, problems = table[n >= 2], int((n >= 1).sum())
    if not len(rows):
        return math.nan
    return math.sqrt(float(np.nanvar(rows, axis=1, ddof=1).mean()) / problems)


def expected_largest(count: int) -> float:
    """The mean of the largest of so many standard normal numbers.

    The integral of x d(Phi(x)^count), by the trapezoidal rule on a grid on which it has twelve
    digits. The mean of the range is twice it.

    Args:
        count: how many, >= 1.

    Raises:
        DomainError: if count < 1.

    Examples:
        >>> round(expected_largest(2), 6), round(2 * expected_largest(128), 3)
        (0.56419, 5.189)

    References:
        Tippett 1925: ranges of samples from a normal population.
    """
    if count < 1:
        raise DomainError(f"The largest of {count} numbers; there must be at least 1.")
    from scipy.special import log_ndtr

    x = np.linspace(-12, 12, 4801)
    density = np.exp((count - 1) * log_ndtr(x) - x * x / 2) * count / math.sqrt(2 * math.pi)
    return float((x * density).sum() * (x[1] - x[0]))


class Extremes(NamedTuple):
    """What so many full runs are expected to show: the mean lowest and the mean highest score."""

    lowest: float
    highest: float


def expected_extremes(scores: ArrayLike, runs: int) -> Extremes:
    """Mean of the lowest and of the highest score of so many of the full runs, over all subsets.

    Exact: the i-th best of R is the best of C(R-i, runs-1) of the C(R, runs) subsets.

    Args:
        scores: shape (R,). Scores of full runs.
        runs: size of the subsets, 1 <= runs <= R.

    Raises:
        DomainError: if there are fewer than `runs` scores, or runs < 1.

    Examples:
        >>> print(*(round(x, 3) for x in expected_extremes([0.0, 0.5, 1.0], 2)))
        0.167 0.833
    """
    rising = np.sort(np.asarray(scores, dtype=float).ravel())
    weights = best_of_k_weights(rising.size, runs)
    return Extremes(float(weights @ rising), float(weights @ rising[::-1]))


def _table(scores: ArrayLike) -> FloatArray:
    table = np.asarray(scores, dtype=float)
    if table.ndim != 2:
        raise DomainError(f"Scores have {table.ndim} axes; they need two: problems and indices.")
    known = table[~np.isnan(table)]
    if known.size and not (-1e-9 <= known.min() and known.max() <= 1 + 1e-9):
        raise DomainError(f"Scores must lie in [0, 1]; they span {known.min()}..{known.max()}.")
    return table
