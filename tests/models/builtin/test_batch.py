"""Who stands in which row; the batch itself is tested through the engine."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from topdraw.models.builtin.batch import batches
from topdraw.models.builtin.rows import Plan

plans = st.sampled_from([Plan(1, 8, 128), Plan(12, 12, 120), Plan(16, 32, 64), Plan(128, 128, 128)])
some_indices = st.lists(st.integers(0, 10**6), unique=True, max_size=300)


@given(indices=some_indices, plan=plans)
def test_every_sample_gets_one_row_of_its_class(indices: list[int], plan: Plan) -> None:
    dealt = batches(indices, plan)
    assert sorted(which for batch in dealt for _, which in batch) == list(range(len(indices)))
    for batch in dealt:
        rows = [row for row, _ in batch]
        assert len(set(rows)) == len(rows)
        assert all(0 <= row < plan.width for row in rows)
        assert all((row - indices[which]) % plan.period == 0 for row, which in batch)


@given(count=st.integers(1, 500), plan=plans)
def test_consecutive_samples_fill_whole_batches(count: int, plan: Plan) -> None:
    dealt = batches(list(range(count)), plan)
    assert len(dealt) == -(-count // plan.width)
    assert all(len(batch) == plan.width for batch in dealt[:-1])


def test_no_samples_are_no_batches() -> None:
    assert batches([], Plan(1, 8, 128)) == []
