"""Who may send a request now: one door for all requests to one server, in the order they came.

A server that is throttling closes the door for everybody and makes it narrower (`cubic`); one that
gives nothing but errors for long is given up for all who wait. One gate per event loop.
Not here: when one request is asked again (`retry`).
Try it: `python -m pytest tests/models/test_gate.py`.
"""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import math
import random
from collections import deque
from dataclasses import dataclass

from topdraw.errors import EndpointError
from topdraw.models.cubic import Window
from topdraw.models.meter import METER, Meter
from topdraw.models.retry import Refused, Retry

# Without a hint the door stays shut for this share of the time for which the server has been
# throttling already: not at all for a single no, and after a long storm it opens soon enough.
_SHUT_SHARE = 0.25
# A server that counts by the hour is no dead one.
_RATIONED = 5


@dataclass(slots=True)
class _Row:
    """Failures since the last sign of life."""

    count: int = 0
    began: float = 0.0


class Gate:
    """Places for requests under way; belongs to the running event loop.

    Args:
        most: places when nobody is throttling, >= 1.
        where: host and port, for people.
        retry: how long to wait without a hint, and when a server counts as dead.
    """

    def __init__(self, most: int, *, where: str = "", retry: Retry | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._where = where
        self._retry = retry or Retry()
        self._window = Window(most)
        self._in_flight = 0
        self._opens = self._shrunk_at = -math.inf
        self._storm_began: float | None = None
        self._row = _Row()
        self._lived = False
        self._parked: EndpointError | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._paused: set[asyncio.Future[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._told: tuple[int, Meter] | None = None

    @property
    def most(self) -> int:
        """Places when nobody is throttling; may be changed at any time."""
        return int(self._window.most)

    @most.setter
    def most(self, most: int) -> None:
        low, plateau = min(self._window.low, most), min(self._window.plateau, most)
        self._window = dataclasses.replace(self._window, most=most, low=low, plateau=plateau)
        self._let_in()

    @property
    def limit(self) -> int:
        """Places now."""
        return int(self._window.size(self._loop.time()))

    @property
    def places(self) -> int:
        """Places now, taken ones included; 0 while the door is shut."""
        return self.limit if self._loop.time() >= self._opens else 0

    @property
    def in_flight(self) -> int:
        """Places taken."""
        return self._in_flight

    @property
    def waiting(self) -> int:
        """Requests before the door."""
        return sum(not future.done() for future in self._waiting)

    async def enter(self) -> None:
        """Wait for a place and take it; give it back with `leave`.

        Raises:
            EndpointError: when the server is given up meanwhile.
        """
        now = self._loop.time()
        if self._parked is not None:
            if now < self._opens:
                raise copy.copy(self._parked)
            self._parked = None
        if not self._waiting and self._has_place(now):
            self._in_flight += 1
            return
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(future)
        self._let_in()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self.leave()  # the place was given to a request that is gone
            raise

    def leave(self) -> None:
        """Give a place back."""
        self._in_flight -= 1
        if self._waiting:
            self._let_in()

    async def pause(self, seconds: float) -> None:
        """Wait outside, without a place.

        Raises:
            EndpointError: when the server is given up meanwhile.
        """
        future: asyncio.Future[None] = self._loop.create_future()
        timer = self._loop.call_later(seconds, _resolve, future)
        self._paused.add(future)
        try:
            await future
        finally:
            timer.cancel()
            self._paused.discard(future)

    def answered(self, sent_at: float) -> None:
        """A request sent at that time (of the loop) was answered: the server lives."""
        self._row.count, self._lived = 0, True
        if sent_at > self._shrunk_at:
            self._storm_began = None
            self._window = self._window.answered(self._loop.time())

    def throttled(self, sent_at: float, hint_seconds: float | None) -> None:
        """The server turned down a request, sent at that time, because there are too many.

        Throttles of requests that were sent before the last one are the same round trip's: they
        may keep the door shut for longer, but do not make it narrower again.
        """
        now = self._loop.time()
        first = sent_at > self._shrunk_at
        wait = hint_seconds or 0.0
        if first:
            if self._storm_began is None:
                self._storm_began = now
            wait = max(wait, self._backoff(now - self._storm_began))
        self._opens = max(self._opens, now + wait)
        if first:
            self._window = self._window.shrunk(now, in_flight=self._in_flight, opens=self._opens)
            self._shrunk_at = now
        elif self._window.since is not None and self._window.since < self._opens:
            self._window = dataclasses.replace(self._window, since=self._opens)
        self._let_in()

    def _backoff(self, stormy_seconds: float) -> float:
        mean = min(_SHUT_SHARE * stormy_seconds, self._retry.cap_seconds)
        return mean * (0.5 + random.random())  # noqa: S311 - spreads load, no secret

    def failed(self, what: str, *, rationed: bool = False) -> None:
        """A request brought nothing, though it may work later.

        Args:
            what: why, for people.
            rationed: whether it said 429: a server that has answered before is then given up much
                later.

        Raises:
            Refused: when nothing else has come for too long; everybody who waits gets it too.
        """
        now = self._loop.time()
        if self._row.count == 0:
            self._row.began = now
        self._row.count += 1
        seconds = now - self._row.began
        enough = self._row.count >= self._retry.dead_after_failures
        patience = self._retry.dead_after_seconds * (_RATIONED if rationed and self._lived else 1)
        if enough and seconds >= patience:
            dead = Refused(
                f"{self._where} has not given a usable answer for {seconds:.0f} s "
                f"({self._row.count} requests failed; the last: {what}).",
                hint="Is it still running? The same command again draws the rest.",
                attempts=self._row.count,
            )
            self.turn_away(dead)
            raise dead from None  # the trouble has the server's own words, a key maybe

    def park(self, error: EndpointError, seconds: float) -> None:
        """Shut the door for longer than anybody waits: who waits or comes meanwhile gets this."""
        self._opens = max(self._opens, self._loop.time() + seconds)
        self._parked = error
        self.turn_away(error)

    def turn_away(self, error: EndpointError) -> None:
        """Give up everybody who waits; who comes later may try."""
        for future in (*self._waiting, *self._paused):
            if not future.done():
                future.set_exception(copy.copy(error))
        self._waiting.clear()

    def _has_place(self, now: float) -> bool:
        return now >= self._opens and self._in_flight < int(self._size(now))

    def _size(self, now: float) -> float:
        window = self._window
        size = window.size(now)
        if window.since is not None and size == window.most:
            self._window = Window(window.most)
        told = int(size), METER.get()  # one gate may serve several draws
        if told != self._told:
            self._told = told
            told[1].at_once(self._where, told[0])
        return size

    def _let_in(self) -> None:
        now = self._loop.time()
        while self._waiting and (self._waiting[0].done() or self._has_place(now)):
            future = self._waiting.popleft()
            if not future.done():
                self._in_flight += 1
                future.set_result(None)
        self._arm(now)

    def _arm(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._waiting:
            return
        when = max(self._opens, self._window.reaches(self._in_flight + 1), now)
        if when < math.inf:
            # Rounding must not wake us a hair before the door opens.
            self._timer = self._loop.call_at(when + 1e-3, self._let_in)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
