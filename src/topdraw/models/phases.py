"""How long each part of one attempt may take: connecting, waiting, reading, all of it together.

Not here: sending (`transport`) and asking again (`retry`).
Try it: `python -m pytest tests/models/test_transport.py`.
"""

from __future__ import annotations

import asyncio
import re
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from topdraw.core.billing import Fate
from topdraw.models.retry import Trouble


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long one attempt may take.

    Attributes:
        connect_seconds: until a connection stands, the look-up of the name included.
        first_byte_seconds: from then until the first byte of the answer's body.
        between_bytes_seconds: between any two reads after it.
        total_seconds: the whole attempt, even while bytes keep dripping in.
    """

    connect_seconds: float = 10.0
    first_byte_seconds: float = 600.0
    between_bytes_seconds: float = 120.0
    total_seconds: float = 600.0


_STATUS = re.compile(rb"HTTP/\d\.\d (\d{3})")


class Headed(Protocol):
    """A connection that remembers how the answer begins, and whether its headers are complete."""

    head: bytes
    has_head: bool


class Phases:
    """The deadlines of one attempt and how far it came; a context manager around it.

    Args:
        deadlines: how long each phase may take.
    """

    __slots__ = (
        "_alarm",
        "_connection",
        "_deadlines",
        "_due",
        "_end",
        "_loop",
        "_timeout",
        "_token",
        "_what",
    )

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._loop = asyncio.get_running_loop()
        now = self._loop.time()
        self._end = now + deadlines.total_seconds
        self._what = "connect"
        self._due = min(self._end, now + deadlines.connect_seconds)
        self._timeout = asyncio.timeout(None)
        self._connection: Headed | None = None

    async def __aenter__(self) -> Phases:
        await self._timeout.__aenter__()
        self._alarm = self._loop.call_at(self._due, self._ring)
        self._token = CURRENT.set(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        CURRENT.reset(self._token)
        self._alarm.cancel()
        await self._timeout.__aexit__(kind, error, trace)

    @property
    def expired(self) -> bool:
        """Whether a deadline has ended the attempt."""
        return self._timeout.expired()

    @property
    def status(self) -> int | None:
        """HTTP status; None before the headers are complete."""
        if self._connection is None or not self._connection.has_head:
            return None
        said = _STATUS.match(self._connection.head)
        return int(said[1]) if said else None

    def connected(self, connection: Headed) -> None:
        """A connection stands."""
        self._connection = connection
        self._next("first byte", self._deadlines.first_byte_seconds)

    def bytes_came(self) -> None:
        """Some of the body has come, and more is expected."""
        self._next("between bytes", self._deadlines.between_bytes_seconds)

    def _next(self, what: str, seconds: float) -> None:
        self._what = what
        self._due = min(self._end, self._loop.time() + seconds)
        if self._due < self._alarm.when() and not self.expired:
            self._alarm.cancel()
            self._alarm = self._loop.call_at(self._due, self._ring)

    def _ring(self) -> None:
        # Most deadlines are put off before they pass, and an alarm costs more to move than to let
        # ring once too early.
        if self._loop.time() < self._due:
            self._alarm = self._loop.call_at(self._due, self._ring)
        else:
            self._timeout.reschedule(self._due)

    def trouble(self) -> Trouble:
        """What a deadline that has passed means."""
        limits = self._deadlines
        connecting = self._what == "connect"
        if self._loop.time() >= self._end and not connecting:
            what = f"no complete answer in {limits.total_seconds:g} s"
        elif connecting:
            what = f"no connection in {limits.connect_seconds:g} s"
        elif self._what == "first byte":
            what = f"no answer in {limits.first_byte_seconds:g} s"
        else:
            what = f"the answer stopped for {limits.between_bytes_seconds:g} s"
        return self._cut(what, unreachable=connecting)

    def broken(self, said: str) -> Trouble:
        """What a connection that broke during the attempt means.

        Args:
            said: why, for people.
        """
        return self._cut(f"the connection broke: {said}", unreachable=False)

    def _cut(self, what: str, *, unreachable: bool) -> Trouble:
        status = self.status
        fate: Fate = "refused"
        if status is None and not unreachable:
            fate = "unknown"  # it may not have read the request, or may have answered it
        elif status is not None and 200 <= status < 300:
            fate = "unused"
        return Trouble(what, status=status, unreachable=unreachable, fate=fate)


CURRENT: ContextVar[Phases | None] = ContextVar("topdraw_phases", default=None)
"""The attempt that the running task makes; the connector tells it when a connection stands."""
