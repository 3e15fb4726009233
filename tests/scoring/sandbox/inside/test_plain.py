"""Values that cross keep value and type; nothing else crosses, whoever wrote the text."""

import math
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from datetime import timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topdraw.scoring.sandbox.inside.plain import DEEPEST, NotPlain, dumps, loads

_moments = st.datetimes(timezones=st.none() | st.just(timezone(timedelta(hours=-3, minutes=-30))))
_hashable = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**40), max_value=10**40)
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | _moments
    | st.dates()
    | st.times()
    | st.timedeltas()
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
                | st.sampled_from(["Fraction", "deque", "frozenset", "bytearray", "object"])
                | st.sampled_from(["keys", "items", "values", "date", "time", "datetime"])
                | st.just("timedelta"),
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


def test_views_of_a_dict_cross_as_such_and_in_order() -> None:
    given = {"b": 1, "a": [2], (1,): 3}
    for view in (given.keys(), given.items(), given.values()):
        found = loads(dumps(view))
        assert type(found) is type(view)
        assert list(found) == list(view)
    assert loads(dumps(given.keys())) == {"b", "a", (1,)}
    assert list(loads(dumps(OrderedDict(a=1).keys()))) == ["a"]  # type: ignore[call-overload]


def test_values_of_any_kind_may_be_nested_deep() -> None:
    deep: list[object] = []
    table: dict[str, object] = {}
    for _ in range(200):
        deep, table = [deep], {"a": table}
    assert loads(dumps([deep, table])) == [deep, table]


@pytest.mark.parametrize("tag", ["set", "frozenset", "keys", "d", "items", "tuples"])
@pytest.mark.parametrize("count", [65, 150_000])
def test_tables_that_would_be_slow_to_fill_are_refused(tag: str, count: int) -> None:
    numbers = ",".join(f'{{"i":"{k * (2**61 - 1):x}"}}' for k in range(1, count + 1))
    forms = {"d": "[X,0]", "items": '{"t":[X,0]}', "tuples": '{"t":[X]}'}
    numbers = ",".join(forms.get(tag, "X").replace("X", number) for number in numbers.split(","))
    tag = "set" if tag == "tuples" else tag
    with pytest.raises(NotPlain, match="same hash"):
        loads(f'{{"{tag}":[{numbers}]}}')


def test_tables_of_honest_items_are_not() -> None:
    pairs = {(-1 - a, -1 - b) for a in range(200) for b in range(200)}
    assert loads(dumps(pairs)) == pairs
    with pytest.raises(NotPlain, match="more than"):
        loads('{"set":[' + "1," * (1 << 20) + "1]}")
