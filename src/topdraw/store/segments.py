r"""Segments: the files of one-line records that a writer leaves, and how dead ones are recovered.

Not here: writing records (`topdraw.store.journal`), what they mean (`rows`).
Try it: `python -m pytest tests/store/test_segments.py`.

A segment is `<writer>-<k>.open.jsonl` while its writer holds a flock on it, and then
`<writer>-<k>.jsonl`, which never changes. Each line ends in the CRC-32 of what precedes it. Whoever
finds an open segment whose lock is free knows that its writer died: it keeps what is not whole
beside, in a `.torn` file, cuts it, and seals the rest.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from topdraw.errors import StoreError

OPEN = ".open.jsonl"
SEALED = ".jsonl"

_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
_TAIL = len(b',"crc":"00000000"}')
_NAME = re.compile(r"(\d+)-[0-9a-f]+-\d+(\.open)?\.jsonl")


def frame(body: bytes) -> bytes:
    """A record with its checksum and newline, ready for one write().

    Args:
        body: a JSON object on one line.
    """
    head = body[:-1]
    return b'%b,"crc":"%08x"}\n' % (head, zlib.crc32(head))


def is_whole(line: bytes) -> bool:
    """Whether a line, without its newline, is a record as `frame` wrote it."""
    head, tail = line[:-_TAIL], line[-_TAIL:]
    return tail == b',"crc":"%08x"}' % zlib.crc32(head)


class Scan(NamedTuple):
    """What a segment holds: its whole records, the damaged lines, and where the last whole ends."""

    whole: list[bytes]
    damaged: list[bytes]
    end: int

    @property
    def is_cuttable(self) -> bool:
        """Whether all the damage lies after the last whole record."""
        return self.end == sum(len(line) + 1 for line in self.whole)


def scan(data: bytes) -> Scan:
    """Tell the whole records of a segment from the damaged ones.

    Args:
        data: the bytes of a segment; it may end anywhere.
    """
    whole: list[bytes] = []
    damaged: list[bytes] = []
    end = position = 0
    lines = data.split(b"\n")
    for number, line in enumerate(lines):
        position += len(line) + 1
        if number < len(lines) - 1 and is_whole(line):
            whole.append(line)
            end = position
        elif line:
            damaged.append(line)
    return Scan(whole, damaged, end)


def segments(folder: Path) -> list[Path]:
    """All segments of a folder, open and sealed, in the order their writers started."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(folder / name for name in os.listdir(folder) if _NAME.fullmatch(name))
    return []


def sealed_segments(folder: Path) -> list[Path]:
    """The segments that no writer will touch again."""
    return [path for path in segments(folder) if not path.name.endswith(OPEN)]


def read_segments(folder: Path, notes: list[str]) -> Iterator[bytes]:
    """Whole records, of live writers too; a damaged one in a sealed segment is noted and left out.

    Args:
        folder: where the segments lie; it need not exist.
        notes: gets one sentence per segment with damage.
    """
    # Twice: a listing during which a segment is renamed may show neither of its names.
    for path in sorted({*segments(folder), *segments(folder)}):
        data = _read(path)
        found = scan(data)
        if found.damaged and not path.name.endswith(OPEN):
            note = f"{path.name}: {len(found.damaged)} damaged record(s) left out."
            if note not in notes:
                notes.append(note)
        yield from found.whole


def _read(path: Path) -> bytes:
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    # Sealed since it was listed; or compacted, and then its records are in a part by now.
    with contextlib.suppress(FileNotFoundError):
        return sealed_name(path).read_bytes()
    return b""


def sealed_name(path: Path) -> Path:
    """What a segment is called once sealed."""
    return path.with_name(path.name.removesuffix(OPEN).removesuffix(SEALED) + SEALED)


def lock(fd: int) -> bool:
    """Take the lock of a segment just made; False when somebody's recovery has it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks: recovery there never takes a segment
    return True


def is_at(fd: int, path: Path) -> bool:
    """Whether an open file is still the one at this path."""
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False


def sync_folder(folder: Path) -> None:
    """Make renames and deletions in a folder survive a power cut."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file so that every reader, even after a crash, sees the old or the new one whole.

    Raises:
        StoreError: when it cannot be written; the old one stands.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(draft, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
        sync_folder(path.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StoreError(f"{path} could not be written: {error}.") from error


def recover(folder: Path) -> list[str]:
    """Seal the segments of dead writers, after cutting what is not whole.

    Args:
        folder: where the segments lie; it need not exist.

    Returns:
        One sentence per segment in which something was cut; the cut bytes lie in a `.torn` file.

    Raises:
        StoreError: when a dead segment cannot be sealed.
    """
    messages = []
    for path in segments(folder):
        if path.name.endswith(OPEN):
            try:
                messages += _recover_one(path)
            except FileNotFoundError:
                continue  # sealed by its writer or by another recovery meanwhile
            except OSError as error:
                if error.errno in _READ_ONLY:
                    continue  # reading leaves out what is not whole anyway
                raise StoreError(f"{path} could not be recovered: {error}.") from error
    return messages


def _recover_one(path: Path) -> list[str]:
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return []  # its writer lives, or nobody can tell on this file system
        return _seal_dead(fd, path) if is_at(fd, path) else []
    finally:
        os.close(fd)


def _seal_dead(fd: int, path: Path) -> list[str]:
    found = scan(path.read_bytes())
    message = _put_aside(path, found)
    if not found.whole:
        os.unlink(path)
    elif found.is_cuttable:
        os.ftruncate(fd, found.end)
        os.fsync(fd)
        os.rename(path, sealed_name(path))
    else:
        write_atomically(sealed_name(path), b"".join(line + b"\n" for line in found.whole))
        os.unlink(path)
    sync_folder(path.parent)
    return message


def _put_aside(path: Path, found: Scan) -> list[str]:
    if not found.damaged:
        return []
    torn = put_aside(path, found.damaged)
    count, size = len(found.damaged), sum(map(len, found.damaged))
    what = "an unfinished record" if found.is_cuttable else f"{count} damaged record(s)"
    return [f"{path.name}: {size} bytes of {what} were cut off and are kept in {torn.name}."]


def put_aside(path: Path, damaged: list[bytes]) -> Path:
    """Add the damaged lines of a segment to the `.torn` file beside it.

    Raises:
        StoreError: when they cannot be kept.
    """
    torn = sealed_name(path).with_suffix(".torn")
    lines = b"".join(line + b"\n" for line in damaged)
    before = torn.read_bytes() if torn.exists() else b""
    if not before.endswith(lines):  # else a kill came between keeping and cutting
        write_atomically(torn, before + lines)
    return torn
