"""All weights that the samples of one answer can reach together, and in how many subsets.

Not here: who wins (`analysis.weighted_curve`).
Try it: `python -m pytest tests/analysis/test_weighted_curve.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topdraw.analysis.vote_curve import half_law
from topdraw.core.records import BoolArray, FloatArray, IntArray
from topdraw.selection.vote import Pool

# Below exp(-690) doubles lose digits; the bridges to 0 and infinity take 2 * log(1e15 * 1000).
_WIDEST = 600.0
_BRIDGE = 1e15
#: Sums of one answer by number of samples, at most: those of 16 samples of distinct weights.
MOST_STATES = 65_536
_DIGITS = 43


@dataclass(frozen=True, slots=True)
class States:
    """Subsets of one answer's samples by how many they are and what they weigh, the empty one not.

    Attributes:
        size: samples of the answer.
        count: shape (states,). Samples in the subset, 1..size.
        strength: shape (states,). What they weigh together, > 0.
        ways: shape (states,). Number of such subsets, over 2^size.
        right: shape (states,). `ways` times the mean share of their samples that are right.
    """

    size: int
    count: IntArray
    strength: FloatArray
    ways: FloatArray
    right: FloatArray


def finite_weights(log: FloatArray) -> FloatArray | None:
    """Positive weights that order every sum, mean and maximum as these do; the largest may be huge.

    An infinite weight becomes one that no sum of finite ones can move beyond a tie, and a weight of
    0 one that cannot move a sum of others, but still counts where all weigh 0: as `relative` does.

    Args:
        log: shape (n,). Logarithms of the weights, without NaN; infinities are allowed.

    Returns:
        Shape (n,); None when finite weights are more than e^600 apart, where doubles lose digits.
    """
    if not log.size:
        return np.zeros(0)
    finite = np.isfinite(log)
    low, high = (log[finite].min(), log[finite].max()) if finite.any() else (0.0, 0.0)
    if high - low > _WIDEST:
        return None
    bridge = np.log(_BRIDGE * log.size)
    # Less the largest before adding: a bridge would vanish beside 1e308.
    weights: FloatArray = np.exp(np.clip(log - high, low - high - bridge, bridge))
    return weights


def states_of(weights: FloatArray, passed: BoolArray, pool: Pool, most: int) -> States | None:
    """The states of one answer; None when it has too many.

    Args:
        weights: shape (size,), > 0.
        passed: shape (size,). Verdicts.
        pool: "sum", "mean" or "max".
        most: different sums of weights allowed, whatever the pool.
    """
    count, total = np.zeros(1, np.int64), np.zeros(1)
    ways, right = np.ones(1), np.zeros(1)
    for level, size, share in _levels(weights, passed):
        drawn, law = np.arange(size + 1), half_law(size)
        ways_by = ways[:, None] * law
        right_by = right[:, None] * law + ways_by * (drawn * share)
        added = total[:, None] + drawn * level
        reached = np.where(drawn > 0, level, total[:, None]) if pool == "max" else added
        counted = count[:, None] + drawn
        count, total, ways, right = _merged(
            counted.ravel(), reached.ravel(), ways_by.ravel(), right_by.ravel()
        )
        if count.size > MOST_STATES:
            return None
        if count.size > most and np.unique(_rounded(total)).size > most:
            return None
    some = count > 0
    count, total, ways = count[some], total[some], ways[some]
    strength = total / count if pool == "mean" else total
    return States(weights.size, count, strength, ways, right[some] / count)


def _levels(weights: FloatArray, passed: BoolArray) -> list[tuple[float, int, float]]:
    """Each distinct weight, rising, with how many samples have it and the share that are right."""
    _, first, group = np.unique(_rounded(weights), return_index=True, return_inverse=True)
    sizes = np.bincount(group)
    share = np.bincount(group, weights=passed) / sizes
    return list(zip(weights[first].tolist(), sizes.tolist(), share.tolist(), strict=True))


def _merged(
    count: IntArray, total: FloatArray, ways: FloatArray, right: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    """States of equal count and weight put together; the weight of one of them stands for all."""
    rounded = _rounded(total)
    order = np.lexsort((rounded, count))
    new = np.ones(order.size, bool)
    new[1:] = (np.diff(count[order]) != 0) | (np.diff(rounded[order]) != 0)
    starts = np.flatnonzero(new)
    return (
        count[order][starts],
        total[order][starts],
        np.add.reduceat(ways[order], starts),
        np.add.reduceat(right[order], starts),
    )


def _rounded(values: FloatArray) -> FloatArray:
    """Values to 43 bits, so that sums in different orders, equal but for their last bits, meet."""
    mantissa, exponent = np.frexp(values)
    rounded: FloatArray = np.ldexp(np.round(np.ldexp(mantissa, _DIGITS)), exponent - _DIGITS)
    return rounded
