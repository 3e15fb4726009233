"""The cells of a table's file, column by column, each distinct cell kept once.

Not here: what they mean (`topdraw.store.plain_names`, `plain_cells`).
Try it: `python -m pytest tests/store/test_plain_files.py`.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import itertools
import json
import math
import re
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias, TypeVar, cast

import msgspec
import numpy as np

from topdraw.core.records import IntArray, Json
from topdraw.errors import FormatError
from topdraw.store import parquet
from topdraw.store.plain_names import is_counts, is_listed

#: None stands for an empty cell and for NaN, "true" and "false" for truth values.
Cell: TypeAlias = str | int | float | None
_Rows: TypeAlias = Iterator[tuple[int, Mapping[str, object]]]
_Item = TypeVar("_Item")

_BATCH = 20_000
_LONGEST = 2**31 - 1
_LINE_END = re.compile(r"\r\n|\r|\n")
_SUFFIXES = ".csv, .tsv, .jsonl, .ndjson, .json (each also .gz), .parquet"


@dataclass(frozen=True, slots=True)
class Raw:
    """One column as it stands in the file.

    Attributes:
        codes: shape (rows,). Position in `words`; -1 where the cell is empty.
        words: the distinct cells.
    """

    codes: IntArray
    words: list[str | int | float]


@dataclass(frozen=True, slots=True)
class RawTable:
    """A file's columns.

    Attributes:
        path: the file.
        columns: by name, in the order of the file.
        lines: shape (rows,). The line, or of Parquet the row, that each row begins in.
        unit: "line" or "row".
    """

    path: Path
    columns: dict[str, Raw]
    lines: IntArray
    unit: str

    def where(self, row: int) -> str:
        """A row as the start of a message."""
        return f"{self.path}, {self.unit} {int(self.lines[row])}"


def read_raw(path: Path, columns: Mapping[str, str]) -> RawTable:
    """The cells of a file. A row with lists of verdicts, answers, ... is a row for each entry.

    Args:
        path: the file; its suffix says what it is.
        columns: our name of a column to the file's, where it was said.

    Raises:
        FormatError: when it is no such file; names the line or row.
    """
    suffixes = [one.lower() for one in path.suffixes]
    kind = (suffixes or [""])[-1]
    if kind == ".gz" and len(suffixes) > 1:
        kind = suffixes[-2]
    if kind not in _READERS:
        raise FormatError(
            f"{path} is no table: its name does not say what it is.",
            hint=f"Let it end in one of {_SUFFIXES}.",
        )
    try:
        return _READERS[kind](path, columns)
    except (OSError, EOFError, zlib.error) as error:
        raise FormatError(f"{path} cannot be read: {error}.") from None
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is not UTF-8: {error.reason}.") from None


class _Column:
    def __init__(self, empty: int) -> None:
        self._known: dict[Cell, int] = {None: -1, "": -1}
        self._codes = array("q", [-1]) * empty

    def add(self, cells: Iterable[Cell]) -> None:
        known, listed = self._known, list(cells)
        for cell in dict.fromkeys(listed):
            if cell not in known:
                known[cell] = len(known) - 2
        self._codes.extend(map(known.__getitem__, listed))

    def raw(self) -> Raw:
        words = cast("list[str | int | float]", list(self._known)[2:])
        return Raw(np.array(self._codes, np.int64), words)


class _Gathered:
    """Columns that grow by batches of rows."""

    def __init__(self) -> None:
        self._columns: dict[str, _Column] = {}
        self._lines = array("q")

    def add(
        self, names: Sequence[str], cells: Iterable[Iterable[Cell]], lines: Sequence[int]
    ) -> None:
        for name, column in zip(names, cells, strict=True):
            if name not in self._columns:
                self._columns[name] = _Column(len(self._lines))
            self._columns[name].add(column)
        for name in self._columns.keys() - set(names):
            self._columns[name].add(itertools.repeat(None, len(lines)))
        self._lines.extend(lines)

    def table(self, path: Path, unit: str) -> RawTable:
        columns = {name: column.raw() for name, column in self._columns.items()}
        return RawTable(path, columns, np.array(self._lines, np.int64), unit)


def _read_csv(path: Path, columns: Mapping[str, str]) -> RawTable:
    gathered = _Gathered()
    for header, rows, lines in _csv_batches(path, ()):
        gathered.add(header, zip(*rows, strict=True) if rows else [[] for _ in header], lines)
    return gathered.table(path, "line")


def csv_rows(path: Path, header: Sequence[str] = ()) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV or TSV file one by one, each with the line it begins in.

    Args:
        path: UTF-8, with or without a byte order mark; a name that ends in .gz is unpacked.
        header: the names of the columns where the first line names none; commas are between them.

    Raises:
        FormatError: naming the line, when the file is no such table.
        UnicodeDecodeError: when it is not UTF-8.
        OSError: when it cannot be read.
    """
    for names, rows, lines in _csv_batches(path, header):
        for line, row in zip(lines, rows, strict=True):
            yield line, dict(zip(names, row, strict=True))


