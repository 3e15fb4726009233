"""Fields of a row of judgments, of the kind that is needed; else a sentence with file and line.

Not here: which fields a benchmark has (`winrate.read_alpaca` and its siblings).
Try it: `python -m pytest tests/analysis/winrate/test_cells.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from topdraw.errors import FormatError
from topdraw.store.json_rows import JsonRow


def number(row: JsonRow, name: str, *, texts: bool = False) -> float:
    """A number; NaN when it is null, absent, not finite, or (of texts) not a number.

    Args:
        row: of a file.
        name: of the field.
        texts: whether a text may stand for a number, as WildBench stores its scores.

    Raises:
        FormatError: when it is something else.
    """
    value = row.fields.get(name)
    if value is None:
        return math.nan
    if texts and isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FormatError(f"{row.where}: {name!r} is {_shown(value)}, not a number or null.")
    try:
        found = float(value)
    except OverflowError:
        return math.nan
    return found if math.isfinite(found) else math.nan


def text(row: JsonRow, name: str, default: str | None = None) -> str:
    """A text, or the default when it is null or absent.

    Raises:
        FormatError: when it is something else, or there is no default for what is absent.
    """
    value = row.fields.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        told = "has no" if value is None else f"has {_shown(value)} as"
        raise FormatError(f"{row.where} {told} {name!r}; it must be a text.")
    return value


def length(row: JsonRow, output: str, stored: str = "") -> float:
    """Characters of an output, or the stored number of them; NaN when neither is there.

    Raises:
        FormatError: when the output is neither a text nor null.
    """
    if row.fields.get(output) is not None:
        return float(len(text(row, output)))
    return number(row, stored) if stored else math.nan


def inner(row: JsonRow, name: str) -> Mapping[str, object]:
    """A nested object; empty when it is null, absent or something else."""
    value = row.fields.get(name)
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def identity(row: JsonRow, names: Sequence[str], what: str) -> str:
    """The first of these fields that is there, as a text.

    Raises:
        FormatError: when none is.
    """
    for name in names:
        value = row.fields.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return str(value)
    raise FormatError(f"{row.where} has no {' or '.join(map(repr, names))}: {what} is unknown.")


def stem(path: Path) -> str:
    """The file's name without .gz, .json, .jsonl and .annotations.

    Examples:
        >>> stem(Path("x/claude-2.1.annotations.json.gz"))
        'claude-2.1'
    """
    name = path.name
    for suffix in (".gz", ".jsonl", ".ndjson", ".json", ".annotations"):
        name = name.removesuffix(suffix)
    return name


def _parsed(value: str) -> float:
    try:
        return float(value.strip())
    except ValueError:
        return math.nan


def _shown(value: object) -> str:
    told = repr(value)
    return told if len(told) <= 40 else told[:40] + "..."
