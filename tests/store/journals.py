"""Records of journals in tests, and what is on disk of them.

Not here: tests. Try it: `python -m pytest tests/store/test_journal.py`.
"""

from __future__ import annotations

from pathlib import Path

from topdraw.store.segments import frame, read_segments


def body(at: int, size: int = 0) -> bytes:
    return b'{"problem_id":"p","index":%d,"output":"%b"}' % (at, b"x" * size)


def lines(folder: Path) -> list[bytes]:
    return list(read_segments(folder, []))


def expected(*bodies: bytes) -> list[bytes]:
    return [frame(one)[:-1] for one in bodies]
