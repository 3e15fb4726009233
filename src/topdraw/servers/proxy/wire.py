"""Bytes in and out of one HTTP exchange: a bounded body, JSON, events, and a client that leaves.

Not here: what they mean (`request`, `reply`, `refusal`).
Try it: `python -m pytest tests/servers/proxy/test_wire.py`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

import msgspec
from starlette.types import Receive, Scope, Send

from topdraw.core.records import Json
from topdraw.servers.proxy.refusal import Refusal

T = TypeVar("T")

EVENTS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"}


class Gone(Exception):
    """The client has closed the connection: nobody waits for the answer."""


def encoded(value: Mapping[str, Json]) -> bytes:
    """JSON of a value; what UTF-8 cannot say is escaped, as it came."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:  # a lone surrogate out of a model
        return json.dumps(value).encode()


def headers_of(scope: Scope) -> dict[str, str]:
    """The headers of a request by their lower-case names; of two alike, the last.

    Raises:
        Refusal: when it says its length in two ways, as smuggled requests do.
    """
    raw: list[tuple[bytes, bytes]] = scope["headers"]
    lengths = [name for name, _ in raw if name in (b"content-length", b"transfer-encoding")]
    if len(lengths) > 1:
        raise Refusal(400, "The request says its length twice.")
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}


async def read(receive: Receive, headers: Mapping[str, str], *, most: int, seconds: float) -> bytes:
    """The body of a request.

    Args:
        receive: of the exchange.
        headers: of the request.
        most: bytes; more are not read.
        seconds: for all of it.

    Raises:
        Refusal: when it is longer, or slower.
        Gone: when the client left meanwhile.
    """
    announced = headers.get("content-length", "0")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > most:
        raise _too_long(most)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                part: bytes = message.get("body", b"")
                size += len(part)
                if size > most:
                    raise _too_long(most)
                parts.append(part)
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError:
        raise Refusal(408, f"The body did not come within {seconds:g} s.") from None


def _too_long(most: int) -> Refusal:
    return Refusal(413, f"The body is longer than {most / 2**20:g} MiB, the limit of this server.")


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """What the work comes to; it is cancelled as soon as the client has left.

    Args:
        receive: of an exchange whose body has been read.
        work: what is done for the client.

    Raises:
        Gone: when the client left first.
    """
    task, gone = asyncio.create_task(work), asyncio.create_task(_left(receive))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Gone
        return task.result()
    finally:
        task.cancel()
        gone.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Reply:
    """One reply, sent piece by piece.

    Args:
        send: of the exchange.
        close: whether the connection ends with it.

    Attributes:
        status: HTTP status; 0 until it is sent.
        is_events: whether what was started is a stream of events.
    """

    def __init__(self, send: Send, *, close: bool = False) -> None:
        self._send = send
        self._close = close
        self.status = 0
        self.is_events = False

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the status and the headers."""
        self.status = status
        self.is_events = "event-stream" in str(
            headers.get("Content-Type", headers.get("content-type"))
        )
        told = {**headers, "X-Content-Type-Options": "nosniff"}
        if self._close:
            told["Connection"] = "close"
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in told.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def piece(self, data: bytes) -> None:
        """Send some of the body."""
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes = b"") -> None:
        """Send the rest of the body."""
        await self._send({"type": "http.response.body", "body": data})

    async def event(self, value: Mapping[str, Json]) -> None:
        """Send one event of a stream."""
        await self.piece(b"data: " + encoded(value) + b"\n\n")

    async def comment(self, value: Mapping[str, Json]) -> None:
        """Send a line that clients of a stream pass over."""
        await self.piece(b": " + encoded(value) + b"\n\n")

    async def json(
        self, status: int, value: Mapping[str, Json], headers: Mapping[str, str] | None = None
    ) -> None:
        """Send a whole reply."""
        data = encoded(value)
        length = {"Content-Type": "application/json", "Content-Length": str(len(data))}
        await self.start(status, length | dict(headers or {}))
        await self.end(data)

    async def refuse(self, refusal: Refusal) -> None:
        """Send an error: as a reply, or as an event of the stream that has begun."""
        if not self.status:
            await self.json(refusal.status, refusal.body, refusal.headers)
        else:
            await self.event(refusal.body)
            await self.end()
