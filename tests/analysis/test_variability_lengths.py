import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.variability_lengths import lengths, mean_length
from topdraw.errors import DomainError

NAN = math.nan


def test_lengths_are_compared_within_problems() -> None:
    # The hard problem has long outputs; within each problem, correct ones are shorter by 2.
    found = lengths(
        [10.0, 50.0, NAN],
        [[8.0, 10.0, 10.0], [98.0, 100.0, NAN], [30.0, 40.0, 50.0]],
        [[1.0, 0.0, 0.0], [1.0, 0.0, 1.0], [0.0, 0.0, NAN]],
    )
    assert found.greedy.value == 30.0
    assert found.sampled.value == pytest.approx((28 / 3 + 99 + 40) / 3)
    assert found.greedy_less_sampled.value == pytest.approx((10 - 28 / 3 + 50 - 99) / 2)
    assert (found.correct.value, found.wrong.value) == (53.0, 55.0)
    assert found.correct_less_wrong.value == -2.0
    assert found.correct_less_wrong.n == 2


def test_nothing_known_is_no_number() -> None:
    found = lengths([NAN], [[NAN, NAN]], [[1.0, 0.0]])
    assert math.isnan(found.greedy.value)
    assert math.isnan(found.correct_less_wrong.value)


def test_shapes_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(DomainError, match="shape"):
        lengths([1.0], [[1.0], [2.0]], [[1.0], [0.0]])


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30))
def test_the_interval_and_p_value_are_those_of_scipy(values: list[float]) -> None:
    from scipy import stats

    found = mean_length(values)
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    assert found.value == pytest.approx(np.mean(values), abs=1e-9)
    if error > 1e-6 * (1 + abs(found.value)):
        low, high = stats.t.interval(0.95, len(values) - 1, found.value, error)
        assert (found.low, found.high) == pytest.approx((low, high))
        assert found.p_value == pytest.approx(stats.ttest_1samp(values, 0.0).pvalue, abs=1e-9)


def test_one_length_has_no_interval_and_equal_ones_no_doubt() -> None:
    assert math.isnan(mean_length([3.0]).low)
    assert mean_length([3.0]).value == 3.0
    assert mean_length([2.0, 2.0]).p_value == 0.0
    assert mean_length([0.0, 0.0]).p_value == 1.0
    with pytest.raises(DomainError, match="level"):
        mean_length([1.0], level=0.0)
