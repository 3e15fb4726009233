"""Options with letters: how they are shown, and prompts that ask for one of them.

Not here: reading the letter (scorer "choice").
Try it: `topdraw tasks aqua -o path=FILE --problems 1`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

from topdraw.core.records import Json
from topdraw.errors import FormatError
from topdraw.tasks.cells import shown
from topdraw.tasks.files import Row

LETTERS = string.ascii_uppercase


def listed(options: Sequence[str], mark: str = ")") -> str:
    """The options, one a line, each behind its letter.

    Args:
        options: 1 to 26 texts.
        mark: between letter and text, without the blank.

    Examples:
        >>> print(listed(["yes", "no"]))
        A) yes
        B) no
    """
    lines = zip(LETTERS, options, strict=False)
    return "\n".join(f"{letter}{mark} {option}" for letter, option in lines)


def step_by_step(question: str, options: Sequence[str]) -> str:
    """A question that asks for reasoning and a last line `Answer: LETTER`.

    The wording is that of simple-evals (https://github.com/openai/simple-evals, common.py),
    with as many letters as there are options.

    Examples:
        >>> print(step_by_step("Wet?", ["yes", "no"]).splitlines()[2])
        Wet?
    """
    letters = LETTERS[: len(options)]
    return (
        "Answer the following multiple choice question. The last line of your response should be "
        f"of the following format: 'Answer: $LETTER' (without quotes) where LETTER is one of "
        f"{letters}. Think step by step before answering.\n\n{question}\n\n{listed(options)}"
    )


def bare(options: Sequence[str]) -> list[str]:
    """The options without the letters that some files put before them, where all have theirs.

    Examples:
        >>> bare(["A)5", "B) 6"]), bare(["(A)x", "(B)y"]), bare(["A. cat", "dog"])
        (['5', '6'], ['x', 'y'], ['A. cat', 'dog'])
    """
    found = [
        re.fullmatch(rf"\s*(?:\({letter}\)|{letter}[).:])\s*(.*)", option, re.DOTALL)
        for letter, option in zip(LETTERS, options, strict=False)
    ]
    texts = [match[1] for match in found if match]
    return texts if len(texts) == len(options) else list(options)


def letter_of(row: Row, value: Json, options: Sequence[str]) -> str:
    """The letter of the right option.

    Args:
        row: for the message.
        value: a letter, or a position from 0.
        options: of the question.

    Raises:
        FormatError: when there are more than 26 options, or it is none of them.

    Examples:
        >>> row = Row("q.csv:2", 2, "q", {})
        >>> letter_of(row, "b", ["x", "y"]), letter_of(row, 0, ["x", "y"])
        ('B', 'A')
    """
    letters = LETTERS[: len(options)]
    if len(options) > len(LETTERS):
        raise FormatError(f"{row.place}: {len(options)} options; at most {len(LETTERS)}.")
    if isinstance(value, str) and len(value.strip()) == 1 and value.strip().upper() in letters:
        return value.strip().upper()
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 4:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(letters):
        return letters[value]
    raise FormatError(
        f"{row.place}: the answer must be one of {letters} or a position from 0, "
        f"not {shown(value)}."
    )
