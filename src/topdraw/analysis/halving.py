"""The best of several strategies without the luck of having been picked: halves of the problems.

Not here: which strategies there are (`analysis.strategies`), intervals (`analysis.intervals`).
Try it: `python -m pytest tests/analysis/test_halving.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from topdraw.core.records import FloatArray
from topdraw.core.seeds import Rng, generator
from topdraw.errors import DomainError

HALVINGS = 200
FEWEST = 4
"""Problems below which half of them pick nothing worth the name."""


@dataclass(frozen=True, slots=True)
class Halved:
    """What picking the best strategy reaches on problems that had no say in the pick.

    Attributes:
        values: shape (problems,). The value of the strategy that the other half picked, averaged
            over the halvings; NaN where that strategy has no value in any of them.
        shares: shape (strategies,). How often a half picked each; sums to 1.
    """

    values: FloatArray
    shares: FloatArray


def halved_best(table: ArrayLike, *, halvings: int = HALVINGS, rng: Rng = 0) -> Halved:
    """Each problem's value under the strategy that is best on the other half of the problems.

    The largest of several means, taken on the problems it was picked on, is too large on average:
    the winner had luck. Here the problems are cut in random halves, one half picks (largest mean;
    the first of equals), the other half values, and both ways round; each problem then has the mean
    over all halvings. Its expectation is the value of what half as many problems pick, so it errs
    downwards by what the other half of the problems would still have taught.

    Args:
        table: shape (problems, strategies). Expected correctness; NaN where a strategy chooses
            nobody, which is left out of means.
        halvings: random cuts, >= 1.
        rng: seed or generator.

    Raises:
        DomainError: if there is no strategy, fewer than four problems, or no halving.

    Examples:
        >>> bool(halved_best([[1, 0], [1, 0], [1, 1], [0, 0]], rng=0).values.mean() <= 0.75)
        True

    References:
        Varma & Simon 2006, Bias in error estimation when using cross-validation for model
        selection (nested splits); here with two folds, repeated.
    """
    values = np.asarray(table, dtype=float)
    if values.ndim != 2 or values.shape[0] < FEWEST or not values.shape[1] or halvings < 1:
        raise DomainError(
            f"A table of shape {values.shape} and {halvings} halvings; halving needs at least "
            f"{FEWEST} problems, one strategy and one halving."
        )
    problems = len(values)
    order = generator(rng).permuted(np.tile(np.arange(problems), (halvings, 1)), axis=1)
    first = order < problems // 2
    # Shape (2 halvings, problems): who picks; the others value.
    picks = np.concatenate([first, ~first])
    known = ~np.isnan(values)
    counts = picks @ known
    sums = picks @ np.where(known, values, 0.0)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), -np.inf)
    # Sums in another order differ in their last bits; equal strategies must stay equal.
    best = np.argmax(np.round(means, 12), axis=1)
    taken = values[:, best].T
    counted = ~picks & ~np.isnan(taken)
    times = counted.sum(axis=0)
    total = np.where(counted, taken, 0.0).sum(axis=0)
    shares = np.bincount(best, minlength=values.shape[1]) / len(best)
    return Halved(np.where(times > 0, total / np.maximum(times, 1), np.nan), shares)
