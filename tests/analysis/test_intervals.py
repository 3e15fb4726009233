import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.coverage import pass_at_k
from topdraw.analysis.intervals import (
    bootstrap_estimate,
    mean_estimate,
    mean_estimates,
    paired_difference,
    resamples,
)
from topdraw.core.records import FloatArray
from topdraw.errors import DomainError

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=60)
SETS = 2000


@given(SHARES, st.floats(0.5, 0.99))
def test_the_interval_holds_the_mean_has_width_and_stays_in_range(
    values: list[float], level: float
) -> None:
    got = mean_estimate(values, level=level)
    assert 0 <= got.low <= got.value <= got.high <= 1
    assert got.high > got.low
    assert (got.n, got.level) == (len(values), level)


@given(SHARES)
def test_it_is_symmetric_and_wider_at_a_higher_level(values: list[float]) -> None:
    got, mirrored = mean_estimate(values), mean_estimate([1 - v for v in values])
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((got.low, got.high), abs=1e-7)
    wide = mean_estimate(values, level=0.99)
    assert wide.low <= got.low + 1e-12
    assert wide.high >= got.high - 1e-12


def test_zeros_and_ones_agree_with_the_wilson_interval_with_students_quantile() -> None:
    values = [1.0] * 7 + [0.0] * 13
    z, p, n = 2.093024054408263, 7 / 20, 20
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    got = mean_estimate(values)
    assert (got.low, got.high) == pytest.approx((centre - half, centre + half), abs=1e-12)


def test_problems_without_a_number_are_left_out_and_said() -> None:
    got = mean_estimate([1.0, np.nan, 0.0], missing=3, method="pass@1")
    assert (got.value, got.n, got.missing) == (0.5, 2, 3)
    assert got.method == "pass@1; Wilson over problems, 1 problems without a number left out"
    none = mean_estimate([np.nan])
    assert math.isnan(none.value)
    assert none.n == 0


def test_columns_are_estimated_one_by_one() -> None:
    table = np.array([[0.0, 1.0], [1.0, 1.0], [0.5, np.nan]])
    assert mean_estimates(table) == tuple(mean_estimate(column) for column in table.T)


@pytest.mark.parametrize("values", [[1.1], [-0.1, 0.5]])
def test_values_outside_the_range_are_refused(values: list[float]) -> None:
    with pytest.raises(DomainError, match=r"must lie in \[0, 1\]"):
        mean_estimate(values)


def test_a_level_outside_its_range_is_refused() -> None:
    with pytest.raises(DomainError, match="95 does not"):
        mean_estimate([0.5], level=95)


Law = Callable[[np.random.Generator, int], tuple[FloatArray, float]]


def _passing(a: float, b: float, n: int, k: int) -> Law:
    """pass@k of problems whose difficulty follows a beta law, and its true mean."""

    def draw(rng: np.random.Generator, problems: int) -> tuple[FloatArray, float]:
        right = rng.binomial(n, rng.beta(a, b, size=(SETS, problems)))
        # E[1 - (1-p)^k] under a beta law, as a product over k.
        failing = math.prod((b + i) / (a + b + i) for i in range(k))
        return pass_at_k(n, right.ravel(), k).reshape(right.shape), 1 - failing

    return draw


def _covered(estimates: list[tuple[float, float]], truth: float) -> float:
    return float(np.mean([low <= truth <= high for low, high in estimates]))


@pytest.mark.slow
@pytest.mark.parametrize("problems", [50, 200])
@pytest.mark.parametrize(
    "law",
    [
        pytest.param(_passing(1, 1, 20, 1), id="even"),
        pytest.param(_passing(0.3, 0.3, 20, 1), id="all or nothing"),
        pytest.param(_passing(0.3, 3, 20, 1), id="hard"),
        pytest.param(_passing(0.3, 3, 20, 5), id="hard, pass@5"),
        pytest.param(_passing(0.1, 5, 50, 1), id="hopeless"),
        pytest.param(_passing(0.1, 5, 50, 20), id="hopeless, pass@20"),
        pytest.param(_passing(3, 0.3, 50, 1), id="easy"),
        pytest.param(_passing(3, 0.3, 50, 10), id="solved, pass@10"),
        pytest.param(_passing(2, 5, 10, 3), id="middling"),
    ],
)
def test_95_percent_intervals_cover_the_truth_in_95_percent(law: Law, problems: int) -> None:
    values, truth = law(np.random.default_rng(problems), problems)
    got = [mean_estimate(row) for row in values]
    covered = _covered([(e.low, e.high) for e in got], truth)
    # Within 3 % of 0 or 1 few problems say anything: there the interval may cover more.
    assert 0.935 <= covered <= (0.97 if 0.03 < truth < 0.97 else 0.99)


