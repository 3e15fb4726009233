"""HTTP connections that are closed when the head of a request does not come.

Not here: bodies that do not come; those are answered with 408 (`wire`).
Try it: `python -m pytest tests/servers/proxy/test_hostile.py -k head`.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


class Impatient(H11Protocol):
    """uvicorn's own connection, less patient with clients that send a byte now and then.

    Args:
        head_seconds: for the head of a request.
        settings: as uvicorn gives them.
    """

    def __init__(self, *, head_seconds: float, **settings: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(**settings)
        self._head_seconds = head_seconds
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """A client has connected."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Some bytes have come."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._stop()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Wait for a head from its first byte on, or from the connection."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop()
        elif self._timer is None:
            self._timer = self.loop.call_later(self._head_seconds, self._give_up)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


def impatient(head_seconds: float) -> Callable[..., asyncio.Protocol]:
    """What makes connections that wait so long for a head.

    Args:
        head_seconds: above 0.
    """
    return functools.partial(Impatient, head_seconds=head_seconds)
