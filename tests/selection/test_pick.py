import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.selection.made import any_candidates, made

from topdraw.core.records import Candidates
from topdraw.selection.contracts import check_selector
from topdraw.selection.pick import best_of_n, first, greedy, oracle, uniform, worst

NAN = float("nan")


@pytest.mark.parametrize("name", ["first", "random", "greedy", "best_of_n", "worst", "oracle"])
def test_every_selector_keeps_the_contract(name: str) -> None:
    check_selector(name, rng=1)


def test_first_takes_the_first_that_is_not_missing() -> None:
    assert first(made(missing=[True, False, False])).tolist() == [0, 1, 0]
    assert first(made(missing=[True, True])).tolist() == [0, 0]


def test_random_spreads_over_what_is_not_missing() -> None:
    assert uniform(made(missing=[True, False, False])).tolist() == [0, 0.5, 0.5]


def test_greedy_spreads_over_scored_greedy_samples_and_chooses_nobody_without() -> None:
    flags = made(greedy=[True, True, False], missing=[False, True, False])
    assert greedy(flags).tolist() == [1, 0, 0]
    assert greedy(made(greedy=[False, False])).tolist() == [0, 0]


def test_best_of_n_splits_ties_exactly_and_never_picks_nan_or_missing() -> None:
    among = made(value=[3, 5, 5, NAN, 9], missing=[False, False, False, False, True])
    assert best_of_n(among).tolist() == [0, 0.5, 0.5, 0, 0]
    assert best_of_n(made(value=[NAN, NAN])).tolist() == [0, 0]
    assert best_of_n(made(value=[NAN, -np.inf])).tolist() == [0, 1]


def test_worst_is_the_other_end() -> None:
    assert worst(made(value=[3, 5, 1, 1, NAN])).tolist() == [0, 0, 0.5, 0.5, 0]


def test_oracle_takes_what_passed_and_all_when_none_did() -> None:
    assert oracle(made(passed=[True, False, True])).tolist() == [0.5, 0, 0.5]
    assert oracle(made(passed=[False, False])).tolist() == [0.5, 0.5]
    assert oracle(made(passed=[True, False], missing=[True, False])).tolist() == [0, 1]


@given(any_candidates())
def test_the_oracle_is_right_exactly_where_any_scored_sample_is(among: Candidates) -> None:
    right = bool((among.passed & ~among.missing).any())
    assert oracle(among) @ among.passed == pytest.approx(float(right), abs=1e-12)


@given(any_candidates(), st.floats(0.01, 100))
def test_a_strictly_increasing_map_of_the_values_leaves_best_of_n_alone(
    among: Candidates, scale: float
) -> None:
    finite = among.value[np.isfinite(among.value) & (np.abs(among.value) < 1e300)]
    _, ranks = np.unique(finite, return_inverse=True)
    value = np.full(among.n, NAN)
    value[np.isfinite(among.value) & (np.abs(among.value) < 1e300)] = finite
    mapped = value.copy()
    mapped[~np.isnan(value)] = np.exp(ranks * scale / 100) - 7
    plain = made(value=value.tolist(), missing=among.missing.tolist())
    moved = made(value=mapped.tolist(), missing=among.missing.tolist())
    assert best_of_n(plain).tolist() == best_of_n(moved).tolist()
