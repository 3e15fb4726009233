import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topdraw.analysis.bands import critical_value, simultaneous_band
from topdraw.analysis.coverage import coverage_curve
from topdraw.analysis.intervals import mean_estimates
from topdraw.analysis.limits import student_quantile
from topdraw.core.records import FloatArray
from topdraw.errors import DomainError


def _curve(seed: int, problems: int = 60, n: int = 30) -> FloatArray:
    rng = np.random.default_rng(seed)
    c = rng.binomial(n, rng.beta(0.4, 2, size=problems))
    return coverage_curve(np.full(problems, n), c, [1, 2, 5, 10, 20, 30])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 80), st.floats(0.5, 0.99))
def test_a_band_is_never_narrower_than_the_intervals_and_stays_in_range(
    seed: int, problems: int, level: float
) -> None:
    values = _curve(seed, problems)
    band = simultaneous_band(values, level=level, draws=200)
    assert band.estimates == mean_estimates(values, level=level)
    for one, low, high in zip(band.estimates, band.low, band.high, strict=True):
        assert 0 <= low <= one.low + 1e-12
        assert one.high - 1e-12 <= high <= 1
        assert low < high


def test_one_point_or_points_that_move_as_one_give_students_quantile() -> None:
    values = _curve(0)[:, 1:2]
    band, interval = simultaneous_band(values), mean_estimates(values)[0]
    assert band.critical == student_quantile(59, 0.95)
    assert (band.low[0], band.high[0]) == pytest.approx((interval.low, interval.high), abs=0.002)
    three = simultaneous_band(np.repeat(values, 3, axis=1))
    assert three.critical == pytest.approx(student_quantile(59, 0.95), rel=0.02)


def test_the_critical_value_of_independent_normals_is_sidaks() -> None:
    from scipy.stats import norm

    sidak = norm.ppf((1 + 0.95 ** (1 / 8)) / 2)
    assert critical_value(np.eye(8), 10**6, draws=100_000) == pytest.approx(sidak, rel=0.01)


def test_the_critical_value_of_one_common_chi_is_the_studentised_maximum_modulus() -> None:
    # Stoline & Ury 1979, table 1: 5 %, 3 means, 20 degrees of freedom.
    assert critical_value(np.eye(3), 20, draws=200_000) == pytest.approx(2.601, rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("problems", [50, 200])
def test_a_band_holds_the_whole_curve_in_95_percent_and_intervals_do_not(problems: int) -> None:
    rng, sets, n, ks = np.random.default_rng(problems), 400, 50, [1, 2, 3, 5, 10, 20, 50]
    # E[(1-p)^k] under beta(1, 3): 3 / (3 + k).
    truth = np.array([1 - 3 / (3 + k) for k in ks])
    right = rng.binomial(n, rng.beta(1, 3, size=(sets, problems)))
    table = coverage_curve(np.full(n + 1, n), np.arange(n + 1), ks)
    all_in = pointwise = 0
    for row in right:
        band = simultaneous_band(table[row], draws=1000)
        all_in += bool(((band.low <= truth) & (truth <= band.high)).all())
        pointwise += all(
            one.low <= t <= one.high for one, t in zip(band.estimates, truth, strict=True)
        )
    assert all_in / sets == pytest.approx(0.95, abs=0.03)
    assert pointwise < all_in - 0.02 * sets


def test_columns_without_numbers_stay_empty_and_gaps_count_less() -> None:
    values = np.array(_curve(1))
    values[:, 2] = np.nan
    values[:5, 4] = np.nan
    band = simultaneous_band(values)
    assert math.isnan(band.low[2])
    assert math.isnan(band.high[2])
    assert band.estimates[4].n == 55
    assert np.isfinite(np.delete(band.low, 2)).all()


def test_a_band_follows_its_seed_its_clusters_and_says_how_it_was_made() -> None:
    values, where = _curve(2), np.repeat(np.arange(20), 3)
    band = simultaneous_band(values, rng=4)
    again = simultaneous_band(values, rng=4)
    np.testing.assert_array_equal(band.low, again.low)
    assert band.method.startswith("simultaneous over 6 points, max-t 2.")
    same = simultaneous_band(np.repeat(_curve(2, 20), 3, axis=0), clusters=where)
    once = simultaneous_band(_curve(2, 20))
    assert same.high == pytest.approx(once.high, abs=1e-9)


def test_too_few_draws_are_refused() -> None:
    with pytest.raises(DomainError, match="at least 100"):
        simultaneous_band(_curve(0), draws=10)
