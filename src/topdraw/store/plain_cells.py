"""What the cells of a plain table say: whole numbers, numbers, verdicts, texts, names.

Not here: which column is what (`topdraw.store.plain_names`).
Try it: `python -m pytest tests/store/test_plain_cells.py`.

A column's distinct cells are read once each; a bad one is told with the first row that has it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from topdraw.core.records import FloatArray, IntArray
from topdraw.errors import FormatError
from topdraw.store.plain_columns import Texts
from topdraw.store.plain_files import Raw, RawTable

#: Larger whole numbers are taken for mistakes: no table holds as many samples.
MOST = 10**9

_PASSED = frozenset({"true", "t", "yes", "y", "1", "1.0", "pass", "passed", "correct", "right"})
_FAILED = frozenset(
    {"false", "f", "no", "n", "0", "0.0", "fail", "failed", "incorrect", "wrong", "timeout"}
)
_MISSING = frozenset({"", "nan", "null", "none", "na", "n/a", "<na>", "missing"})

_Read = TypeVar("_Read")


class Reader:
    """Reads the columns of one file.

    Args:
        table: the file's cells.
    """

    def __init__(self, table: RawTable) -> None:
        self._table = table

    def whole(self, column: str, *, empty: int | None = None) -> IntArray:
        """Whole numbers of 0 and more.

        Args:
            column: its name in the file.
            empty: what an empty cell is; None refuses one.

        Raises:
            FormatError: for anything else, or more than `MOST`.
        """
        read = self._each(column, _whole, f"a whole number from 0 to {MOST:,}")
        if empty is None:
            self._refuse(column, read < 0, "a whole number")
        return np.where(read < 0, -1 if empty is None else empty, read)

    def numbers(self, column: str) -> FloatArray:
        """Numbers; NaN where the cell is empty.

        Raises:
            FormatError: for anything else.
        """
        raw = self._table.columns[column]
        read = self._words(column, raw, _number, "a number")
        return np.array([*read, math.nan], float)[raw.codes]

    def verdicts(self, column: str) -> IntArray:
        """1 for passed, 0 for not, -1 where the cell is empty or says that it is missing.

        Raises:
            FormatError: for anything that is no verdict.
        """
        return self._each(column, _verdict, "a verdict: true or false, 1 or 0, or empty")

    def texts(self, column: str) -> Texts:
        """Texts as they are, numbers in their shortest form."""
        raw = self._table.columns[column]
        known: dict[str, int] = {}
        again = [known.setdefault(text_of(word), len(known)) for word in raw.words]
        return Texts(np.array([*again, -1], np.int64)[raw.codes], tuple(known))

    def names(self, column: str, what: str) -> Texts:
        """Texts, none of them empty.

        Args:
            column: its name in the file.
            what: what they name.

        Raises:
            FormatError: when a cell is empty, or NaN.
        """
        texts = self.texts(column)
        bad = [at for at, word in enumerate(texts.words) if word.strip().lower() in ("", "nan")]
        self._refuse(column, np.isin(texts.codes, [-1, *bad]), what)
        return texts

    def can_judge(self, column: str) -> bool:
        """Whether all cells are verdicts, in words or as 0 and 1."""
        return all(_verdict(word) is not None for word in self._table.columns[column].words)

    def looks_judged(self, column: str) -> bool:
        """Whether all cells are verdicts in words, so that 0 and 1 are numbers."""
        words = self._table.columns[column].words
        said = [_verdict(word) if isinstance(word, str) else None for word in words]
        return max((-1 if one is None else one for one in said), default=-1) >= 0 and all(
            one is not None and (one < 0 or _number(word) is None)
            for one, word in zip(said, words, strict=True)
        )

    def looks_numeric(self, column: str) -> bool:
        """Whether all cells are numbers or empty."""
        words = self._table.columns[column].words
        return bool(words) and all(_number(word) is not None for word in words)

    def _each(
        self, column: str, read: Callable[[str | int | float], int | None], what: str
    ) -> IntArray:
        raw = self._table.columns[column]
        return np.array([*self._words(column, raw, read, what), -1], np.int64)[raw.codes]

    def _words(
        self,
        column: str,
        raw: Raw,
        read: Callable[[str | int | float], _Read | None],
        what: str,
    ) -> list[_Read]:
        found = [read(word) for word in raw.words]
        bad = [at for at, one in enumerate(found) if one is None]
        self._refuse(column, np.isin(raw.codes, bad), what)
        return [one for one in found if one is not None]

    def _refuse(self, column: str, bad: np.ndarray, what: str) -> None:
        if bad.any():
            row = int(bad.argmax())
            raw = self._table.columns[column]
            code = int(raw.codes[row])
            says = "is empty" if code < 0 else f"is {_short(raw.words[code])}"
            raise FormatError(
                f"{self._table.where(row)}, column {column!r} {says}; it must be {what}."
            )


def text_of(word: str | int | float) -> str:
    """A cell as text: 3.0 is "3".

    Examples:
        >>> text_of(3.0), text_of(0.5), text_of("3.0")
        ('3', '0.5', '3.0')
    """
    if isinstance(word, float) and word.is_integer():
        return str(int(word))
    return str(word)


def _short(word: str | int | float) -> str:
    text = repr(word)
    return text if len(text) <= 60 else text[:57] + "..."


def _number(word: str | int | float) -> float | None:
    if isinstance(word, str) and word.strip().lower() in _MISSING:
        return math.nan
    try:
        return float(word)
    except (ValueError, OverflowError):
        return None


def _whole(word: str | int | float) -> int | None:
    if isinstance(word, int):
        return word if 0 <= word <= MOST else None
    number = _number(word)
    if number is None or math.isinf(number):
        return None
    if math.isnan(number):
        return -1
    return int(number) if number.is_integer() and 0 <= number <= MOST else None


def _verdict(word: str | int | float) -> int | None:
    if not isinstance(word, str):
        return int(word) if word in (0, 1) else None
    text = word.strip().lower()
    if text in _MISSING:
        return -1
    return 1 if text in _PASSED else 0 if text in _FAILED else None
