"""Numbers with their doubt: printed digits, standard error, JSON."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.estimate import Estimate, WholeEstimate

_Z = 1.959963984540054


@pytest.mark.parametrize(
    ("error", "decimals"),
    # The rule's own examples (Particle Data Group, Review of Particle Physics, section 5.3):
    # 0.827 +- 0.119 -> 0.83 +- 0.12, 0.827 +- 0.367 -> 0.8 +- 0.4; up to 354 two digits, from
    # 355 one, from 950 it is rounded up to 1000 and keeps two.
    [
        *((0.119, 2), (0.367, 1), (0.0354, 3), (0.0356, 2), (0.0948, 2), (0.0952, 2), (0.00952, 3)),
        *((0.0142, 3), (0.5, 1), (0.952, 1), (1.2, 1), (3.6, 0), (120.0, 0), (1e-9, 6), (1e-3, 4)),
    ],
)
def test_decimals_follow_the_error(error: float, decimals: int) -> None:
    estimate = Estimate(0.5, 0.5 - _Z * error, 0.5 + _Z * error)
    assert estimate.standard_error == pytest.approx(error)
    assert estimate.decimals == decimals


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(0.8551, 0.8262, 0.8821), "0.855 [0.826, 0.882]"),
        (Estimate(0.5, 0.1, 0.9), "0.50 [0.10, 0.90]"),
        (Estimate(0.5), "0.500"),
        (Estimate(math.nan), "-"),
        (Estimate(math.nan, 0.1, 0.9), "-"),
        (Estimate(1.0, 1.0, 1.0), "1.000 [1.000, 1.000]"),
        (Estimate(1234.5, 1000.0, 1500.0), "1234 [1000, 1500]"),
        (Estimate(0.5, -math.inf, math.inf), "0.500 [-inf, inf]"),
        (Estimate(-0.001, -0.004, 0.3), "0.00 [0.00, 0.30]"),
        (Estimate(-0.0001), "0.000"),
        (Estimate(0.0785), "0.079"),
        (Estimate(0.07849999999999999), "0.079"),
        (Estimate(0.07850000000000001), "0.079"),
        (WholeEstimate(12.0, 12.0, 24.0), "12 [12, 24]"),
    ],
)
def test_print(estimate: Estimate, text: str) -> None:
    assert str(estimate) == text


def test_the_level_counts_in_the_standard_error() -> None:
    z90 = 1.6448536269514722
    assert Estimate(0.0, -z90, z90, level=0.9).standard_error == pytest.approx(1.0)
    assert math.isnan(Estimate(0.5).standard_error)


@given(st.floats(0, 1), st.floats(1e-12, 1e6), st.floats(0.5, 0.999))
def test_any_estimate_prints_with_few_decimals(value: float, half: float, level: float) -> None:
    estimate = Estimate(value, value - half, value + half, level=level)
    assert 0 <= estimate.decimals <= 6
    rounded = float(f"{value:.12g}")
    assert str(estimate).startswith(f"{rounded:.{estimate.decimals}f} [")


@given(st.floats(), st.floats(), st.floats(), st.floats())
def test_as_dict_is_strict_json(value: float, low: float, high: float, p: float) -> None:
    found = Estimate(value, low, high, p_value=p, method="m").as_dict()
    json.dumps(found, allow_nan=False)
    assert found["value"] == (value if math.isfinite(value) else None)
    assert set(found) == {
        *("value", "low", "high", "level", "method", "n", "missing", "p_value"),
    }
