import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.winrate.position import position_bias
from topdraw.errors import DomainError

_games = st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 1.0])), min_size=1, max_size=20)


@given(_games)
def test_swapping_the_sides_leaves_the_bias(games: list[tuple[float, float]]) -> None:
    value, first = np.array(games).T
    own, other = position_bias(value, first), position_bias(1 - value, 1 - first)
    assert own is not None
    assert other is not None
    assert own.first_wins.value == pytest.approx(other.first_wins.value)
    assert own.when_first.value == pytest.approx(100 - other.when_second.value, nan_ok=True)


def test_a_judge_who_takes_the_first_is_seen() -> None:
    found = position_bias([1, 0, 1, 0], [1, 0, 1, 0])
    assert found is not None
    assert (found.first_wins.value, found.when_first.value) == (100.0, 100.0)


def test_unknown_orders_are_counted_and_none_known_is_none() -> None:
    found = position_bias([1, 0.5, np.nan], [1, np.nan, 1])
    assert found is not None
    assert (found.unknown, found.first_wins.n) == (1, 1)
    assert position_bias([1, 0], [np.nan, np.nan]) is None
    with pytest.raises(DomainError, match="one position each"):
        position_bias([1, 0], [1])
