"""Every checksum of a run looked at, without changing anything.

Not here: recovering what is damaged; `topdraw.store.segments` does, whenever a run is opened.
Try it: `python -m pytest tests/store/test_verify.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from topdraw.errors import StoreError
from topdraw.store.digests import Digests, digest, read_digests
from topdraw.store.folders import read_problems
from topdraw.store.manifest import Manifest, read_manifest
from topdraw.store.manifest import digest as problems_digest
from topdraw.store.parquet import parts
from topdraw.store.segments import OPEN, Block, blocks, is_whole, listed, open_segment


@dataclass(slots=True)
class Verification:
    """What was looked at and what was found; paths are relative to the run.

    Attributes:
        segments: segments read, those of living writers too.
        records: whole records in them.
        parts: Parquet parts that look as they must.
        problems: one sentence per damaged line, part or file; empty when all is sound.
        unchecked: parts of which nobody knows what they must look like: an older topdraw made them.
        unfinished: segments whose last record is being written, or was when its writer was killed.
        torn: files with what earlier recoveries cut off.
    """

    segments: int = 0
    records: int = 0
    parts: int = 0
    problems: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)


def verify(folder: str | os.PathLike[str]) -> Verification:
    """Check the CRC of every record in segments, and the digest of every Parquet part.

    A run may be verified while it is written. Nothing on disk is changed: what a killed writer
    left is looked at as it is.

    Args:
        folder: of a run.

    Raises:
        StoreError: when it is no run, or a file cannot be opened.
    """
    top = Path(folder)
    manifest = read_manifest(top)
    found = Verification()
    try:
        found.problems += _verify_problems(top, manifest)
        for path in _folders(top):
            _verify_segments(top, path, found)
            _verify_parts(top, path, found)
            found.torn += [str(one.relative_to(top)) for one in sorted(path.glob("*.torn"))]
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{top} could not be verified: {error}.") from error
    return found


def _verify_problems(top: Path, manifest: Manifest) -> list[str]:
    try:
        known = problems_digest(read_problems(top).values())
    except StoreError as error:
        return [str(error)]
    if known == manifest.task.get("digest"):
        return []
    return ["problems.jsonl: ids, prompts or targets are not those that the manifest names."]


def _folders(top: Path) -> Iterator[Path]:
    for root, names, _ in os.walk(top):
        names[:] = sorted(name for name in names if not name.startswith("."))
        yield Path(root)


def _verify_segments(top: Path, folder: Path, found: Verification) -> None:
    for path in listed(folder):
        name = path.relative_to(top)
        try:
            file = open_segment(path)
        except FileNotFoundError:
            continue  # compacted since it was listed
        with file:
            _verify_lines(name, blocks(file), found)
        found.segments += 1


def _verify_lines(name: Path, some: Iterator[Block], found: Verification) -> None:
    ended = ((line, block.is_ended) for block in some for line in block.lines)
    for number, (line, is_ended) in enumerate(ended, 1):
        if is_ended and is_whole(line):
            found.records += 1
        elif not is_ended and name.name.endswith(OPEN):
            found.unfinished.append(f"{name}, line {number}")
        else:
            found.problems.append(f"{name}, line {number}: its checksum does not match.")


def _verify_parts(top: Path, folder: Path, found: Verification) -> None:
    name = folder.relative_to(top)
    paths = parts(folder)
    try:
        known = read_digests(folder)  # listed first: what comes later was known before
        found.problems += [f"{name / one}: it is missing." for one in _missing(folder, known)]
    except StoreError as error:
        found.problems.append(f"{name}: {error}")
        known = Digests()
    for path in paths:
        try:
            now = digest(path)
        except FileNotFoundError:
            continue  # merged into another since it was listed
        if path.name not in known.parts:
            found.unchecked.append(str(name / path.name))
        elif now != known.parts[path.name]:
            found.problems.append(f"{name / path.name}: its digest does not match.")
        else:
            found.parts += 1


def _missing(folder: Path, known: Digests) -> list[str]:
    """The parts that must be there and are not, neither now nor by what is known later."""
    if all((folder / name).exists() for name in known.parts):
        return []
    again = read_digests(folder)
    under_way = {*again.adds, *again.drops}
    wanted = [name for name in again.parts if name in known.parts and name not in under_way]
    return [name for name in wanted if not (folder / name).exists()]
