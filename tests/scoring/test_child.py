"""The parts of the child that need no process: what is plain, what a program defines."""

import json
from enum import IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Json
from topdraw.scoring.child import NotPlain, define, outcomes, plain

_json: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class _Number(IntEnum):
    one = 1


@given(_json)
def test_plain_values_cross_unchanged(value: Json) -> None:
    crossed = json.loads(json.dumps(plain(value)))
    assert crossed == value
    assert repr(crossed) == repr(value)


@pytest.mark.parametrize("value", [(1,), {1}, {1: 2}, b"x", 1j, _Number.one, [[(1,)]], object()])
def test_what_is_not_plain_is_refused(value: object) -> None:
    with pytest.raises(NotPlain):
        plain(value)


def test_depth_is_limited() -> None:
    nested: list[object] = []
    for _ in range(60):
        nested = [nested]
    with pytest.raises(NotPlain):
        plain(nested)


def test_define_takes_the_first_that_compiles() -> None:
    assert define(["def f(x) x", "def f(x): return x + 1"], "f")(1) == 2
    with pytest.raises(NameError, match="no function g"):
        define(["def f(x): return x"], "g")
    with pytest.raises(SyntaxError):
        define(["def", "return"], "f")
    with pytest.raises(SyntaxError, match="empty"):
        define([], "f")


def test_outcomes_name_what_went_wrong() -> None:
    assert outcomes(["def f(x): return 1 // x"], "f", ["1", "0"]) == [
        ["value", 1],
        ["error", "ZeroDivisionError: integer division or modulo by zero"],
    ]
    assert outcomes(["raise SystemExit(3)"], "f", ["1"]) == [["error", "SystemExit: 3"]]
