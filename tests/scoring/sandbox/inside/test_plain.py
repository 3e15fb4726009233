"""Values that cross keep value and type; nothing else crosses, whoever wrote the text."""

import math
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topdraw.scoring.sandbox.inside.plain import DEEPEST, NotPlain, dumps, loads

_hashable = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**40), max_value=10**40)
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.text(st.characters())
    | st.binary(),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=4),
    max_leaves=8,
)
_values = st.recursive(
    _hashable | st.fractions() | st.decimals(allow_nan=False) | st.binary().map(bytearray),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner)
        | st.dictionaries(_hashable, inner, max_size=4)
        | st.sets(_hashable, max_size=4)
        | st.lists(inner, max_size=3).map(deque)
    ),
    max_leaves=8,
)


@settings(max_examples=40)
@given(_values)
def test_a_value_comes_back_equal_and_of_its_type(value: object) -> None:
    found = loads(dumps(value))
    assert type(found) is type(value)
    assert found == value


@given(st.text() | st.binary())
def test_any_text_is_a_value_or_refused(text: str | bytes) -> None:
    try:
        loads(text)
    except NotPlain:
        pass


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.floats(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["t", "d", "i", "set", "complex", "bytes", "range", "Decimal"])
                | st.sampled_from(["Fraction", "deque", "frozenset", "bytearray", "object"]),
                inner,
                max_size=2,
            )
        ),
    )
)
def test_any_json_is_a_value_or_refused(value: object) -> None:
    import json

    try:
        loads(json.dumps(value))
    except NotPlain:
        pass


def test_numbers_that_are_none_or_without_end_come_back() -> None:
    assert math.isnan(float(str(loads(dumps(math.nan)))))
    assert loads(dumps([math.inf, -math.inf, -0.0])) == [math.inf, -math.inf, -0.0]
    assert math.copysign(1, float(str(loads(dumps(-0.0))))) == -1
    assert loads(dumps(1 << 100_000)) == 1 << 100_000
    assert loads(dumps(range(2, 9, 3))) == range(2, 9, 3)


class _Lie(int):
    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1

    def __index__(self) -> int:
        return 99

    def __repr__(self) -> str:
        return "99"


class _Quiet(list[int]):
    def __iter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204  as a program would
        return iter([7])


class _Text(str):
    def __str__(self) -> str:
        return "other"


class _Colour(IntEnum):
    RED = 1


class _Real(float):
    def __float__(self) -> float:
        return 9.0


_Pair = namedtuple("_Pair", "a b")


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (_Lie(5), 5),
        (_Quiet([1, 2]), [1, 2]),
        (_Text("mine"), "mine"),
        (_Colour.RED, 1),
        (_Real(2.5), 2.5),
        (_Pair(1, 2), (1, 2)),
        (Counter("aab"), {"a": 2, "b": 1}),
        (OrderedDict(a=1), {"a": 1}),
        (defaultdict(list, a=[1]), {"a": [1]}),
        (Decimal("1.50"), Decimal("1.50")),
        (Fraction(3, 7), Fraction(3, 7)),
    ],
)
def test_a_subclass_crosses_as_the_builtin_it_is_made_of(value: object, plain: object) -> None:
    found = loads(dumps(value))
    assert type(found) is type(plain)
    assert found == plain


def test_what_is_no_plain_value_is_refused_with_its_type() -> None:
    for value in (object(), len, type, iter([1])):
        with pytest.raises(NotPlain, match="cannot leave"):
            dumps(value)
    deep: list[object] = []
    for _ in range(DEEPEST + 1):
        deep = [deep]
    with pytest.raises(NotPlain, match="deep"):
        dumps(deep)
    with pytest.raises(NotPlain):
        loads("[" * 100_000)
    for text in ('{"a":1,"b":2}', '{"set":[[]]}', '{"set":5}', '{"Decimal":5}', '{"i":"xyz"}'):
        with pytest.raises(NotPlain):
            loads(text)
    with pytest.raises(NotPlain, match="too long"):
        loads('{"Fraction":"' + "1" * 5000 + '"}')


def test_other_values_go_through_handles() -> None:
    text = dumps([len, 1], lambda value: {"object": 7})
    assert loads(text, lambda tag, body: (tag, body)) == [("object", 7), 1]
