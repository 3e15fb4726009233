from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.errors import FormatError
from topdraw.store.plain_cells import MOST, Reader, text_of
from topdraw.store.plain_files import Cell, Raw, RawTable


def _reader(cells: list[Cell]) -> Reader:
    words: dict[Cell, int] = {}
    codes = [-1 if cell in (None, "") else words.setdefault(cell, len(words)) for cell in cells]
    known = [word for word in words if word is not None]
    raw = Raw(np.array(codes, np.int64), known)
    lines = np.arange(2, len(cells) + 2)
    return Reader(RawTable(Path("t.csv"), {"x": raw}, lines, "line"))


@given(st.lists(st.integers(0, MOST)))
def test_whole_numbers_are_read_however_they_are_written(numbers: list[int]) -> None:
    cells: list[Cell] = []
    for at, number in enumerate(numbers):
        cells.append((number, str(number), f" {number}.0", float(number))[at % 4])
    assert _reader(cells).whole("x").tolist() == numbers


@pytest.mark.parametrize(
    "bad", ["12.5", "-1", "ten", 12.5, -1, MOST + 1, 10**400, "9" * 5000, "1e99", "inf", "true"]
)
def test_other_cells_are_no_whole_numbers(bad: Cell) -> None:
    with pytest.raises(FormatError, match=r"^t.csv, line 3, column 'x' is .*whole number from 0"):
        _reader(["1", bad]).whole("x")


@pytest.mark.parametrize("empty", [None, "", "nan", "NaN", "null", " ", "n/a"])
def test_an_empty_cell_is_refused_unless_it_may_be_empty(empty: Cell) -> None:
    assert _reader([5, empty]).whole("x", empty=-1).tolist() == [5, -1]
    with pytest.raises(FormatError, match=r"line 3, column 'x' is"):
        _reader([5, empty]).whole("x")
    np.testing.assert_array_equal(_reader([0.5, empty]).numbers("x"), [0.5, np.nan])
    assert _reader(["1", empty]).verdicts("x").tolist() == [1, -1]


@given(st.lists(st.floats(allow_nan=False)))
def test_numbers_come_back_to_the_last_bit(numbers: list[float]) -> None:
    np.testing.assert_array_equal(_reader([repr(one) for one in numbers]).numbers("x"), numbers)


def test_a_text_is_no_number() -> None:
    with pytest.raises(FormatError, match=r"line 4, column 'x' is 'high'; it must be a number"):
        _reader([1, "2", "high"]).numbers("x")
    with pytest.raises(FormatError, match=r"it must be a number"):
        _reader([10**400]).numbers("x")


def test_verdicts_have_many_spellings() -> None:
    right: list[Cell] = ["true", "True", "1", 1, 1.0, "1.0", "yes", "PASS", "passed", "correct"]
    wrong: list[Cell] = ["false", "False", "0", 0, 0.0, "no", "failed", "wrong", "timeout"]
    assert _reader(right).verdicts("x").tolist() == [1] * len(right)
    assert _reader(wrong).verdicts("x").tolist() == [0] * len(wrong)


@pytest.mark.parametrize("bad", [2, 0.7, "0.7", "maybe", "-1", 10**400])
def test_what_is_no_verdict_is_never_guessed(bad: Cell) -> None:
    with pytest.raises(FormatError, match=r"line 2, column 'x' is .*verdict: true or false"):
        _reader([bad, "true"]).verdicts("x")


def test_texts_are_one_however_the_number_was_stored() -> None:
    texts = _reader(["3", 3, 3.0, "3.0", None, ""]).texts("x")
    assert [texts.at(row) for row in range(6)] == ["3", "3", "3", "3.0", None, None]


@pytest.mark.parametrize("bad", [None, "", "nan", " "])
def test_names_are_never_empty(bad: Cell) -> None:
    assert _reader(["a", "b", "a"]).names("x", "an id").codes.tolist() == [0, 1, 0]
    with pytest.raises(FormatError, match=r"line 3, column 'x' is .*must be an id"):
        _reader(["a", bad]).names("x", "an id")


def test_a_long_cell_is_told_in_short() -> None:
    with pytest.raises(FormatError) as caught:
        _reader(["x" * 10_000]).numbers("x")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("cells", "judged", "numeric"),
    [
        (["true", "false", None], True, False),
        (["yes", "no"], True, False),
        (["yes", "nan", "n/a"], True, False),
        (["nan"], False, True),
        (["0", "1"], False, True),
        ([0.5, None], False, True),
        (["a", "true"], False, False),
        ([None], False, False),
    ],
)
def test_what_a_column_looks_like(cells: list[Cell], judged: bool, numeric: bool) -> None:
    reader = _reader(cells)
    assert reader.looks_judged("x") is judged
    assert reader.looks_numeric("x") is numeric


@given(st.integers(-(10**15), 10**15))
def test_a_whole_float_is_written_as_the_integer(number: int) -> None:
    assert text_of(float(number)) == text_of(number) == str(number)
