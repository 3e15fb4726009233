import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.limits import (
    difference_limits,
    student_quantile,
    variance_share,
    wilson_limits,
)
from topdraw.core.records import FloatArray

DIFFERENCES = st.lists(st.floats(-1, 1), min_size=2, max_size=40).map(np.array)


@given(DIFFERENCES)
def test_limits_of_differences_are_antisymmetric_hold_the_mean_and_stay_in_range(
    d: FloatArray,
) -> None:
    low, high = difference_limits(d, d.size, 2.0)
    assert -1 <= low <= d.mean() <= high <= 1
    back = difference_limits(-d, d.size, 2.0)
    assert (-back.high, -back.low) == pytest.approx((low, high), abs=1e-12)


@given(DIFFERENCES, st.floats(0.5, 3), st.floats(0.01, 2))
def test_a_larger_quantile_is_never_narrower(d: FloatArray, z: float, more: float) -> None:
    inner, outer = difference_limits(d, d.size, z), difference_limits(d, d.size, z + more)
    assert outer.low <= inner.low + 1e-12
    assert outer.high >= inner.high - 1e-12


def test_balanced_differences_have_students_interval() -> None:
    d = np.tile([-0.5, 0.5], 500)
    quantile = student_quantile(999, 0.95)
    low, high = difference_limits(d, d.size, quantile)
    half = quantile * np.sqrt((d.var(ddof=1) + 0.5 * 0.25 / d.size) / d.size)
    assert (low, high) == pytest.approx((-half, half), rel=1e-3)


def test_gains_alone_lean_to_the_heavy_side() -> None:
    d = np.r_[np.full(20, 0.9), np.zeros(180)]
    low, high = difference_limits(d, d.size, 1.97)
    assert high - d.mean() > d.mean() - low > 0


def test_rows_are_taken_one_by_one() -> None:
    table = np.random.default_rng(0).uniform(-1, 1, (5, 30))
    low, high = difference_limits(table, 30, 2.0)
    for row, a, b in zip(table, low, high, strict=True):
        assert tuple(difference_limits(row, 30, 2.0)) == pytest.approx((a, b))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("gain", "loss", "problems"),
    [(0.02, 0.02, 50), (0.02, 0.0, 50), (0.05, 0.02, 100), (0.1, 0.02, 50), (0.3, 0.1, 50)],
)
def test_differences_of_single_samples_are_covered(gain: float, loss: float, problems: int) -> None:
    u = np.random.default_rng(0).random((4000, problems))
    d = (u < gain) * 1.0 - ((u >= gain) & (u < gain + loss)) * 1.0
    low, high = difference_limits(d, problems, student_quantile(problems - 1, 0.95))
    assert ((low <= gain - loss) & (gain - loss <= high)).mean() > 0.93


@given(st.floats(0, 1), st.floats(0, 0.25), st.integers(2, 500), st.floats(0, 1))
def test_a_share_of_variance_is_one_at_most_and_rises_with_what_is_unseen(
    mean: float, variance: float, problems: int, unseen: float
) -> None:
    share = variance_share(mean, variance, problems)
    assert 0 < share <= 1
    assert variance_share(mean, variance, problems, unseen=unseen) >= share - 1e-12


def test_limits_at_the_ends_are_wilsons() -> None:
    low, high = wilson_limits(0.0, 0.0, 50, 2.0)
    assert (low, high) == pytest.approx((0, 4 / 54))
