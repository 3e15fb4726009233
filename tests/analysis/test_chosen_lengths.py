import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.chosen_lengths import chosen_lengths
from topdraw.errors import DomainError

ROWS = st.lists(
    st.lists(st.tuples(st.integers(1, 500), st.integers(0, 9)), min_size=1, max_size=6),
    min_size=2,
    max_size=6,
)


@given(ROWS, st.floats(0.1, 10))
def test_expected_tokens_are_a_weighted_mean(
    rows: list[list[tuple[int, int]]], scale: float
) -> None:
    tokens = [[length for length, _ in row] for row in rows]
    weights = [[weight * scale for _, weight in row] for row in rows]
    known = [
        sum(n * w for n, w in row) / sum(w for _, w in row)
        for row in rows
        if sum(w for _, w in row)
    ]
    found = chosen_lengths(tokens, {"it": weights})["it"]
    assert found.tokens.n == len(known)
    if known:
        assert found.tokens.value == pytest.approx(np.mean(known))


@given(ROWS)
def test_whoever_picks_evenly_picks_the_mean(rows: list[list[tuple[int, int]]]) -> None:
    tokens = [[length for length, _ in row] for row in rows]
    even = chosen_lengths(tokens, {"random": [[1] * len(row) for row in rows]})["random"]
    assert even.less_mean.value == pytest.approx(0, abs=1e-9)
    assert even.tokens.value == pytest.approx(np.mean([np.mean(row) for row in tokens]))


def test_unknown_lengths_are_left_out() -> None:
    found = chosen_lengths([[10, math.nan], [20, 40]], {"a": [[0.5, 0.5], [0, 1]]})["a"]
    assert found.tokens.value == pytest.approx(25)
    assert found.less_mean.value == pytest.approx((0 + 10) / 2)


def test_who_chooses_nobody_has_no_length() -> None:
    found = chosen_lengths([[10], [20]], {"a": [[0], [0]]})["a"]
    assert math.isnan(found.tokens.value)
    assert found.less_mean.n == 0


def test_weights_must_fit() -> None:
    with pytest.raises(DomainError, match="'a' are not one for each sample"):
        chosen_lengths([[10, 20]], {"a": [[1]]})
