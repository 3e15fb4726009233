"""Threads that call one scorer: one that hangs holds up neither the others nor the end.

Not here: what is called (`scoring`). The threads of `concurrent.futures` are waited for when the
process ends, and a call that never returns keeps its place among them; these do neither.
Try it: `python -m pytest tests/servers/proxy/test_workers.py`.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")

# So many calls that nobody waits for may run on beside the others; then their places stay taken.
_MOST_LOST = 16


class _Call(Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        self.work = work
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[T] = self.loop.create_future()
        self.is_running = self.is_given_up = False

    def settle(self, result: T) -> None:
        if not self.future.done():
            self.future.set_result(result)


class Workers(Generic[T]):
    """Threads that take calls in their order.

    Args:
        name: of the threads.
        most: calls at once, >= 1.
    """

    def __init__(self, name: str, most: int) -> None:
        self._name, self._most = name, most
        self._calls: queue.SimpleQueue[_Call[T] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = self._lost = 0

    async def call(self, work: Callable[[], T]) -> T:
        """What the work gives, which raises nothing; whoever is cancelled leaves it to itself."""
        call = _Call(work)
        with self._lock:
            if self._threads < self._most:
                self._start()
        self._calls.put(call)
        try:
            return await call.future
        except asyncio.CancelledError:
            self._give_up(call)
            raise

    def close(self) -> None:
        """Take no further call; what is running is left to itself."""
        for _ in range(self._threads):
            self._calls.put(None)

    def _start(self) -> None:
        self._threads += 1
        threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def _give_up(self, call: _Call[T]) -> None:
        with self._lock:
            if call.is_running and self._lost >= _MOST_LOST:
                return
            call.is_given_up = True
            if call.is_running:  # another thread takes the place of the one that hangs
                self._lost += 1
                self._threads -= 1
                self._start()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            with self._lock:
                if call.is_given_up:
                    continue
                call.is_running = True
            result = call.work()
            with self._lock:
                call.is_running = False
                if call.is_given_up:
                    self._lost -= 1
                    return
            with suppress(RuntimeError):  # the loop has ended: nobody waits
                call.loop.call_soon_threadsafe(call.settle, result)
