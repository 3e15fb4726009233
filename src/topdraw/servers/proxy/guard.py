"""Keeps web pages away from a proxy that needs no key: they could spend, though not read.

Not here: keys (`keys`).
Try it: `curl -H 'Host: evil.example' http://127.0.0.1:8080/health`.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from topdraw.servers.proxy.refusal import Refusal
from topdraw.servers.proxy.wire import Reply


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine, seen from this machine alone.

    Examples:
        >>> is_loopback("localhost"), is_loopback("127.0.0.2"), is_loopback("0.0.0.0")
        (True, True, False)
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Guard:
    """Lets a request in when it was sent to this machine, and not by a page of another.

    Args:
        app: behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it in, or refuse it."""
        if scope["type"] == "http":
            for name, value in scope["headers"]:
                host = _host(name, value)
                if host is not None and not is_loopback(host):
                    refusal = Refusal(403, f"{name.decode()} is not this machine.")
                    await Reply(send, close=True).refuse(refusal)
                    return
        await self._app(scope, receive, send)


def _host(name: bytes, value: bytes) -> str | None:
    said = value.decode("latin-1")
    try:
        if name == b"host":
            return urlsplit(f"//{said}").hostname or ""
        if name == b"origin":
            return urlsplit(said).hostname or ""
    except ValueError:
        return ""
    return None
