import datetime
import gzip
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.cost_of_k import SampleTokens, attempt_costs, price_costs
from topdraw.analysis.cost_solved import cheapest_k, cost_per_solved
from topdraw.analysis.coverage import coverage_curve, pass_at_k
from topdraw.analysis.intervals import mean_estimate
from topdraw.errors import DomainError
from topdraw.sampling.prices import Price

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "cost.json").read_text())
SHARES = st.lists(st.integers(0, 1000).map(lambda m: m / 1000), min_size=2, max_size=40)


@given(SHARES, st.floats(0.01, 100))
def test_equal_costs_turn_the_interval_of_the_share_over(shares: list[float], cost: float) -> None:
    share, got = mean_estimate(shares), cost_per_solved(np.full(len(shares), cost), shares)
    if not share.value:
        return
    assert got.value == pytest.approx(cost / share.value)
    assert got.low == pytest.approx(cost / share.high)
    assert got.high == pytest.approx(cost / share.low)


@given(SHARES, st.data())
def test_the_value_lies_in_its_interval_and_scales_with_the_unit(
    shares: list[float], data: st.DataObject
) -> None:
    size = len(shares)
    costs = np.array(data.draw(st.lists(st.floats(0.5, 9), min_size=size, max_size=size)))
    got, dearer = cost_per_solved(costs, shares), cost_per_solved(costs * 7, shares)
    assert got.low <= got.value * (1 + 1e-9)
    assert got.value <= got.high * (1 + 1e-9)
    for a, b in ((got.low, dearer.low), (got.value, dearer.value), (got.high, dearer.high)):
        assert b == pytest.approx(7 * a)


def test_nothing_solved_has_a_lower_bound_alone() -> None:
    got = cost_per_solved([0.5] * 50, [0.0] * 50)
    assert got.value == got.high == math.inf
    assert got.low == pytest.approx(0.5 / mean_estimate([0.0] * 50).high)


def test_problems_without_a_number_are_left_out_with_their_cost() -> None:
    assert cost_per_solved([1, 1, 99], [1, 0.5, np.nan]).value == pytest.approx(2 / 1.5)
    assert math.isnan(cost_per_solved([], []).value)
    with pytest.raises(DomainError, match="a number >= 0; one is -2"):
        cost_per_solved([-2.0], [1.0])


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "beta"), [(0.4, 0.4), (0.3, 3.0), (3.0, 0.5)])
def test_ninety_five_percent_intervals_cover(alpha: float, beta: float) -> None:
    """Harder problems have longer outputs, so cost and share are correlated."""
    rng = np.random.default_rng(3)
    k, n, problems, sets = 5, 20, 100, 400

    def population(size: int) -> tuple[np.ndarray, np.ndarray]:
        right = rng.beta(alpha, beta, size)
        return right, 50 + k * rng.gamma(4, 1, size) * (100 + 400 * (1 - right))

    right, cost = population(2_000_000)
    truth = cost.mean() / (1 - (1 - right) ** k).mean()
    hits = 0
    for _ in range(sets):
        right, cost = population(problems)
        solved = pass_at_k(np.full(problems, n), rng.binomial(n, right), k)
        got = cost_per_solved(cost, solved)
        hits += got.low <= truth <= got.high
    # Four standard errors of a share of 0.95 over so many sets.
    assert hits / sets == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / sets))


def test_the_cheapest_k_is_the_first_that_reaches_the_target() -> None:
    n, c = np.full(200, 50), np.random.default_rng(0).binomial(50, 0.04, size=200)
    ks = range(1, 51)
    values, costs = coverage_curve(n, c, ks), attempt_costs(np.full(200, 0.1))
    got = cheapest_k(values, list(ks), costs, 0.5)
    k = int(got.k.value)
    assert values[:, k - 1].mean() >= 0.5 > values[:, k - 2].mean()
    assert got.cost.value == pytest.approx(0.1 * k)
    assert got.k.low < k < got.k.high
    assert mean_estimate(values[:, int(got.k.low) - 1]).high >= 0.5
    assert mean_estimate(values[:, int(got.k.high) - 2]).low < 0.5
    assert (got.cost.low, got.cost.high) == pytest.approx((0.1 * got.k.low, 0.1 * got.k.high))


def test_a_target_that_is_not_reached_is_an_answer() -> None:
    values = np.array([[0.1, 0.2], [0.2, 0.3]])
    got = cheapest_k(values, [1, 10], attempt_costs([1.0, 1.0]), 0.9)
    assert math.isnan(got.k.value)
    assert math.isnan(got.cost.value)
    assert got.k.high == math.inf
    assert "not reached by k = 10" in got.k.method


def test_targets_and_ks_outside_their_domain_are_refused() -> None:
    values, costs = np.array([[0.5, 0.6]]), attempt_costs([1.0])
    with pytest.raises(DomainError, match=r"in \(0, 1\], not 1.5"):
        cheapest_k(values, [1, 2], costs, 1.5)
    with pytest.raises(DomainError, match="must rise"):
        cheapest_k(values, [2, 2], costs, 0.5)


def test_the_game_of_24_log(shared_data: Path) -> None:
    """GPT-4, 100 samples of 100 puzzles: $13.80, 33 solved, $.42 for each of them."""
    golden = GOLDEN["game24"]
    name = "gpt-4_0.7_naive_standard_sample_100_start900_end1000.json.gz"
    rows = json.loads(gzip.decompress((shared_data / "game24" / name).read_bytes()))
    used = [row["usage_so_far"] for row in rows]
    read, written = (
        np.diff([0, *(each[key] for each in used)])
        for key in ("prompt_tokens", "completion_tokens")
    )
    assert (read.sum(), written.sum()) == (golden["prompt_tokens"], golden["output_tokens"])
    # The log knows tokens per puzzle alone: 5 requests of 20 samples, each with the prompt.
    puzzles = np.repeat(np.arange(100), 100)
    tokens = SampleTokens(read, puzzles, np.repeat(written, 100) // 100)
    assert abs(tokens.output.sum() / written.sum() - 1) < 0.03
    exact = SampleTokens(read, np.arange(100), written)
    gpt_4 = Price(30.0, 60.0, datetime.date(2023, 7, 1))
    cost = price_costs(exact, gpt_4).of_k([1])[:, 0]
    assert cost.sum() == pytest.approx(golden["total_usd"])
    right = np.array([sum(row["accs"]) for row in rows])
    solved = pass_at_k(np.full(100, 100), right, 100)
    assert solved.sum() == golden["solved"]
    got = cost_per_solved(cost, solved)
    assert got.value == pytest.approx(golden["usd_per_solved"], abs=5e-5)
    assert got.low < 0.42 < got.high
