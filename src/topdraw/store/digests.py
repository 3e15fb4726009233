"""What each Parquet part of a folder must look like, and which compaction is under way.

Not here: comparing them (`topdraw.store.verify`). Readers of parts never need this file.
Try it: `python -m pytest tests/store/test_digests.py`.

`_parts.json` is written ahead of the parts it speaks of. A compaction first says what it adds and
drops, then renames its part into place, then deletes what that part replaces, then says that it is
done; whoever finds one half done can tell from the files there whether to finish or to forget it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from topdraw.errors import StoreError
from topdraw.store.segments import write_atomically

FILE = "_parts.json"  # readers of Parquet folders pass over names with an underscore


@dataclass(frozen=True, slots=True)
class Digest:
    """What a file must look like.

    Attributes:
        bytes: its size.
        sha256: as `sha256sum` prints it.
    """

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Digests:
    """What is known of the parts of a folder.

    Attributes:
        parts: digest by file name. Parts of older runs are not listed.
        adds: the part that an unfinished compaction was about to rename into place.
        drops: the parts whose rows are in the added one, to be deleted once that is there.
    """

    parts: dict[str, Digest] = field(default_factory=dict)
    adds: list[str] = field(default_factory=list)
    drops: list[str] = field(default_factory=list)


def digest(path: Path) -> Digest:
    """What a file looks like now."""
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256")
        return Digest(file.tell(), found.hexdigest())


def read_digests(folder: Path) -> Digests:
    """What is known of the parts of a folder; nothing, when no file says so.

    Raises:
        StoreError: when the file there cannot be read.
    """
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Digests)
    except FileNotFoundError:
        return Digests()
    except (OSError, msgspec.DecodeError) as error:
        raise StoreError(
            f"{path} cannot be read: {error}.",
            hint="The parts are whole without it: delete it, and they count as not checked.",
        ) from error


def write_digests(folder: Path, digests: Digests) -> None:
    """Replace what is known of the parts of a folder, synced.

    Raises:
        StoreError: when it cannot be written; what was known stands.
    """
    text = msgspec.json.format(msgspec.json.encode(digests), indent=1)
    write_atomically(folder / FILE, text + b"\n")
