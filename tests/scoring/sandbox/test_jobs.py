"""What can be asked: limits are positive, and wall time follows processor time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.errors import DomainError
from topdraw.scoring.sandbox.jobs import Limits


@given(st.floats(min_value=1e-3, max_value=1e6))
def test_wall_time_leaves_room_for_a_busy_host(t: float) -> None:
    assert Limits(cpu_seconds=t).wall == max(3 * t, t + 5)
    assert Limits(cpu_seconds=t, wall_seconds=2.0).wall == 2.0


@pytest.mark.parametrize(
    "limits",
    [
        {"cpu_seconds": 0},
        {"wall_seconds": -1.0},
        {"memory_bytes": 0},
        {"output_bytes": -5},
        {"disk_bytes": 0},
        {"processes": 0},
        {"cpu_seconds": float("nan")},
    ],
)
def test_a_limit_that_is_not_positive_is_refused_by_name(limits: dict[str, int]) -> None:
    [name] = limits
    with pytest.raises(DomainError, match=name):
        Limits(**limits)
