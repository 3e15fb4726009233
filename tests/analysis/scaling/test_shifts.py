import math

import numpy as np
import pytest

from topdraw.analysis.scaling.shifts import fit_shifts, shared
from topdraw.errors import DomainError


def _counts(factor: float, problems: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Problems whose chance is that of the reference over a factor."""
    rng = np.random.default_rng(seed)
    chances = np.minimum(rng.weibull(0.35, problems) * 0.002, 0.9)
    right = np.random.default_rng(seed + 1).binomial(1000, chances / factor)
    return np.full(problems, 1000), right


def test_a_tenth_of_the_chance_is_a_shift_of_one() -> None:
    found = fit_shifts({"large": _counts(1), "small": _counts(10)}, draws=30)
    assert found.shifts[0].value == 0
    assert found.shifts[1].value == pytest.approx(1, abs=0.1)
    assert found.shifts[1].low < found.shifts[1].value < found.shifts[1].high
    assert -1 < found.b.low < found.b.value < found.b.high < 0


def test_the_reference_only_turns_the_sign() -> None:
    one = fit_shifts({"a": _counts(1, 300), "b": _counts(4, 300)}, draws=5)
    other = fit_shifts({"b": _counts(4, 300), "a": _counts(1, 300)}, draws=5)
    assert one.shifts[1].value == pytest.approx(-other.shifts[1].value, abs=1e-3)
    assert one.b.value == pytest.approx(other.b.value, abs=1e-4)


def test_errors_with_one_exponent_and_with_each_ones_own_are_small_and_beside_each_other() -> None:
    found = fit_shifts({"a": _counts(1, 300), "b": _counts(30, 300, seed=5)}, draws=2)
    assert max(found.own) < 0.05
    assert max(found.residuals) < 0.1
    assert all(a.value < 0 and math.isfinite(a.value) for a in found.a)


def test_what_is_no_family_is_refused() -> None:
    n, c = _counts(1, 20)
    with pytest.raises(DomainError, match="two or more models"):
        fit_shifts({"a": (n, c)})
    with pytest.raises(DomainError, match="two or more models"):
        fit_shifts({"a": (n, c), "b": (n[:5], c[:5])})
    with pytest.raises(DomainError, match="Coverage of 'b' is the same"):
        fit_shifts({"a": (n, c), "b": (n, 0 * c)})


def test_shared_problems_keep_the_order_of_the_first() -> None:
    assert shared([["c", "a", "b"], ["b", "c"]]) == ["c", "b"]
    assert shared([]) == []
