import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.made_run import LOST, NO, YES, made_run

from topdraw.analysis.comparison import compare
from topdraw.analysis.orders import orders, orders_of
from topdraw.errors import ConfigError, DomainError


@given(st.integers(0, 1000), st.integers(2, 4), st.integers(1, 30))
def test_pairs_are_complete_and_their_shares_add_up(seed: int, runs: int, problems: int) -> None:
    rng = np.random.default_rng(seed)
    mean, greedy = rng.integers(0, 3, (runs, problems)) / 2, rng.integers(0, 2, (runs, problems))
    found = orders([f"m{i}" for i in range(runs)], mean, greedy, draws=50)
    assert len(found.pairs) == runs * (runs - 1) // 2
    assert sum(found.mean_rank) == pytest.approx(runs * (runs + 1) / 2)
    for pair in found.pairs:
        assert pair.greedy is not None
        for duel in (pair.mean, pair.greedy):
            assert duel.wins.value + duel.ties.value + duel.losses.value == pytest.approx(1)
            assert 0 <= duel.ahead <= 1
        assert 0 <= pair.reversal <= 1


def test_an_order_that_reverses_is_seen() -> None:
    rng = np.random.default_rng(0)
    mean = np.clip([rng.normal(0.6, 0.1, 200), rng.normal(0.4, 0.1, 200)], 0, 1)
    greedy = np.array([np.arange(200) % 10 < 3, np.arange(200) % 10 >= 3], float)
    found = orders(["a", "b"], mean, greedy)
    pair = found.pairs[0]
    assert found.reversed == (pair,)
    assert (found.mean_rank, found.greedy_rank) == ((1, 2), (2, 1))
    assert pair.mean.ahead == 1
    assert pair.greedy is not None
    assert pair.greedy.ahead == 0
    assert pair.reversal == 1
    assert pair.mean.wins.value > 0.8


def test_equal_runs_are_tied_and_nothing_reverses() -> None:
    same = np.full((2, 30), 0.5)
    found = orders(["a", "b"], same, same)
    pair = found.pairs[0]
    assert (pair.mean.ahead, pair.reversal, pair.mean.ties.value) == (0.5, 0, 1)
    assert found.mean_rank == (1.5, 1.5)
    assert found.reversed == ()


@pytest.mark.parametrize("noise", [1e-15, -1e-15])
def test_a_tie_that_rounding_broke_does_not_reverse(noise: float) -> None:
    mean = np.stack([np.full(30, 0.5), np.full(30, 0.5 + noise)])
    greedy = np.array([np.ones(30), np.zeros(30)])
    assert orders(["a", "b"], mean, greedy).pairs[0].reversal == 0


def test_the_probability_of_an_order_is_that_of_a_normal_mean() -> None:
    from scipy.stats import norm

    rng = np.random.default_rng(1)
    mean = np.clip(rng.normal(0.5, 0.1, (2, 400)), 0, 1)
    pair = orders(["a", "b"], mean, draws=20_000).pairs[0]
    gap = mean[0] - mean[1]
    assert pair.mean.ahead == pytest.approx(
        norm.cdf(gap.mean() / (gap.std() / math.sqrt(gap.size))), abs=0.02
    )
    assert pair.greedy is None
    assert math.isnan(pair.reversal)


def test_runs_are_paired_over_the_problems_that_all_share(tmp_path: Path) -> None:
    a = made_run(
        tmp_path / "a",
        {"p": [YES, NO], "q": [YES, YES], "r": [NO, NO], "s": [YES, NO]},
        greedy={"p": [YES], "q": [NO], "r": [YES], "s": [LOST]},
    )
    b = made_run(
        tmp_path / "b",
        {"p": [NO, NO], "q": [YES, NO, NO, NO], "r": [NO, YES], "s": [NO, NO], "x": [YES]},
        greedy={"p": [YES], "q": [YES], "r": [YES], "s": [NO], "x": [YES]},
    )
    found = orders_of([a, b])
    assert (found.names, found.shared) == (("a", "b"), 3)
    assert [one.value for one in found.mean] == pytest.approx([0.5, 0.25])
    assert [one.value for one in found.greedy] == pytest.approx([2 / 3, 1])
    assert found.reversed == found.pairs
    bare = made_run(tmp_path / "bare", {"p": [YES]})
    three = orders_of([a, b, bare])
    assert (three.shared, three.greedy, three.greedy_rank) == (1, (), ())
    assert three.names == ("a", "b", "bare")


def test_what_cannot_be_ordered_is_refused(tmp_path: Path) -> None:
    a = made_run(tmp_path / "a", {"p": [YES]})
    b = made_run(tmp_path / "b", {"q": [YES]})
    with pytest.raises(ConfigError, match="a, b share no problem"):
        orders_of([a, b])
    with pytest.raises(DomainError, match="at least two runs, not 1"):
        orders_of([a])
    with pytest.raises(DomainError, match="at least two"):
        orders(["a"], [[1.0]])
    with pytest.raises(DomainError, match="one row of problems each"):
        orders(["a", "b"], [[1.0]])
    with pytest.raises(DomainError, match="without NaN"):
        orders(["a", "b"], [[1.0], [math.nan]])


def test_one_difference_has_one_p_value(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    runs = [
        made_run(
            tmp_path / name,
            {f"p{i}": [YES if x < skill else NO for x in rng.random(6)] for i in range(40)},
        )
        for name, skill in (("a", 0.6), ("b", 0.45), ("c", 0.5))
    ]
    pairs = orders_of(runs).pairs
    for at, other in enumerate(runs[1:]):
        line = compare(runs[0], other, ks=[1], selectors=["random"]).lines
        p = {one.difference.p_value for one in line}
        assert p == {pairs[at].mean.difference.p_value}
