"""Expected correctness of a majority vote over k random samples, exact at every k.

Not here: weighted votes (`analysis.weighted_curve`, or simulated: `.simulated`).
Try it: `python -m pytest tests/analysis/test_vote_curve.py`.

A class of size s wins outright or shares with t others when m of its samples are drawn, no other
class has more, and t have m too. Let p_c be the binomial law with one half of a class of size c
(the half cancels against the law of k at the end, and keeps C(1000, 500) a harmless number). Then

    P(win, k) = sum_m p_s(m) [x^(k-m)] integral_0^1 prod_c (sum_{i<m} p_c(i) x^i + y p_c(m) x^m) dy

because the integral of y^t is 1/(1+t), each winner's share. In y the product is a polynomial, so
Gauss-Legendre with enough nodes integrates it exactly; all terms are positive: nothing cancels.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from topdraw.analysis.samples_used import whole_k
from topdraw.core.records import BoolArray, FloatArray, IntArray
from topdraw.errors import DomainError

#: Beyond it 2^-n leaves the range of a double.
LARGEST = 1000


def majority_of_k(answer: IntArray, passed: BoolArray, ks: Sequence[int]) -> FloatArray:
    """Probability that the answer given most often by k random samples is correct.

    Over all C(n, k) subsets, ties split equally between classes; inside a class the verdicts are
    averaged. Samples without an answer never win unless none of the k has one.

    Args:
        answer: shape (n,). Class of the answer; -1 for none.
        passed: shape (n,). Verdicts.
        ks: samples used, each 1 <= k <= n.

    Returns:
        Shape (len(ks),), in [0, 1].

    Raises:
        DomainError: if a k is outside 1..n, or n > 1000.

    Examples:
        >>> answers, right = np.array([0, 0, 1]), np.array([True, True, False])
        >>> majority_of_k(answers, right, [1, 2, 3]).round(4)
        array([0.6667, 0.6667, 1.    ])

    References:
        maj@k over all subsets; the field takes the first k or 100 random subsets instead
        (arXiv 2407.21787, figure 7).
    """
    n = answer.shape[0]
    if not all(1 <= whole_k(k) <= n for k in ks) or n > LARGEST:
        raise DomainError(f"An exact vote of k out of {n} needs 1 <= k <= n <= {LARGEST}: {ks}.")
    answered = answer >= 0
    _, members = np.unique(answer[answered], return_inverse=True)
    sizes = np.bincount(members)
    right = np.bincount(members, weights=passed[answered]) / sizes
    silent = n - int(answered.sum())
    chances = np.zeros(n + 1)
    for size in np.unique(sizes[right > 0]).tolist():
        others = tuple(sorted(sizes.tolist(), reverse=True))
        drop = others.index(size)
        share = float(right[sizes == size].sum())
        chances += share * _wins(size, others[:drop] + others[drop + 1 :], silent)
    if silent:
        silent_right = float(passed[~answered].mean())
        chances[: silent + 1] += silent_right * half_law(silent) * 0.5 ** (n - silent)
    picked = np.array(list(ks), dtype=np.int64)
    return np.minimum(chances[picked] / half_law(n)[picked], 1.0)


@functools.lru_cache(maxsize=2048)
def half_law(size: int) -> FloatArray:
    """C(size, i) / 2^size for i = 0..size, each correctly rounded.

    Args:
        size: samples, 0..1000; beyond, 2^-size leaves the range of a double.
    """
    law = np.array([math.comb(size, i) / 2**size for i in range(size + 1)])
    law.flags.writeable = False
    return law


@functools.lru_cache(maxsize=256)
def unit_nodes(degree: int) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights that integrate polynomials of this degree over [0, 1] exactly.

    Args:
        degree: of the polynomial, >= 0.
    """
    points, weights = np.polynomial.legendre.leggauss(degree // 2 + 1)
    return (points + 1) / 2, weights / 2


@functools.lru_cache(maxsize=1024)
def _wins(size: int, others: tuple[int, ...], silent: int) -> FloatArray:
    """P(one class of this size wins, k drawn), ties shared, for k = 0..n.

    Args:
        size: samples of the class.
        others: sizes of the other classes, falling.
        silent: samples without an answer.
    """
    law, rest = half_law(size), sum(others) + silent
    highest = others[0] if others else 0
    total = np.zeros(size + rest + 1)
    for m in range(1, min(size, highest) + 1):
        inner = law[m] * _rivals(m, others, silent)
        total[m : m + inner.size] += inner
    if size > highest:
        # More than any rival can reach: the rest is free.
        alone = law.copy()
        alone[: highest + 1] = 0.0
        total += np.convolve(alone, half_law(rest))
    return total


def _rivals(m: int, others: tuple[int, ...], silent: int) -> FloatArray:
    """Coefficients in x of the integral above, for one m."""
    large = [size for size in others if size >= m]
    y, weights = unit_nodes(len(large))
    free = half_law(silent + sum(others) - sum(large))
    state = np.repeat(free[None, :], y.size, axis=0)
    for size, times in Counter(large).items():
        kernel = np.repeat(half_law(size)[None, : m + 1], y.size, axis=0)
        kernel[:, m] *= y
        for _ in range(times):
            state = _convolved(state, kernel)
    return weights @ state


def _convolved(state: FloatArray, kernel: FloatArray) -> FloatArray:
    """Convolution of each row of one with the same row of the other, by the cheaper loop."""
    nodes, width = kernel.shape
    if nodes < width:
        return np.stack([np.convolve(a, b) for a, b in zip(state, kernel, strict=True)])
    out = np.zeros((nodes, state.shape[1] + width - 1))
    for shift in range(width):
        out[:, shift : shift + state.shape[1]] += kernel[:, shift : shift + 1] * state
    return out
