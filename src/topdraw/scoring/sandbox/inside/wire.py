"""Frames on a stream descriptor: four bytes of length, then as many bytes.

Not here: what stands in a frame (`topdraw.scoring.sandbox.inside.plain`). Stdlib only.
Try it: `python -m pytest tests/scoring/sandbox/inside/test_wire.py`.
"""

from __future__ import annotations

import os

HEAD = 4
# The first byte a program's process says: it has given up what it had to.
BEGUN = b"!"


class Gone(Exception):
    """Whoever was at the other end is not there any more."""


class TooLong(Exception):
    """A frame longer than was allowed."""


def send(descriptor: int, body: bytes) -> None:
    """Write one frame.

    Raises:
        Gone: when nobody reads it any more.
    """
    data = len(body).to_bytes(HEAD, "big") + body
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError as error:
        raise Gone(str(error)) from None


def receive(descriptor: int, most: int) -> bytes:
    """Read one frame of at most `most` bytes, never more than that into memory.

    Raises:
        Gone: at the end of the stream, also in the middle of a frame.
        TooLong: when the frame says it is longer; the stream is useless afterwards.
    """
    length = int.from_bytes(_exactly(descriptor, HEAD), "big")
    if length > most:
        raise TooLong(f"{length} bytes; at most {most} are allowed")
    return _exactly(descriptor, length)


def has_begun(descriptor: int) -> bool:
    """Whether the process at the other end of a fresh channel got as far as its program."""
    try:
        return _exactly(descriptor, 1) == BEGUN
    except Gone:
        return False


def _exactly(descriptor: int, count: int) -> bytes:
    pieces = []
    while count:
        try:
            piece = os.read(descriptor, min(count, 1 << 20))
        except OSError as error:
            raise Gone(str(error)) from None
        if not piece:
            raise Gone("the stream ended")
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)