@pytest.mark.slow
def test_intervals_of_differences_cover_the_truth() -> None:
    problems, rng = 50, np.random.default_rng(50)
    first = rng.binomial(20, rng.beta(1, 1, size=(SETS, problems)))
    gain = (first > 10) * 1.0
    got = [paired_difference(a, b / 20) for a, b in zip(gain, first, strict=True)]
    # c is uniform on 0..20: E[c > 10] = 10/21, E[c/20] = 1/2.
    covered = _covered([(e.low, e.high) for e in got], 10 / 21 - 0.5)
    assert covered == pytest.approx(0.95, abs=0.015)


@pytest.mark.slow
def test_the_p_value_is_uniform_when_nothing_differs() -> None:
    rng = np.random.default_rng(0)
    pairs = rng.random((SETS, 2, 12))
    small = [paired_difference(a, b).p_value <= 0.05 for a, b in pairs]
    assert np.mean(small) == pytest.approx(0.05, abs=0.015)


def test_a_difference_is_paired_and_antisymmetric() -> None:
    a, b = [1, 1, 0.5, np.nan], [0, 1, 0.25, 1]
    got, back = paired_difference(a, b), paired_difference(b, a)
    assert got.value == pytest.approx(1.25 / 3)
    assert got.n == 3
    assert (got.low, got.high) == pytest.approx((-back.high, -back.low))
    assert got.p_value == back.p_value == 0.5


def test_the_sign_test_counts_every_pattern_of_few_and_samples_many() -> None:
    few = paired_difference([1] * 6, [0] * 6)
    assert few.p_value == 2 / 2**6
    assert "exact" in few.method
    many = paired_difference([1] * 40, [0] * 40)
    assert many.p_value == 1 / 10_001
    assert many == paired_difference([1] * 40, [0] * 40, rng=0)


def test_no_difference_has_width_and_no_evidence() -> None:
    got = paired_difference([1, 0] * 25, [1, 0] * 25)
    assert got.value == 0
    assert -0.05 < got.low < -0.02 < 0 < 0.02 < got.high < 0.05
    assert got.p_value == 1


def test_an_ordered_difference_never_goes_below_zero() -> None:
    got = paired_difference([1] * 50, [1] * 49 + [0], ordered=True)
    assert 0 < got.low < 0.02 < got.high
    with pytest.raises(DomainError, match=r"in \[0, 1\]"):
        paired_difference([0, 0], [1, 0], ordered=True)


def test_nothing_in_common_is_no_number() -> None:
    got = paired_difference([np.nan, 1], [1, np.nan])
    assert math.isnan(got.value)
    assert "no problem in common" in got.method


def test_resamples_weigh_problems_and_follow_the_seed() -> None:
    weights = resamples(7, 100, 3)
    assert weights.shape == (100, 7)
    assert weights.sum(axis=1) == pytest.approx([1] * 100)
    assert weights.mean(axis=0) == pytest.approx([1 / 7] * 7, abs=0.06)
    np.testing.assert_array_equal(weights, resamples(7, 100, np.random.default_rng(3)))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(0, 5))
def test_a_bootstrap_holds_its_mean_within_its_data_and_follows_its_seed(
    values: list[float], seed: int
) -> None:
    found = bootstrap_estimate(values, rng=seed, draws=200)
    assert found == bootstrap_estimate(values, rng=seed, draws=200)
    assert min(values) - 1e-12 <= found.low <= found.high <= max(values) + 1e-12
    assert found.value == pytest.approx(np.mean(values))


def test_a_bootstrap_equals_scipys() -> None:
    from scipy.stats import bootstrap

    values = np.random.default_rng(3).beta(0.5, 0.5, size=60)
    ours = bootstrap_estimate(values, draws=20_000, rng=1)
    theirs = bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    assert ours.low == pytest.approx(theirs.low, abs=0.003)
    assert ours.high == pytest.approx(theirs.high, abs=0.003)


def test_a_bootstrap_refuses_no_draws_and_gives_nothing_for_nothing() -> None:
    with pytest.raises(DomainError, match="at least 1"):
        bootstrap_estimate([0.5], draws=0)
    assert math.isnan(bootstrap_estimate([math.nan], missing=2).value)
