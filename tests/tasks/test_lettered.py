"""Options with letters: shown, stripped, and the letter of the right one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Json
from topdraw.errors import FormatError
from topdraw.tasks.files import Row
from topdraw.tasks.lettered import LETTERS, bare, letter_of, listed, step_by_step

ROW = Row("q.csv:3", 3, "q", {})
_OPTIONS = st.lists(st.text("abc 1.", min_size=1, max_size=5), min_size=2, max_size=26)


@given(_OPTIONS, st.sampled_from(["{}){}", "({}){}", "{}. {}", "{}: {}"]))
def test_letters_put_before_options_come_off(options: list[str], form: str) -> None:
    stripped = [option.strip() or "x" for option in options]
    lettered = [form.format(*pair) for pair in zip(LETTERS, stripped, strict=False)]
    assert bare(lettered) == stripped


@given(_OPTIONS, st.integers(0, 25))
def test_letters_and_positions_are_the_same(options: list[str], at: int) -> None:
    at %= len(options)
    letter = LETTERS[at]
    given_as: list[Json] = [letter, letter.lower(), f" {letter} ", at, str(at), float(at)]
    assert {letter_of(ROW, value, options) for value in given_as} == {letter}


@pytest.mark.parametrize("value", ["C", "", "AB", 2, -1, 0.5, True, None, ["A"], "2", "²"])
def test_what_is_no_option(value: Json) -> None:
    with pytest.raises(FormatError, match=r"q\.csv:3: the answer must be one of AB"):
        letter_of(ROW, value, ["x", "y"])


def test_more_options_than_letters() -> None:
    with pytest.raises(FormatError, match="27 options"):
        letter_of(ROW, "A", ["x"] * 27)


def test_the_prompt_of_simple_evals() -> None:
    assert step_by_step("Wet?", ["yes", "no", "both"]) == (
        "Answer the following multiple choice question. The last line of your response should be "
        "of the following format: 'Answer: $LETTER' (without quotes) where LETTER is one of ABC. "
        "Think step by step before answering.\n\nWet?\n\nA) yes\nB) no\nC) both"
    )
    assert listed(["yes", "no"], ".") == "A. yes\nB. no"
