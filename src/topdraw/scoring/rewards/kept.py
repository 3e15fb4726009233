"""What was loaded stays in memory, for whoever asks for it with the same options.

Not here: loading.
Try it: `python -m pytest tests/scoring/rewards/test_kept.py`.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

#: Two networks at most stay in memory of each kind.
_MOST = 2


def kept(load: Callable[P, T]) -> Callable[P, T]:
    """A function that loads, such that its last two results are used again.

    One thread loads at a time: several that ask for the same network at once get one.

    Args:
        load: takes what can be compared and hashed.
    """
    known, lock = functools.lru_cache(maxsize=_MOST)(load), threading.Lock()

    @functools.wraps(load)
    def get(*args: P.args, **options: P.kwargs) -> T:
        with lock:
            return known(*args, **options)  # type: ignore[arg-type]  # see Args

    return get
