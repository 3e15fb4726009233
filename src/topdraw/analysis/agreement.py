"""How well values tell right samples from wrong ones within a problem.

Not here: calibration (`analysis.calibration`), the whole audit (`analysis.scorer_audit`).
Try it: `python -c "from topdraw.analysis.agreement import *; print(auc([1, 2], [False, True]))"`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from topdraw.core.records import FloatArray


class Pairs(NamedTuple):
    """Pairs of a right and a wrong sample of one problem.

    Attributes:
        ordered: those whose right sample has the larger value, ties half.
        number: all of them.
    """

    ordered: float
    number: int


def right_over_wrong(value: ArrayLike, passed: ArrayLike) -> Pairs:
    """How many pairs of a right and a wrong sample the values put in order.

    Args:
        value: shape (n,). NaN takes its sample out of all pairs; infinities are values.
        passed: shape (n,). Verdicts.

    Examples:
        >>> right_over_wrong([1.0, 2.0, 2.0], [False, True, False])
        Pairs(ordered=1.5, number=2)
    """
    values, right = np.asarray(value, float), np.asarray(passed, bool)
    known = ~np.isnan(values)
    good, bad = values[known & right], np.sort(values[known & ~right])
    below = np.searchsorted(bad, good, side="left")
    upto = np.searchsorted(bad, good, side="right")
    return Pairs(float((below + upto).sum()) / 2, int(good.size * bad.size))


def auc(value: ArrayLike, passed: ArrayLike) -> float:
    """Probability that a right sample of a problem has a larger value than a wrong one, ties half.

    Args:
        value: shape (n,). NaN is left out.
        passed: shape (n,). Verdicts.

    Returns:
        In [0, 1], 1/2 by chance; NaN where there is no right or no wrong sample with a value.

    References:
        Mann & Whitney 1947; area under the ROC curve: Hanley & McNeil 1982.
    """
    pairs = right_over_wrong(value, passed)
    return pairs.ordered / pairs.number if pairs.number else math.nan


def rank_correlation(a: ArrayLike, b: ArrayLike) -> float:
    """Spearman's rank correlation of two numbers over the samples of a problem; ties share ranks.

    Args:
        a: shape (n,). NaN takes its sample out.
        b: shape (n,). Likewise.

    Returns:
        In [-1, 1]; NaN with fewer than two samples, or where one of both does not vary.

    Examples:
        >>> rank_correlation([1, 2, 3], [10, 30, 20])
        0.5

    References:
        Spearman 1904.
    """
    x, y = (np.asarray(each, float) for each in (a, b))
    known = ~np.isnan(x) & ~np.isnan(y)
    ranks = [_ranks(each[known]) for each in (x, y)]
    centred = [each - each.mean() if each.size else each for each in ranks]
    below = math.sqrt(float((centred[0] ** 2).sum() * (centred[1] ** 2).sum()))
    if below == 0:
        return math.nan
    return min(max(float(centred[0] @ centred[1]) / below, -1.0), 1.0)


def _ranks(values: FloatArray) -> FloatArray:
    _, block, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    middle: FloatArray = (ends - (counts - 1) / 2)[block]
    return middle