def _csv_batches(
    path: Path, header: Sequence[str]
) -> Iterator[tuple[list[str], list[list[str]], list[int]]]:
    """Header, rows and lines; the first batch may have no row."""
    with _opened(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        head = ",".join(header) or text.readline()
        text.seek(0)
        reader = csv.reader(text, delimiter=_delimiter(head), strict=True)
        batches = _batches(reader)
        try:
            with _long_fields():
                names = list(header) or _header(path, next(reader, []))
            yield names, [], []
            start = reader.line_num + 1
            while rows := _next_batch(batches):
                lines = _lines(rows, start, reader.line_num)
                start = reader.line_num + 1
                yield names, *_filled(path, rows, lines, len(names))
        except csv.Error as error:
            raise FormatError(f"{path}, line {reader.line_num} is not CSV: {error}.") from None


def _next_batch(batches: Iterator[list[list[str]]]) -> list[list[str]]:
    with _long_fields():
        return next(batches, [])


def _lines(rows: Sequence[Sequence[str]], start: int, end: int) -> list[int]:
    """The line that each row begins in; a quoted cell may hold line ends."""
    if end - start + 1 == len(rows):
        return list(range(start, end + 1))
    sizes = [1 + sum(len(_LINE_END.findall(cell)) for cell in row) for row in rows]
    return list(itertools.accumulate(sizes[:-1], initial=start))


def _filled(
    path: Path, rows: list[list[str]], lines: list[int], width: int
) -> tuple[list[list[str]], list[int]]:
    """The rows that have cells, and their lines.

    Raises:
        FormatError: when one has too many or too few.
    """
    if {len(row) for row in rows} == {width}:
        return rows, lines
    wrong = next((at for at, row in enumerate(rows) if len(row) not in (0, width)), None)
    if wrong is not None:
        raise FormatError(
            f"{path}, line {lines[wrong]} has {len(rows[wrong])} cells; the first line names "
            f"{width} columns."
        )
    kept = [at for at, row in enumerate(rows) if row]
    return [rows[at] for at in kept], [lines[at] for at in kept]


def _delimiter(head: str) -> str:
    return max((",", "\t", ";"), key=head.count)


def _header(path: Path, names: list[str]) -> list[str]:
    if not any(name.strip() for name in names):
        raise FormatError(f"{path} is empty: its first line names no column.")
    stripped = [name.strip() for name in names]
    twice = next((name for at, name in enumerate(stripped) if name in stripped[:at]), None)
    if twice is not None:
        raise FormatError(f"{path} has two columns named {twice!r}.")
    return stripped


def _read_json_lines(path: Path, columns: Mapping[str, str]) -> RawTable:
    with _opened(path) as file:
        return _gathered(path, _objects(path, file), columns, "line")


def _objects(path: Path, file: Iterable[bytes]) -> _Rows:
    decode = msgspec.json.Decoder().decode
    for number, line in enumerate(file, 1):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if text.isspace() or not text:
            continue
        try:
            row = decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            row = _by_python(path, number, text)  # NaN, lone surrogates, huge numbers
        if not isinstance(row, dict):
            raise FormatError(f"{path}, line {number} is not a JSON object.")
        yield number, row


def _by_python(path: Path, number: int, text: bytes) -> Json:
    try:
        row: Json = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}, line {number} is not JSON: {error}.") from None
    return row


