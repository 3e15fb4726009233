"""One pool of connections per event loop: JSON goes out, status, headers and bytes come back.

Not here: what the bytes mean (`reply`) or whether to ask again (`retry`). aiohttp, because it costs
a thirtieth of httpx's CPU time at 64 requests at once (docs/decisions/002-http-client.md).
Try it: `python -m pytest tests/models/test_transport.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import weakref
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import msgspec

from topdraw.core.records import Json
from topdraw.models.phases import Deadlines, Phases
from topdraw.models.retry import Trouble
from topdraw.models.unpack import unpacker

if TYPE_CHECKING:
    import aiohttp
    import yarl

__all__ = ["Answer", "Deadlines", "Relayed", "Sink", "Transport", "shown"]

# So many answers longer than this are read at once; the others wait, unread, in the network.
_LONG_BYTES = 2**20
_LONG_AT_ONCE = 2
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# More of what a server says beside an error status is not read.
_LONGEST_REFUSAL_BYTES = 2**16
# What a stream still sends after its last event is waited for so long, to keep the connection.
_FAREWELL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply as bytes; `headers` finds names in any case."""

    status: int
    headers: Mapping[str, str]
    raw: bytes


@dataclass(frozen=True, slots=True)
class Relayed:
    """A reply whose body is still under way, unpacked; `headers` finds names in any case."""

    status: int
    headers: Mapping[str, str]
    pieces: AsyncIterator[bytes]


class Sink(Protocol):
    """Takes the body of a good reply piece by piece."""

    def feed(self, piece: bytes, /) -> bool:
        """Take the next bytes; gives whether nothing more is needed."""


class Transport:
    """Sends requests, as many at once as it is asked to.

    Args:
        key: sent as a bearer token, to the host asked and to no other; None for none.
        deadlines: of each attempt.
        largest_answer_bytes: a longer body, packed or unpacked, is not read further.
        reuse: whether a connection serves several requests.
    """

    def __init__(
        self,
        *,
        key: str | None = None,
        deadlines: Deadlines | None = None,
        largest_answer_bytes: int = 32 * 2**20,
        reuse: bool = True,
    ) -> None:
        self._key = key
        self._deadlines = deadlines or Deadlines()
        self._largest_answer_bytes = largest_answer_bytes
        self._reuse = reuse
        self._long: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            weakref.WeakKeyDictionary()
        )
        self._sessions: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, aiohttp.ClientSession
        ] = weakref.WeakKeyDictionary()

    def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None or session.closed:
            session = self._sessions[loop] = self._opened()
        return session

    def _opened(self) -> aiohttp.ClientSession:
        import aiohttp

        from topdraw.models.connector import connector

        headers = {
            "Accept": "application/json, text/event-stream",
            "Accept-Encoding": "gzip, deflate",
            "Content-Type": "application/json",
        }
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        return aiohttp.ClientSession(
            connector=connector(reuse=self._reuse),
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            auto_decompress=False,
            max_line_size=2**16,
            max_field_size=2**16,
        )

    async def ask(
        self,
        method: str,
        url: yarl.URL,
        body: Json = None,
        *,
        headers: Mapping[str, str] | None = None,
        sink: Sink | None = None,
    ) -> Answer:
        """Send one request and read the whole reply.

        Args:
            method: "GET" or "POST".
            url: where to.
            body: sent as JSON; None for none.
            headers: besides those of every request.
            sink: takes the body instead, when the status is good; None to keep it.

        Raises:
            Trouble: when no complete reply came.
        """
        data = None if body is None else _encoded(body)
        phases = Phases(self._deadlines)
        with _told_as_trouble(phases):
            async with phases:
                return await self._ask(method, url, data, headers, sink, phases)

    @contextlib.asynccontextmanager
    async def relay(self, url: yarl.URL, data: bytes) -> AsyncIterator[Relayed]:
        """Send bytes and hand over the reply as it comes, whatever its status and length.

        Args:
            url: where to.
            data: JSON.

        Raises:
            Trouble: when no reply came, or its body breaks off.
        """
        phases = Phases(self._deadlines)
        with _told_as_trouble(phases):
            async with (
                phases,
                self._session().post(url, data=data, allow_redirects=False) as reply,
            ):
                if reply.status in _REDIRECTS:
                    _followed(reply, may_follow=False)
                yield Relayed(reply.status, reply.headers, _unpacked(reply, phases))

    async def _ask(
        self,
        method: str,
        url: yarl.URL,
        data: bytes | None,
        headers: Mapping[str, str] | None,
        sink: Sink | None,
        phases: Phases,
        *,
        may_follow: bool = True,
    ) -> Answer:
        async with self._session().request(
            method, url, data=data, headers=headers, allow_redirects=False
        ) as reply:
            if reply.status not in _REDIRECTS:
                return Answer(reply.status, reply.headers, await self._body(reply, sink, phases))
            target = _followed(reply, may_follow)
        return await self._ask(method, target, data, headers, sink, phases, may_follow=False)

    async def _body(
        self, reply: aiohttp.ClientResponse, sink: Sink | None, phases: Phases
    ) -> bytes:
        if not 200 <= reply.status < 300:
            return await _refusal(reply, phases)
        if reply.content_length is not None:
            self._check_size(reply.content_length, reply.status)
        if sink is None:
            return await self._whole(reply, phases)
        size = 0
        async for part in _unpacked(reply, phases):
            size += len(part)
            self._check_size(size, reply.status)
            if sink.feed(part):
                await _farewell(reply, phases)
                break
        return b""

    async def _whole(self, reply: aiohttp.ClientResponse, phases: Phases) -> bytes:
        parts: list[bytes] = []
        size = 0
        async with contextlib.AsyncExitStack() as stack:
            async for part in _unpacked(reply, phases):
                if size <= _LONG_BYTES < size + len(part):
                    await stack.enter_async_context(self._lanes())
                    phases.bytes_came()
                size += len(part)
                if size > self._largest_answer_bytes:
                    parts.clear()  # the traceback would hold on to them
                self._check_size(size, reply.status)
                parts.append(part)
            return b"".join(parts) if len(parts) != 1 else parts[0]

    def _lanes(self) -> asyncio.Semaphore:
        return self._long.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_LONG_AT_ONCE))

    def _check_size(self, size: int, status: int) -> None:
        if size > self._largest_answer_bytes:
            limit = f"{self._largest_answer_bytes / 2**20:g} MiB"
            raise Trouble(
                f"the answer is longer than {limit}, the limit (largest_answer_bytes); ask for "
                "fewer tokens, or for fewer samples at once (chunk)",
                status=status,
                retryable=False,
                fate="unused",
            )

    async def aclose(self) -> None:
        """Close the connections of the running loop; the next request opens new ones."""
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.close()


