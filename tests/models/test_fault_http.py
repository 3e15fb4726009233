"""Odd HTTP: case 29 of the fault matrix: redirects, cookies, headers, framings, connections.

Not here: the other cases (`test_fault_matrix`).
Try it: `python -m pytest tests/models/test_fault_http.py`.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest
from tests.models.fault_asking import faced, texts
from tests.models.fault_kinds import (
    Fault,
    closed_at_once,
    framed,
    named,
    redirected,
    stale,
    status,
    with_headers,
)
from tests.models.fault_plans import always, first
from tests.models.fault_server import FaultServer
from tests.models.fault_wire import Ask, chunked, head

KEY = "sk-secret-0123456789"


def test_case_29_a_redirect_on_the_same_host_is_followed_with_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    drawn = faced(always(redirected("/moved/v1/chat/completions")), 2, chunk=2, books=False)
    assert drawn.outputs == texts(2)
    assert drawn.log.fates == {"refused": 1, "delivered": 1}
    assert {s.headers["authorization"] for s in drawn.log.seen} == {f"Bearer {KEY}"}


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_case_29_no_other_host_gets_the_key(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with FaultServer() as other:
        drawn = faced(always(redirected(f"{other.url}/chat/completions", code)))
    assert other.log.requests == 0
    assert other.log.connections == 0
    assert other.url in str(drawn.error)
    assert KEY not in str(drawn.error)
    assert drawn.meter.fates == {"refused": 1}


def test_case_29_redirects_in_a_circle_end() -> None:
    def circle(ask: Ask) -> Fault:
        return status(307, "", {"Location": "/moved/again"})

    drawn = faced(circle, books=False)
    assert "redirects" in str(drawn.error)
    assert drawn.log.requests <= 3


def test_case_29_cookies_are_not_kept() -> None:
    drawn = faced(always("with cookies"), 4, chunk=1, concurrency=1)
    assert drawn.outputs == texts(4)
    assert not any("cookie" in seen.headers for seen in drawn.log.seen)


@pytest.mark.parametrize(
    "name",
    ["many headers", "as text", "HTTP/1.0", "connection: close", "zipped", "in chunks"],
)
def test_case_29_unusual_replies(name: str) -> None:
    drawn = faced(always(name), 4, chunk=1, concurrency=2)
    assert drawn.outputs == texts(4)
    assert drawn.log.fates == {"delivered": 4}


CHUNKED = {"Transfer-Encoding": "chunked"}
FRAMINGS: dict[str, Callable[[bytes], bytes]] = {
    "early hints": lambda b: head(103) + head(length=len(b)) + b,
    "no reason phrase": lambda b: b"HTTP/1.1 200\r\nContent-Length: %d\r\n\r\n" % len(b) + b,
    "bare newlines": lambda b: head(length=len(b)).replace(b"\r\n", b"\n") + b,
    "trailers": lambda b: head(200, CHUNKED) + chunked([b])[:-2] + b"X-Sum: 7\r\n\r\n",
    "chunk extensions": lambda b: head(200, CHUNKED) + b"%x;a=b\r\n%b\r\n0\r\n\r\n" % (len(b), b),
    "two gzip members": lambda b: packed(gzip.compress(b[:50]) + gzip.compress(b[50:]), "gzip"),
    "GZIP": lambda b: packed(gzip.compress(b), "GZIP"),
    "raw deflate": lambda b: packed(zlib.compress(b)[2:-4], "deflate"),
}


def packed(body: bytes, encoding: str) -> bytes:
    return head(200, {"Content-Encoding": encoding}, length=len(body)) + body


@pytest.mark.parametrize("frame", FRAMINGS.values(), ids=FRAMINGS)
def test_case_29_unusual_framings(frame: Callable[[bytes], bytes]) -> None:
    drawn = faced(always(framed(frame)), 4, chunk=2, concurrency=1)
    assert drawn.outputs == texts(4)
    assert drawn.log.fates == {"delivered": 2}


@pytest.mark.parametrize("kind", ["text/html", "application/octet-stream", "", "nonsense"])
def test_case_29_wrong_content_type(kind: str) -> None:
    drawn = faced(always(named(kind)), 2, chunk=1)
    assert drawn.outputs == texts(2)
    assert drawn.log.requests == 2


def test_case_29_a_flood_of_headers_ends_in_an_error_not_in_a_hang() -> None:
    flood = with_headers({f"X-Noise-{i}": "n" * 4000 for i in range(2000)})
    drawn = faced(first(flood), 2, chunk=1, books=False)
    assert drawn.outputs == texts(2)
    assert drawn.log.requests in (2, 4)  # read, or refused and asked again


def test_case_29_connections_closed_at_once() -> None:
    # A request may be lost in a connection that is being closed: the server never sees that one.
    drawn = faced(always(closed_at_once), 20, chunk=1, concurrency=2, books=False)
    assert drawn.outputs == texts(20)
    assert drawn.log.delivered == drawn.meter.samples("delivered") == 20
    assert set(drawn.meter.fates - drawn.log.fates) <= {"unknown"}


def test_case_29_stale_connections() -> None:
    drawn = faced(first(stale, stale, stale), 6, chunk=1, concurrency=2)
    assert drawn.outputs == texts(6)
    assert drawn.log.delivered == drawn.log.paid == 6
