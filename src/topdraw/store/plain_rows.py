"""Rows of a table by group: which repeat an earlier one, and each row's place within its group.

Not here: what the groups are (`topdraw.store.plain_read`).
Try it: `python -m pytest tests/store/test_plain_rows.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from topdraw.core.records import BoolArray, IntArray


def running_index(groups: Sequence[IntArray]) -> IntArray:
    """How many earlier rows are of the same group.

    Args:
        groups: one or more columns of shape (rows,); rows equal in all of them are a group.

    Examples:
        >>> running_index([np.array([7, 8, 7, 7])])
        array([0, 0, 1, 2])
    """
    order = np.lexsort(groups)
    rank = np.arange(order.size)
    index = np.empty(order.size, np.int64)
    index[order] = rank - np.maximum.accumulate(np.where(_begins(groups, order), rank, 0))
    return index


def distinct_rows(groups: Sequence[IntArray]) -> IntArray:
    """Positions of the first row of each group, rising.

    Args:
        groups: as in `running_index`.

    Examples:
        >>> distinct_rows([np.array([7, 8, 7, 7])])
        array([0, 1])
    """
    order = np.lexsort(groups)
    return np.sort(order[_begins(groups, order)])


def first_repeat(groups: Sequence[IntArray]) -> int | None:
    """The first row of which an equal one came before; None when there is none.

    Args:
        groups: as in `running_index`.

    Examples:
        >>> first_repeat([np.array([7, 8, 7, 7])]), first_repeat([np.array([7, 8])])
        (2, None)
    """
    order = np.lexsort(groups)
    again = order[~_begins(groups, order)]
    return int(again.min()) if again.size else None


def is_constant(column: IntArray, group: IntArray) -> bool:
    """Whether a column has one value for each group.

    Args:
        column: shape (rows,).
        group: shape (rows,), >= 0.

    Examples:
        >>> is_constant(np.array([5, 6, 5]), np.array([0, 1, 0]))
        True
    """
    return bool((column[first_rows(group)][group] == column).all())


def first_rows(group: IntArray) -> IntArray:
    """The first row of each group 0, 1, ..., all of which there are.

    Args:
        group: shape (rows,), >= 0.

    Examples:
        >>> first_rows(np.array([1, 0, 1]))
        array([1, 0])
    """
    return np.unique(group, return_index=True)[1]


def _begins(groups: Sequence[IntArray], order: IntArray) -> BoolArray:
    """Which rows, in this stable order of the groups, differ from the one before."""
    new = np.ones(order.size, bool)
    if order.size:
        columns = [one[order] for one in groups]
        new[1:] = np.logical_or.reduce([one[1:] != one[:-1] for one in columns])
    return new
