import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import FloatArray
from topdraw.selection.knockout import EXACT, knockout_chances, knockout_winners


def table(size: int, seed: int) -> FloatArray:
    wins = np.random.default_rng(seed).random((size, size))
    return np.triu(wins, 1) + np.tril(1 - wins.T, -1) + np.eye(size) / 2


def played_out(players: tuple[int, ...], wins: FloatArray) -> dict[int, float]:
    """The chances of one bracket, halves in the order given."""
    if len(players) == 1:
        return {players[0]: 1.0}
    half = (len(players) + 1) // 2
    one, other = played_out(players[:half], wins), played_out(players[half:], wins)
    found = {i: p * sum(q * wins[i, j] for j, q in other.items()) for i, p in one.items()}
    return found | {j: q * sum(p * wins[j, i] for i, p in one.items()) for j, q in other.items()}


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7])
def test_the_mean_over_all_brackets(size: int) -> None:
    wins, mean = table(size, seed=size), np.zeros(size)
    orders = list(itertools.permutations(range(size)))
    for order in orders:
        for player, chance in played_out(order, wins).items():
            mean[player] += chance / len(orders)
    assert knockout_chances(wins) == pytest.approx(mean, abs=1e-12)


@given(st.integers(0, 8), st.integers(0, 1000))
def test_chances_add_up_and_follow_the_players(size: int, seed: int) -> None:
    wins = table(size, seed)
    found = knockout_chances(wins)
    assert size == 0 or found.sum() == pytest.approx(1)
    order = np.random.default_rng(seed).permutation(size)
    assert knockout_chances(wins[np.ix_(order, order)]) == pytest.approx(found[order], abs=1e-12)


@pytest.mark.parametrize("size", [9, 11, EXACT])
def test_simulated_brackets_agree_with_the_exact_chances(size: int) -> None:
    wins, rng = table(size, seed=size), np.random.default_rng(0)
    order = rng.permuted(np.tile(np.arange(size), (20_000, 1)), axis=1)
    share = np.bincount(knockout_winners(wins, order, rng), minlength=size) / 20_000
    assert share == pytest.approx(knockout_chances(wins), abs=0.016)


def test_who_beats_all_wins_whatever_the_bracket() -> None:
    wins = np.tril(np.ones((13, 13)), -1) + np.eye(13) / 2
    assert knockout_chances(wins) == pytest.approx([0] * 12 + [1])
