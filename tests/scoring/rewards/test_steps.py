"""Steps of an output, and one value of all."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scoring.rewards.tiny import Loose

from topdraw.scoring.rewards.steps import reduced, split_steps

LOGS = st.lists(st.floats(-50, 0), min_size=1, max_size=12)


@given(LOGS)
def test_one_value_of_several(logs: list[float]) -> None:
    chances = [math.exp(one) for one in logs]
    assert reduced(logs, "last") == chances[-1]
    assert reduced(logs, "min") == min(chances)
    assert reduced(logs, "mean") == pytest.approx(sum(chances) / len(chances))
    assert reduced(logs, "prod") == pytest.approx(math.prod(chances))
    assert reduced(logs, "prod") <= reduced(logs, "min") <= reduced(logs, "mean") + 1e-12


def test_a_product_too_small_for_a_float_keeps_its_order_as_a_sum() -> None:
    short, long = [-1.0] * 800, [-1.0] * 801
    assert reduced(short, "prod") == reduced(long, "prod") == 0.0
    assert reduced(short, "log_prod") == -800 > reduced(long, "log_prod")


@pytest.mark.parametrize("how", ["last", "min", "mean", "prod", "log_prod"])
def test_nan_and_zero(how: Loose) -> None:
    assert math.isnan(reduced([math.nan, -1.0], how))
    zero = reduced([-1.0, -math.inf], how)
    expected = {"mean": math.exp(-1) / 2, "log_prod": -math.inf}
    assert zero == expected.get(how, 0.0)


@given(st.lists(st.text("ab c", min_size=1).filter(str.strip), min_size=1, max_size=5))
def test_splitting_undoes_joining(steps: list[str]) -> None:
    assert split_steps("\n\n".join(steps)) == steps
    assert split_steps("#".join(steps), "#") == steps
    assert split_steps("a\n\nb", "") == ["a\n\nb"]
