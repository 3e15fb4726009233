"""Connections to a server: no bound of their own, names looked up in threads of their own.

Not here: who may send (`gate`), what is sent (`transport`). aiohttp is imported here, so import
this module inside the function that opens connections.
Try it: `python -m pytest tests/models/test_connector.py`.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import threading
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.client_proto import ResponseHandler

from topdraw.models.phases import CURRENT

if TYPE_CHECKING:
    from aiohttp import ClientRequest, ClientTimeout
    from aiohttp.abc import ResolveResult
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

_Found = list[tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int]]]


# Shorter than the five seconds after which common servers close an idle connection: a request on
# one that is just being closed is lost, and nobody knows whether it was charged.
_IDLE_SECONDS = 4.0


def connector(*, reuse: bool = True) -> aiohttp.TCPConnector:
    """A connector for the running event loop.

    Args:
        reuse: whether a connection serves several requests.
    """
    return _Connector(reuse)


class _Protocol(ResponseHandler):
    """Remembers the head of an answer: what is broken behind it hides it from aiohttp's users."""

    head = b""
    has_head = False

    def data_received(self, data: bytes) -> None:
        if not self.has_head:
            self.head += data
            self.has_head = b"\r\n\r\n" in self.head
        super().data_received(data)


class _Connector(aiohttp.TCPConnector):
    def __init__(self, reuse: bool) -> None:
        if reuse:
            super().__init__(
                limit=0, ttl_dns_cache=300, resolver=Resolver(), keepalive_timeout=_IDLE_SECONDS
            )
        else:
            super().__init__(limit=0, ttl_dns_cache=300, resolver=Resolver(), force_close=True)
        protocol: Any = _Protocol  # aiohttp would have no subclass of its own here
        self._factory = functools.partial(protocol, loop=self._loop)

    async def connect(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        phases, protocol = CURRENT.get(), connection.protocol
        if phases is not None and isinstance(protocol, _Protocol):
            protocol.head, protocol.has_head = b"", False
            phases.connected(protocol)
        return connection


class Resolver(AbstractResolver):
    """Looks each name up in a thread of its own; the connector remembers what it found.

    asyncio's own look-ups wait for a place in the loop's thread pool. Whoever fills that pool with
    work that waits for an answer would keep us from ever asking.
    """

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host.

        Raises:
            OSError: when there is no such name.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Found] = loop.create_future()

        def look_up() -> None:
            found: _Found | OSError
            try:
                found = _addresses(host, port, family)
            except OSError as error:
                found = error
            except UnicodeError:
                found = OSError(None, "it is no host name")
            try:
                loop.call_soon_threadsafe(_settle, future, found)
            except RuntimeError:
                return  # the loop was closed meanwhile: nobody waits

        threading.Thread(target=look_up, name="look-up", daemon=True).start()
        return [
            {
                "hostname": host,
                "host": address[0],
                "port": address[1],
                "family": kind,
                "proto": protocol,
                "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            }
            for kind, _, protocol, _, address in await future
        ]

    async def close(self) -> None:
        """Nothing to close."""


def _addresses(host: str, port: int, family: socket.AddressFamily) -> _Found:
    try:
        found = socket.getaddrinfo(
            host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
    except socket.gaierror:  # a machine with no network but itself
        found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
    return found  # type: ignore[return-value]  # raw addresses are for other families


def _settle(future: asyncio.Future[_Found], found: _Found | OSError) -> None:
    if future.done():
        return
    if isinstance(found, OSError):
        future.set_exception(found)
    else:
        future.set_result(found)