def _read_json(path: Path, columns: Mapping[str, str]) -> RawTable:
    """A list of objects, or JSON lines under another name."""
    with _opened(path) as file:
        text = file.read()
    if not text.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"["):
        return _gathered(path, _objects(path, text.splitlines()), columns, "line")
    rows = _by_python(path, 1, text.removeprefix(b"\xef\xbb\xbf"))
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FormatError(f"{path} is a JSON list, but not all its entries are objects.")
    objects = enumerate(cast("list[dict[str, object]]", rows), 1)
    return _gathered(path, objects, columns, "entry")


def _read_parquet(path: Path, columns: Mapping[str, str]) -> RawTable:
    batches = _parquet_batches(path)
    names, _ = next(batches)
    rows = (dict(zip(names, row, strict=True)) for _, block in batches for row in block)
    return _gathered(path, enumerate(rows, 1), columns, "row", names)


def parquet_rows(path: Path) -> Iterator[dict[str, object]]:
    """The rows of a Parquet file one by one.

    Raises:
        FormatError: when it is no Parquet table.
    """
    for names, block in _parquet_batches(path):
        for row in block:
            yield dict(zip(names, row, strict=True))


def _parquet_batches(path: Path) -> Iterator[tuple[list[str], list[tuple[object, ...]]]]:
    """Names and rows; the first batch has no row."""
    import duckdb

    with parquet.connect() as connection:
        try:
            found = connection.execute(f"SELECT * FROM read_parquet({parquet.quote(path)})")  # noqa: S608  # quoted
            names = [one[0] for one in connection.description or ()]
            yield names, []
            while block := found.fetchmany(_BATCH):
                yield names, block
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise FormatError(f"{path} is not a Parquet table: {reason}") from None


def _gathered(
    path: Path, rows: _Rows, columns: Mapping[str, str], unit: str, names: Sequence[str] = ()
) -> RawTable:
    gathered = _Gathered()
    gathered.add(names, [[] for _ in names], [])
    listed: dict[str, bool] = {}
    for batch in _batches(rows):
        # Beside counts, a list of the samples themselves is no list of rows.
        if is_counts(list(batch[0][1]), columns):
            flat = batch
        else:
            flat = [one for row in batch for one in _flat(path, unit, *row, columns, listed)]
        keys = list(dict.fromkeys(key for _, row in flat for key in row))
        cells = [[_cell(row.get(key)) for _, row in flat] for key in keys]
        gathered.add(keys, cells, [line for line, _ in flat])
    return gathered.table(path, unit)


def _flat(
    path: Path,
    unit: str,
    line: int,
    row: Mapping[str, object],
    columns: Mapping[str, str],
    listed: dict[str, bool],
) -> Iterator[tuple[int, Mapping[str, object]]]:
    """The row, or one for each entry of its lists of samples."""
    lists = {key: value for key, value in row.items() if isinstance(value, list)}
    for key in lists.keys() - listed.keys():
        listed[key] = is_listed(key, columns)
    lengths = {key: len(value) for key, value in lists.items() if listed[key]}
    if not lengths:
        yield line, row
        return
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{key!r} {length}" for key, length in lengths.items())
        raise FormatError(f"{path}, {unit} {line} has lists of different lengths: {told}.")
    n = next(iter(lengths.values()))
    spread = {key: value for key, value in lists.items() if len(value) == n}
    for at in range(n):
        yield line, {**row, **{key: value[at] for key, value in spread.items()}}


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, list) and len(value) == 1:
        return _cell(value[0])
    if isinstance(value, list | dict):
        return json.dumps(value, default=str)
    return str(value)


def _batches(rows: Iterable[_Item]) -> Iterator[list[_Item]]:
    each = iter(rows)
    return iter(lambda: list(itertools.islice(each, _BATCH)), [])


def _opened(path: Path) -> contextlib.AbstractContextManager[IO[bytes]]:
    return cast("IO[bytes]", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


@contextlib.contextmanager
def _long_fields() -> Iterator[None]:
    # Outputs are longer than the 128 KiB that the csv module allows.
    old = csv.field_size_limit(_LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(old)


_READERS: dict[str, Callable[[Path, Mapping[str, str]], RawTable]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".json": _read_json,
    ".parquet": _read_parquet,
}
