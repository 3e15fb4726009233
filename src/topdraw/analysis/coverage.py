"""Coverage: pass@k and pass^k of each problem from its counts. The only place that knows them.

Not here: means over the problems of a run (`analysis.estimates`); choosers (`.selected`).
Try it: `python -c "from topdraw.analysis.coverage import pass_at_k; print(pass_at_k(5, 2, 3))"`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.samples_used import require_samples, whole_k
from topdraw.core.records import FloatArray, IntArray
from topdraw.errors import DomainError


def coverage_curve(n: ArrayLike, c: ArrayLike, ks: Sequence[int]) -> FloatArray:
    """pass@k of each problem at each k.

    Args:
        n: shape (problems,). Scored samples per problem.
        c: shape (problems,), 0 <= c <= n. Correct samples.
        ks: each 1 <= k <= min(n).

    Returns:
        Shape (problems, len(ks)), in [0, 1], not falling along k when `ks` rises.

    Raises:
        DomainError: as `pass_at_k`.
    """
    whole = [whole_k(k) for k in ks]
    n_, c_ = _checked(n, c, min(whole, default=1), max(whole, default=1))
    curve = np.empty((*n_.shape, len(whole)))
    for column, k in enumerate(whole):
        curve[..., column] = -np.expm1(_log_all_wrong(n_, c_, k))
    return curve


def _log_all_wrong(n: IntArray, c: IntArray, k: int) -> FloatArray:
    """log[C(n-c, k) / C(n, k)] = sum over i < c of log(1 - k/(n-i)); -inf when k > n-c.

    The sum of log1p and the final expm1 replace 1 - C()/C(): no binomial overflows, and a small
    pass@k keeps its digits, which 1 - (almost 1) loses.
    """
    out = np.empty(n.shape)
    for size in np.unique(n):
        here = n == size
        i = np.arange(int(c[here].max(initial=0)))
        with np.errstate(divide="ignore"):
            terms = np.log1p(np.maximum(-k / (size - i), -1.0))
        out[here] = np.concatenate([[0.0], np.cumsum(terms)])[c[here]]
    return out


def pass_at_k(n: ArrayLike, c: ArrayLike, k: int) -> FloatArray:
    """Probability that at least one of k samples drawn without replacement is correct.

    pass@k = 1 - C(n-c, k) / C(n, k), unbiased; evaluated as a product so that nothing overflows.

    Args:
        n: shape (problems,). Scored samples per problem; missing scores are not counted.
        c: shape (problems,), 0 <= c <= n. Correct samples.
        k: samples used, 1 <= k <= min(n).

    Returns:
        Shape (problems,), in [0, 1]. Averaging and its error belong to `analysis.intervals`.

    Raises:
        DomainError: if k is not whole, k < 1 or any n < k (never silently 1.0), or c outside 0..n.

    Examples:
        >>> pass_at_k(np.array([5]), np.array([2]), 3)
        array([0.9])

    References:
        Chen et al. 2021 (arXiv 2107.03374), eq. 1. The plug-in 1-(1-c/n)^k is biased; not used.
    """
    k = whole_k(k)
    n_, c_ = _checked(n, c, k, k)
    return -np.expm1(_log_all_wrong(n_, c_, k))


def pass_hat_k(n: ArrayLike, c: ArrayLike, k: int) -> FloatArray:
    """Probability that all of k samples drawn without replacement are correct.

    pass^k = C(c, k) / C(n, k), unbiased; the opposite end of `pass_at_k`, never to be confused.

    Args:
        n: shape (problems,). Scored samples per problem.
        c: shape (problems,), 0 <= c <= n. Correct samples.
        k: samples used, 1 <= k <= min(n).

    Returns:
        Shape (problems,), in [0, 1].

    Raises:
        DomainError: if k is not whole, k < 1 or any n < k, or c outside 0..n.

    Examples:
        >>> pass_hat_k(np.array([5]), np.array([3]), 2)
        array([0.3])

    References:
        Yao et al. 2024 (arXiv 2406.12045), section 4: tau-bench's pass^k.
    """
    k = whole_k(k)
    n_, c_ = _checked(n, c, k, k, "pass^")
    # All k are right when none of them is among the n-c others: the same product, right and wrong
    # exchanged.
    return np.exp(_log_all_wrong(n_, n_ - c_, k))


def _checked(
    n: ArrayLike, c: ArrayLike, low: int, high: int, name: str = "pass@"
) -> tuple[IntArray, IntArray]:
    whole = _whole(n, "n"), _whole(c, "c")
    try:
        n_, c_ = np.broadcast_arrays(*whole)
    except ValueError:
        raise DomainError(
            f"n and c count the same problems; their shapes are {np.shape(n)} and {np.shape(c)}."
        ) from None
    if (c_ < 0).any() or (c_ > n_).any():
        bad = int(np.flatnonzero(np.ravel((c_ < 0) | (c_ > n_)))[0])
        raise DomainError(f"Problem {bad} has c = {c_.flat[bad]} correct of n = {n_.flat[bad]}.")
    names = [f"problem {i}" for i in range(n_.size)]
    require_samples(
        names, n_.ravel(), low if low < 1 else high, f"{name}{low if low < 1 else high}"
    )
    return n_, c_


def _whole(values: ArrayLike, name: str) -> IntArray:
    array = np.asarray(values)
    number = array.dtype.kind in "biuf"
    if not number or not np.isfinite(array).all() or not np.array_equal(array, np.floor(array)):
        raise DomainError(f"{name} counts samples: whole numbers, without NaN.")
    return array.astype(np.int64)
