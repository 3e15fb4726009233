import numpy as np
import pytest

from topdraw.core.records import Candidates, FloatArray
from topdraw.core.registry import names
from topdraw.selection.contracts import check_selector
from topdraw.selection.resolve import resolve_selector


def test_all_registered_selectors_keep_the_contract() -> None:
    ours = [
        name
        for name in names("selector")
        if resolve_selector(name).function.__module__.startswith("topdraw.")
    ]
    assert len(ours) == 19
    for name in ours:
        check_selector(name, rng=0, trials=50)


def _share(eligible: np.ndarray) -> FloatArray:
    return eligible / max(int(eligible.sum()), 1)


def wrong_shape(c: Candidates) -> FloatArray:
    return np.zeros(c.n + 1)


def negative(c: Candidates) -> FloatArray:
    return np.where(np.arange(c.n) == 0, -1.0, 2.0 / max(c.n - 1, 1))


def infinite(c: Candidates) -> FloatArray:
    return np.full(c.n, np.inf)


def chooses_missing(c: Candidates) -> FloatArray:
    return np.full(c.n, 1 / max(c.n, 1))


def gives_up(c: Candidates) -> FloatArray:
    return np.zeros(c.n)


def twice(c: Candidates) -> FloatArray:
    return 2 * _share(~c.missing)


def secretly_first(c: Candidates) -> FloatArray:
    return _share((np.cumsum(~c.missing) == 1) & ~c.missing)


def peeks(c: Candidates) -> FloatArray:
    right = c.passed & ~c.missing
    return _share(right if right.any() else ~c.missing)


def scribbles(c: Candidates) -> FloatArray:
    c.value[:] = 0.0
    return _share(~c.missing)


class Restless:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, c: Candidates) -> FloatArray:
        self.calls += 1
        return _share(~c.missing) if self.calls % 2 else _share(~c.missing & (c.value > 0))


@pytest.mark.parametrize(
    ("selector", "complaint"),
    [
        (wrong_shape, "shape"),
        (negative, "negative weights"),
        (infinite, "not finite"),
        (chooses_missing, "a missing sample chosen"),
        (gives_up, "weights sum to 0"),
        (twice, "weights sum to 2"),
        (secretly_first, "the order of the samples matters"),
        (peeks, "looks at the verdicts"),
        (scribbles, "candidates were changed"),
        (Restless(), "two calls, two results"),
    ],
)
def test_each_broken_promise_is_named(selector: object, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_selector(selector)  # type: ignore[arg-type]  # a test class is a selector too
