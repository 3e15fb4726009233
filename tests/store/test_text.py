from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.strategies import floats, integers, json_values, same, texts

from topdraw.core.records import Json
from topdraw.errors import FormatError
from topdraw.store.text import pack, unearth

values = st.one_of(st.none(), st.booleans(), integers, floats, texts)


def restore(line: bytes, nested: list[str]) -> dict[str, Json]:
    row = json.loads(line)
    row |= {name: json.loads(row[name]) for name in nested}
    original = unearth(row.pop("original"))
    return {name: original.get(name, value) for name, value in row.items()}


@given(texts, floats, json_values)
def test_reading_is_the_identity(text: str, number: float, value: Json) -> None:
    line = pack({"text": text, "number": number}, {"nested": value})
    back = restore(line, ["nested"])
    assert same(back["text"], text)
    assert same(math.nan if back["number"] is None else back["number"], number)
    assert same(back["nested"], value)


@given(texts, values, json_values)
def test_every_strict_reader_can_read_it(text: str, value: object, nested: Json) -> None:
    line = pack({"text": text, "value": value}, {"nested": nested})

    def refuse(name: str) -> None:
        raise AssertionError(name)

    row = json.loads(line.decode("utf-8"), parse_constant=refuse)
    json.dumps(row, ensure_ascii=False).encode("utf-8")  # raises on a lone surrogate
    json.loads(row["nested"], parse_constant=refuse)
    assert b"\n" not in line
    assert b"\r" not in line


@given(st.text(), st.floats(allow_nan=True, allow_infinity=False))
def test_nothing_is_buried_when_nothing_was_replaced(text: str, number: float) -> None:
    assert json.loads(pack({"text": text, "number": number}, {"m": {}}))["original"] == ""


def test_two_lone_halves_do_not_become_one_character() -> None:
    assert unearth(json.loads(pack({"t": "\ud83d\ude00"}, {}))["original"]) == {"t": "\ud83d\ude00"}


def test_a_lone_surrogate_is_shown_as_the_replacement_character() -> None:
    assert json.loads(pack({"t": "a\ud800b"}, {}))["t"] == "a\ufffdb"


@pytest.mark.parametrize("value", [object(), [object()], {"a": 1j}, [10**5000]])
def test_what_is_not_json_is_refused(value: Json) -> None:
    with pytest.raises(FormatError, match="not JSON"):
        pack({}, {"metadata": value})


def test_numpy_scalars_are_taken_for_the_numbers_they_are() -> None:
    value: Any = {"a": np.float64(0.5), "b": [np.int64(3), np.bool_(True), np.str_("x")]}
    for extra in ("", "\ud800"):
        line = pack({"text": extra}, {"m": value})
        assert restore(line, ["m"])["m"] == {"a": 0.5, "b": [3, True, "x"]}


@pytest.mark.parametrize("text", ["!", "AAA", "/w==", "bm90IGpzb24="])
def test_a_damaged_original_is_reported(text: str) -> None:
    with pytest.raises(FormatError, match="damaged"):
        unearth(text)
