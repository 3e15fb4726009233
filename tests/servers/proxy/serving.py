"""A proxy on a real port, in a thread of its own, in front of whatever a test names.

Not here: expectations. Try it: `python -m pytest tests/servers/proxy/test_app.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import openai
import uvicorn
from aiohttp import ClientSession
from starlette.types import ASGIApp

from topdraw.models.endpoint import Endpoint, connect_endpoint
from topdraw.models.retry import Retry
from topdraw.models.several import Endpoints, connect_endpoints
from topdraw.servers.proxy.app import Proxy, proxy_app
from topdraw.servers.proxy.run import config_of, listening
from topdraw.servers.proxy.settings import Settings

FEW = Retry(3, base_seconds=0.002, cap_seconds=0.01, longest_hint_seconds=0.5)


@dataclass(frozen=True)
class Served:
    """Where a proxy is, and what it is made of."""

    url: str
    proxy: Proxy

    def client(self, key: str = "none is needed") -> openai.OpenAI:
        """The official client, which asks once."""
        return openai.OpenAI(base_url=self.url, api_key=key, max_retries=0)

    def post(self, body: object, path: str = "chat/completions", **headers: str) -> Got:
        """Status, headers and body of one raw request; JSON, or bytes as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return asyncio.run(_post(f"{self.url}/{path}", data, headers))


@dataclass(frozen=True)
class Got:
    """A raw reply."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> dict[str, Any]:
        """Its JSON."""
        value: dict[str, Any] = json.loads(self.raw)
        return value


async def _post(url: str, data: bytes, headers: dict[str, str]) -> Got:
    told = {"Content-Type": "application/json", **headers}
    async with ClientSession() as session, session.post(url, data=data, headers=told) as reply:
        return Got(reply.status, reply.headers, await reply.read())


def get(url: str, **headers: str) -> Got:
    async def main() -> Got:
        async with ClientSession() as session, session.get(url, headers=headers) as reply:
            return Got(reply.status, reply.headers, await reply.read())

    return asyncio.run(main())


def upstream_at(urls: str | Sequence[str], **options: object) -> Endpoint | Endpoints:
    given: dict[str, Any] = {"model": "tiny", "retry": FEW, **options}
    if isinstance(urls, str):
        return connect_endpoint(urls, **given)
    return connect_endpoints(urls, **given)


@contextlib.contextmanager
def running(app: ASGIApp, head_seconds: float = 30.0) -> Iterator[str]:
    """The base address of an application, on a free port.

    A short `head_seconds` is for tests of it: the clients share this process, and one of 256 that
    has connected may wait a second for its turn to send.
    """
    listener = listening("127.0.0.1", 0)
    server = uvicorn.Server(config_of(app, drain_seconds=2, head_seconds=head_seconds))
    thread = threading.Thread(target=_run, args=(server, listener), daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        threading.Event().wait(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        thread.join()


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    asyncio.run(server.serve(sockets=[listener]))


@contextlib.contextmanager
def proxied(
    urls: str | Sequence[str],
    *,
    options: dict[str, object] | None = None,
    head_seconds: float = 30.0,
    **settings: object,
) -> Iterator[Served]:
    """A proxy in front of these addresses."""
    given: dict[str, Any] = settings
    app = proxy_app(upstream_at(urls, **(options or {})), Settings(**given))
    with running(app, head_seconds) as url:
        yield Served(url, app.state.proxy)
