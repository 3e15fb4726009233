"""Parts that take the place of others, such that a kill at any step loses and doubles nothing.

Not here: which to replace; `topdraw.store.compaction` and `merging`.
Try it: `python -m pytest tests/store/test_replacing.py`.

Steps: write a draft and sync it; say in `_parts.json` what it will be called, what it looks like
and which parts it replaces; rename it; delete those parts; say that it is done. Between the last
renaming and the last deletion, a few milliseconds unless a kill comes there, a row can be in two
parts. Our readers count it once; the next compaction finishes what a kill left.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from topdraw.errors import StoreError
from topdraw.store.digests import FILE, Digests, digest, read_digests, write_digests
from topdraw.store.parquet import Seen, files, number, parts, quote, source
from topdraw.store.rows import Key, Kind
from topdraw.store.segments import sync_folder

if TYPE_CHECKING:
    import duckdb

DRAFT = ".draft-"
_LOST = "_parts.torn"
_ROW_GROUP = 20_000


def is_unfinished(folder: Path) -> bool:
    """Whether a compaction was killed half-way."""
    try:
        known = read_digests(folder)
    except StoreError:
        return True
    return bool(_drafts(folder) or known.adds or known.drops)


def finish(folder: Path) -> list[str]:
    """Finish or forget what a killed compaction was about to do.

    Returns:
        A sentence when the digests could not be read and are put aside.

    Raises:
        StoreError: when it cannot be done.
    """
    tidy(folder)
    try:
        _settle(folder, read_digests(folder))
    except StoreError as error:
        if not (folder / FILE).exists():
            raise
        os.replace(folder / FILE, folder / _LOST)
        return [f"{error} It is kept as {_LOST}; the parts it spoke of count as not checked."]
    return []


def tidy(folder: Path) -> None:
    """Delete the drafts of a compaction, finished or killed."""
    for draft in _drafts(folder):
        draft.unlink()


def _drafts(folder: Path) -> list[Path]:
    return [*folder.glob(f"{DRAFT}*"), *folder.glob(f".{FILE}.*.tmp")]


def add(connection: duckdb.DuckDBPyConnection, folder: Path, kind: Kind, draft: Path) -> None:
    """Make a draft a part, but for rows whose key has a record in an older part.

    Old parts are replaced where a score in the draft supersedes a missing one.

    Raises:
        StoreError: when it cannot be done; the rows of the draft may be in the parts or not.
    """
    superseded = _superseded(connection, [*parts(folder), draft], kind)
    if kept := without(connection, draft, superseded.pop(draft, []), kind):
        publish(folder, kept)
    for path, rows in superseded.items():
        publish(folder, without(connection, path, rows, kind), drops=[path])


def publish(folder: Path, draft: Path | None, *, drops: Sequence[Path] = ()) -> None:
    """Make a draft a part in place of others, whose rows it holds.

    Args:
        folder: of the parts.
        draft: on no other disk than they; None when nothing is left of the others.
        drops: the parts to delete.
    """
    known = read_digests(folder)
    # A part that somebody moved away is missed until what it held is drawn again, which is now.
    present = {name: one for name, one in known.parts.items() if (folder / name).exists()}
    planned = replace(known, parts=present, adds=[], drops=[path.name for path in drops])
    if draft is not None:
        with open(draft, "rb+") as file:
            os.fsync(file.fileno())
        part = folder / _next_name(folder, known)
        planned = replace(planned, parts={**present, part.name: digest(draft)}, adds=[part.name])
    write_digests(folder, planned)
    if draft is not None:
        os.rename(draft, part)
        sync_folder(folder)
    _settle(folder, planned)


def _next_name(folder: Path, known: Digests) -> str:
    names = [*known.parts, *(path.name for path in parts(folder))]
    return f"part-{max(map(number, names), default=-1) + 1:05d}.parquet"


def _settle(folder: Path, known: Digests) -> None:
    if not known.adds and not known.drops:
        return
    gone = known.adds
    if all((folder / name).exists() for name in known.adds):
        gone = known.drops
        for name in gone:
            (folder / name).unlink(missing_ok=True)
        sync_folder(folder)
    left = {name: one for name, one in known.parts.items() if name not in gone}
    write_digests(folder, Digests(left))


def _superseded(
    connection: duckdb.DuckDBPyConnection, paths: Iterable[Path], kind: Kind
) -> dict[Path, list[int]]:
    """By file, the numbers of the rows that are not the kept one of their key."""
    places = {path.name: (at, path) for at, path in enumerate(paths)}
    kept: dict[Key, tuple[Path, int]] = {}
    found: dict[Path, list[int]] = {}
    seen = Seen()
    query = _doubled([path for _, path in places.values()], kind)
    rows = [
        (*places[os.path.basename(name)], at, kind.key(*values))
        for name, at, *values in connection.execute(query).fetchall()
    ]
    for _, path, at, row in sorted(rows, key=lambda one: (one[0], one[2])):
        old = path, at
        if seen.add(row.key, row.missing):
            old = kept.get(row.key, old)
            kept[row.key] = path, at
        if old != kept[row.key]:
            found.setdefault(old[0], []).append(old[1])
    return found


def _doubled(paths: list[Path], kind: Kind) -> str:
    """The rows whose key is there more than once; or seems so, where texts had to be made safe."""
    names = [f'"{name}"' for name in kind.key_columns]
    key = ", ".join(name for name in names if name not in {'"original"', '"missing"'})
    keys = replace(kind, columns=kind.key_columns)
    numbered = source(paths, keys, extra=("filename", "file_row_number"))
    return (
        f"WITH numbered AS {numbered} "  # noqa: S608  # quoted
        f"SELECT filename, file_row_number, {', '.join(names)} FROM numbered "
        f"SEMI JOIN (SELECT {key} FROM numbered GROUP BY {key} HAVING count(*) > 1) USING ({key})"
    )


def without(
    connection: duckdb.DuckDBPyConnection, path: Path, rows: list[int], kind: Kind
) -> Path | None:
    """A draft of a file without some of its rows; the file itself when there are none to leave out.

    Returns:
        None when nothing would be left.
    """
    if not rows:
        return path
    draft = path.with_name(f"{DRAFT}kept-{path.name}")
    wanted = count(connection, path) - len(rows)
    if not wanted:
        return None
    connection.execute(
        "CREATE OR REPLACE TABLE superseded AS SELECT unnest(?::BIGINT[]) AS number", [rows]
    )
    query = (
        "SELECT * EXCLUDE (file_row_number) "  # noqa: S608  # quoted
        f"FROM read_parquet({quote(path)}, file_row_number = true) "
        "WHERE file_row_number NOT IN (SELECT number FROM superseded)"
    )
    write_draft(connection, draft, query, kind, wanted)
    return draft


def combined(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], kind: Kind) -> Path:
    """A draft with the rows of several parts, and all their columns."""
    draft = paths[0].with_name(f"{DRAFT}merged-{paths[0].name}")
    query = f"SELECT * FROM {files(paths)}"  # noqa: S608  # quoted
    rows = sum(count(connection, path) for path in paths)
    write_draft(connection, draft, query, kind, rows)
    return draft


def write_draft(
    connection: duckdb.DuckDBPyConnection, draft: Path, query: str, kind: Kind, rows: int
) -> None:
    """Write the rows of a query as Parquet, sorted as a kind wants it.

    Raises:
        StoreError: when the file does not have as many rows as it must have.
    """
    target = str(draft).replace("'", "''")
    order = ", ".join(f'"{name}"' for name in kind.order)
    connection.execute(
        f"COPY ({query} ORDER BY {order}) "
        f"TO '{target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP})"
    )
    written = count(connection, draft)
    if written != rows:
        raise StoreError(f"A part of {draft.parent} got {written} rows instead of {rows}.")


def count(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """The rows of a Parquet file."""
    (found,) = connection.execute(f"SELECT count(*) FROM {files([path])}").fetchall()  # noqa: S608  # quoted
    return int(found[0])
