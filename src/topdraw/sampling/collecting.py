"""Fewer passes of the garbage collector while samples are drawn.

A draw makes values without cycles by the thousand; looking through them every 700 costs more than
it frees. Not here: a switch; cycles are collected all the same, and what held before holds after.
Try it: `python -m pytest tests/sampling/test_collecting.py`.
"""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Iterator

_YOUNG = 10_000

_lock = threading.Lock()
_draws = 0
_before = gc.get_threshold()


@contextlib.contextmanager
def rare_collection() -> Iterator[None]:
    """Collect the youngest values once there are 10,000 of them, until the last draw ends.

    Where collection is off, or rarer already, it stays so.
    """
    global _draws, _before
    with _lock:
        if not _draws:
            _before = gc.get_threshold()
            if 0 < _before[0] < _YOUNG:
                gc.set_threshold(_YOUNG, *_before[1:])
        _draws += 1
    try:
        yield
    finally:
        with _lock:
            _draws -= 1
            if not _draws:
                gc.set_threshold(*_before)
