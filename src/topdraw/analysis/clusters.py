"""Clusters of problems: those that share a passage or a seed vary together, and count as one.

Not here: the intervals made of them (`analysis.intervals`, `.bands`).
Try it: `python -m pytest tests/analysis/test_clusters.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from topdraw.core.records import BoolArray, FloatArray, IntArray
from topdraw.errors import DomainError

#: A label for each problem; None where each problem stands for itself.
Clusters: TypeAlias = Sequence[object] | NDArray[np.generic] | None


class Units(NamedTuple):
    """What varies independently.

    Attributes:
        values: shape (units, ...). Their mean is that of the problems, and their variance over
            their number the (cluster-robust) squared error of that mean.
        effective: number of equally large units that would be worth as much: (sum m)^2 / sum m^2
            over the cluster sizes m.
    """

    values: FloatArray
    effective: float


def labels(clusters: Clusters, problems: int) -> IntArray | None:
    """The cluster of each problem as a number from 0 without gaps.

    Args:
        clusters: a label for each problem, or None.
        problems: how many there are.

    Returns:
        Shape (problems,); None for None.

    Raises:
        DomainError: if there is not one label for each problem.
    """
    if clusters is None:
        return None
    given = [str(one) for one in np.asarray(clusters, dtype=object).tolist()]
    if len(given) != problems:
        raise DomainError(
            f"{len(given)} cluster labels for {problems} problems; one for each is needed."
        )
    return np.unique(np.array(given), return_inverse=True)[1].astype(np.int64)


def units(values: FloatArray, label: IntArray | None, kept: BoolArray | None = None) -> Units:
    """The independent units behind the values of problems: themselves, or their clusters.

    A cluster of m problems with sum s becomes mean + (s - m mean) G / M, with G clusters and M
    problems: the linearised ratio of sums, whose variance with G - 1 is the cluster-robust one.

    Args:
        values: shape (problems, ...), without NaN.
        label: shape of all problems, from `labels`; None without clusters.
        kept: which of all problems `values` holds; None for all.

    References:
        Cochran 1977, section 9A: ratio estimator for clusters of unequal size.
    """
    if label is None or not len(values):
        return Units(values, float(len(values)))
    used = np.unique(label if kept is None else label[kept], return_inverse=True)[1]
    sizes = np.bincount(used).astype(float)
    mean = values.mean(axis=0)
    off = np.zeros((sizes.size, *values.shape[1:]))
    np.add.at(off, used, values - mean)
    effective = float(sizes.sum() ** 2 / (sizes**2).sum())
    return Units(mean + off * sizes.size / sizes.sum(), effective)
