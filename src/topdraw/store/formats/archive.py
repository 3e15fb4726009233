"""The members of a zip, also those compressed with Zstandard, and never more of them than fits.

Not here: what the members say (`formats.inspect_log`).
Try it: `python -m pytest tests/store/formats/test_archive.py`.

Python's `zipfile` before 3.14 reads the directory of such a zip but no members of method 93, and
no version reads members of several Zstandard frames, which inspect writes too. So the directory is
`zipfile`'s and the members are inflated here, each at most to `MOST_MEMBER_BYTES`; what the
directory says of sizes is not believed. Names are never used as paths.
"""

from __future__ import annotations

import contextlib
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from topdraw.errors import FormatError

MOST_MEMBER_BYTES = 256 << 20
MOST_MEMBERS = 1_000_000
_STORED, _DEFLATED, _ZSTANDARD = 0, 8, 93
_LOCAL = struct.Struct("<4s5H3I2H")


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


@dataclass(frozen=True)
class Archive:
    """An open zip; make it with `open_archive`.

    Attributes:
        path: where it is.
        members: its members by name, in the order of the directory.
    """

    path: Path
    members: dict[str, zipfile.ZipInfo]
    _file: IO[bytes]

    def read(self, name: str) -> bytes:
        """The content of a member.

        Raises:
            FormatError: when it is damaged, larger than the cap, or compressed in another way.
        """
        info = self.members[name]
        where = f"{self.path}, member {name[:80]!r}"
        try:
            data = _inflate(self._packed(info, where), info.compress_type, where)
        except (zlib.error, _zstandard_error(), EOFError, OSError) as error:
            raise FormatError(f"{where} is damaged: {error}.") from None
        if zlib.crc32(data) != info.CRC:
            raise FormatError(f"{where} is damaged: its checksum is another.")
        return data

    def _packed(self, info: zipfile.ZipInfo, where: str) -> bytes:
        if info.flag_bits & 1:
            raise FormatError(f"{where} is encrypted.")
        self._file.seek(info.header_offset)
        header = self._file.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
            raise FormatError(f"{where} is not where the directory says.")
        name_bytes, extra_bytes = _LOCAL.unpack(header)[-2:]
        self._file.seek(name_bytes + extra_bytes, 1)
        if info.compress_size > MOST_MEMBER_BYTES:
            raise _too_large(where)
        packed = self._file.read(info.compress_size)
        if len(packed) < info.compress_size:
            raise FormatError(f"{where} is cut off.")
        return packed


@contextlib.contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """A zip with its directory read.

    Raises:
        FormatError: when it has none, as when it was cut off.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as directory:
            found = directory.infolist()
            if len(found) > MOST_MEMBERS:
                raise FormatError(f"{path} has {len(found):,} members; {MOST_MEMBERS:,} at most.")
            yield Archive(path, {info.filename: info for info in found}, file)
    except (zipfile.BadZipFile, EOFError, struct.error, NotImplementedError) as error:
        raise FormatError(f"{path} is a damaged or cut-off zip: {error}.") from None


def _inflate(packed: bytes, method: int, where: str) -> bytes:
    if method == _STORED:
        return packed
    if method not in (_DEFLATED, _ZSTANDARD):
        raise FormatError(f"{where} is compressed by method {method}; 0, 8 and 93 are read.")
    pieces, size = [], 0
    while packed:
        # Zlib's object has no `eof` before its end either; one deflated stream, many frames.
        frame: _Decompressor = zlib.decompressobj(-15) if method == _DEFLATED else _new_frame()
        room = MOST_MEMBER_BYTES - size + 1
        piece = frame.decompress(packed, room)
        size += len(piece)
        if size > MOST_MEMBER_BYTES:
            raise _too_large(where)
        if not frame.eof:
            raise EOFError("its data end too early")
        pieces.append(piece)
        packed = frame.unused_data if method == _ZSTANDARD else b""
    return b"".join(pieces)


def _too_large(where: str) -> FormatError:
    return FormatError(f"{where} inflates to more than {MOST_MEMBER_BYTES >> 20} MiB.")


def _new_frame() -> _Decompressor:
    # In the standard library since 3.14 (PEP 784); the backport is the same code.
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd.ZstdDecompressor()


def _zstandard_error() -> type[Exception]:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd.ZstdError
