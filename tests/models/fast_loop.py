"""An event loop whose clock jumps to the next timer: hours of waiting pass in no time.

Not here: sockets; only timers and tasks of this process exist there.
Try it: `python -m pytest tests/models/test_gate.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class FastLoop(asyncio.SelectorEventLoop):
    """Time stands still while there is something to do, and jumps when there is not."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]  # asyncio's own heap
        if not self._ready and timers:  # type: ignore[attr-defined]  # likewise
            self._now = max(self._now, timers[0].when())
        super()._run_once()  # type: ignore[misc]  # likewise


def run_fast(main: Coroutine[Any, Any, T]) -> T:
    """What `asyncio.run` gives, without the waiting."""
    with asyncio.Runner(loop_factory=FastLoop) as runner:
        return runner.run(main)
