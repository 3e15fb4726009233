import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.scaling.saturation import saturation
from topdraw.errors import DomainError

KS = [1, 2, 4, 8, 16, 32]


def test_a_curve_that_rises_to_eight_is_flat_from_eight() -> None:
    curve = np.tile([0.1, 0.3, 0.45, 0.5, 0.5, 0.505], (50, 1))
    found = saturation(KS, curve)
    assert (found.reached, found.k.value, found.last) == (True, 8, 32)
    assert found.k.low == found.k.high == 8
    assert found.sure == 1
    assert str(found).startswith("at k = 8 [8, 8]")


def test_a_curve_that_still_rises_is_not_flat() -> None:
    curve = np.tile([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], (50, 1))
    found = saturation(KS, curve)
    assert not found.reached
    assert math.isnan(found.k.value)
    assert found.gain.value == pytest.approx(0.1)
    assert "not yet by k = 32" in str(found)


def test_a_curve_that_falls_back_counts_from_where_it_stays() -> None:
    curve = np.tile([0.5, 0.7, 0.5, 0.5, 0.5, 0.5], (20, 1))
    assert saturation(KS, curve).k.value == 4


def test_doubt_about_the_problems_widens_the_interval() -> None:
    rng = np.random.default_rng(0)
    rising = 1 - np.exp(-np.outer(rng.gamma(0.6, 1, 60), KS))
    found = saturation(KS, rising, tolerance=0.2)
    assert found.k.low <= found.k.value <= found.k.high
    assert found.k.low < found.k.high


@given(st.integers(2, 30), st.floats(0.001, 0.5))
def test_a_larger_tolerance_is_reached_no_later(seed: int, tolerance: float) -> None:
    rising = np.sort(np.random.default_rng(seed).random((9, len(KS))), axis=1)
    strict = saturation(KS, rising, tolerance=tolerance, draws=5)
    loose = saturation(KS, rising, tolerance=2 * tolerance, draws=5)
    assert not strict.reached or loose.k.value <= strict.k.value


@pytest.mark.parametrize(
    ("ks", "shape", "tolerance"),
    [([1], (3, 1), 0.1), ([2, 1], (3, 2), 0.1), ([3, 4], (3, 2), 0.1), ([1, 2], (3, 3), 0.1),
     ([1, 2], (0, 2), 0.1), ([1, 2], (3, 2), 0.0)],
)  # fmt: skip
def test_what_has_no_answer_is_refused(
    ks: list[int], shape: tuple[int, int], tolerance: float
) -> None:
    with pytest.raises(DomainError, match="Saturation needs"):
        saturation(ks, np.full(shape, 0.5), tolerance=tolerance)
