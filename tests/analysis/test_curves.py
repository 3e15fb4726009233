import math

import numpy as np
import pytest
from hypothesis import given, settings
from tests.selection.made import any_candidates, made

from topdraw.analysis.curves import at_all, at_ks, scored
from topdraw.core.records import Candidates, FloatArray
from topdraw.selection.pick import oracle, uniform
from topdraw.selection.resolve import resolve_selector

SPECS = ["random", "oracle", "best_of_n", "worst", "majority", "weighted_majority", "posterior"]


@settings(max_examples=50)
@given(any_candidates(most=6, missing=False))
def test_at_k_equal_n_each_strategy_is_its_selector(one: Candidates) -> None:
    for spec in [*SPECS, "first"]:
        selector = resolve_selector(spec)
        at_n = at_ks(selector, [one], [one.n])
        np.testing.assert_allclose(at_n.values[:, 0], at_all(selector, [one]), atol=1e-12)
        assert at_n.method == "exact"


@settings(max_examples=50)
@given(any_candidates(most=6, missing=False))
def test_no_strategy_beats_the_oracle(one: Candidates) -> None:
    ks = range(1, one.n + 1)
    # A value that is NaN leaves draws out, and the rest may be luckier than all.
    full = made(
        value=np.nan_to_num(one.value).tolist(), answer=one.answer.tolist(),
        passed=one.passed.tolist(),
    )  # fmt: skip
    bound = at_ks(resolve_selector("oracle"), [full], ks).values
    for spec in SPECS:
        assert (at_ks(resolve_selector(spec), [full], ks).values <= bound + 1e-12).all()


def test_simulation_says_so_with_its_error() -> None:
    rng = np.random.default_rng(0)
    problems = [
        made(value=rng.normal(size=30).tolist(), passed=(rng.random(30) < 0.5).tolist())
        for _ in range(4)
    ]
    got = at_ks(resolve_selector("posterior"), problems, [1, 5, 30], rng=1)
    stated = float(got.method.removeprefix("simulated, 400 subsets, s.e. <= "))
    assert 0.001 < stated < 0.05
    exact_ends = at_ks(resolve_selector("posterior"), problems, [1, 30], rng=2)
    assert exact_ends.method == "exact"
    np.testing.assert_allclose(got.values[:, [0, 2]], exact_ends.values)


def test_votes_over_very_many_samples_are_simulated() -> None:
    answer = np.repeat([0, 1], [700, 400])
    crowd = made(answer=answer.tolist(), passed=(answer == 0).tolist())
    got = at_ks(resolve_selector("majority"), [crowd], [1, 101], rng=0)
    assert "simulated" in got.method
    assert got.values[0, 0] == pytest.approx(7 / 11, abs=0.1)
    assert got.values[0, 1] == pytest.approx(1, abs=0.02)


def test_the_first_of_k_is_the_first_in_order_whatever_is_left_out() -> None:
    one = made(passed=[True, False, False, True])
    got = at_ks(resolve_selector("first"), [one], [1, 2, 3, 4])
    # The first of two: index 0 in 3 of 6 subsets, 1 in 2, 2 in 1.
    assert got.values[0] == pytest.approx([1 / 2, 3 / 6, 3 / 4, 1], abs=1e-12)
    assert got.method == "exact"


def test_missing_samples_are_dropped() -> None:
    rest = scored(made(passed=[True, False, True], missing=[True, False, False]))
    assert rest.passed.tolist() == [False, True]


def test_nobody_chosen_is_no_number_and_sums_never_pass_one() -> None:
    def nobody(candidates: Candidates) -> FloatArray:
        return np.zeros(candidates.n)

    one = made(passed=[True] * 7)
    assert math.isnan(at_all(nobody, [one])[0])
    assert at_all(uniform, [one])[0] <= 1
    assert at_all(oracle, []).shape == (0,)
