import dataclasses

import numpy as np
import pytest
from hypothesis import given
from tests.selection.made import any_candidates, made

from topdraw.core.records import Candidates
from topdraw.errors import DomainError
from topdraw.selection.matches import bradley_terry, matches

INF, NAN = float("inf"), float("nan")


@given(any_candidates())
def test_chances_of_a_pair_add_up(among: Candidates) -> None:
    found = matches(among, "value", 1.0)
    assert found.wins + found.wins.T == pytest.approx(np.ones(found.wins.shape))
    assert not among.missing[found.players].any()
    assert not np.isnan(among.value[found.players]).any()


def test_rewards_far_apart_and_infinite() -> None:
    wins = bradley_terry(np.array([0.0, 1e308, -1e308, INF, INF, -INF]))
    assert wins[1, 0] == wins[1, 2] == wins[3, 1] == wins[0, 5] == 1
    assert wins[3, 4] == 0.5
    assert bradley_terry(np.array([1.0, 3.0]), beta=2.0)[1, 0] == pytest.approx(0.7310586)


def test_both_orders_of_a_judge_are_averaged_and_one_is_enough() -> None:
    said = np.array([[0.9, 0.8, NAN, NAN], [0.6, NAN, 0.0, NAN], [NAN] * 4, [NAN] * 4])
    among = dataclasses.replace(made(value=[NAN] * 4), pairs={"judge": said})
    found = matches(among, "judge", 1.0)
    assert found.players.tolist() == [0, 1, 2]
    assert found.wins[0] == pytest.approx([0.5, 0.6, 0.5])
    assert found.wins[1] == pytest.approx([0.4, 0.5, 0.0])
    assert found.known.tolist() == [[False, True, False], [True, False, True], [False, True, False]]


@pytest.mark.parametrize("beta", [0.0, -1.0, NAN, INF])
def test_a_beta_is_positive_and_finite(beta: float) -> None:
    with pytest.raises(DomainError, match="beta must be a positive finite number"):
        matches(made(value=[1.0]), "value", beta)
