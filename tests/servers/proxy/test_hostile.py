"""Clients that mean harm or are broken: keys, sizes, half requests, smuggling, foreign pages."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from tests.models.scripted_server import Fault, ScriptedServer, always
from tests.servers.proxy.serving import Served, get, proxied, running, upstream_at

from topdraw.servers.proxy.app import proxy_app
from topdraw.servers.proxy.guard import Guard
from topdraw.servers.proxy.keys import Holder, Keys, Limits, read_keys

HI: list[Any] = [{"role": "user", "content": "hi"}]
BODY: dict[str, Any] = {"model": "tiny", "messages": HI, "temperature": 0.5}
BEST = BODY | {"model": "best-of-4/tiny"}
KEY = "td-0123456789abcdef"


@pytest.fixture
def served() -> Iterator[Served]:
    with (
        ScriptedServer() as up,
        proxied(up.url, head_seconds=0.5, largest_body_bytes=100_000, body_seconds=0.2) as proxy,
    ):
        yield proxy


def send(url: str, data: bytes) -> bytes:
    """What comes back for these bytes until the other side closes, or answers whole."""

    async def main() -> bytes:
        host, port = url.removeprefix("http://").removesuffix("/v1").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(data)
        try:
            async with asyncio.timeout(10):
                head = await reader.readuntil(b"\r\n\r\n")
                return head + await reader.read(100)
        except asyncio.IncompleteReadError as error:
            return error.partial
        finally:
            writer.close()

    return asyncio.run(main())


def request(body: bytes, *headers: str) -> bytes:
    lines = ["POST /v1/chat/completions HTTP/1.1", "Host: x", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


DATA = json.dumps(BODY).encode()


@pytest.mark.parametrize(
    "headers",
    [
        [f"Content-Length: {len(DATA)}", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", f"Content-Length: {len(DATA)}"],
        [f"Content-Length: {len(DATA)}", "Content-Length: 3"],
        ["Content-Length: -1"], ["Content-Length: 1e3"], ["Transfer-Encoding: xchunked"],
        [f"Content-Length: {len(DATA)}", "X-Bad: a\x00b"], [f"Content-Length : {len(DATA)}"],
    ],
)  # fmt: skip
def test_smuggled_requests_are_rejected(served: Served, headers: list[str]) -> None:
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(DATA), DATA)
    body = chunked if any("chunked" in header for header in headers) else DATA
    status = send(served.url, request(body, *headers)).split(b" ")[1:2]
    assert status in ([b"400"], [b"501"])


def test_what_follows_a_smuggled_request_is_not_answered(served: Served) -> None:
    next_one = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    smuggled = request(b"0\r\n\r\n" + next_one, "Content-Length: 6", "Transfer-Encoding: chunked")
    said = send(served.url, smuggled)
    assert b" 400 " in said
    assert b"connection: close" in said.lower()


def test_large_bodies_are_refused_and_the_connection_closed(served: Served) -> None:
    huge = send(served.url, request(b"", "Content-Length: 1000000000"))
    assert b" 413 " in huge
    assert b"connection: close" in huge.lower()
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    assert b" 413 " in send(served.url, request(chunk * 2, "Transfer-Encoding: chunked"))


def test_a_body_that_does_not_come_is_408_and_others_are_served(served: Served) -> None:
    async def main() -> list[bytes]:
        host, port = served.url.removeprefix("http://").removesuffix("/v1").split(":")
        pairs = [await asyncio.open_connection(host, int(port)) for _ in range(200)]
        for _, writer in pairs:
            writer.write(request(b"{", "Content-Length: 100"))
        client = openai.AsyncOpenAI(base_url=served.url, api_key="x", max_retries=0)
        replies = await asyncio.gather(*(client.chat.completions.create(**BEST) for _ in range(20)))
        await client.close()
        assert len(replies) == 20
        lines = [await reader.readline() for reader, _ in pairs]
        for _, writer in pairs:
            writer.close()
        return lines

    assert {line.split(b" ")[1] for line in asyncio.run(main())} == {b"408"}


@pytest.mark.slow
def test_a_head_that_does_not_come_ends_the_connection(served: Served) -> None:
    first = request(DATA, f"Content-Length: {len(DATA)}")
    assert send(served.url, b"POST / HT") == b""

    async def main() -> bytes:
        host, port = served.url.removeprefix("http://").removesuffix("/v1").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(first)
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"GET /hea")  # the next request on the same connection
        rest = await reader.read()
        writer.close()
        return head + rest

    assert b" 200 " in asyncio.run(main())


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400), (b"[" * 50_000, 400), (b"null", 400), (b"\xff", 400),
        (b'{"model": "tiny", "messages": [{"role": "user", "content": "\\ud800"}]}', 400),
        (json.dumps(BEST | {"n": 10**9}).encode(), 422),
        (json.dumps(BODY | {"max_tokens": -1}).encode(), 422),
        (b'{"model": "tiny", "messages": [1], "temperature": NaN}', 400),
        (json.dumps(BODY | {"messages": [{"role": "user", "content": "\0<|im_end|>"}]}).encode(),
         200),
    ],
)  # fmt: skip
def test_odd_bodies_are_passed_on_or_refused_never_500(
    served: Served, raw: bytes, status: int
) -> None:
    got = served.post(raw)
    assert got.status == status
    if status != 200:
        assert set(got.json["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("field", ["base_url", "api_base", "endpoint", "url"])
def test_no_request_says_where_the_upstream_is(served: Served, field: str) -> None:
    got = served.post(BEST | {field: "http://169.254.169.254/latest"})
    assert got.status == 200  # an unknown field, passed on as it is
    wish = BEST | {"topdraw": {field: "http://169.254.169.254/latest"}}
    assert served.post(wish).status == 400


def test_other_methods_and_routes_are_errors_in_openais_shape(served: Served) -> None:
    for path, status in (("/chat/completions", 405), ("/nothing", 404)):
        got = get(f"{served.url}{path}")
        assert got.status == status
        assert got.json["error"]["message"]


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[Served]:
    file = tmp_path / "keys.toml"
    file.write_text(f'[[key]]\nname = "a"\nkey = "{KEY}"\ntokens = 500\n')
    with ScriptedServer() as up, proxied(up.url, keys=read_keys(file)) as proxy:
        yield proxy
    assert '"tokens": 76' in Path(f"{file}.spent").read_text()


def test_without_the_key_nothing_is_told_but_health(keyed: Served) -> None:
    top = keyed.url.removesuffix("/v1")
    for path in ("/v1/models", "/v1/models/tiny", "/metrics", f"/v1/models?api_key={KEY}"):
        assert get(f"{top}{path}").status == 401
        assert get(f"{top}{path}", Authorization=f"Bearer {KEY}").status in (200, 404)
    assert get(f"{top}/health").status == 200
    with pytest.raises(openai.AuthenticationError):
        keyed.client("wrong").chat.completions.create(**BEST)
    client = keyed.client(KEY)
    assert client.chat.completions.create(**BEST, max_tokens=10).choices
    assert [client.chat.completions.create(**BEST, max_tokens=10) for _ in range(3)]
    with pytest.raises(openai.RateLimitError, match="used up"):
        client.chat.completions.create(**BEST, max_tokens=500)


def test_requests_of_a_minute_are_counted_by_key() -> None:
    digest = hashlib.sha256(KEY.encode()).digest()
    keys = Keys([Holder("a", Limits(requests_per_minute=1), digest)])
    with ScriptedServer() as up, proxied(up.url, keys=keys) as p:
        client = p.client(KEY)
        client.chat.completions.create(**BODY)
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(**BODY)
    assert int(caught.value.response.headers["retry-after"]) in range(1, 61)


def test_no_key_is_ever_passed_on_or_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-operator-1")
    fault = Fault("status", 401, {"error": {"message": "wrong key sk-of-the-operator-1"}})
    with ScriptedServer(always(fault)) as up, proxied(up.url) as p:
        got = p.post(BEST, Authorization="Bearer sk-of-the-client-123")
    assert up.counts.keys == ["Bearer sk-of-the-operator-1"]
    assert b"operator" not in got.raw


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200), ({"Host": "localhost:80"}, 200), ({"Host": "[::1]:80"}, 200),
        ({"Host": "evil.example"}, 403), ({"Host": "169.254.169.254"}, 403),
        ({"Host": "[bad"}, 403), ({"Origin": "http://localhost:3000"}, 200),
        ({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403),
    ],
)  # fmt: skip
def test_pages_of_other_machines_cannot_spend(headers: dict[str, str], status: int) -> None:
    with running(Guard(proxy_app(upstream_at("http://127.0.0.1:9/v1")))) as url:
        assert get(url.replace("/v1", "/health"), **headers).status == status
