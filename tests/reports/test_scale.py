import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.reports.scale import FLOPS, SAMPLES, SOLVED, USD, Measure, Scale, scale

NUMBERS = st.lists(
    st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-9), min_size=1, max_size=8
)


@given(NUMBERS, st.sampled_from([Measure("gap"), SOLVED, SAMPLES, FLOPS]))
def test_every_number_lies_on_the_axis_in_order(values: list[float], measure: Measure) -> None:
    made = scale(measure, values, 40, 640)
    held = sorted(x for x in values if made.least <= x <= made.most)
    places = [made.at(x) for x in held]
    assert places == sorted(places)
    assert all(40 - 1e-6 <= place <= 640 + 1e-6 for place in places)
    assert all(made.least - 1e-9 <= tick <= made.most * (1 + 1e-9) + 1e-9 for tick in made.ticks)
    if measure.name == "gap":
        slack = 1e-8 * (made.most - made.least)
        assert all(made.least - slack <= x <= made.most + slack for x in values)
        assert made.least <= 0 <= made.most


def test_samples_have_whole_ticks_with_both_ends() -> None:
    made = scale(SAMPLES, [1, 7, 300], 0, 100)
    assert made.ticks == (1, 2, 5, 10, 20, 50, 100, 200, 300)
    assert made.at(1) == 0
    assert made.at(300) == 100
    assert made.labelled(SAMPLES, 14) == [1, 10, 50, 300]


def test_a_linear_axis_ends_at_the_values_that_were_tried() -> None:
    made = scale(Measure("temperature"), [0.2, 0.7, 1.1], 0, 100, at=(0.2, 0.7, 1.1))
    assert (made.least, made.most, made.ticks) == (0.2, 1.1, (0.2, 0.7, 1.1))


def test_proportions_start_at_zero_and_a_given_end_is_kept() -> None:
    assert scale(SOLVED, [0.31, math.nan], 0, 1).least == 0
    assert scale(SOLVED, [0.31], 0, 1).most == pytest.approx(0.4)
    capped = scale(Measure("tokens", most=450), [10.0, 900.0], 0, 1)
    assert capped.most == 450
    assert max(capped.ticks) <= 450


def test_nothing_known_still_has_an_axis() -> None:
    assert scale(SAMPLES, [], 0, 1).at(1) == 0.5
    assert scale(Measure("gap"), [0.0], 0, 1).ticks == (0.0, 1.0)


@pytest.mark.parametrize(
    ("measure", "value", "said"),
    [
        (SAMPLES, 1000, "k = 1,000"),
        (USD, 0.02, "$0.02 per problem"),
        (Measure("temperature"), -0.30000000000000004, "temperature \u22120.3"),
        (Measure("tokens"), 2e7, "tokens 2e+07"),
    ],
)
def test_a_place_is_said_in_its_own_unit(measure: Measure, value: float, said: str) -> None:
    assert measure.said(value) == said


def test_a_logarithmic_place_is_the_middle_of_its_decades() -> None:
    assert Scale(0.01, 1, 0, 10, True, ()).at(0.1) == pytest.approx(5)
