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
from typing import BinaryIO, NamedTuple

from topdraw.errors import StoreError

OPEN = ".open.jsonl"
SEALED = ".jsonl"

_BLOCK = 4 << 20
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
    return line[-_TAIL:] == b',"crc":"%08x"}' % zlib.crc32(line[:-_TAIL])


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


def listed(folder: Path) -> list[Path]:
    """All segments of a folder, for a reader beside writers that seal some meanwhile."""
    # Twice: a listing during which a segment is renamed may show neither of its names.
    return sorted({*segments(folder), *segments(folder)})


def read_segments(folder: Path, notes: list[str]) -> Iterator[bytes]:
    """Whole records of all segments; what is compacted meanwhile may be left out.

    Args:
        folder: where the segments lie; it need not exist.
        notes: see `read_segment`.
    """
    for path in listed(folder):
        with contextlib.suppress(FileNotFoundError):
            for lines in read_segment(path, notes):
                yield from lines


def read_segment(path: Path, notes: list[str]) -> Iterator[list[bytes]]:
    """Whole records, many at a time, of a live writer too.

    Args:
        path: as it was listed; it may have been sealed since.
        notes: gets a sentence when a sealed segment has damage, which is left out.

    Raises:
        FileNotFoundError: when it was compacted since; its records are in a part by now.
    """
    damaged = 0
    with open_segment(path) as file:
        for lines, is_ended in blocks(file):
            whole = [line for line in lines if is_ended and is_whole(line)]
            damaged += sum(map(bool, lines)) - len(whole)
            yield whole
    if damaged and not path.name.endswith(OPEN):
        note = f"{path.name}: {damaged} damaged record(s) left out."
        if note not in notes:
            notes.append(note)


def open_segment(path: Path) -> BinaryIO:
    """A segment opened for reading, under the name it has when sealed, too.

    Raises:
        FileNotFoundError: when it is there under neither.
    """
    try:
        return open(path, "rb")
    except FileNotFoundError:
        return open(sealed_name(path), "rb")


class Block(NamedTuple):
    """Some lines of a segment, without their newlines, and whether the last of them had one."""

    lines: list[bytes]
    is_ended: bool


def blocks(file: BinaryIO) -> Iterator[Block]:
    """The lines of a segment, many at a time; what follows its last newline comes last, alone."""
    rest = b""
    while data := file.read(_BLOCK):
        *lines, rest = (rest + data).split(b"\n")
        yield Block(lines, is_ended=True)
    if rest:
        yield Block([rest], is_ended=False)


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


def write_atomically(path: Path, data: bytes, *, listed: bool = True) -> None:
    """Replace a file so that every reader, even after a crash, sees the old or the new one whole.

    Args:
        path: where to.
        data: the new content.
        listed: whether a power cut cannot bring back the old one; else the folder is still to be
            synced.

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
        if listed:
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
                cause = error.__cause__ or error  # a StoreError has no number of its own
                if getattr(cause, "errno", None) in _READ_ONLY:
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
