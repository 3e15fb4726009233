import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.studies.greedy.shares import decoding_shares

pairs = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0, math.nan]), st.sampled_from([0.0, 0.25, 0.5, 1.0])),
    min_size=1,
    max_size=20,
)


@given(pairs)
def test_three_shares_add_up_and_differ_by_the_difference(drawn: list[tuple[float, float]]) -> None:
    greedy, sampled = zip(*drawn, strict=True)
    found = decoding_shares(greedy, sampled)
    kept = [(g, p) for g, p in drawn if not math.isnan(g)]
    assert found.problems == len(kept)
    if kept:
        for each in (found.one, found.majority):
            assert each.greedy.value + each.tie.value + each.sampled.value == pytest.approx(1)
        gap = sum(g - p for g, p in kept) / len(kept)
        assert found.one.greedy.value - found.one.sampled.value == pytest.approx(gap)


def test_a_half_is_neither_right_nor_wrong() -> None:
    found = decoding_shares([1.0, 0.0, 1.0, 0.0], [0.5, 0.5, 0.75, 0.75]).majority
    assert (found.greedy.value, found.tie.value, found.sampled.value) == (0.25, 0.25, 0.5)
