"""The rows of a JSON list or of JSON lines, gzipped or not, each with the line it begins in.

Not here: what the rows mean; tables of counts and scored samples (`topdraw.store.plain_files`).
Try it: `python -m pytest tests/store/test_json_rows.py`.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from topdraw.errors import FormatError

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class JsonRow:
    """One object of a file.

    Attributes:
        path: the file.
        line: the line it begins in, from 1.
        fields: what it holds; NaN and infinities may occur, as Python's reader allows them.
    """

    path: Path
    line: int
    fields: dict[str, object]

    @property
    def where(self) -> str:
        """The row as the start of a message."""
        return f"{self.path}, line {self.line}"


def json_rows(path: str | os.PathLike[str]) -> list[JsonRow]:
    """All objects of a file.

    Args:
        path: a JSON list of objects, or JSON lines; gzip is recognised by its first bytes.

    Returns:
        At least one row, in the order of the file.

    Raises:
        FormatError: when the file cannot be read, is not UTF-8, is not JSON, holds something else
            than objects, or holds nothing; names the line.
    """
    file = Path(path)
    text = _text(file)
    start = _skip(text, 0)
    rows = list(_listed(file, text) if text[start : start + 1] == "[" else _lines(file, text))
    if not rows:
        raise FormatError(f"{file} is empty: it has no row.")
    return rows


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        if data.startswith(_GZIP):
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise FormatError(f"{path} cannot be read: {error}.") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormatError(f"{path}, line {line} is not UTF-8: {error.reason}.") from None


def _lines(path: Path, text: str) -> Iterator[JsonRow]:
    # Not `splitlines`: a JSON string may hold U+2028, which is no line end here.
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line.isspace():
            continue
        value, end = _decoded(path, line, _skip(line, 0), number)
        if _skip(line, end) != len(line):
            raise FormatError(f"{path}, line {number} holds more than one JSON value.")
        yield _row(path, number, value)


def _listed(path: Path, text: str) -> Iterator[JsonRow]:
    """The entries of a list one by one, so that each knows its line."""
    at = _skip(text, 0) + 1
    line, counted = 1, 0
    first = True
    while True:
        at = _skip(text, at)
        line, counted = line + text.count("\n", counted, at), at
        if text[at : at + 1] == "]" and first:
            break
        value, at = _decoded(path, text, at, line)
        yield _row(path, line, value)
        first = False
        at = _skip(text, at)
        if text[at : at + 1] == "]":
            break
        if text[at : at + 1] != ",":
            line += text.count("\n", counted, at)
            end = "ends" if at == len(text) else "goes on"
            raise FormatError(f"{path}, line {line}: the list {end} without ',' or ']'.")
        at += 1
    rest = _skip(text, at + 1)
    if rest != len(text):
        line += text.count("\n", counted, rest)
        raise FormatError(f"{path}, line {line}: something follows the end of the list.")


def _decoded(path: Path, text: str, at: int, line: int) -> tuple[object, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        where = line + text.count("\n", at, error.pos)
        raise FormatError(f"{path}, line {where} is not JSON: {error.msg}.") from None
    except (RecursionError, ValueError) as error:  # nested too deep; a number too long to read
        raise FormatError(f"{path}, line {line} is not JSON: {error}.") from None


def _row(path: Path, line: int, value: object) -> JsonRow:
    if not isinstance(value, dict):
        raise FormatError(f"{path}, line {line} is not a JSON object.")
    return JsonRow(path, line, value)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
