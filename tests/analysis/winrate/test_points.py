import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.winrate.points import (
    PERCENT,
    Scale,
    in_points,
    paired_points,
    per_instruction,
    rescaled,
)

_values = st.lists(st.floats(0, 1), min_size=2, max_size=30)


@given(_values)
def test_swapping_the_sides_mirrors_value_and_interval_around_50(values: list[float]) -> None:
    own, other = in_points(values), in_points([1 - one for one in values])
    assert own.value == pytest.approx(100 - other.value, abs=1e-9)
    assert own.low == pytest.approx(100 - other.high, abs=1e-6)
    assert own.low <= own.value <= own.high


@given(_values, st.randoms())
def test_the_order_of_rows_does_not_matter(values: list[float], shuffle: "st.Random") -> None:  # type: ignore[name-defined]  # hypothesis gives a random.Random
    names = [str(at // 2) for at in range(len(values))]
    both = list(zip(values, names, strict=True))
    shuffle.shuffle(both)
    a = in_points(values, instructions=names)
    b = in_points([one for one, _ in both], instructions=[name for _, name in both])
    assert (a.value, a.low, a.high) == pytest.approx((b.value, b.low, b.high))


def test_rows_of_one_instruction_are_one_unit() -> None:
    values = np.tile([1.0, 0.0, 1.0, 0.0, 1.0], 20)
    names = [str(at % 5) for at in range(100)]
    wide, narrow = in_points(values, instructions=names), in_points(values)
    assert wide.value == narrow.value == 60.0
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low)
    assert "in 5 clusters" in wide.method


def test_a_scale_moves_means_and_stretches_differences() -> None:
    scale = Scale(-80, 100)
    assert in_points([0, 1], scale=scale).value == 10.0
    assert rescaled(in_points([0, 1]), PERCENT, difference=True).value == 5000.0
    assert paired_points({"a": 1.0}, {"a": 0.5}, scale=scale).value == 90.0


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), min_size=1, max_size=12))
def test_a_difference_is_minus_the_other_way_round(values: dict[str, float]) -> None:
    other = {key: (3 * value) % 1 for key, value in values.items()}
    one, two = paired_points(values, other), paired_points(other, values)
    assert one.value == pytest.approx(-two.value, abs=1e-9)
    assert one.p_value == pytest.approx(two.p_value, abs=0.05)


def test_failed_judgments_are_in_no_mean_and_nothing_shared_has_no_difference() -> None:
    assert per_instruction(["a", "b", "a"], [1.0, np.nan, 0.0]) == {"a": 0.5}
    assert np.isnan(paired_points({"a": 1.0}, {"b": 1.0}).value)


@pytest.mark.slow
def test_the_interval_covers_its_level() -> None:
    random = np.random.default_rng(5)
    truth = 100 * (1 / (1 + np.exp(-random.normal(-3, 4, 1_000_000)))).mean()
    drawn = 1 / (1 + np.exp(-random.normal(-3, 4, (400, 200))))
    found = [in_points(row) for row in drawn]
    assert 0.92 <= np.mean([one.low <= truth <= one.high for one in found]) <= 0.98
