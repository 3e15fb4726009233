"""Sealed segments compacted into Parquet, so that a kill at any step loses and doubles nothing.

Not here: writing single records (`topdraw.store.journal`), meaning of columns (`rows`).
Try it: `python -m pytest tests/store/test_parquet.py`.

Steps: write a draft, sync, rename to `part-<k>.parquet`, sync the folder, rewrite the parts that
hold superseded rows in the same way, delete the segments. A kill before the rename leaves the
segments; one after it leaves both, and the first record of each key wins, parts before segments.
After a compaction each key is in the parts once. One at a time, by a flock on their folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from topdraw.errors import StoreError
from topdraw.store.rows import KEYS, Key, KeyRow, Kind
from topdraw.store.segments import put_aside, scan, sealed_segments, sync_folder

if TYPE_CHECKING:
    import duckdb

GROUP_BYTES = 256 << 20
_NAME = re.compile(r"part-(\d+)\.parquet")
_LOCK = ".compacting"
_ROW_GROUP = 20_000
_decode_key = msgspec.json.Decoder(KeyRow).decode


class Seen:
    """Which keys have a record already: the rule that readers and compaction share.

    The first record of a key is kept. A missing score gives way to the first real one.

    Attributes:
        gave_way: whether a record that had been kept is now superseded.
    """

    def __init__(self) -> None:
        self.gave_way = False
        self._final: set[Key] = set()
        self._missing: set[Key] = set()

    def add(self, key: Key, missing: bool) -> bool:
        """Note a record; True when it is to be kept."""
        if key in self._final or (missing and key in self._missing):
            return False
        self.gave_way |= not missing and key in self._missing
        (self._missing if missing else self._final).add(key)
        return True


def parts(folder: Path) -> list[Path]:
    """The sealed Parquet files of a folder, oldest first."""
    with contextlib.suppress(FileNotFoundError):
        found = [(int(m[1]), m[0]) for m in map(_NAME.fullmatch, os.listdir(folder)) if m]
        return [folder / name for _, name in sorted(found)]
    return []


def connect() -> duckdb.DuckDBPyConnection:
    """A fresh in-memory database that leaves nothing behind in the working directory."""
    import duckdb

    connection = duckdb.connect(config={"temp_directory": ""})
    connection.execute("SET enable_progress_bar = false")
    return connection


def source(paths: Iterable[Path]) -> str:
    """The SQL of a table made of Parquet files, in this order, whatever their names contain."""
    return f"read_parquet([{', '.join(map(_quote, paths))}], union_by_name = true)"


def no_rows(kind: Kind) -> str:
    """The SQL of an empty table with the columns of a kind."""
    columns = ", ".join(f'NULL::{sql} AS "{name}"' for name, sql in kind.columns.items())
    return f"(SELECT {columns} WHERE false)"


def select(folder: Path, kind: Kind, *, where: str = "true") -> Iterator[tuple[Any, ...]]:
    """The rows of all parts, oldest part first, as tuples in the order of the kind's columns.

    Raises:
        StoreError: when a part cannot be read.
    """
    if not parts(folder):
        return
    columns = ", ".join(f'"{name}"' for name in kind.columns)
    known: set[Path] = set()
    with connect() as connection, reading(folder):
        # A compaction meanwhile may take a row from an old part once a new one supersedes it.
        while paths := [path for path in parts(folder) if path not in known]:
            known.update(paths)
            for path in paths:
                query = f"SELECT {columns} FROM {source([path])} WHERE {where}"  # noqa: S608  # quoted
                yield from _fetched(connection.execute(query))


def _fetched(rows: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while block := rows.fetchmany(20_000):
        yield from block


def keys(folder: Path) -> Iterator[Key]:
    """The key of every row in the parts, surrogates restored.

    Raises:
        StoreError: when a part cannot be read.
    """
    for problem_id, index, sampler, original in select(folder, KEYS):
        yield (
            (sampler, problem_id, index)
            if not original
            else KeyRow(problem_id, index, sampler, original).key
        )


@contextlib.contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Turn the database's errors into ours.

    Raises:
        StoreError: when a part cannot be read.
    """
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise StoreError(f"The Parquet files in {folder} cannot be read: {error}.") from error


