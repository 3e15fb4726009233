"""Ctrl-C and SIGTERM while a draw goes on: the first drains it, the second stops it at once.

Not here: what draining is (`session`). Handlers that others have set are left alone.
Try it: `python -m pytest tests/sampling/test_interrupts.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Stoppable(Protocol):
    """A draw that goes on."""

    def drain(self) -> None:
        """Begin nothing new; give what is under way a moment."""

    def stop(self) -> None:
        """Drop what is under way."""


class Brake:
    """Passes interrupts on to a draw, from its first moment to its last.

    Args:
        on_first: called when the first interrupt comes; None for nobody.

    Attributes:
        signal: the first signal that came; None when none did.
    """

    def __init__(self, on_first: Callable[[], None] | None = None) -> None:
        self.signal: signal.Signals | None = None
        self._on_first = on_first
        self._draw: Stoppable | None = None

    def pull(self, number: signal.Signals) -> None:
        """Drain the draw; the second time, stop it. Call it in the loop of the draw."""
        first, self.signal = self.signal is None, self.signal or number
        if self._draw is not None:
            (self._draw.drain if first else self._draw.stop)()
        if first and self._on_first is not None:
            self._on_first()

    @contextlib.contextmanager
    def of(self, draw: Stoppable, signals: tuple[signal.Signals, ...]) -> Iterator[None]:
        """Brake this draw, when pulled and when one of these signals comes."""
        self._draw = draw
        if self.signal is not None:
            draw.drain()
        loop = asyncio.get_running_loop()
        for number in signals:
            loop.add_signal_handler(number, self.pull, number)
        try:
            yield
        finally:
            self._draw = None
            for number in signals:
                loop.remove_signal_handler(number)

    def end(self) -> None:
        """End as the interrupt would have ended us, if one came.

        Raises:
            KeyboardInterrupt: after Ctrl-C.
            SystemExit: with 143, as a shell calls it, after SIGTERM; callers can still clean up.
        """
        if self.signal is signal.SIGTERM:
            raise SystemExit(128 + signal.SIGTERM)
        if self.signal is not None:
            raise KeyboardInterrupt


def ours() -> tuple[signal.Signals, ...]:
    """The signals that nobody else handles and that this thread may handle."""
    if threading.current_thread() is not threading.main_thread():
        return ()
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    return tuple(number for number, handler in usual.items() if signal.getsignal(number) is handler)


def in_a_loop() -> bool:
    """Whether this thread has a running event loop, as that of a notebook does."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def in_a_thread(work: Coroutine[Any, Any, T], brake: Brake) -> T:
    """What some work comes to in a thread with a loop of its own; Ctrl-C here pulls its brake.

    Args:
        work: done there, while this thread waits.
        brake: of the work.
    """
    started: list[asyncio.AbstractEventLoop] = []

    async def main() -> T:
        started.append(asyncio.get_running_loop())
        return await work

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(asyncio.run, main())
        while True:
            try:
                return future.result()
            except KeyboardInterrupt:
                if not started:  # the draw finds the brake pulled
                    brake.pull(signal.SIGINT)
                    continue
                with contextlib.suppress(RuntimeError):  # the loop has just ended
                    started[0].call_soon_threadsafe(brake.pull, signal.SIGINT)
