import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.selection.swiss import next_round, swiss_points, usual_calls


@given(st.integers(1, 9), st.integers(0, 40), st.integers(0, 99))
def test_points_are_matches_and_no_pair_meets_twice(size: int, calls: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    wins = np.full((size, size), 0.3) + 0.4 * np.tril(np.ones((size, size)), -1)
    points = swiss_points(wins, rng.permutation(size), calls, rng)
    byes = size % 2 * size
    assert points.sum() <= min(calls, size * (size - 1) // 2) + byes
    assert points.max() <= size - 1 + size % 2
    if calls and size > 1:
        assert points.sum() >= 1


def test_equal_points_meet_who_have_not_met() -> None:
    assert next_round([1, 1, 0, 0], [3, 2, 1, 0], set()) == ([(1, 0), (3, 2)], None)
    assert next_round([1, 1, 0, 0], [3, 2, 1, 0], {(0, 1)}) == ([(1, 3), (0, 2)], None)
    assert next_round([0, 0], [0, 1], {(0, 1)}) == ([], None)


def test_the_last_without_a_bye_sits_out_with_a_point() -> None:
    assert next_round([2, 1, 0], [0, 1, 2], set()) == ([(0, 1)], 2)
    assert next_round([2, 1, 1], [0, 1, 2], {(0, 1), (2, 2)}) == ([(0, 2)], 1)


def test_even_matches_are_drawn() -> None:
    points = swiss_points(np.full((4, 4), 0.5), np.arange(4), 6, np.random.default_rng(0))
    assert points.tolist() == [1.5] * 4


@pytest.mark.parametrize("size", [2, 5, 16])
def test_the_strongest_of_a_clear_order_has_all_points(size: int) -> None:
    wins = np.tril(np.ones((size, size)), -1) + np.eye(size) / 2
    order = np.random.default_rng(size).permutation(size)
    points = swiss_points(wins, order, size * size, np.random.default_rng(0))
    assert points.argmax() == size - 1
    assert size % 2 or points.tolist() == list(range(size))
    assert usual_calls(0) == 0
