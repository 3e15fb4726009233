"""Expected correctness of the best (or worst) of k by some value, at every k, in closed form.

Not here: pass@k (`analysis.coverage`), which is this with the verdict itself as the value.
Try it: `python -c "from topdraw.analysis.selected import *; print(best_of_k_weights(4, 2))"`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.samples_used import whole_k
from topdraw.core.records import BoolArray, FloatArray
from topdraw.errors import DomainError


def best_of_k_weights(n: int, k: int) -> FloatArray:
    """Probability that the i-th best of n is the best of k drawn without replacement.

    w_i = C(n-i, k-1) / C(n, k), evaluated by w_1 = k/n and w_(i+1) = w_i (n-i-k+1)/(n-i): all
    factors lie in [0, 1], so that no binomial overflows and nothing cancels.

    Args:
        n: samples, >= 1.
        k: samples used, 1 <= k <= n.

    Returns:
        Shape (n,), falling, summing to 1. Position 0 is the best.

    Raises:
        DomainError: if k is outside 1..n.

    Examples:
        >>> best_of_k_weights(4, 2)
        array([0.5       , 0.33333333, 0.16666667, 0.        ])

    References:
        Nakano et al. 2021 (arXiv 2112.09332), appendix I, with replacement there; here without.
    """
    weights: FloatArray = _weights(n, (whole_k(k),))[0].copy()
    return weights


@functools.lru_cache(maxsize=64)
def _weights(n: int, ks: tuple[int, ...]) -> FloatArray:
    if not all(1 <= k <= n for k in ks):
        raise DomainError(f"The best of k out of {n} samples needs 1 <= k <= {n}, not {ks}.")
    k = np.array(ks, dtype=float)[:, None]
    i = np.arange(1, n)
    ratios = np.maximum((n - i - k + 1) / (n - i), 0.0)
    table = np.concatenate([k / n, ratios], axis=1).cumprod(axis=1)
    table.flags.writeable = False
    return table


def best_of_k(value: FloatArray, passed: BoolArray, ks: Sequence[int]) -> FloatArray:
    """Probability that the sample with the largest value among k random ones is correct.

    Verdicts are averaged inside blocks of tied values first, so that ties are split exactly. A NaN
    never wins: it ranks below all numbers, and draws in which every value is NaN choose nobody
    and are left out, as a selector that gives weight 0 to all is.

    Args:
        value: shape (n,). What the chooser goes by; larger is better.
        passed: shape (n,). Verdicts.
        ks: samples used, each 1 <= k <= n.

    Returns:
        Shape (len(ks),), in [0, 1]; NaN when no value is a number.

    Raises:
        DomainError: if a k is outside 1..n.
    """
    return np.minimum(expected_of_best(value, passed, ks), 1.0)


def expected_of_best(value: FloatArray, gold: ArrayLike, ks: Sequence[int]) -> FloatArray:
    """Mean of a second number over the sample with the largest value among k random ones.

    The gold of `best_of_k` where it is more than a verdict: a grade, a reward, or the value itself,
    whose expected maximum this then is. Unbiased; ties are split exactly, by averaging gold inside
    blocks of tied values first. A NaN value never wins, as in `best_of_k`.

    Args:
        value: shape (n,). What the chooser goes by; larger is better.
        gold: shape (n,). What the choice is worth: any real numbers, infinities included. Its NaN
            reaches every k at which its sample can win.
        ks: samples used, each 1 <= k <= n.

    Returns:
        Shape (len(ks),); NaN when no value is a number.

    Raises:
        DomainError: if a k is outside 1..n.

    Examples:
        >>> reward = np.array([1.0, 2.0, 4.0])
        >>> expected_of_best(reward, reward, [1, 2, 3]).round(3)
        array([2.333, 3.333, 4.   ])

    References:
        Nakano et al. 2021 (arXiv 2112.09332), appendix I.
    """
    weights = _weights(value.shape[0], tuple(whole_k(k) for k in ks))
    numbers = ~np.isnan(value)
    if not numbers.any():
        return np.full(len(ks), np.nan)
    _, block = np.unique(value[numbers], return_inverse=True)
    shares = np.bincount(block, weights=np.asarray(gold, float)[numbers]) / np.bincount(block)
    ranked = np.sort(block)[::-1]
    used = weights[:, : ranked.size]
    if np.isfinite(shares).all():
        expected: FloatArray = (used @ shares[ranked]) / used.sum(axis=1)
        return expected
    # 0 * inf is NaN: what cannot win must not be added.
    with np.errstate(invalid="ignore"):
        terms = np.where(used > 0, used, 0.0) * np.where(used > 0, shares[ranked], 0.0)
        return np.asarray(terms.sum(axis=1) / used.sum(axis=1))


def worst_of_k(value: FloatArray, passed: BoolArray, ks: Sequence[int]) -> FloatArray:
    """Probability that the sample with the smallest value among k random ones is correct.

    Arguments, NaN and errors as in `best_of_k`.

    Args:
        value: shape (n,). What the chooser goes by.
        passed: shape (n,). Verdicts.
        ks: samples used, each 1 <= k <= n.

    Returns:
        Shape (len(ks),), in [0, 1]; NaN when no value is a number.

    Raises:
        DomainError: if a k is outside 1..n.
    """
    return best_of_k(-value, passed, ks)
