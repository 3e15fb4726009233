from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from topdraw.store.plain_rows import (
    distinct_rows,
    first_repeat,
    first_rows,
    is_constant,
    running_index,
)

PAIRS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=12)


def _columns(pairs: list[tuple[int, int]]) -> list[np.ndarray]:
    return list(np.array(pairs, np.int64).reshape(-1, 2).T)


@given(PAIRS)
def test_rows_are_numbered_found_and_kept_as_a_loop_would(pairs: list[tuple[int, int]]) -> None:
    numbered = [pairs[:at].count(pair) for at, pair in enumerate(pairs)]
    columns = _columns(pairs)
    assert running_index(columns).tolist() == numbered
    assert distinct_rows(columns).tolist() == [at for at, one in enumerate(numbered) if one == 0]
    repeats = [at for at, one in enumerate(numbered) if one]
    assert first_repeat(columns) == (repeats[0] if repeats else None)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1)), min_size=1, max_size=9))
def test_a_column_is_constant_when_each_group_has_one_value(pairs: list[tuple[int, int]]) -> None:
    groups = sorted({group for group, _ in pairs})
    group = np.array([groups.index(one) for one, _ in pairs])
    column = np.array([value for _, value in pairs])
    values = [{value for one, value in pairs if one == which} for which in groups]
    assert is_constant(column, group) == all(len(one) == 1 for one in values)
    firsts = [next(at for at, pair in enumerate(pairs) if pair[0] == one) for one in groups]
    assert first_rows(group).tolist() == firsts
