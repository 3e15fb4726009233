import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import isotonic_regression

from topdraw.analysis.calibration import (
    Link,
    are_probabilities,
    brier_score,
    calibration_error,
    linked,
)
from topdraw.core.records import BoolArray, FloatArray, IntArray
from topdraw.errors import ConfigError


def simulated(
    seed: int, slope: float, problems: int = 60, n: int = 16
) -> tuple[FloatArray, BoolArray, IntArray]:
    """Log-odds of some slope: 1 is calibrated. Probabilities, verdicts, problems."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 1.2, problems)[:, None] + rng.normal(0, 1, (problems, n))
    right = rng.random((problems, n)) < 1 / (1 + np.exp(-odds))
    chance = 1 / (1 + np.exp(-slope * odds))
    return chance.ravel(), right.ravel(), np.repeat(np.arange(problems), n)


def test_the_error_of_two_bins_by_hand() -> None:
    chance = np.array([0.1, 0.1, 0.1, 0.1, 0.8, 0.8])
    right = np.array([False, False, True, True, True, False])
    found = calibration_error(chance, right, np.arange(6), bins=2)
    # |0.5 - 0.1| on 4 and |0.5 - 0.8| on 2 of 6.
    assert "plug-in 0.367" in found.method
    assert found.n == 6
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_no_error_is_not_claimed_where_there_is_none() -> None:
    at_zero = sum(
        calibration_error(*simulated(seed, 1.0), draws=200).low == 0 for seed in range(40)
    )
    assert at_zero >= 36
    off = [calibration_error(*simulated(seed, 2.5), draws=200) for seed in range(10)]
    assert all(0 < each.low < each.value < each.high < 0.25 for each in off)


@pytest.mark.slow
def test_its_interval_covers_what_it_says() -> None:
    chance, right, _ = simulated(10**6, 2.5, problems=20_000)
    truth = float(calibration_error(chance, right, np.zeros(right.size, int), draws=2).value)
    found = [calibration_error(*simulated(seed, 2.5), draws=200) for seed in range(300)]
    assert 0.91 <= np.mean([each.low <= truth <= each.high for each in found]) <= 0.99


def test_clusters_widen_it() -> None:
    chance, right, problem = simulated(0, 2.5)
    plain = calibration_error(chance, right, problem)
    # Each problem twice is no more than once.
    twice = [np.concatenate([each, each]) for each in (chance, right)]
    double = np.concatenate([problem, problem + 60])
    found = calibration_error(twice[0], twice[1], double, clusters=[*range(60), *range(60)])
    assert found.value == pytest.approx(plain.value, abs=0.003)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), abs=0.005)
    loose = calibration_error(twice[0], twice[1], double)
    assert loose.high - loose.low < 0.8 * (found.high - found.low)


def test_brier_scores_count_samples() -> None:
    found = brier_score(
        np.array([1.0, 0.5, math.nan, 0.0]),
        np.array([True, True, True, True]),
        np.array([0, 0, 1, 1]),
    )
    assert found.value == pytest.approx((0 + 0.25 + 1) / 3)


def test_nothing_to_calibrate() -> None:
    blank = np.full(2, np.nan)
    assert math.isnan(calibration_error(blank, np.ones(2, bool), np.arange(2)).value)
    assert math.isnan(brier_score(blank, np.ones(2, bool), np.arange(2)).value)
    assert not are_probabilities(blank)


@pytest.mark.parametrize("link", ["logistic", "isotonic"])
def test_a_link_repairs_a_wrong_scale(link: Link) -> None:
    chance, right, problem = simulated(3, 1.0, problems=200)
    odds = 3 * np.log(chance / (1 - chance)) + 10
    found = linked(odds, right, problem, link, rng=0)
    assert ((found >= 0) & (found <= 1)).all()
    assert calibration_error(found, right, problem, draws=200).low == 0
    assert np.abs(found - chance).mean() < 0.05


def test_a_link_never_judges_a_sample_by_itself() -> None:
    values = np.arange(40.0)
    right = values % 2 == 0
    problem = np.repeat(np.arange(20), 2)
    found = linked(values, right, problem, "isotonic", rng=1)
    changed = right.copy()
    changed[problem == 4] = ~changed[problem == 4]
    again = linked(values, changed, problem, "isotonic", rng=1)
    assert_allclose(again[problem == 4], found[problem == 4])


def test_odd_values_have_a_place() -> None:
    values = np.array([math.inf, -math.inf, math.nan, 1.0, 2.0, 3.0, 1.5, 2.5])
    right = np.array([True, False, True, False, True, True, False, True])
    links: tuple[Link, ...] = ("logistic", "isotonic")
    for link in links:
        found = linked(values, right, np.arange(8), link)
        assert np.isnan(found).tolist() == np.isnan(values).tolist()
    alone = linked(values[:1], right[:1], np.arange(1), "logistic")
    assert np.isnan(alone).all()
    with pytest.raises(ConfigError, match="no probabilities"):
        linked(values, right, np.arange(8), "none")


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=30))
def test_the_rising_fit_is_scipys(rows: list[tuple[int, bool]]) -> None:
    from topdraw.analysis.calibration import _isotonic

    value = np.array([v for v, _ in rows], float)
    right = np.array([p for _, p in rows])
    levels, sizes = np.unique(value, return_counts=True)
    shares = np.array([right[value == level].mean() for level in levels])
    theirs = isotonic_regression(shares, weights=sizes).x
    assert _isotonic(value, right)(levels) == pytest.approx(theirs)
