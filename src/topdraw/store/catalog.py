"""The runs of a folder at a glance: what they are of, how far they are; nothing is changed in them.

Not here: what is in one run (`topdraw.analysis.census`), whether it is sound (`verify`).
Try it: `topdraw runs`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from topdraw.errors import StoreError
from topdraw.store import parquet
from topdraw.store.folders import scorer_names
from topdraw.store.ledger import Ledger
from topdraw.store.manifest import FILE, Manifest, read_manifest
from topdraw.store.rows import KeyRow
from topdraw.store.run import Run
from topdraw.store.segments import OPEN, blocks, listed, open_segment

if TYPE_CHECKING:
    import duckdb

# The key comes first in a record, and no text of it holds a quote that is not escaped.
_AFTER_KEY = b'","output":'

State: TypeAlias = Literal["complete", "unfinished", "until", "being written", "damaged"]
"""How far a run is. "until": it holds less than its stopping rule allows at most; only whoever
scores the samples knows whether the rule wants more. "damaged": see `Entry.trouble`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One run of a folder.

    Attributes:
        path: its directory.
        state: see `State`.
        manifest: what it was drawn with; None when it cannot be read.
        problems: how many it has.
        drawn: samples on disk, greedy ones included.
        wanted: samples that were asked for; with a stopping rule, the most.
        scorers: those with stored scores.
        bytes: size of all its files.
        trouble: what is damaged; "" when nothing was found so.
    """

    path: Path
    state: State
    manifest: Manifest | None = None
    problems: int = 0
    drawn: int = 0
    wanted: int = 0
    scorers: tuple[str, ...] = ()
    bytes: int = 0
    trouble: str = ""


def catalog(folder: str | os.PathLike[str]) -> Iterator[Entry]:
    """The runs in a folder by name, or the one that the folder is; what is no run is passed over.

    Samples are counted from the metadata of Parquet files and the beginnings of the records in
    segments, so that the size of a run hardly matters.

    Raises:
        OSError: when the folder cannot be listed.
    """
    top = Path(folder)
    paths = [top] if (top / FILE).exists() else sorted(top.iterdir())
    with parquet.connect() as connection:
        for path in paths:
            if (path / FILE).exists():
                yield _entry(path, connection)


def _entry(path: Path, connection: duckdb.DuckDBPyConnection) -> Entry:
    size = sum(_sizes(path))
    manifest = None
    try:
        manifest = read_manifest(path)
        problems = (path / "problems.jsonl").read_bytes().count(b"\n")
        drawn = _count(Run(path, manifest).sample_ledger(), connection)
        scorers = tuple(scorer_names(path / "scores"))
    except (StoreError, OSError, msgspec.MsgspecError) as error:
        return Entry(path, "damaged", manifest, bytes=size, trouble=str(error))
    wanted = problems * sum(sampler.n for sampler in manifest.samplers)
    state = _state(path, manifest, drawn, wanted)
    return Entry(path, state, manifest, problems, drawn, wanted, scorers, size)


def _sizes(folder: Path) -> Iterator[int]:
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # renamed or deleted meanwhile
                yield Path(root, name).stat().st_size


def _count(ledger: Ledger, connection: duckdb.DuckDBPyConnection) -> int:
    # Segments before parts: what is compacted meanwhile is then found among the parts.
    loose = _loose_keys(ledger.segments)
    return parquet.settled(ledger.parts, lambda paths: _counted(paths, loose, connection))


def _loose_keys(folder: Path) -> set[bytes]:
    """The keys in segments, as the text that their records begin with; no checksum is looked at."""
    found: set[bytes] = set()
    for path in listed(folder):
        with contextlib.suppress(FileNotFoundError), open_segment(path) as file:
            for lines, is_ended in blocks(file):
                if is_ended:
                    found.update(line.partition(_AFTER_KEY)[0] for line in lines)
    return found


def _counted(paths: list[Path], loose: set[bytes], connection: duckdb.DuckDBPyConnection) -> int:
    if not paths:
        return len(loose)
    # After a kill, segments may hold what is in a part by now.
    decode = msgspec.json.Decoder(KeyRow).decode
    keys = [decode(key + b'"}') for key in loose]
    table = parquet.files(paths)
    rows, known = connection.execute(
        f"SELECT (SELECT count(*) FROM {table}), count(*) FROM {table} "  # noqa: S608  # quoted
        "SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS sampler, unnest(?::VARCHAR[]) AS problem_id,"
        ' unnest(?::BIGINT[]) AS "index") USING (sampler, problem_id, "index")',
        [
            [key.sampler for key in keys],
            [key.problem_id for key in keys],
            [key.index for key in keys],
        ],
    ).fetchall()[0]
    return int(rows) + len(loose) - int(known)


def is_being_written(folder: str | os.PathLike[str]) -> bool:
    """Whether a process has a run open for writing; True as well where nobody can tell.

    Args:
        folder: of the run; it need not exist.
    """
    return any(map(_is_written, Path(folder).rglob(f"*{OPEN}")))


def _state(path: Path, manifest: Manifest, drawn: int, wanted: int) -> State:
    if is_being_written(path):
        return "being written"
    if drawn >= wanted:
        return "complete"
    return "unfinished" if manifest.until is None else "until"


def _is_written(segment: Path) -> bool:
    """Whether a writer holds this segment; True as well where nobody can tell."""
    try:
        fd = os.open(segment, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True  # sealed since it was listed
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False
