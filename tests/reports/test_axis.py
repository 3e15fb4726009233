import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.reports.axis import Axis, axes, round_ticks

POSITIVE = st.floats(1e-9, 1e18)


def test_samples_come_first_and_need_nothing() -> None:
    (only,) = axes([10, 1, 10])
    assert (only.key, only.at) == ("k", {1: 1.0, 10: 10.0})
    assert (only.switch, only.name) == ("samples", "samples used, k (log scale)")
    assert axes([])[0].at == {}


@pytest.mark.parametrize(
    "at", [{1: 2.0}, {1: 0.0, 4: 3.0}, {1: 2.0, 4: 2.0}, {1: 2.0, 4: math.inf}, {1: math.nan, 4: 1}]
)
def test_a_cost_that_is_not_known_everywhere_is_no_axis(at: dict[int, float]) -> None:
    good = Axis("usd", {1: 0.1, 4: 0.4})
    assert axes([1, 4], [Axis("tokens", at), good])[1:] == [good]
    assert axes([], [good])[1:] == []


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("k", 1000.0, "1,000"),
        ("tokens", 200.0, "200"),
        ("tokens", 1000.0, "1k"),
        ("tokens", 5e6, "5M"),
        ("tokens", 2e9, "2G"),
        ("usd", 0.0005, "$0.0005"),
        ("usd", 0.1, "$0.1"),
        ("usd", 2000.0, "$2,000"),
        ("flops", 1e12, "10¹²"),
        ("flops", 5e9, "5·10⁹"),
    ],
)
def test_numbers_at_the_axis_are_short(key: str, value: float, told: str) -> None:
    assert Axis(key, {}).told(value) == told


def test_costs_in_a_sentence() -> None:
    assert Axis("tokens", {1: 1234.4}).of(1) == "1,234 output tokens per problem"
    assert Axis("usd", {1: 0.00123}).of(1) == "$0.0012 per problem"
    assert Axis("flops", {1: 2.345e12}).of(1) == "2.3e+12 FLOPs per problem"


@given(POSITIVE, POSITIVE)
def test_round_ticks_lie_inside_and_rise(a: float, b: float) -> None:
    least, most = sorted((a, b))
    ticks = round_ticks(least, most)
    assert all(least <= tick <= most for tick in ticks)
    assert ticks == sorted(set(ticks))
    assert ticks or most / least < 2.5
