"""One cell of a row, or one sentence that says what is wrong with it and where.

Not here: rows (`topdraw.tasks.files`) and what a task makes of its cells.
Try it: `python -m pytest tests/tasks/test_cells.py`.

Columns are found in any case: `Question` is `question`. A cell that is None counts as not there.
"""

from __future__ import annotations

import json
import math

from topdraw.core.records import Json
from topdraw.errors import FormatError
from topdraw.tasks.files import Row

_SHOWN_COLUMNS = 20
_PREVIEW = 60


def find(row: Row, *names: str) -> Json:
    """The first of these columns that the row has; None when it has none.

    Args:
        row: of any file.
        names: in lower case; the first that is there wins.

    Examples:
        >>> find(Row("q.csv:2", 2, "q", {"Answer": "7"}), "target", "answer")
        '7'
    """
    for name in names:
        if row.values.get(name) is not None:
            return row.values[name]
    by_lower = {key.lower(): value for key, value in row.values.items() if value is not None}
    return next((by_lower[name] for name in names if name in by_lower), None)


def text(row: Row, *names: str) -> str:
    """The first of these columns, which must be a text that says something.

    Raises:
        FormatError: when none is there, or it is no text or blank.

    Examples:
        >>> text(Row("q.csv:2", 2, "q", {"Question": "Why?"}), "question")
        'Why?'
    """
    value = _needed(row, names)
    if not isinstance(value, str) or not value.strip():
        raise FormatError(f"{row.place}: {names[0]!r} must be a text, not {shown(value)}.")
    return value


def texts(row: Row, *names: str) -> list[str]:
    """The first of these columns, which must be a list of texts with at least one entry.

    Raises:
        FormatError: when none is there, or it is no such list.

    Examples:
        >>> texts(Row("q.json:2", 2, "q", {"options": ["yes", "no"]}), "options")
        ['yes', 'no']
    """
    value = _needed(row, names)
    listed = [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
    if not isinstance(value, list) or not listed or len(listed) != len(value):
        raise FormatError(f"{row.place}: {names[0]!r} must be a list of texts, not {shown(value)}.")
    return listed


def number_text(row: Row, *names: str) -> str:
    """The first of these columns as the text of a number, as it stands; 145.0 is "145".

    Raises:
        FormatError: when none is there, or it is neither a number nor a text with a digit.

    Examples:
        >>> number_text(Row("q.json:2", 2, "q", {"Answer": 145.0}), "answer")
        '145'
    """
    value = _needed(row, names)
    if isinstance(value, str) and any(character.isdecimal() for character in value):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise FormatError(f"{row.place}: {names[0]!r} must be a number, not {shown(value)}.")
    return str(int(value)) if value == int(value) else repr(value)


def shown(value: Json) -> str:
    """The start of a value as JSON, for messages."""
    written = json.dumps(value)
    return written if len(written) <= _PREVIEW else f"{written[:_PREVIEW]}..."


def _needed(row: Row, names: tuple[str, ...]) -> Json:
    value = find(row, *names)
    if value is None:
        there = ", ".join(list(row.values)[:_SHOWN_COLUMNS]) or "none"
        raise FormatError(f"{row.place}: no column {names[0]!r}; there are {there}.")
    return value
