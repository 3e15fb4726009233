"""The difficulty of problems on a grid: cells of logit p, likelihood of counts, chance to fail.

Not here: laws of difficulty (`families`), what is inferred about them (`posterior`).
Try it: `python -m pytest tests/analysis/scaling/test_difficulty.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from topdraw.core.records import FloatArray, IntArray
from topdraw.errors import DomainError

#: Width of a cell in logit p. Between 0.1 and 0.25 forecasts agree to 0.001.
STEP = 0.25
_EASIEST = 8.0
_POINTS = (np.arange(6) + 0.5) / 6 - 0.5


@dataclass(frozen=True, slots=True)
class Counted:
    """Problems with equal counts, together.

    Attributes:
        n: shape (kinds,). Scored samples per problem.
        c: shape (kinds,). Correct samples.
        problems: shape (kinds,). How many problems have these counts.
    """

    n: IntArray
    c: IntArray
    problems: IntArray

    @property
    def total(self) -> int:
        """All problems."""
        return int(self.problems.sum())


def counted(n: IntArray, c: IntArray) -> Counted:
    """Counts, each kind once.

    Args:
        n: shape (problems,). Scored samples, >= 1.
        c: shape (problems,), 0 <= c <= n. Correct samples.

    Raises:
        DomainError: if there is no problem, or one has no sample, or a c lies outside 0..n.
    """
    if not n.size or n.min() < 1 or c.min() < 0 or (c > n).any():
        raise DomainError("A law of difficulty needs problems with n >= 1 and 0 <= c <= n.")
    kinds, problems = np.unique(np.stack([n, c], axis=1), axis=0, return_counts=True)
    return Counted(kinds[:, 0], kinds[:, 1], problems.astype(np.int64))


def logits(k_max: int) -> FloatArray:
    """Middles of the cells, from problems too hard for k_max samples to the easiest.

    Args:
        k_max: the largest k that anything will be asked about.

    Returns:
        Shape (cells,), rising by `STEP`. Beyond either end there is one more cell for the rest,
        where p counts as 0 and as 1.
    """
    hardest = -math.log(max(k_max, 1_000)) - 9.0
    return np.arange(hardest, _EASIEST + STEP / 2, STEP)


def likelihood(found: Counted, middles: FloatArray) -> FloatArray:
    """Probability of each kind of counts in each cell, averaged over the cell.

    The average over logit p of the binomial probability is a difference of incomplete beta
    functions, exact however narrow the binomial is: with 10,000 samples it is narrower than a cell.

    Args:
        found: the counts.
        middles: as `logits` gives them.

    Returns:
        Shape (kinds, cells + 2): p = 0, the cells, p = 1.
    """
    from scipy.special import betainc, expit

    edges = expit(np.append(middles - STEP / 2, middles[-1] + STEP / 2))
    n, c = found.n[:, None].astype(float), found.c[:, None].astype(float)
    inner = ((c > 0) & (c < n))[:, 0]
    table = np.empty((found.n.size, middles.size))
    # C(n, c) B(c, n - c) = n / (c (n - c)).
    scale = n[inner] / (c[inner] * (n[inner] - c[inner]) * STEP)
    table[inner] = scale * np.diff(betainc(c[inner], n[inner] - c[inner], edges), axis=1)
    table[~inner] = _ends(n[~inner], c[~inner], middles)
    none, every = (found.c == 0).astype(float), (found.c == found.n).astype(float)
    return np.column_stack([none, np.maximum(table, 0.0), every])


def _ends(n: FloatArray, c: FloatArray, middles: FloatArray) -> FloatArray:
    """Cell averages of (1-p)^n and of p^n, which are smooth."""
    from scipy.special import log_expit

    points = (middles[:, None] + STEP * _POINTS).ravel()
    log = np.where(c > 0, log_expit(points), log_expit(-points))
    averages: FloatArray = np.exp(n * log).reshape(len(n), middles.size, _POINTS.size).mean(axis=2)
    return averages


def failing(middles: FloatArray, k: int) -> FloatArray:
    """Probability that k samples all fail, averaged over each cell.

    Args:
        middles: as `logits` gives them.
        k: samples, >= 1.

    Returns:
        Shape (cells + 2,), from 1 (p = 0) down to 0 (p = 1).
    """
    from scipy.special import log_expit

    points = middles[:, None] + STEP * _POINTS
    return np.concatenate([[1.0], np.exp(k * log_expit(-points)).mean(axis=1), [0.0]])
