"""Values that programs give never raise out of the scorers: their texts, comparisons, notes."""

import math
from collections import deque
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.scoring import differential, io_tests
from topdraw.scoring.behaviour import answer
from topdraw.scoring.cases import Cases, IoCase
from topdraw.scoring.oracles import ORACLES, agrees
from topdraw.scoring.plain_text import equal, text_of
from topdraw.scoring.programs import whole
from topdraw.scoring.sandbox.outcome import Case, Outcome, Verdict

_HUGE = 10**5000
# By name: Hypothesis, too, cannot print a whole number of 5,000 digits.
_HASHABLE: dict[str, object] = {
    "huge": _HUGE,
    "-huge": -_HUGE,
    "huge range": range(_HUGE),
    "huge fraction": Fraction(_HUGE, 3),
    "surrogate": "\ud800",
    "bytes": b"\xff",
    "complex": complex(math.nan, 1e308),
    "nan": math.nan,
    "inf": math.inf,
    "large": 1e308,
    "huge decimal": Decimal("1e999999"),
    "text": "a",
    "one": 1,
    "none": None,
}
_OTHER: dict[str, object] = {"snan": Decimal("sNaN"), "bytearray": bytearray(b"\x00")}


def _named(name: str) -> object:
    return {**_HASHABLE, **_OTHER}[name]


_KEYS = st.sampled_from(list(_HASHABLE)).map(_named)
_ATOMS = _KEYS | st.sampled_from(list(_OTHER)).map(_named)
_NASTY = st.recursive(
    _ATOMS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.lists(inner, max_size=3).map(deque)
        | st.sets(_KEYS, max_size=3)
        | st.frozensets(_KEYS, max_size=3)
        | st.dictionaries(_KEYS, inner, max_size=3)
    ),
    max_leaves=8,
)
_CASES = Cases((IoCase("public", [1], 1),), entry="f")


@given(_NASTY)
def test_any_value_has_a_text(value: object) -> None:
    text = text_of(value)
    assert text == text_of(value)
    text.encode()
    outcome = Outcome(Verdict.RAN, (Case(Verdict.RAN, value), Case(Verdict.RAN, [value])))
    said = answer(outcome)
    assert said is not None
    said.encode()
    assert len(differential._short(value)) <= differential._SHOWN


@given(_NASTY, _NASTY, st.sampled_from([0.0, 1e-3]), st.sampled_from(["", *ORACLES]))
def test_any_two_values_compare(one: object, other: object, atol: float, oracle: str) -> None:
    assert equal(one, other) in (True, False)
    assert agrees(one, other, [other], atol=atol, oracle=oracle) in (True, False)
    assert agrees(one, [other], [one], atol=atol, oracle=oracle) in (True, False)


@given(_NASTY)
def test_any_value_makes_a_note(value: object) -> None:
    tried = io_tests._Tried(whole("f = 1"))
    outcome = Outcome(Verdict.RAN, (Case(Verdict.RAN, value),))
    io_tests._note_outcome(tried, _CASES, _CASES.tests, outcome)
    score = io_tests._score(_CASES, tried)
    assert score.passed is equal(value, 1)


@pytest.mark.parametrize(
    "value", [_HUGE, Fraction(_HUGE, 7), range(_HUGE)], ids=["int", "fraction", "range"]
)
def test_huge_numbers_keep_their_difference(value: object) -> None:
    assert text_of(value) != text_of(type(value)(_HUGE + 1))  # type: ignore[call-arg]  # of the three
    assert text_of([value, 1]).endswith(", 1]")


def test_what_has_no_text_is_named_by_its_type() -> None:
    class Odd:
        def __repr__(self) -> str:
            raise ValueError

    deep: object = _HUGE
    for _ in range(3000):
        deep = [deep]
    assert text_of(Odd()) == "<Odd>"
    assert text_of(deep).strip("[]") == "<list>"
    assert equal(deep, [deep]) is False
