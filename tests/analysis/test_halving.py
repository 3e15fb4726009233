import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.halving import halved_best
from topdraw.errors import DomainError


@pytest.mark.parametrize("shape", [(3, 2), (4, 0), (4,)])
def test_too_little_to_halve_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DomainError, match="at least 4 problems"):
        halved_best(np.zeros(shape))
    with pytest.raises(DomainError, match="0 halvings"):
        halved_best(np.zeros((4, 1)), halvings=0)


def test_one_strategy_has_no_luck_to_lose() -> None:
    column = np.random.default_rng(0).random(17)
    got = halved_best(column[:, None])
    assert got.values == pytest.approx(column)
    assert got.shares.tolist() == [1.0]


def test_a_clear_winner_is_valued_at_its_mean() -> None:
    rng = np.random.default_rng(0)
    table = np.stack([rng.random(40) * 0.2, 0.8 + rng.random(40) * 0.2], axis=1)
    got = halved_best(table)
    assert got.values == pytest.approx(table[:, 1])
    assert got.shares.tolist() == [0.0, 1.0]


def test_equal_strategies_are_one_strategy() -> None:
    column = np.random.default_rng(0).random(30)
    got = halved_best(np.stack([column, column], axis=1))
    assert got.values == pytest.approx(column)
    assert got.shares.tolist() == [1.0, 0.0]


def test_halves_of_four_problems_by_hand() -> None:
    # The halves {0,1}, {2,3} pick b and a; {0,2}, {1,3} and {0,3}, {1,2} tie or agree on a.
    table = np.array([[0, 1], [0, 1], [1, 0], [1, 0]], float)
    got = halved_best(table, halvings=4000)
    # Against two of one's own kind the other strategy is picked: 0. Else the halves tie: a.
    third = 1 / 3
    assert got.values == pytest.approx([0, 0, 2 * third, 2 * third], abs=0.02)


def test_where_nobody_chooses_nothing_is_known() -> None:
    table = np.array([[np.nan, np.nan], [1, 0], [1, 0], [1, 0], [1, 0]])
    got = halved_best(table)
    assert np.isnan(got.values[0])
    assert got.values[1:] == pytest.approx(1)


@given(
    st.integers(4, 20).flatmap(
        lambda p: st.lists(
            st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=3, max_size=3),
            min_size=p,
            max_size=p,
        )
    ),
    st.integers(0, 99),
)
def test_values_lie_between_the_strategies_and_do_not_depend_on_luck(
    rows: list[list[float]], seed: int
) -> None:
    table = np.array(rows)
    got = halved_best(table, halvings=30, rng=seed)
    assert (got.values <= table.max(axis=1) + 1e-12).all()
    assert (got.values >= table.min(axis=1) - 1e-12).all()
    assert got.shares.sum() == pytest.approx(1)
    again = halved_best(table, halvings=30, rng=seed)
    assert (again.values == got.values).all()


def test_it_takes_the_luck_out_of_the_best_of_five_equals() -> None:
    # All five strategies are worth 0.5; the best of them on its own problems looks better.
    rng = np.random.default_rng(3)
    naive, honest = [], []
    for _ in range(300):
        table = rng.integers(0, 2, size=(40, 5)).astype(float)
        naive.append(table.mean(axis=0).max())
        honest.append(halved_best(table, halvings=40, rng=rng).values.mean())
    error = np.std(honest) / np.sqrt(300)
    assert np.mean(naive) > 0.58
    assert abs(np.mean(honest) - 0.5) < 4 * error < 0.03
