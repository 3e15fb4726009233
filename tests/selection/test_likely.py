import dataclasses

import numpy as np
import pytest
from hypothesis import given
from tests.selection.made import any_candidates, made

from topdraw.core.records import Candidates
from topdraw.errors import DomainError
from topdraw.selection.contracts import check_selector
from topdraw.selection.likely import borda, mean_logprob
from topdraw.selection.vote import majority

NAN = float("nan")


@pytest.mark.parametrize("spec", ["mean_logprob", "borda", "borda(0)", "borda(power=2.5)"])
def test_both_keep_the_contract(spec: str) -> None:
    check_selector(spec, rng=3)


def test_the_likeliest_is_so_per_token() -> None:
    among = dataclasses.replace(
        made(answer=[0, 1, 2, 3, 4]),
        logprob=np.array([-4.0, -2.0, -9.0, NAN, -0.1]),
        length_tokens=np.array([4, 1, 9, 2, 0]),
    )
    assert mean_logprob(among).tolist() == [0.5, 0, 0.5, 0, 0]
    assert not mean_logprob(made(answer=[0])).any()


def test_ranks_vote_and_tied_values_share_their_ranks() -> None:
    # Votes 4, 3, 2, 1 of 4: answer 0 has 4 + 1, answer 1 has 3 + 2.
    assert borda(made(answer=[0, 1, 1, 0], value=[9, 3, 2, -5])).tolist() == [0.25] * 4
    # 16, 9, 4, 1: 17 against 13.
    assert borda(made(answer=[0, 1, 1, 0], value=[9, 3, 2, -5]), power=2).tolist() == [
        0.5,
        0,
        0,
        0.5,
    ]
    # The two of value 3 have (3 + 2) / 2 each.
    assert borda(made(answer=[0, 1, 1], value=[1, 3, 3])).tolist() == [0, 0.5, 0.5]


@given(any_candidates())
def test_at_power_zero_it_is_the_majority_of_those_with_a_value(among: Candidates) -> None:
    voting = dataclasses.replace(among, missing=among.missing | np.isnan(among.value))
    assert borda(among, power=0.0) == pytest.approx(majority(voting))


@given(any_candidates())
def test_only_the_order_of_the_values_matters(among: Candidates) -> None:
    squeezed = dataclasses.replace(among, value=np.arctan(among.value / 1e308 * 2 + among.value))
    same = len(np.unique(squeezed.value)) == len(np.unique(among.value))
    if same:
        assert borda(squeezed) == pytest.approx(borda(among))


@pytest.mark.parametrize("power", [-1.0, NAN, float("inf")])
def test_a_power_is_finite_and_not_negative(power: float) -> None:
    with pytest.raises(DomainError, match="power must be a finite number >= 0"):
        borda(made(answer=[0], value=[1]), power=power)
