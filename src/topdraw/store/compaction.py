"""Sealed segments compacted into Parquet, so that a kill at any step loses and doubles nothing.

Not here: reading parts (`topdraw.store.parquet`), writing single records (`journal`).
Try it: `python -m pytest tests/store/test_compaction.py`.

Segments are taken in the order in which readers look at them, up to the first that is being
written, so that the first record of a key is the same before and after. They become a new part; old
parts with rows that it supersedes are replaced; then the segments are deleted. As long as they are
there, a compaction after a kill looks again. One at a time, by a flock on the folder of the parts;
where there are no locks, segments stay as they are.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from topdraw.errors import FormatError, StoreError
from topdraw.store import merging, replacing
from topdraw.store.fields import Fields
from topdraw.store.parquet import Seen, connect, quote
from topdraw.store.rows import Kind
from topdraw.store.segments import OPEN, put_aside, scan, segments, sync_folder

if TYPE_CHECKING:
    import duckdb

GROUP_BYTES = 256 << 20
_LOCK = ".compacting"
_NO_LOCKS = {errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS}


def waiting(folder: Path) -> list[Path]:
    """The segments that can be compacted: sealed, and no writer is at work on an earlier one."""
    found = segments(folder)
    living = [at for at, path in enumerate(found) if path.name.endswith(OPEN)]
    return found[: living[0]] if living else found


def compact(segment_folder: Path, folder: Path, kind: Kind) -> list[str]:
    """Move what sealed segments hold into Parquet parts, and merge parts that have become many.

    Args:
        segment_folder: where the segments lie; see `waiting` for those that are left alone.
        folder: where the parts go; made when needed.
        kind: the columns.

    Returns:
        One sentence per segment in which damaged records were found and kept aside, or one that
        says why nothing was done.

    Raises:
        StoreError: when a part cannot be written; the segments stand.
    """
    if not waiting(segment_folder) and not _is_due(folder):
        return []
    messages: list[str] = []
    with _storing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder) as is_alone, connect() as connection:
            if not is_alone:
                return [f"{folder} has no file locks: its segments are not compacted."]
            messages += replacing.finish(folder)
            for group in _groups(waiting(segment_folder), folder, kind, messages):
                _finish(group, folder, kind, connection)
            merging.merge(connection, folder, kind)
    return messages


def _is_due(folder: Path) -> bool:
    return replacing.is_unfinished(folder) or merging.is_due(folder)


@contextlib.contextmanager
def _storing(folder: Path) -> Iterator[None]:
    import duckdb

    try:
        yield
    except (OSError, duckdb.Error, msgspec.MsgspecError, FormatError) as error:
        with contextlib.suppress(OSError):
            replacing.tidy(folder)  # the disk may be full
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{folder} could not be compacted: {error}.") from error


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    with open(folder / _LOCK, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            yield False
        else:
            yield True


@dataclass(slots=True)
class _Group:
    """Segments that become one part.

    Attributes:
        segments: all of them.
        inputs: files with the lines to keep: segments, or drafts of their whole and first records.
        seen: the keys in them.
        fields: the fields in them that their kind does not know.
        rows: lines to keep.
        bytes: size of the segments.
        longest: bytes of the longest line.
    """

    seen: Seen
    fields: Fields
    segments: list[Path] = field(default_factory=list)
    inputs: list[Path] = field(default_factory=list)
    rows: int = 0
    bytes: int = 0
    longest: int = 0


def _groups(paths: list[Path], folder: Path, kind: Kind, messages: list[str]) -> Iterator[_Group]:
    group = _Group(Seen(), Fields(kind))
    for path in paths:
        _take(group, path, folder, messages)
        if group.bytes >= GROUP_BYTES:
            yield group
            group = _Group(Seen(), Fields(kind))
    if group.segments:
        yield group


def _take(group: _Group, path: Path, folder: Path, messages: list[str]) -> None:
    data = path.read_bytes()
    found = scan(data)
    if found.damaged:
        torn, count = put_aside(path, found.damaged), len(found.damaged)
        messages.append(f"{path.name}: {count} damaged record(s) are kept in {torn.name}.")
    rows = map(group.fields.key_row, found.whole)
    kept = [
        line
        for line, row in zip(found.whole, rows, strict=True)
        if group.seen.add(row.key, row.missing)
    ]
    group.segments.append(path)
    group.rows += len(kept)
    group.bytes += len(data)
    group.longest = max(group.longest, *map(len, kept), 0)
    if len(kept) == len(found.whole) and not found.damaged:
        group.inputs.append(path)
    elif kept:
        draft = folder / f"{replacing.DRAFT}{path.name}"
        draft.write_bytes(b"".join(line + b"\n" for line in kept))
        group.inputs.append(draft)


def _finish(group: _Group, folder: Path, kind: Kind, connection: duckdb.DuckDBPyConnection) -> None:
    if group.rows:
        draft = folder / f"{replacing.DRAFT}new.parquet"
        replacing.write_draft(connection, draft, _lines(group, kind), kind, group.rows)
        replacing.add(connection, folder, kind, draft)
    for path in group.segments:
        path.unlink()
    replacing.tidy(folder)
    sync_folder(group.segments[0].parent)


def _lines(group: _Group, kind: Kind) -> str:
    columns = {**kind.columns, **group.fields.unknown}
    typed = ", ".join(f"{_text(name)}: '{sql}'" for name, sql in columns.items())
    files = ", ".join(map(quote, group.inputs))
    return (
        f"SELECT * FROM read_json([{files}], format = 'newline_delimited', "  # noqa: S608  # quoted
        f"columns = {{{typed}}}, maximum_object_size = {max(group.longest + 1024, 1 << 24)})"
    )


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
