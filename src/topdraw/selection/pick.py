"""Selectors that point: first, random, greedy, best of n, worst, oracle.

Not here: votes (`selection.vote`) and the softmax of the values (`selection.posterior`).
Try it: `python -m pytest tests/selection/test_pick.py`.
"""

from __future__ import annotations

import numpy as np

from topdraw.core.records import BoolArray, Candidates, FloatArray
from topdraw.core.registry import selector


def spread(chosen: BoolArray) -> FloatArray:
    """Equal weight on each True, summing to 1; all 0 when nothing is True.

    Args:
        chosen: shape (n,).

    Returns:
        Shape (n,).
    """
    count = int(chosen.sum())
    return chosen / count if count else np.zeros(chosen.shape[0])


def ranked(candidates: Candidates) -> BoolArray:
    """Where a candidate has a number to be ranked by: not missing, and its value not NaN.

    Returns:
        Shape (n,).
    """
    return ~candidates.missing & ~np.isnan(candidates.value)


def compared(pairs: FloatArray, usable: BoolArray) -> BoolArray:
    """Where a candidate was compared with another usable one, in either order.

    Args:
        pairs: shape (n, n); NaN where a pair is unknown. The diagonal is not looked at.
        usable: shape (n,).

    Returns:
        Shape (n,).
    """
    known = ~np.isnan(pairs) & usable[:, None] & usable[None, :]
    np.fill_diagonal(known, False)
    return np.asarray(known.any(axis=0) | known.any(axis=1))


def below_top(value: FloatArray) -> FloatArray:
    """Distance of each value to the largest along the last axis, <= 0; exactly 0 for its ties.

    Without inf - inf, which is NaN, whichever values are infinite.

    Args:
        value: shape (..., n), without NaN.

    Returns:
        Shape (..., n).
    """
    top = value.max(axis=-1, keepdims=True, initial=-np.inf)
    at_top = value == top
    with np.errstate(over="ignore"):
        distance: FloatArray = np.where(at_top, 0.0, value) - np.where(at_top, 0.0, top)
    return distance


@selector("first", ordered=True)
def first(candidates: Candidates, /) -> FloatArray:
    """All weight on the first sample that is not missing.

    Returns:
        Shape (n,); all 0 when every sample is missing.
    """
    weights = np.zeros(candidates.n)
    weights[np.flatnonzero(~candidates.missing)[:1]] = 1.0
    return weights


@selector("random")
def uniform(candidates: Candidates, /) -> FloatArray:
    """Equal weight on each sample that is not missing: what one draw gives on average.

    Returns:
        Shape (n,); all 0 when every sample is missing.
    """
    return spread(~candidates.missing)


@selector("greedy", needs=("greedy",))
def greedy(candidates: Candidates, /) -> FloatArray:
    """Equal weight on each sample drawn at temperature 0.

    Several greedy samples of one problem can differ (servers are not deterministic); they share.

    Returns:
        Shape (n,); all 0 when no greedy sample was scored.
    """
    return spread(candidates.greedy & ~candidates.missing)


@selector("best_of_n", needs=("value",))
def best_of_n(candidates: Candidates, /) -> FloatArray:
    """All weight on the largest value; ties share it exactly.

    Only the order of the values matters: any strictly increasing map of them that keeps them
    distinct changes nothing. NaN never wins, not even against other NaNs.

    Returns:
        Shape (n,); all 0 when no sample has a value.
    """
    return _extreme(candidates, sign=1.0)


@selector("worst", needs=("value",))
def worst(candidates: Candidates, /) -> FloatArray:
    """All weight on the smallest value; ties share it exactly, NaN is never picked.

    Returns:
        Shape (n,); all 0 when no sample has a value.
    """
    return _extreme(candidates, sign=-1.0)


def _extreme(candidates: Candidates, sign: float) -> FloatArray:
    eligible = ranked(candidates)
    if not eligible.any():
        return np.zeros(candidates.n)
    value = sign * candidates.value
    return spread(eligible & (value == value[eligible].max()))


@selector("oracle", needs=("passed",))
def oracle(candidates: Candidates, /) -> FloatArray:
    """Equal weight on each sample that passed: what a perfect chooser would do.

    When none passed the weight is spread over all, and each of them is wrong; so the expected
    correctness is exactly pass@n, 1 where any sample passed and 0 elsewhere.

    Returns:
        Shape (n,); all 0 when every sample is missing.
    """
    right = candidates.passed & ~candidates.missing
    return spread(right if right.any() else ~candidates.missing)
