import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.selection.made import any_candidates, made

from topdraw.core.records import Candidates
from topdraw.errors import DomainError
from topdraw.selection.contracts import check_selector
from topdraw.selection.pick import best_of_n
from topdraw.selection.posterior import posterior


@pytest.mark.parametrize("spec", ["posterior", "posterior(0.01)", "posterior(beta=1000)"])
def test_it_keeps_the_contract(spec: str) -> None:
    check_selector(spec, rng=3)


def test_it_is_the_softmax_of_value_over_beta() -> None:
    weights = posterior(made(value=[0.0, 1.0]), beta=0.5)
    assert weights[1] / weights[0] == pytest.approx(math.exp(2))


@given(any_candidates())
def test_towards_zero_it_is_best_of_n(among: Candidates) -> None:
    assert posterior(among, beta=1e-9) == pytest.approx(best_of_n(among), abs=1e-12)


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=8), st.floats(-100, 100))
def test_a_constant_added_to_all_values_changes_nothing(values: list[float], by: float) -> None:
    moved = posterior(made(value=[v + by for v in values]))
    assert moved == pytest.approx(posterior(made(value=values)), abs=1e-9)


def test_huge_infinite_and_nan_values() -> None:
    assert posterior(made(value=[1e308, 1e308, -1e308])).tolist() == [0.5, 0.5, 0]
    assert posterior(made(value=[np.inf, 1.0, np.nan])).tolist() == [1, 0, 0]
    assert posterior(made(value=[-np.inf, -np.inf])).tolist() == [0.5, 0.5]
    assert posterior(made(value=[np.nan])).tolist() == [0]


@pytest.mark.parametrize("beta", [0.0, -1.0, math.inf, math.nan])
def test_beta_is_positive_and_finite(beta: float) -> None:
    with pytest.raises(DomainError, match="positive finite"):
        posterior(made(value=[1.0]), beta=beta)
