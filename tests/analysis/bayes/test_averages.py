import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.bayes.averages import median_estimate, ratio_estimate, real_mean
from topdraw.errors import DomainError

NUMBERS = st.lists(st.integers(-50, 50).map(float), min_size=3, max_size=30).filter(
    lambda values: len(set(values)) > 1
)


@given(NUMBERS, st.sampled_from([0.8, 0.95]))
def test_the_mean_has_students_interval_and_test(values: list[float], level: float) -> None:
    from scipy.stats import ttest_1samp

    expected = ttest_1samp(values, 0.0)
    ends = expected.confidence_interval(level)
    got = real_mean([*values, math.nan], level=level, missing=3)
    assert [got.low, got.high] == pytest.approx([ends.low, ends.high], abs=1e-9)
    assert got.p_value == pytest.approx(expected.pvalue, abs=1e-12)
    assert (got.n, got.missing) == (len(values), 3)
    assert "1 problems without a number left out" in got.method


def test_an_interval_is_cut_where_the_mean_cannot_lie() -> None:
    got = real_mean([0.0, 0.1, 5.0], low=0.0, high=6.0)
    assert (got.low, got.high) == (0.0, 6.0)


def test_without_spread_there_is_no_interval() -> None:
    for values in ([1.0], [2.0, 2.0, 2.0], [0.3, 0.1 + 0.2], [math.inf, 1.0], [-math.inf] * 2):
        got = real_mean(values)
        assert got.value == pytest.approx(values[0])
        assert math.isnan(got.low)
        assert "no spread" in got.method
    assert math.isnan(real_mean([math.nan]).value)
    assert math.isnan(median_estimate([]).value)


@pytest.mark.parametrize("size", [6, 9, 20, 51])
def test_the_median_lies_between_ranks_that_cover(size: int) -> None:
    from scipy.stats import binom

    got = median_estimate(np.arange(1, size + 1))
    rank = round(got.low)
    assert got.high == size + 1 - rank
    # P(fewer than `rank` values lie below the median) on either side, and the next rank fails.
    assert 2 * binom.cdf(rank - 1, size, 0.5) <= 0.05 < 2 * binom.cdf(rank, size, 0.5)
    assert got.value == (size + 1) / 2


def test_few_problems_give_a_median_without_interval() -> None:
    assert math.isnan(median_estimate([1, 2, 3, 4, 5]).low)
    assert median_estimate([1, 2, 3, 4, 5], level=0.9).low == 1


def test_the_ratio_is_that_of_means_with_the_error_of_both() -> None:
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        below = random.gamma(2.0, size=80)
        above = 0.6 * below + random.normal(scale=0.3, size=80)
        got = ratio_estimate(above, below)
        assert got.value == pytest.approx(above.mean() / below.mean())
        covered += got.low <= 0.6 <= got.high
    assert 0.92 <= covered / 400 <= 0.98


def test_a_ratio_of_nothing_is_nothing() -> None:
    assert math.isnan(ratio_estimate([1.0, 2.0], [1.0, -1.0]).value)
    assert math.isnan(ratio_estimate([math.nan], [1.0]).value)
    assert ratio_estimate([1.0, 1.0, math.nan], [2.0, 2.0, 1.0], high=1.0).value == 0.5


def test_the_level_is_checked() -> None:
    with pytest.raises(DomainError, match="confidence level"):
        real_mean([1.0], level=1.0)
