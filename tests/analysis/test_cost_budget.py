import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.cost_budget import Spender, equal_budgets, shared_budgets
from topdraw.analysis.cost_of_k import attempt_costs
from topdraw.analysis.coverage import coverage_curve
from topdraw.analysis.intervals import paired_difference
from topdraw.core.records import FloatArray
from topdraw.errors import ConfigError, DomainError


def coverage_of(name: str, right: FloatArray, price: float, n: int = 20) -> Spender:
    counts = np.full(right.size, n)
    correct = np.random.default_rng(len(name)).binomial(n, right)
    ks = tuple(range(1, n + 1))
    return Spender(name, ks, attempt_costs(price * np.ones(right.size)),
                   coverage_curve(counts, correct, ks))  # fmt: skip


RIGHT = np.random.default_rng(1).beta(0.5, 2, size=60)
SMALL = coverage_of("small", RIGHT * 0.5, 1.0)
LARGE = coverage_of("large", RIGHT, 4.0)


def test_coverage_spends_all_it_can_of_every_budget() -> None:
    for at in equal_budgets(SMALL, LARGE, [4.0, 10.0, 15.9, 20.0]):
        assert (at.a.k, at.b.k) == (min(int(at.budget), 20), int(at.budget // 4))
        assert at.a.cost <= at.budget
        assert at.a.value.value == pytest.approx(SMALL.values[:, at.a.k - 1].mean())
        assert at.difference.value == pytest.approx(at.a.value.value - at.b.value.value)
        assert "small at k = " in at.difference.method


def test_the_difference_is_the_paired_one() -> None:
    at = equal_budgets(SMALL, LARGE, [8.0], rng=5)[0]
    expected = paired_difference(SMALL.values[:, 7], LARGE.values[:, 1])
    got = at.difference
    assert (got.low, got.high) == pytest.approx((expected.low, expected.high))
    assert got.p_value == pytest.approx(expected.p_value, abs=0.02)


def test_a_budget_below_one_sample_buys_nothing() -> None:
    at = equal_budgets(SMALL, LARGE, [2.0])[0]
    assert (at.b.k, at.b.cost) == (0, 0.0)
    assert math.isnan(at.b.value.value)
    assert math.isnan(at.difference.value)
    assert "not one sample is affordable" in at.b.value.method


def test_who_has_no_further_samples_says_so() -> None:
    at = equal_budgets(SMALL, LARGE, [40.0])[0]
    assert at.a.at_end
    assert not at.b.at_end


def selector(values: FloatArray) -> Spender:
    ks = tuple(range(1, values.shape[1] + 1))
    return Spender("vote", ks, attempt_costs(np.ones(values.shape[0])), values)


def test_a_selector_that_falls_stops_at_its_best_k() -> None:
    falling = selector(np.tile([0.2, 0.6, 0.4], (40, 1)))
    at = equal_budgets(falling, falling, [3.0])[0]
    assert at.a.k == 2
    assert at.a.value.value == pytest.approx(0.6)
    assert not math.isnan(at.difference.value)


def test_choosing_k_on_noise_does_not_flatter() -> None:
    """Every k is as good as any other: the mean at the chosen k must not be the largest mean."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(200):
        noise = selector((rng.random((30, 50)) < 0.5).astype(float))
        found.append(equal_budgets(noise, noise, [50.0], rng=rng)[0].a.value.value)
    error = float(np.std(found)) / math.sqrt(len(found))
    assert np.mean(found) == pytest.approx(0.5, abs=4 * error)


@given(st.floats(0.2, 2), st.floats(0.2, 2), st.integers(1, 12))
def test_shared_budgets_are_those_both_can_spend(a: float, b: float, number: int) -> None:
    pair = coverage_of("a", RIGHT, a), coverage_of("b", RIGHT, b)
    budgets = shared_budgets(*pair, number=number)
    assert len(budgets) == number
    assert budgets[0] == pytest.approx(max(a, b))
    if number > 1:
        assert budgets[-1] == pytest.approx(20 * min(a, b))
        assert all(x.a.k and x.b.k for x in equal_budgets(*pair, budgets))


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ConfigError, match="no budget in common"):
        shared_budgets(coverage_of("a", RIGHT, 1.0), coverage_of("b", RIGHT, 21.0))
    tokens = Spender("t", SMALL.ks, attempt_costs(np.ones(60), "flops"), SMALL.values)
    with pytest.raises(ConfigError, match="small costs USD, t FLOPs"):
        equal_budgets(SMALL, tokens, [1.0])
    with pytest.raises(DomainError, match="one has 60, the other 59"):
        equal_budgets(SMALL, coverage_of("b", RIGHT[:59], 1.0), [1.0])
    with pytest.raises(DomainError, match="A budget is above 0"):
        equal_budgets(SMALL, LARGE, [0.0])
