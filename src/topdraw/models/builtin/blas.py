"""Hold NumPy's BLAS to one thread for a while, where its library lets us.

The engine's products are small: a second thread costs twice the CPU and is slower, and the bits of
a row may then depend on how the rows were dealt out. Only the OpenBLAS inside NumPy's own wheels is
known here; with another BLAS nothing happens, and the plan (`rows.py`) finds out what holds.

Not here: worker processes, which are started with one thread (`worker.py`).
Try it: `python -c "from topdraw.models.builtin.blas import threads; print(threads())"`.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

_PREFIXES = ("scipy_openblas", "openblas")
_lock = threading.RLock()


class _Knob(NamedTuple):
    get: Callable[[], int]
    set: Callable[[int], object]


def threads() -> int | None:
    """Threads NumPy's OpenBLAS uses now; None when it is not one we know."""
    knob = _knob()
    return knob.get() if knob else None


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Hold BLAS to one thread inside the block.

    Other threads of this process see it too; blocks that must change the setting take turns.
    """
    knob = _knob()
    if knob is None:
        yield
        return
    with _lock:
        before = knob.get()
        if before == 1:
            yield
            return
        knob.set(1)
        try:
            yield
        finally:
            knob.set(before)


@functools.cache
def _knob() -> _Knob | None:
    package = Path(np.__file__).parent
    folders = (package.with_name("numpy.libs"), package / ".dylibs")
    for path in (path for folder in folders for path in sorted(folder.glob("*openblas*"))):
        library = ctypes.CDLL(str(path))
        for prefix in _PREFIXES:
            for suffix in ("64_", ""):
                with contextlib.suppress(AttributeError):
                    get = getattr(library, f"{prefix}_get_num_threads{suffix}")
                    return _Knob(get, getattr(library, f"{prefix}_set_num_threads{suffix}"))
    return None
