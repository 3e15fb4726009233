import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from topdraw.analysis.proportion import exact_interval, share_estimate, wilson_interval
from topdraw.errors import DomainError


@given(st.integers(1, 300), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_both_intervals_equal_scipys(n: int, data: st.DataObject, level: float) -> None:
    c = data.draw(st.integers(0, n))
    wilson = binomtest(c, n).proportion_ci(level, method="wilson")
    exact = binomtest(c, n).proportion_ci(level, method="exact")
    assert tuple(wilson_interval(c, n, level=level)) == pytest.approx(tuple(wilson), abs=1e-9)
    assert tuple(exact_interval(c, n, level=level)) == pytest.approx(tuple(exact), abs=1e-9)


@given(st.integers(1, 60), st.data())
def test_right_and_wrong_are_mirror_images(n: int, data: st.DataObject) -> None:
    c = data.draw(st.integers(0, n))
    for interval in (wilson_interval, exact_interval):
        low, high = interval(c, n)
        assert tuple(interval(n - c, n)) == pytest.approx((1 - high, 1 - low), abs=1e-9)


def test_arrays_are_taken_element_by_element() -> None:
    found = exact_interval([0, 5, 10], 10)
    assert found.low.shape == (3,)
    assert found.high[1] == exact_interval(5, 10).high


def test_the_exact_interval_covers_its_level_at_every_proportion_and_wilson_on_average() -> None:
    from scipy.stats import binom

    n, truths = 30, np.linspace(0.005, 0.995, 199)
    law = binom.pmf(np.arange(n + 1)[:, None], n, truths)
    covered = {}
    for interval in (wilson_interval, exact_interval):
        low, high = interval(np.arange(n + 1), n)
        inside = (low[:, None] <= truths) & (truths <= high[:, None])
        covered[interval] = (law * inside).sum(axis=0)
    assert covered[exact_interval].min() >= 0.95
    assert covered[wilson_interval].mean() == pytest.approx(0.95, abs=0.01)


def test_a_share_is_an_estimate_and_none_of_none_is_no_number() -> None:
    got = share_estimate(0, 50, exact=True, missing=2, method="truncated")
    assert (got.value, got.low, got.n, got.missing) == (0.0, 0.0, 50, 2)
    assert got.high == pytest.approx(1 - 0.025 ** (1 / 50))
    assert got.method == "truncated; Clopper-Pearson of c/n"
    assert np.isnan(share_estimate(0, 0).value)
    for none in (wilson_interval(0, 0), exact_interval(0, 0)):
        assert [float(end) for end in none] == [0.0, 1.0]


@pytest.mark.parametrize(("c", "n"), [(3, 2), (-1, 2), (0.5, 2)])
def test_what_is_no_proportion_is_refused(c: float, n: int) -> None:
    with pytest.raises(DomainError, match="is no proportion"):
        wilson_interval(c, n)


def test_a_level_outside_its_range_is_refused() -> None:
    with pytest.raises(DomainError, match="95 does not"):
        exact_interval(1, 2, level=95)
