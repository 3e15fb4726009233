"""The process of a proxy: listens, says where, drains when told to stop.

Not here: what it answers (`app`). Try it: `topdraw serve proxy --help`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from topdraw.errors import ConfigError
from topdraw.servers.proxy.patience import impatient

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_IDLE_SECONDS = 75
_HEAD_SECONDS = 30.0


class _Server(uvicorn.Server):
    """One that ends like any command: uvicorn's own would raise the signal again at the end."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Args:
        host: name or address.
        port: 0 for any that is free.

    Raises:
        ConfigError: when it cannot.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # With its protocol named: asyncio then sends small pieces at once (TCP_NODELAY), and a
        # reply in two pieces does not wait 40 ms for an acknowledgement.
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        why = error.strerror or str(error)
        raise ConfigError(
            f"Port {port} of {host} cannot be listened to: {why}.", hint="Name another: --port."
        ) from error
    return listener


def serve(
    app: ASGIApp, listener: socket.socket, *, drain_seconds: float, ready: Callable[[], None]
) -> None:
    """Serve until SIGINT or SIGTERM: then nothing new, and what is under way may end.

    A second signal stops at once.

    Args:
        app: the application.
        listener: bound.
        drain_seconds: how long what is under way may take.
        ready: called when it listens.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    config = config_of(app, drain_seconds=drain_seconds)
    asyncio.run(_serve(_Server(config), listener, ready))


def config_of(
    app: ASGIApp, *, drain_seconds: float, head_seconds: float = _HEAD_SECONDS
) -> uvicorn.Config:
    """How uvicorn is to serve: no log of requests, no trust in headers that name the client.

    Args:
        app: the application.
        drain_seconds: how long what is under way may take at the end.
        head_seconds: for the head of a request to come.
    """
    return uvicorn.Config(
        app,
        http=impatient(head_seconds),  # type: ignore[arg-type]  # it is called, whatever it is
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        ws="none",
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=max(int(drain_seconds), 1),
    )


async def _serve(server: _Server, listener: socket.socket, ready: Callable[[], None]) -> None:
    work = asyncio.create_task(server.serve(sockets=[listener]))
    while not (server.started or work.done()):
        await asyncio.sleep(0.01)
    if server.started:
        ready()
    await work
