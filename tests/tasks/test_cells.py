"""One cell of a row: any case, wrong kinds, and places in messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Json
from topdraw.errors import FormatError
from topdraw.scoring.number import read_target
from topdraw.tasks.cells import find, number_text, shown, text, texts
from topdraw.tasks.files import Row


def _row(**values: Json) -> Row:
    return Row("q.jsonl:7", 7, "q", values)


def test_the_first_name_that_is_there_wins() -> None:
    row = _row(Question="Q", answer=None, Target="T")
    assert find(row, "prompt", "question") == "Q"
    assert find(row, "answer", "target") == "T"
    assert find(row, "nothing") is None


@given(st.permutations(["a", "B", "c"]))
def test_the_order_of_columns_is_nothing(names: list[str]) -> None:
    row = _row(**{name: name for name in names})
    assert [find(row, "a"), find(row, "b"), find(row, "x", "c")] == ["a", "B", "c"]


@pytest.mark.parametrize("value", [None, "", "  \n", 3, ["a"]])
def test_a_text_must_say_something(value: Json) -> None:
    with pytest.raises(FormatError, match=r"q\.jsonl:7: .*'question'"):
        text(_row(question=value), "question")


@pytest.mark.parametrize("value", [None, [], ["a", 3], "ab", {"a": "b"}])
def test_a_list_of_texts(value: Json) -> None:
    with pytest.raises(FormatError, match=r"q\.jsonl:7: .*'options'"):
        texts(_row(options=value), "options")
    assert texts(_row(options=["a", ""]), "options") == ["a", ""]


@pytest.mark.parametrize("value", [None, True, "none", "", float("nan"), float("inf"), [1]])
def test_what_is_no_number(value: Json) -> None:
    with pytest.raises(FormatError, match=r"q\.jsonl:7: .*'answer'"):
        number_text(_row(answer=value), "answer")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (145.0, "145"),
        (0.5, "0.5"),
        (-3, "-3"),
        ("025", "025"),
        (" 70,000 ", "70,000"),
        (1e22, None),
    ],
)
def test_numbers_keep_their_value(value: Json, written: str | None) -> None:
    found = number_text(_row(answer=value), "answer")
    assert written is None or found == written


@given(st.integers(-(10**12), 10**12) | st.floats(-1e6, 1e6).map(lambda x: round(x, 4)))
def test_any_number_survives_for_the_scorer(value: float) -> None:
    assert read_target(number_text(_row(answer=value), "answer")) == read_target(value)


def test_long_values_are_cut_in_messages() -> None:
    assert len(shown("x" * 1000)) < 80
    with pytest.raises(FormatError, match="there are none"):
        text(Row("p", 1, "", {}), "question")
