import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topdraw.analysis.bands import simultaneous_band
from topdraw.analysis.columns import coverage_at_every_k
from topdraw.analysis.coverage import coverage_curve
from topdraw.analysis.intervals import mean_estimates
from topdraw.errors import DomainError

COUNTS = st.lists(
    st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
    min_size=1,
    max_size=40,
)


@settings(deadline=None)
@given(COUNTS)
def test_it_equals_the_curve_problem_by_problem(counts: list[tuple[int, int]]) -> None:
    n, c = np.array(counts).T
    ks = range(1, int(n.min()) + 1)
    table = coverage_curve(n, c, ks)
    found = coverage_at_every_k(n, c, draws=100)
    np.testing.assert_array_equal(found.k, list(ks))
    np.testing.assert_allclose(found.value, table.mean(axis=0), rtol=0, atol=1e-12)
    each = mean_estimates(table)
    np.testing.assert_allclose(found.low, [one.low for one in each], rtol=0, atol=1e-7)
    np.testing.assert_allclose(found.high, [one.high for one in each], rtol=0, atol=1e-7)
    assert (found.band_low <= found.low + 1e-12).all()
    assert (found.high - 1e-12 <= found.band_high).all()


def test_the_band_is_that_of_the_table() -> None:
    rng = np.random.default_rng(0)
    c = rng.binomial(60, rng.beta(0.4, 2, size=80))
    n = np.full(80, 60)
    found = coverage_at_every_k(n, c)
    band = simultaneous_band(coverage_curve(n, c, range(1, 61)))
    assert found.critical == pytest.approx(band.critical, rel=0.02)
    np.testing.assert_allclose(found.band_low, band.low, atol=0.005)
    np.testing.assert_allclose(found.band_high, band.high, atol=0.005)


@pytest.mark.slow
def test_ten_thousand_samples_lose_no_digit() -> None:
    rng = np.random.default_rng(1)
    c = rng.binomial(10_000, rng.beta(0.3, 2, size=500))
    ks = [1, 2, 10, 99, 1000, 5000, 9999, 10_000]
    found = coverage_at_every_k(np.full(500, 10_000), c)
    table = coverage_curve(np.full(500, 10_000), c, ks)
    np.testing.assert_allclose(
        found.value[np.array(ks) - 1], table.mean(axis=0), rtol=0, atol=1e-12
    )


def test_one_k_is_an_estimate_and_others_are_refused() -> None:
    found = coverage_at_every_k([5, 5, 9], [2, 0, 9])
    one = found.at(3)
    assert one.value == pytest.approx((0.9 + 0 + 1) / 3)
    assert (one.n, one.low, one.high) == (3, found.low[2], found.high[2])
    with pytest.raises(DomainError, match="1 <= k <= 5"):
        found.at(6)


@pytest.mark.parametrize(
    ("n", "c", "said"),
    [([], [], "no problem"), ([3], [4], "c = 4"), ([0], [0], "pass@1"), ([3], [1.5], "whole")],
)
def test_what_is_no_count_is_refused(n: list[int], c: list[float], said: str) -> None:
    with pytest.raises(DomainError, match=said):
        coverage_at_every_k(n, c)


def test_a_level_outside_its_range_is_refused() -> None:
    with pytest.raises(DomainError, match="95 does not"):
        coverage_at_every_k([3], [1], level=95)
