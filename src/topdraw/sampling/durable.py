"""Waiting until samples are on disk for good: one sync serves everybody who waits.

Not here: the sync itself (`topdraw.store.journal`).
Try it: `python -m pytest tests/sampling/test_durable.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class GroupSync:
    """Runs a blocking sync in a thread, one at a time, for all that wait together.

    Args:
        sync: makes everything written before the call safe.
    """

    def __init__(self, sync: Callable[[], None]) -> None:
        self._sync = sync
        self._one_at_a_time = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None

    async def wait(self) -> None:
        """Return once everything written before this call is safe.

        Raises:
            StoreError: when it is not.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._run())
        # One who is cancelled must not cancel the sync of the others.
        await asyncio.shield(self._next)

    async def _run(self) -> None:
        async with self._one_at_a_time:
            self._next = None  # who comes from here on needs another
            await asyncio.to_thread(self._sync)
