"""One pool of connections per event loop: JSON goes out, status, headers and bytes come back.

Not here: what the bytes mean (`reply`) or whether to ask again (`retry`). aiohttp, because it costs
a thirtieth of httpx's CPU time at 64 requests at once (docs/decisions/002-http-client.md).
Try it: `python -m pytest tests/models/test_transport.py`.
"""

from __future__ import annotations

import asyncio
import json
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from topdraw.core.records import Json
from topdraw.models.retry import Trouble

if TYPE_CHECKING:
    import aiohttp
    import yarl

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long one attempt may take.

    Attributes:
        connect_seconds: until a connection stands.
        first_byte_seconds: until the first byte of the reply, and between any two reads after it.
        total_seconds: the whole attempt, even while bytes keep dripping in.
    """

    connect_seconds: float = 10.0
    first_byte_seconds: float = 600.0
    total_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply as bytes; `headers` finds names in any case."""

    status: int
    headers: Mapping[str, str]
    raw: bytes


@dataclass(slots=True)
class _Pool:
    session: aiohttp.ClientSession
    slots: asyncio.Semaphore
    at_once: int


class Transport:
    """Sends requests; at most `at_once` of them are out at any moment, per event loop.

    Waiting for a slot is a future of the loop, never a thread: name resolution needs the threads.

    Args:
        at_once: requests in flight, >= 1.
        key: sent as a bearer token, to the host asked and to no other; None for none.
        deadlines: of each attempt.
        largest_answer_bytes: a longer body, after decompression, is not read further.
    """

    def __init__(
        self,
        *,
        at_once: int,
        key: str | None = None,
        deadlines: Deadlines | None = None,
        largest_answer_bytes: int = 64 * 2**20,
    ) -> None:
        self.at_once = at_once
        self._key = key
        self._deadlines = deadlines or Deadlines()
        self._largest_answer_bytes = largest_answer_bytes
        self._pools: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Pool] = (
            weakref.WeakKeyDictionary()
        )

    def _pool(self) -> _Pool:
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None or pool.session.closed:
            slots = asyncio.Semaphore(self.at_once)
            pool = self._pools[loop] = _Pool(self._session(), slots, self.at_once)
        return pool

    def _session(self) -> aiohttp.ClientSession:
        import aiohttp

        limits = self._deadlines
        first_byte = limits.first_byte_seconds
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=300),
            headers=headers | {"Accept": "application/json", "Content-Type": "application/json"},
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=limits.total_seconds,
                sock_connect=limits.connect_seconds,
                # One timer a request less where the total says it already.
                sock_read=first_byte if first_byte < limits.total_seconds else None,
            ),
        )

    @property
    def slots(self) -> asyncio.Semaphore:
        """Holds one place per request in flight; hold it over the retries of a request too."""
        pool = self._pool()
        if pool.at_once != self.at_once:
            pool.slots, pool.at_once = asyncio.Semaphore(self.at_once), self.at_once
        return pool.slots

    async def ask(self, method: str, url: yarl.URL, body: Json = None) -> Answer:
        """Send one request and read the whole reply.

        Raises:
            Trouble: when no complete reply came.
        """
        import aiohttp

        data = None if body is None else _encoded(body)
        try:
            return await self._ask(method, url, data)
        except aiohttp.ClientConnectorError as error:
            raise Trouble(
                f"cannot connect: {_said(error).replace(' ssl:default', '')}", unreachable=True
            ) from error
        except TimeoutError as error:
            connecting = isinstance(error, aiohttp.ConnectionTimeoutError)
            what = "no connection in time" if connecting else "no complete answer in time"
            raise Trouble(what, unreachable=connecting) from error
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise Trouble(f"the connection broke: {_said(error)}") from error

    async def _ask(
        self, method: str, url: yarl.URL, data: bytes | None, *, may_follow: bool = True
    ) -> Answer:
        async with self._pool().session.request(
            method, url, data=data, allow_redirects=False
        ) as reply:
            if reply.status not in _REDIRECTS:
                return Answer(reply.status, reply.headers, await self._read(reply))
            target = _followed(reply, may_follow)
        return await self._ask(method, target, data, may_follow=False)

    async def _read(self, reply: aiohttp.ClientResponse) -> bytes:
        if reply.content_length is not None and "Content-Encoding" not in reply.headers:
            self._check_size(reply.content_length)
            return await reply.read()
        parts: list[bytes] = []
        size = 0
        async for part in reply.content.iter_any():
            parts.append(part)
            size += len(part)
            self._check_size(size)
        return b"".join(parts)

    def _check_size(self, size: int) -> None:
        if size > self._largest_answer_bytes:
            limit = f"{self._largest_answer_bytes / 2**20:g} MiB"
            raise Trouble(f"the answer is longer than {limit}", retryable=False)

    async def aclose(self) -> None:
        """Close the connections of the running loop; the next request opens new ones."""
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.session.close()


def shown(url: yarl.URL) -> str:
    """An address for people: without user, password and query, where keys hide."""
    return str((url.with_user(None) if url.host else url).with_query(None))


def _followed(reply: aiohttp.ClientResponse, may_follow: bool) -> yarl.URL:
    """Where a redirect leads, when it stays on the same host; the key goes to no other."""
    import yarl

    try:
        target = reply.url.join(yarl.URL(reply.headers.get("Location", "")))
        if may_follow and target.origin() == reply.url.origin():
            return target
        where = shown(target)
    except ValueError:
        where = "an address that cannot be read"
    raise Trouble(
        f"HTTP {reply.status}: it redirects to {where}; if you trust that address, give it instead",
        status=reply.status,
        retryable=False,
    )


def _encoded(body: Json) -> bytes:
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:  # a lone surrogate in the prompt: legal as an escape
        return json.dumps(body).encode()


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
