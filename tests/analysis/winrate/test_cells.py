import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.winrate.cells import identity, inner, length, number, stem, text
from topdraw.errors import FormatError
from topdraw.store.json_rows import JsonRow


def _row(**fields: object) -> JsonRow:
    return JsonRow(Path("f.json"), 7, fields)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_itself_as_text_too(value: float) -> None:
    assert number(_row(x=value), "x") == value
    assert number(_row(x=f" {value!r}"), "x", texts=True) == value


@pytest.mark.parametrize("value", [None, math.nan, math.inf, 10**400])
def test_what_is_no_finite_number_is_missing(value: object) -> None:
    assert math.isnan(number(_row(x=value), "x"))
    assert math.isnan(number(_row(), "x"))
    assert math.isnan(number(_row(x="N/A"), "x", texts=True))


@pytest.mark.parametrize("value", [True, "1.5", [1], {}, "x" * 99])
def test_another_kind_is_a_sentence_with_file_and_line(value: object) -> None:
    with pytest.raises(FormatError, match=r"^f\.json, line 7: 'x' is .{1,50}, not a number"):
        number(_row(x=value), "x")


def test_texts_lengths_and_names() -> None:
    assert text(_row(x="a"), "x") == "a"
    assert text(_row(x=None), "x", "b") == "b"
    with pytest.raises(FormatError, match="line 7 has no 'x'"):
        text(_row(), "x")
    with pytest.raises(FormatError, match="line 7 has 3 as 'x'"):
        text(_row(x=3), "x", "b")
    assert length(_row(out="abc", size=9), "out", "size") == 3
    assert length(_row(size=9), "out", "size") == 9
    assert math.isnan(length(_row(), "out"))
    assert inner(_row(x=[1]), "x") == {}
    assert identity(_row(a=None, b=0), ("a", "b"), "it") == "0"
    with pytest.raises(FormatError, match="has no 'a' or 'b': it is unknown"):
        identity(_row(a=True), ("a", "b"), "it")
    assert stem(Path("x.y.jsonl.gz")) == "x.y"
