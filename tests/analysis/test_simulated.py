import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.selection.made import any_candidates, made

from topdraw.analysis.selected import best_of_k
from topdraw.analysis.simulated import simulated_of_k, simulated_vote_of_k
from topdraw.analysis.vote_curve import majority_of_k
from topdraw.core.records import Candidates
from topdraw.errors import DomainError
from topdraw.selection.pick import best_of_n
from topdraw.selection.resolve import resolve_selector
from topdraw.selection.vote import majority, weighted_majority


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@given(any_candidates(most=6, missing=False))
def test_few_subsets_are_all_taken_and_nothing_is_random(one: Candidates) -> None:
    ks = range(1, one.n + 1)
    got = simulated_of_k(one, best_of_n, ks, rng=rng())
    expected = best_of_k(one.value, one.passed, ks)
    np.testing.assert_allclose(got.expected, expected, atol=1e-12)
    assert not got.error.any()


@settings(max_examples=40)
@given(any_candidates(most=6, missing=False), st.sampled_from(["sigmoid", "exp"]))
def test_votes_all_at_once_equal_votes_one_by_one(one: Candidates, weight: str) -> None:
    selector = resolve_selector(f"weighted_majority({weight})")
    ks = range(1, one.n + 1)
    one_by_one = simulated_of_k(one, selector, ks, rng=rng())
    at_once = simulated_vote_of_k(one, ks, rng=rng(), weight=weight)  # type: ignore[arg-type]  # sampled
    np.testing.assert_allclose(at_once.expected, one_by_one.expected, atol=1e-12)


def _large() -> Candidates:
    random = rng(3)
    answer = random.integers(-1, 5, size=40)
    value = random.normal(size=40) + (answer == 2)
    return made(answer=answer.tolist(), value=value.tolist(), passed=(answer == 2).tolist())


def test_simulation_stays_within_its_stated_error() -> None:
    one, ks = _large(), [1, 3, 10, 25, 40]
    exact = majority_of_k(one.answer, one.passed, ks)
    got = simulated_of_k(one, majority, ks, rng=rng(1))
    assert got.error[0] == got.error[-1] == 0
    assert (got.error[1:-1] > 0).all()
    assert (np.abs(got.expected - exact) <= 4 * got.error + 1e-12).all()


def test_equal_values_make_a_weighted_vote_a_vote() -> None:
    one, ks = _large(), [3, 10, 25]
    flat = made(answer=one.answer.tolist(), passed=one.passed.tolist(), value=[0.3] * 40)
    got = simulated_vote_of_k(flat, ks, rng=rng(1), subsets=4000)
    exact = majority_of_k(one.answer, one.passed, ks)
    assert (np.abs(got.expected - exact) <= 4 * got.error).all()


def test_at_all_samples_it_is_the_selector_itself() -> None:
    one = _large()
    got = simulated_vote_of_k(one, [40], rng=rng()).expected[0]
    assert got == pytest.approx(weighted_majority(one) @ one.passed, abs=1e-12)


def test_the_same_seed_gives_the_same_numbers() -> None:
    first = simulated_vote_of_k(_large(), [7], rng=rng(9))
    again = simulated_vote_of_k(_large(), [7], rng=rng(9))
    other = simulated_vote_of_k(_large(), [7], rng=rng(8))
    assert first.expected.tolist() == again.expected.tolist() != other.expected.tolist()


def test_nobody_chosen_is_no_number() -> None:
    blank = made(value=[np.nan] * 3, answer=[0, 1, 2])
    assert np.isnan(simulated_of_k(blank, best_of_n, [1, 3], rng=rng()).expected).all()
    assert np.isnan(simulated_vote_of_k(blank, [1, 3], rng=rng()).expected).all()


@pytest.mark.parametrize("k", [0, 41])
def test_k_outside_the_samples_is_refused(k: int) -> None:
    with pytest.raises(DomainError, match="1 <= k <= 40"):
        simulated_vote_of_k(_large(), [k], rng=rng())
