"""Difficulty without a family: the mixture with the largest likelihood, and bounds on coverage.

Not here: families (`mixtures`), forecasts (`forecast`).
Try it: `python -m pytest tests/analysis/scaling/test_nonparametric.py`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.scaling import difficulty
from topdraw.analysis.scaling.difficulty import Counted
from topdraw.analysis.scaling.mixtures import Mixture
from topdraw.core.records import FloatArray, IntArray
from topdraw.errors import DomainError

_REACH = 1_000_000_000
_ROUNDS = 5_000
_CLOSE = 1e-3


class Bounds(NamedTuple):
    """Coverage at a k that counts alone allow.

    Attributes:
        low: the least coverage of a law of difficulty that fits the counts.
        high: the most.
        level: confidence that the true law is among those that fit.
    """

    low: float
    high: float
    level: float


def fit_free(n: ArrayLike, c: ArrayLike) -> Mixture:
    """The law of difficulty with the largest likelihood of all.

    Expectation-maximisation over the masses of the cells, until by the general equivalence theorem
    no law on these cells is more likely by more than 0.001 per problem. It is a few spikes. Of
    problems without a correct sample it knows only that p is hardly above 1/n: where below, the
    counts do not say, so use `bounds` beyond the samples and not this law.

    Args:
        n: shape (problems,). Scored samples per problem.
        c: shape (problems,), 0 <= c <= n. Correct samples.

    Raises:
        DomainError: if there is no problem, some n < 1, or a c lies outside 0..n.

    References:
        Laird 1978; Lindsay 1983, The geometry of mixture likelihoods, theorem 4.1.
    """
    found, middles = _counted(n, c), difficulty.logits(_REACH)
    chances = difficulty.likelihood(found, middles)
    masses = np.full(chances.shape[1], 1 / chances.shape[1])
    share = found.problems / found.total
    for _ in range(_ROUNDS):
        gain = (share / (chances @ masses)) @ chances
        if gain.max() - 1 < _CLOSE:
            break
        masses = masses * gain
    masses /= masses.sum()
    likely = float(found.problems @ np.log(chances @ masses))
    return Mixture("non-parametric", likely, middles, masses)


def bounds(n: ArrayLike, c: ArrayLike, k: int, *, level: float = 0.95) -> Bounds:
    """The least and the most coverage at k under any law of difficulty that fits the counts.

    A law fits when the share of problems with 0, 1, 2-3, 4-7, ... correct samples lies in exact
    binomial intervals that all hold together. Two linear programmes over the masses of the cells
    find the ends. Far beyond n they are wide: that much is not known without a model.

    Args:
        n: shape (problems,). Scored samples per problem.
        c: shape (problems,), 0 <= c <= n. Correct samples.
        k: samples, >= 1.
        level: confidence that the true law fits, in (0, 1).

    Raises:
        DomainError: if k < 1, the level is outside (0, 1), or as `fit_free`.
    """
    from scipy.optimize import linprog

    if k < 1 or not 0 < level < 1:
        raise DomainError(f"Bounds need k >= 1 and a level in (0, 1), not {k} and {level}.")
    found, middles = _counted(n, c), difficulty.logits(max(k, _REACH))
    edges = _edges(int(found.c.max()))
    shares = _group_shares(found, edges, middles)
    low, high = _together(found, edges, level)
    covered = 1 - difficulty.failing(middles, k)
    ends = []
    for sign in (1.0, -1.0):
        result = linprog(
            sign * covered,
            A_ub=np.concatenate([shares, -shares]),
            b_ub=np.concatenate([high, -low]),
            A_eq=np.ones((1, covered.size)),
            b_eq=[1.0],
            bounds=(0, 1),
            method="highs",
        )
        # No law on the cells fits: the counts are not binomial, and bound nothing.
        ends.append(sign * result.fun if result.success else (0.0 if sign > 0 else 1.0))
    return Bounds(max(ends[0], 0.0), min(ends[1], 1.0), level)


def _counted(n: ArrayLike, c: ArrayLike) -> Counted:
    n_, c_ = (np.asarray(x, dtype=np.int64).ravel() for x in np.broadcast_arrays(n, c))
    return difficulty.counted(n_, c_)


def _edges(most: int) -> IntArray:
    """Last c of each group but the last: 0, 1, 3, 7, ..."""
    return np.array([2**power - 1 for power in range(max(most, 1).bit_length())], np.int64)


def _group_shares(found: Counted, edges: IntArray, middles: FloatArray) -> FloatArray:
    """Chance of a problem in each cell to fall in each group, over the n there are."""
    from scipy.special import bdtr, expit

    p = np.concatenate([[0.0], expit(middles), [1.0]])
    below = np.zeros((edges.size, p.size))
    for size in np.unique(found.n):
        weight = found.problems[found.n == size].sum() / found.total
        below += weight * bdtr(np.minimum(edges, size)[:, None], int(size), p)
    whole = np.concatenate([np.zeros((1, p.size)), below, np.ones((1, p.size))])
    return np.diff(whole, axis=0)


def _together(found: Counted, edges: IntArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Clopper-Pearson intervals of the share of each group, that hold together (Bonferroni)."""
    from scipy.special import betaincinv

    group = np.searchsorted(edges, found.c)
    count = np.bincount(group, weights=found.problems, minlength=edges.size + 1)
    rest, tail = found.total - count, (1 - level) / (2 * count.size)
    low = np.where(count > 0, betaincinv(np.maximum(count, 1), rest + 1, tail), 0.0)
    high = np.where(rest > 0, betaincinv(count + 1, np.maximum(rest, 1), 1 - tail), 1.0)
    return low, high
