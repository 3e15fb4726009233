"""Intervals of ratios of sums over problems: what is pooled over samples or pairs of samples.

Not here: means in which every problem counts alike (`analysis.intervals`).
Try it: `python -m pytest tests/analysis/test_ratios.py`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.clusters import Clusters, labels
from topdraw.analysis.limits import require_level, student_quantile, wilson_limits
from topdraw.core.estimate import Estimate
from topdraw.errors import DomainError


def ratio_estimate(
    sums: ArrayLike,
    sizes: ArrayLike,
    *,
    clusters: Clusters = None,
    level: float = 0.95,
    missing: int = 0,
    method: str = "",
) -> Estimate:
    """Sum over sum of numbers in [0, 1], with a Wilson interval whose unit is the problem.

    A problem with m terms of sum s counts m times: R = sum s / sum m. The interval is that of the
    linearised ratio R + (s - m R) P / M, with (sum m)^2 / sum m^2 effective problems, as for
    clusters of unequal size.

    Args:
        sums: shape (problems,). Sum of the terms of each, 0 <= sum <= size.
        sizes: shape (problems,). How many terms; problems without any are left out.
        clusters: a label for each problem, as in `intervals.mean_estimate`.
        level: confidence level, in (0, 1).
        missing: samples left out before, to be handed on.
        method: how the terms were made.

    Returns:
        The estimate; NaN without interval when there is no term.

    Raises:
        DomainError: if a sum is outside 0..size, the level outside (0, 1), or there is not one
            cluster label for each problem.

    Examples:
        >>> print(ratio_estimate([3, 1, 4, 2], [4, 4, 8, 4]))
        0.50 [0.17, 0.83]

    References:
        Cochran 1977, section 9A; effective sample size: Korn & Graubard 1998.
    """
    require_level(level)
    s, m = np.asarray(sums, float), np.asarray(sizes, float)
    if (s < -1e-9).any() or (s > m + 1e-9).any():
        raise DomainError("Sums of numbers in [0, 1] lie between 0 and their number.")
    kept = m > 0
    label = labels(clusters, s.size)
    if label is None:
        label = np.arange(s.size, dtype=np.int64)
    said = f"{method}; Wilson over problems, pooled" if method else "Wilson over problems, pooled"
    if not kept.any():
        return Estimate(math.nan, level=level, method=said, missing=missing)
    used = np.unique(label[kept], return_inverse=True)[1]
    s, m = (np.bincount(used, each[kept]) for each in (s, m))
    ratio = float(s.sum() / m.sum())
    each = ratio + (s - m * ratio) * s.size / m.sum()
    effective = float(m.sum() ** 2 / (m**2).sum())
    variance = float(each.var(ddof=1)) * effective / s.size if s.size > 1 else 0.0
    quantile = student_quantile(s.size - 1, level)
    low, high = wilson_limits(min(max(ratio, 0.0), 1.0), variance, effective, quantile)
    return Estimate(ratio, float(low), float(high), level, said, int(kept.sum()), missing)
