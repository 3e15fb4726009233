"""Many small parts merged into few, each row rewritten a few times at most.

Not here: how one part takes the place of others; `topdraw.store.replacing`.
Try it: `python -m pytest tests/store/test_merging.py`.

Parts fall into classes by size, each class `FAN` times the one before (as in log-structured merge
trees). As soon as a class has `FAN` parts they become one, usually of the next class: a run that
was sealed s times has O(FAN log s) parts, and each row was written O(log s) times.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from topdraw.store.parquet import parts
from topdraw.store.replacing import combined, publish
from topdraw.store.rows import Kind

if TYPE_CHECKING:
    import duckdb

FAN = 4
SMALL_BYTES = 64 << 10
LARGE_BYTES = 64 << 20


def size_class(size: int) -> int:
    """The class of a part of this many bytes.

    Examples:
        >>> [size_class(n << 10) for n in (0, 63, 64, 255, 256, 1024)]
        [0, 0, 1, 1, 2, 3]
    """
    return ((size // SMALL_BYTES).bit_length() + 1) // 2


def crowded(sizes: Sequence[int]) -> list[int]:
    """Which of some parts are to be merged now.

    Args:
        sizes: their bytes, each >= 0.

    Returns:
        Positions of at least `FAN` parts of one class, together no larger than a part may be;
        empty when all is well.

    Examples:
        >>> crowded([10, 70_000, 10, 10, 10])
        [0, 2, 3, 4]
    """
    for wanted in sorted(set(map(size_class, sizes))):
        found = [at for at, size in enumerate(sizes) if size_class(size) == wanted]
        totals = accumulate(sizes[at] for at in found)
        found = [at for at, total in zip(found, totals, strict=True) if total <= LARGE_BYTES]
        if len(found) >= FAN:
            return found
    return []


def is_due(folder: Path) -> bool:
    """Whether a folder has parts to merge."""
    with contextlib.suppress(FileNotFoundError):  # somebody is merging them
        return bool(crowded([path.stat().st_size for path in parts(folder)]))
    return False


def merge(connection: duckdb.DuckDBPyConnection, folder: Path, kind: Kind) -> None:
    """Merge parts until no class is crowded.

    Raises:
        StoreError: when a part cannot be written; the old ones stand.
    """
    while True:
        paths = parts(folder)
        chosen = [paths[at] for at in crowded([path.stat().st_size for path in paths])]
        if not chosen:
            return
        publish(folder, combined(connection, chosen, kind), drops=chosen)