@contextlib.contextmanager
def _told_as_trouble(phases: Phases) -> Iterator[None]:
    """What aiohttp and the system say of a broken attempt, as `Trouble`."""
    import aiohttp

    try:
        yield
    except aiohttp.ClientConnectorError as error:
        said = _said(error).replace(" ssl:default", "")
        raise Trouble(f"cannot connect: {said}", unreachable=True) from error
    except aiohttp.InvalidURL as error:
        raise Trouble("the address is not one", unreachable=True, retryable=False) from error
    except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
        raise (phases.trouble() if phases.expired else phases.broken(_said(error))) from error


async def _pieces(reply: aiohttp.ClientResponse, phases: Phases) -> AsyncIterator[bytes]:
    content = reply.content
    while part := await content.readany():
        yield part
        if content.at_eof():
            return
        phases.bytes_came()


def _unpacked(reply: aiohttp.ClientResponse, phases: Phases) -> AsyncIterator[bytes]:
    encoding = reply.headers.get("Content-Encoding")
    pieces = _pieces(reply, phases)
    return pieces if encoding is None else _unpacking(pieces, encoding)


async def _unpacking(pieces: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    unpack = unpacker(encoding)
    async for part in pieces:
        for piece in unpack.feed(part):
            yield piece
    unpack.close()


async def _refusal(reply: aiohttp.ClientResponse, phases: Phases) -> bytes:
    """The first bytes that come with an error status; the status counts if they break off."""
    import aiohttp

    read = bytearray()
    with contextlib.suppress(aiohttp.ClientError, OSError, Trouble):
        async for part in _unpacked(reply, phases):
            read += part[:_LONGEST_REFUSAL_BYTES]
            if len(read) > _LONGEST_REFUSAL_BYTES:
                break
    return bytes(read)


async def _farewell(reply: aiohttp.ClientResponse, phases: Phases) -> None:
    import aiohttp

    with contextlib.suppress(aiohttp.ClientError, OSError):
        async with asyncio.timeout(_FAREWELL_SECONDS):
            while await reply.content.readany():
                pass


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
    # The words of a response error hold the address with its query, where keys hide.
    said = str(getattr(error, "message", "") or error) or type(error).__name__
    return " ".join(said.split())
