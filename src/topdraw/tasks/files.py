r"""The rows of one file as JSON objects, each with the place it stands at.

Not here: which file (`topdraw.tasks.source`) and what its columns mean (each task).
Try it: `python -m pytest tests/tasks/test_files.py`.

Rows are read one by one: a file's size is not a limit, except for a `.json` list, which is one
value. Text is UTF-8, with or without a byte order mark; only "\n" ends a line of JSON.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import IO, NamedTuple, cast

from topdraw.core.records import Json
from topdraw.errors import ConfigError, FormatError
from topdraw.store.plain_files import csv_rows, parquet_rows

SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".arrow")
_MARK = b"\xef\xbb\xbf"
_PREVIEW = 40


class Row(NamedTuple):
    """One row of a file.

    Attributes:
        place: as the start of a message, such as "questions.jsonl:7".
        number: the line it begins in, or where there are no lines its position, from 1.
        file: name of the file without folder and suffixes.
        values: its cells by column; text in CSV, JSON values elsewhere.
    """

    place: str
    number: int
    file: str
    values: Mapping[str, Json]


def kind_of(path: str | Path) -> str:
    """What a file's name says it is, one of `SUFFIXES`, or "" for none; `.gz` is looked through.

    Examples:
        >>> kind_of("a/test.JSONL.gz"), kind_of("test.txt"), kind_of("folder")
        ('.jsonl', '', '')
    """
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    if suffixes[-1:] == [".gz"]:
        suffixes.pop()
    kind = suffixes[-1] if suffixes else ""
    return kind if kind in SUFFIXES else ""


def read_file(path: Path, *, header: tuple[str, ...] = ()) -> Iterator[Row]:
    """The rows of a file, in order.

    Args:
        path: its name ends in one of `SUFFIXES`, or one of them and `.gz`.
        header: names of the columns of a CSV file, unless its first line has all of them.

    Raises:
        ConfigError: when the file is not there, or its name does not say what it is.
        FormatError: naming file and line, when a row cannot be read.
    """
    if not path.is_file():
        raise ConfigError(f"There is no file {str(path)!r}.")
    kind = kind_of(path)
    if not kind:
        listed = ", ".join(SUFFIXES)
        raise ConfigError(
            f"{path} is no file of problems: its name does not say what it is.",
            hint=f"Let it end in one of {listed}; those of text may end in .gz as well.",
        )
    text = kind in (".csv", ".tsv")
    return _guarded(path, _csv(path, header) if text else _READERS[kind](path))


def _guarded(path: Path, rows: Iterator[Row]) -> Iterator[Row]:
    try:
        yield from rows
    except UnicodeDecodeError:
        raise FormatError(f"{path}:{_undecodable(path)}: not UTF-8.") from None
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"Cannot read {str(path)!r}: {reason}.") from error


def _undecodable(path: Path) -> int:
    """The first line that is not UTF-8; the last one when all are."""
    number = 0
    with _opened(path) as file:
        for number, line in enumerate(file, start=1):  # noqa: B007  the last one is returned
            try:
                line.decode()
            except UnicodeDecodeError:
                break
    return number


def _opened(path: Path) -> IO[bytes]:
    gzipped = path.suffix.lower() == ".gz"
    return cast("IO[bytes]", gzip.open(path)) if gzipped else path.open("rb")


def _json_lines(path: Path) -> Iterator[Row]:
    with _opened(path) as file:
        yield from _lines(path, file)


def _lines(path: Path, lines: Iterable[bytes]) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix(_MARK) if number == 1 else line
        if text.strip():
            place = f"{path}:{number}"
            yield Row(place, number, stem(path), _object(place, _decoded(place, text)))


def _decoded(place: str, text: bytes) -> Json:
    try:
        values: Json = json.loads(text.decode(), parse_constant=_none)
    except UnicodeDecodeError as error:
        raise FormatError(f"{place}: not UTF-8 (byte {error.start + 1}).") from error
    except RecursionError as error:
        raise FormatError(f"{place}: nested too deeply.") from error
    except ValueError as error:
        hint = "A JSONL file has one complete JSON object per line."
        raise FormatError(f"{place}: not JSON ({error}).", hint=hint) from error
    return values


def _none(_: str) -> None:
    """NaN and Infinity are no JSON; tables write them where a cell is empty."""


def _object(place: str, values: Json) -> dict[str, Json]:
    if isinstance(values, dict):
        return values
    shown = "a list" if isinstance(values, list) else json.dumps(values)[:_PREVIEW]
    hint = "A JSONL file has one JSON object per line; a whole list belongs in a .json file."
    raise FormatError(f"{place}: a JSON object is needed, not {shown}.", hint=hint)


def _json(path: Path) -> Iterator[Row]:
    """A list of objects, an object of named objects, one object, or JSON lines by another name."""
    with _opened(path) as file:
        data = file.read().removeprefix(_MARK)
    try:
        values = _decoded(str(path), data)
    except FormatError:
        if not data.lstrip().startswith(b"{") or b"\n" not in data.strip():
            raise
        yield from _lines(path, data.split(b"\n"))
        return
    for number, entry in enumerate(_entries(values), start=1):
        place = f"{path}, entry {number}"
        yield Row(place, number, stem(path), _object(place, entry))


def _entries(values: Json) -> list[Json]:
    if isinstance(values, list):
        return values
    if isinstance(values, dict) and values:
        named = {key: one for key, one in values.items() if isinstance(one, dict)}
        if len(named) == len(values):
            return [{"id": key, **one} for key, one in named.items()]
    return [values]


def _csv(path: Path, header: tuple[str, ...]) -> Iterator[Row]:
    if header and _names_columns(path, header):
        header = ()
    for number, values in csv_rows(path, header):
        yield Row(f"{path}:{number}", number, stem(path), cast("Mapping[str, Json]", values))


def _names_columns(path: Path, header: Sequence[str]) -> bool:
    """Whether the first line of a CSV file has all these names, in any case."""
    with _opened(path) as file:
        first = file.readline().removeprefix(_MARK).decode(errors="replace")
    cells = {cell.strip().lower() for row in csv.reader([first]) for cell in row}
    return {name.lower() for name in header} <= cells


def _parquet(path: Path) -> Iterator[Row]:
    for number, values in enumerate(parquet_rows(path), start=1):
        yield Row(f"{path}, row {number}", number, stem(path), plain(values))


def _arrow(path: Path) -> Iterator[Row]:
    from topdraw.tasks.hub import arrow_rows

    for number, values in enumerate(arrow_rows(path), start=1):
        yield Row(f"{path}, row {number}", number, stem(path), plain(values))


def plain(values: Mapping[str, object]) -> dict[str, Json]:
    r"""A row of a typed table as JSON values: dates as text, bytes that are no text as None.

    Examples:
        >>> plain({"n": Decimal("2.50"), "b": b"text", "raw": b"\xff", "l": (1, None)})
        {'n': 2.5, 'b': 'text', 'raw': None, 'l': [1, None]}
    """
    return {key: _plain(value) for key, value in values.items()}


def _plain(value: object) -> Json:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes | bytearray):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return None
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return str(value)


def stem(path: Path) -> str:
    """A file's name without the suffixes that say what it is.

    Examples:
        >>> stem(Path("data/test.v2.jsonl.gz"))
        'test.v2'
    """
    inner = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return inner.stem


_READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json,
    ".parquet": _parquet,
    ".arrow": _arrow,
}
