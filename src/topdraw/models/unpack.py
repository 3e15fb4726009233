"""Compressed bodies, unpacked in small pieces: a bomb is noticed before it goes off.

Not here: how much is too much (`transport`).
Try it: `python -m pytest tests/models/test_unpack.py`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from topdraw.models.retry import Trouble

_PIECE_BYTES = 2**16
_ANY_HEADER = 47  # zlib's number for "gzip or zlib, see for yourself"
_NO_HEADER = -15


class _Plain:
    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data

    def close(self) -> None:
        return


class _Packed:
    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_ANY_HEADER)
        self._head = b""
        self._began = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        if not self._began:  # two bytes tell whether there is a header
            self._head = data = self._head + data
            if len(data) < 2:
                return
        piece = b""
        # A full piece may have left some behind though nothing is left to read.
        while data or (len(piece) == _PIECE_BYTES and not self._stream.eof):
            if self._stream.eof:  # gzip files may stand one behind the other
                self._stream = zlib.decompressobj(_ANY_HEADER)
            piece = self._piece(data)
            data = self._stream.unconsumed_tail or self._stream.unused_data
            if piece:
                yield piece

    def _piece(self, data: bytes) -> bytes:
        try:
            try:
                piece = self._stream.decompress(data, _PIECE_BYTES)
            except zlib.error:
                if self._began:
                    raise
                # Some servers mean a stream without a header when they say deflate.
                self._stream = zlib.decompressobj(_NO_HEADER)
                piece = self._stream.decompress(data, _PIECE_BYTES)
        except zlib.error:
            raise _broken("cannot be unpacked") from None
        self._began = True
        return piece

    def close(self) -> None:
        if not self._stream.eof:
            raise _broken("is cut off")


def unpacker(encoding: str) -> _Plain | _Packed:
    """What unpacks a body: `feed` it bytes for pieces of at most 64 KiB, `close` it at the end.

    Args:
        encoding: the Content-Encoding header.

    Raises:
        Trouble: for an encoding that nobody asked for; from `feed` and `close` for broken data.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return _Plain()
    if name in ("gzip", "x-gzip", "deflate"):
        return _Packed()
    raise Trouble(
        f"the answer is packed as {name[:20]!r}, which nobody asked for",
        status=200,
        retryable=False,
        fate="unused",
    )


def _broken(how: str) -> Trouble:
    return Trouble(f"the packed answer {how}", status=200, fate="unused")