def _quote(path: Path) -> str:
    # duckdb reads [, ? and * in file names as patterns
    return "'" + glob.escape(str(path)).replace("'", "''") + "'"


@dataclass(slots=True)
class _Group:
    """Segments that become one part."""

    segments: list[Path] = field(default_factory=list)
    inputs: list[Path] = field(default_factory=list)
    rows: int = 0
    bytes: int = 0
    longest: int = 0


def compact(segments: Path, folder: Path, kind: Kind) -> list[str]:
    """Move what sealed segments hold into new Parquet parts.

    Args:
        segments: where the segments lie; live ones are left alone.
        folder: where the parts go; made when needed.
        kind: the columns.

    Returns:
        One sentence per segment in which damaged records were found and kept aside.

    Raises:
        StoreError: when a part cannot be written; the segments stand.
    """
    if not sealed_segments(segments) and not _drafts(folder):
        return []
    messages: list[str] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            _tidy(folder)
            seen = _seen(folder, kind)
            for group in _groups(sealed_segments(segments), folder, seen, messages):
                _finish(group, folder, kind, seen)
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{folder} could not be compacted: {error}.") from error
    return messages


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with open(folder / _LOCK, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _drafts(folder: Path) -> list[Path]:
    """What a compaction killed half-way left; a list, for the folder need not exist."""
    return list(folder.glob(".draft-*"))


def _tidy(folder: Path) -> None:
    for draft in _drafts(folder):
        draft.unlink()


def _seen(folder: Path, kind: Kind) -> Seen:
    seen = Seen()
    for values in select(folder, Kind(KeyRow, _key_columns(kind))):
        row = KeyRow(*values)
        if not seen.add(row.key, row.missing):
            seen.gave_way = True
    return seen


def _key_columns(kind: Kind) -> dict[str, str]:
    return {name: kind.columns[name] for name in KeyRow.__struct_fields__ if name in kind.columns}


def _groups(paths: list[Path], folder: Path, seen: Seen, messages: list[str]) -> Iterator[_Group]:
    group = _Group()
    for path in paths:
        _take(group, path, folder, seen, messages)
        if group.bytes >= GROUP_BYTES:
            yield group
            group = _Group()
    yield group


def _take(group: _Group, path: Path, folder: Path, seen: Seen, messages: list[str]) -> None:
    data = path.read_bytes()
    found = scan(data)
    if found.damaged:
        torn, count = put_aside(path, found.damaged), len(found.damaged)
        messages.append(f"{path.name}: {count} damaged record(s) are kept in {torn.name}.")
    kept = [line for line in found.whole if _is_new(line, seen)]
    group.segments.append(path)
    group.rows += len(kept)
    group.bytes += len(data)
    group.longest = max(group.longest, *map(len, kept), 0)
    if len(kept) == len(found.whole) and not found.damaged:
        group.inputs.append(path)
    elif kept:
        draft = folder / f".draft-{path.name}"
        draft.write_bytes(b"".join(line + b"\n" for line in kept))
        group.inputs.append(draft)


def _is_new(line: bytes, seen: Seen) -> bool:
    row = _decode_key(line)
    return seen.add(row.key, row.missing)


def _finish(group: _Group, folder: Path, kind: Kind, seen: Seen) -> None:
    if group.rows:
        _write_part(group, folder, kind)
    # Before the segments go: as long as they are there, a compaction after a kill looks again.
    if seen.gave_way:
        for path, rows in _superseded(folder, kind).items():
            _rewrite(path, rows)
        seen.gave_way = False
    for path in group.segments:
        path.unlink()
    _tidy(folder)
    if group.segments:
        sync_folder(group.segments[0].parent)


def _write_part(group: _Group, folder: Path, kind: Kind) -> None:
    number = max((int(path.stem.split("-")[1]) for path in parts(folder)), default=-1) + 1
    with _draft_of(folder / f"part-{number:05d}.parquet") as draft, connect() as connection:
        connection.execute(_copy(group, draft, kind))
        _check_count(connection, draft, group.rows)


@contextlib.contextmanager
def _draft_of(part: Path) -> Iterator[Path]:
    """Where to write a part, new or anew; it takes its place, synced, when all went well."""
    import duckdb

    draft = part.with_name(f".draft-{part.name}")
    try:
        yield draft
        with open(draft, "rb+") as file:
            os.fsync(file.fileno())
        os.rename(draft, part)
    except (duckdb.Error, OSError) as error:
        draft.unlink(missing_ok=True)  # the disk may be full
        raise StoreError(f"{part.parent} could not be compacted: {error}.") from error
    sync_folder(part.parent)


def _check_count(connection: duckdb.DuckDBPyConnection, draft: Path, rows: int) -> None:
    written = connection.execute(f"SELECT count(*) FROM {source([draft])}").fetchone()  # noqa: S608  # quoted
    if written != (rows,):
        raise StoreError(f"A part of {draft.parent} got {written} rows instead of {rows}.")


def _superseded(folder: Path, kind: Kind) -> dict[Path, list[int]]:
    """By part, the numbers of the rows that are not the kept one of their key."""
    kept: dict[Key, tuple[Path, int]] = {}
    found: dict[Path, list[int]] = {}
    seen = Seen()
    for path, number, row in _numbered(folder, kind):
        old = path, number
        if seen.add(row.key, row.missing):
            old = kept.get(row.key, old)
            kept[row.key] = path, number
        if old != kept[row.key]:
            found.setdefault(old[0], []).append(old[1])
    return found


def _numbered(folder: Path, kind: Kind) -> Iterator[tuple[Path, int, KeyRow]]:
    columns = ", ".join(f'"{name}"' for name in _key_columns(kind))
    with connect() as connection, reading(folder):
        for path in parts(folder):
            query = f"SELECT file_row_number, {columns} FROM {_numbered_source(path)}"  # noqa: S608  # quoted
            for number, *values in _fetched(connection.execute(query)):
                yield path, number, KeyRow(*values)


def _numbered_source(path: Path) -> str:
    return f"read_parquet({_quote(path)}, file_row_number = true)"


def _rewrite(path: Path, superseded: list[int]) -> None:
    """Write a part again without some of its rows.

    One of which nothing is left stays, empty: a reader may be about to open it.
    """
    query = (
        f"SELECT * EXCLUDE (file_row_number) FROM {_numbered_source(path)} "  # noqa: S608  # quoted
        "WHERE file_row_number NOT IN (SELECT number FROM superseded) ORDER BY file_row_number"
    )
    with _draft_of(path) as draft, connect() as connection:
        connection.execute(
            "CREATE TABLE superseded AS SELECT unnest(?::BIGINT[]) AS number", [superseded]
        )
        counted = connection.execute(f"SELECT count(*) FROM {source([path])}").fetchone()  # noqa: S608  # quoted
        connection.execute(_copy_to(draft, query))
        _check_count(connection, draft, (counted or (0,))[0] - len(superseded))


def _copy(group: _Group, draft: Path, kind: Kind) -> str:
    columns = ", ".join(f"'{name}': '{sql}'" for name, sql in kind.columns.items())
    files = ", ".join(map(_quote, group.inputs))
    return _copy_to(
        draft,
        f"SELECT * FROM read_json([{files}], format = 'newline_delimited', "  # noqa: S608  # quoted
        f"columns = {{{columns}}}, maximum_object_size = {max(group.longest + 1024, 1 << 24)}) "
        f'ORDER BY problem_id, "index", sampler',
    )


def _copy_to(draft: Path, query: str) -> str:
    target = str(draft).replace("'", "''")
    return (
        f"COPY ({query}) "
        f"TO '{target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP})"
    )
