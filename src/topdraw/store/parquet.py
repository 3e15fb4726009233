"""Parquet parts: which there are, and their rows, while a compaction may change them.

Not here: making parts (`topdraw.store.compaction`), meaning of columns (`rows`).
Try it: `python -m pytest tests/store/test_parquet.py`.

A part never changes under its name. Others may take its place while it is read; whoever reads
lists the parts again at the end, and reads those that are new.
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from topdraw.errors import StoreError
from topdraw.store.rows import Key, Kind

if TYPE_CHECKING:
    import duckdb

_NAME = re.compile(r"part-(\d+)\.parquet")
_BLOCK = 20_000


class Seen:
    """Which keys have a record already: the rule that readers and compaction share.

    The first record of a key is kept. A missing score gives way to the first real one.
    """

    def __init__(self) -> None:
        self._final: set[Key] = set()
        self._missing: set[Key] = set()

    def add(self, key: Key, missing: bool) -> bool:
        """Note a record; True when it is to be kept."""
        if key in self._final or (missing and key in self._missing):
            return False
        (self._missing if missing else self._final).add(key)
        return True


def parts(folder: Path) -> list[Path]:
    """The sealed Parquet files of a folder, oldest first."""
    with contextlib.suppress(FileNotFoundError):
        found = [(number(name), name) for name in os.listdir(folder) if _NAME.fullmatch(name)]
        return [folder / name for _, name in sorted(found)]
    return []


def number(name: str) -> int:
    """The number in a part's file name; -1 when it is no part."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else -1


def connect() -> duckdb.DuckDBPyConnection:
    """A fresh in-memory database that leaves nothing behind in the working directory."""
    import duckdb

    connection = duckdb.connect(config={"temp_directory": ""})
    # In a notebook without ipywidgets there is no bar to turn off, and saying so is an error.
    with contextlib.suppress(duckdb.InvalidInputException):
        connection.execute("SET enable_progress_bar = false")
    return connection


def source(paths: Sequence[Path], kind: Kind, *, extra: Sequence[str] = ()) -> str:
    """The SQL of a table with the columns of a kind, made of Parquet files, in this order.

    A file that lacks a column, or a value of it, shows the row's default there; columns that the
    kind does not know are left out.

    Args:
        paths: whatever their names contain; none make an empty table.
        kind: the columns.
        extra: columns about the rows that the database adds: "filename", "file_row_number".
    """
    defaults = {field.name: field.default for field in msgspec.structs.fields(kind.row)}
    shown = [_shown(name, defaults[name]) for name in kind.columns]
    # A required column is nowhere but in the files: one that lacks it is no file of ours.
    known = [
        f'NULL::{sql} AS "{name}"'
        for name, sql in kind.columns.items()
        if not paths or defaults[name] is not msgspec.NODEFAULT
    ]
    table = f"SELECT {', '.join(known)} WHERE false"
    if paths:
        options = "".join(f", {name} = true" for name in extra)
        table += f" UNION ALL BY NAME SELECT * FROM {files(paths, options)}"  # noqa: S608  # quoted
    return f"(SELECT {', '.join([*shown, *extra])} FROM ({table}))"  # noqa: S608  # quoted


def _shown(name: str, default: object) -> str:
    if default is None or default is msgspec.NODEFAULT:
        return f'"{name}"'
    value = f"'{default}'" if isinstance(default, str) else str(default)
    return f'coalesce("{name}", {value}) AS "{name}"'


def files(paths: Iterable[Path], options: str = "") -> str:
    """The SQL of a table made of Parquet files as they are, in this order."""
    return f"read_parquet([{', '.join(map(quote, paths))}], union_by_name = true{options})"


def quote(path: Path) -> str:
    """A path in SQL."""
    # duckdb reads [, ? and * in file names as patterns
    return "'" + glob.escape(str(path)).replace("'", "''") + "'"


class Unread:
    """The parts of a folder as one reader goes through them: each once, and new ones too.

    Args:
        folder: it need not exist.
        kind: the columns to read.
    """

    def __init__(self, folder: Path, kind: Kind) -> None:
        self._folder = folder
        self._kind = kind
        self._known: set[tuple[object, ...]] = set()

    def rows(self, where: str = "true") -> Iterator[tuple[Any, ...]]:
        """The rows of the parts not read yet, oldest part first, in the order of the columns.

        Raises:
            StoreError: when a part cannot be read.
        """
        if not parts(self._folder):
            return
        with connect() as connection:
            while paths := [path for path in parts(self._folder) if self._is_new(path)]:
                for path in paths:
                    yield from self._read(connection, path, where)

    def _is_new(self, path: Path) -> bool:
        try:
            found = path.stat()
        except FileNotFoundError:
            return False  # merged into another since it was listed
        known = (path.name, found.st_ino, found.st_size, found.st_mtime_ns)
        if known in self._known:
            return False
        self._known.add(known)
        return True

    def _read(
        self, connection: duckdb.DuckDBPyConnection, path: Path, where: str
    ) -> Iterator[tuple[Any, ...]]:
        columns = ", ".join(f'"{name}"' for name in self._kind.columns)
        query = f"SELECT {columns} FROM {source([path], self._kind)} WHERE {where}"  # noqa: S608  # quoted
        with contextlib.suppress(Gone), reading(self._folder, [path]):
            rows = connection.execute(query)
            while block := rows.fetchmany(_BLOCK):
                yield from block


def select(folder: Path, kind: Kind, *, where: str = "true") -> Iterator[tuple[Any, ...]]:
    """The rows of all parts, oldest part first, as tuples in the order of the kind's columns.

    A row that a compaction moved meanwhile may come twice.

    Raises:
        StoreError: when a part cannot be read.
    """
    return Unread(folder, kind).rows(where)


T = TypeVar("T")


def settled(folder: Path, read: Callable[[list[Path]], T]) -> T:
    """What a reader makes of all parts, read again while a compaction changes which there are.

    Raises:
        StoreError: when a part cannot be read.
    """
    while True:
        paths = parts(folder)
        if not paths:  # a fresh run needs no database
            return read(paths)
        with contextlib.suppress(Gone), reading(folder, paths):
            found = read(paths)
            if parts(folder) == paths:
                return found


class Gone(Exception):
    """A part was merged into another before it was opened."""


@contextlib.contextmanager
def reading(folder: Path, paths: Iterable[Path] = ()) -> Iterator[None]:
    """Turn the database's errors into ours.

    Raises:
        Gone: when one of the paths is not there any more.
        StoreError: when a part cannot be read.
    """
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        if not all(path.exists() for path in paths):
            raise Gone from error
        raise StoreError(
            f"The Parquet files in {folder} cannot be read: {error}.",
            hint="Which one is damaged says: topdraw verify-run RUN",
        ) from error
