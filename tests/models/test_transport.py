from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
import zlib
from collections.abc import Mapping
from typing import Any

import pytest
import yarl
from tests.models.raw_server import RawServer
from tests.models.scripted_server import Fault, ScriptedServer, always, text_of

from topdraw.models.retry import Trouble
from topdraw.models.transport import Answer, Deadlines, Transport, shown

MIB = 2**20


def body(prompt: str) -> dict[str, Any]:
    return {"model": "m", "prompt": prompt, "temperature": 1.0}


async def asked(
    url: str, *, deadlines: Deadlines | None = None, largest_answer_bytes: int = 32 * MIB
) -> Answer:
    transport = Transport(deadlines=deadlines, largest_answer_bytes=largest_answer_bytes)
    try:
        return await transport.ask("POST", yarl.URL(url) / "completions", body("x"))
    finally:
        await transport.aclose()


async def test_any_prompt_arrives_as_it_is() -> None:
    transport = Transport()
    prompts = ["plain", "\ud800 alone", "\x00\u2028\u0085", "\U0001f600" * 100]
    with ScriptedServer() as server:
        for prompt in prompts:
            url = yarl.URL(server.url) / "completions"
            answer = await transport.ask("POST", url, body(prompt))
            assert json.loads(answer.raw)["choices"][0]["text"] == text_of(body(prompt), 0)
        await transport.aclose()
        await transport.aclose()
    assert [seen["prompt"] for seen in server.counts.bodies] == prompts


@pytest.mark.parametrize("status", [200, 503])
async def test_a_compressed_answer_is_unpacked(status: int) -> None:
    packed = gzip.compress(b'{"error": "no"}')
    head = f"HTTP/1.1 {status} X\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    async with RawServer(head.encode() + packed) as server:
        answer = await asked(server.url)
    assert (answer.status, answer.raw) == (status, b'{"error": "no"}')
    assert answer.headers["content-encoding"] == "gzip"


async def test_a_broken_connection_is_trouble_worth_another_try() -> None:
    with (
        ScriptedServer(always(Fault("reset"))) as server,
        pytest.raises(Trouble, match="connection broke") as caught,
    ):
        await asked(server.url)
    assert caught.value.retryable
    assert not caught.value.unreachable
    assert caught.value.fate == "unknown"


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ODD: Mapping[str, tuple[bytes, bytes]] = {
    "HTTP/1.0, no length": (b"HTTP/1.0 200 OK\r\n\r\n[1]", b"[1]"),
    "no content type": (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]", b"[1]"),
    "another content type": (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n[1]",
        b"[1]",
    ),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n2\r\n1]\r\n0\r\n\r\n", b"[1]"),
    "long headers": (HEAD + b"X: " + b"y" * 40_000 + b"\r\nContent-Length: 3\r\n\r\n[1]", b"[1]"),
    "many headers": (HEAD + b"X: y\r\n" * 100 + b"Content-Length: 3\r\n\r\n[1]", b"[1]"),
}


@pytest.mark.parametrize(("raw", "said"), ODD.values(), ids=ODD)
async def test_odd_but_whole_answers_are_read(raw: bytes, said: bytes) -> None:
    async with RawServer(raw) as server:
        assert (await asked(server.url)).raw == said


async def test_cookies_are_not_sent_back() -> None:
    raw = HEAD + b"Set-Cookie: a=b; Path=/\r\nContent-Length: 3\r\n\r\n[1]"
    async with RawServer(raw, after="serve") as server:
        transport = Transport()
        for _ in range(2):
            await transport.ask("POST", yarl.URL(server.url), body("x"))
        await transport.aclose()
    assert len(server.requests) == 2
    assert not any(b"cookie" in request.lower() for request in server.requests)


BROKEN: Mapping[str, tuple[bytes, str, str]] = {
    "reset before the status": (b"", "the connection broke", "unknown"),
    "no HTTP": (b"hello\r\n\r\n", "the connection broke", "unknown"),
    "a flood of headers": (HEAD + b"X: y\r\n" * 50_000, "the connection broke", "unknown"),
    "cut body": (HEAD + b"Content-Length: 9\r\n\r\n[1", "the connection broke", "unused"),
    "cut chunk": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\n[1",
        "the connection broke",
        "unused",
    ),
    "bad chunk": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n[1",
        "the connection broke",
        "unused",
    ),
    "cut gzip": (
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: 12\r\n\r\n" + gzip.compress(b"[1]")[:12],
        "is cut off",
        "unused",
    ),
}


@pytest.mark.parametrize(("raw", "what", "fate"), BROKEN.values(), ids=BROKEN)
async def test_broken_answers_are_trouble_with_their_price(
    raw: bytes, what: str, fate: str
) -> None:
    async with RawServer(raw) as server:
        with pytest.raises(Trouble, match=what) as caught:
            await asked(server.url)
    assert caught.value.retryable
    assert caught.value.fate == fate


async def test_the_status_of_a_refusal_counts_though_its_body_breaks_off() -> None:
    async with RawServer(b"HTTP/1.1 503 No\r\nContent-Length: 99\r\n\r\nbusy") as server:
        answer = await asked(server.url)
    assert (answer.status, answer.raw) == (503, b"busy")


async def test_the_body_of_a_refusal_is_read_only_so_far() -> None:
    async with RawServer(b"HTTP/1.0 503 No\r\n\r\n" + b"<p>" * MIB) as server:
        answer = await asked(server.url)
    assert answer.status == 503
    assert 2**16 <= len(answer.raw) < MIB


def _chunked(piece: bytes, times: int) -> tuple[bytes, ...]:
    chunk = f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    return (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *(chunk,) * times, b"0\r\n\r\n")


def _bomb(mebibytes: int) -> bytes:
    packer = zlib.compressobj(wbits=31)
    packed = b"".join(packer.compress(bytes(MIB)) for _ in range(mebibytes)) + packer.flush()
    return (
        HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode() + packed
    )


HUGE: Mapping[str, tuple[bytes, ...]] = {
    "content length": (HEAD + b"Content-Length: 67108864\r\n\r\n", *(b" " * MIB,) * 64),
    "chunks": _chunked(b" " * MIB, 64),
    "no length": (b"HTTP/1.0 200 OK\r\n\r\n", *(b" " * MIB,) * 64),
    "gzip": (_bomb(64),),
}


@pytest.mark.parametrize("pieces", HUGE.values(), ids=HUGE)
async def test_memory_stays_flat_on_a_huge_answer(pieces: tuple[bytes, ...]) -> None:
    async with RawServer(*pieces) as server:
        tracemalloc.start()
        with pytest.raises(Trouble, match="longer than 8 MiB") as caught:
            await asked(server.url, largest_answer_bytes=8 * MIB)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (caught.value.retryable, caught.value.fate) == (False, "unused")
    assert "largest_answer_bytes" in caught.value.what
    assert most < 16 * MIB


async def test_many_huge_answers_at_once_take_turns() -> None:
    async with RawServer(*_chunked(b" " * MIB, 64)) as server:
        transport = Transport(largest_answer_bytes=8 * MIB)
        url = yarl.URL(server.url)
        tracemalloc.start()
        asking = (transport.ask("GET", url) for _ in range(12))
        errors = await asyncio.gather(*asking, return_exceptions=True)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        await transport.aclose()
    assert all(isinstance(error, Trouble) and "longer than" in error.what for error in errors)
    assert most < 48 * MIB, "all twelve at once would be 96"


QUICK = {"connect_seconds": 5, "first_byte_seconds": 5, "between_bytes_seconds": 5}
DEADLINES: Mapping[str, tuple[tuple[bytes, ...], dict[str, float], str, str]] = {
    "no answer": ((), {"first_byte_seconds": 0.05}, "no answer in 0.05 s", "unknown"),
    "headers alone are no answer": (
        (HEAD + b"Content-Length: 9\r\n\r\n",),
        {"first_byte_seconds": 0.05},
        "no answer in 0.05 s",
        "unused",
    ),
    "stuck": (
        (HEAD + b"Content-Length: 9\r\n\r\n", b"[1"),
        {"between_bytes_seconds": 0.05},
        "the answer stopped for 0.05 s",
        "unused",
    ),
    "dripping": (
        (HEAD + b"Content-Length: 9999\r\n\r\n", *(b" ",) * 500),
        {"total_seconds": 0.1},
        "no complete answer in 0.1 s",
        "unused",
    ),
}


@pytest.mark.parametrize(("pieces", "limit", "what", "fate"), DEADLINES.values(), ids=DEADLINES)
async def test_each_deadline_fires_by_itself(
    pieces: tuple[bytes, ...], limit: dict[str, float], what: str, fate: str
) -> None:
    async with RawServer(*pieces, seconds=0.002, after="wait") as server:
        with pytest.raises(Trouble, match=what) as caught:
            await asked(server.url, deadlines=Deadlines(**{**QUICK, **limit}))
    assert caught.value.retryable
    assert not caught.value.unreachable
    assert caught.value.fate == fate


async def test_a_slow_answer_that_keeps_its_deadlines_is_an_answer() -> None:
    pieces = (HEAD + b"Content-Length: 20\r\n\r\n", *(b" ",) * 20)
    limits = Deadlines(first_byte_seconds=2, between_bytes_seconds=2, total_seconds=20)
    async with RawServer(*pieces, seconds=0.005) as server:
        assert (await asked(server.url, deadlines=limits)).raw == b" " * 20


async def test_nothing_was_sent_where_no_connection_stands() -> None:
    async with RawServer(b"") as server:
        url = server.url
    for limits in (Deadlines(), Deadlines(connect_seconds=1e-9)):
        with pytest.raises(Trouble, match=r"cannot connect|no connection in") as caught:
            await asked(url, deadlines=limits)
        assert caught.value.unreachable
        assert caught.value.fate == "refused"


async def test_an_address_that_nobody_can_have_is_not_tried_again() -> None:
    with pytest.raises(Trouble, match="the address is not one") as caught:
        await asked("http://127.1:9/v1")
    assert not caught.value.retryable


async def test_an_unknown_host_is_unreachable() -> None:
    with pytest.raises(Trouble, match="cannot connect") as caught:
        await asked("http://no-such-host.invalid/v1")
    assert caught.value.unreachable


class Collected:
    """A sink that wants so many bytes."""

    def __init__(self, wanted: int) -> None:
        self.read = b""
        self._wanted = wanted

    def feed(self, piece: bytes, /) -> bool:
        self.read += piece
        return len(self.read) >= self._wanted


async def test_a_sink_that_has_enough_keeps_the_connection() -> None:
    async with RawServer(*_chunked(b"0123", 3), seconds=0.001, after="serve") as server:
        transport = Transport()
        for _ in range(2):
            sink = Collected(4)
            answer = await transport.ask("POST", yarl.URL(server.url), body("x"), sink=sink)
            assert (answer.raw, sink.read[:4]) == (b"", b"0123")
        await transport.aclose()
    assert server.connections == 1


async def test_a_sink_gets_no_refusal() -> None:
    sink = Collected(1)
    transport = Transport()
    async with RawServer(b"HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\nno") as server:
        answer = await transport.ask("POST", yarl.URL(server.url), body("x"), sink=sink)
        await transport.aclose()
    assert (answer.raw, sink.read) == (b"no", b"")


async def test_a_host_name_is_looked_up_though_all_threads_wait_for_us() -> None:
    loop = asyncio.get_running_loop()
    answered = asyncio.Event()

    def wait_for_the_answer() -> None:
        asyncio.run_coroutine_threadsafe(answered.wait(), loop).result()

    with ScriptedServer() as server:
        assert "localhost" in server.url
        # As many as the default pool can have, and then some.
        threads = [asyncio.create_task(asyncio.to_thread(wait_for_the_answer)) for _ in range(80)]
        await asyncio.sleep(0)
        answer = await asked(server.url)
        answered.set()
        await asyncio.gather(*threads)
    assert answer.status == 200


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://me:secret@h:8/v1?key=secret", "https://h:8/v1"),
        ("mailto:me?key=secret", "mailto:me"),
        ("http://[::1]:8/v1", "http://[::1]:8/v1"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, text: str) -> None:
    assert shown(yarl.URL(url)) == text


async def test_a_broken_answer_does_not_show_the_query() -> None:
    async with RawServer(b"hello\r\n\r\n") as server:
        transport = Transport()
        with pytest.raises(Trouble) as caught:
            await transport.ask("POST", yarl.URL(f"{server.url}?key=secret"), body("x"))
        await transport.aclose()
    assert "secret" not in caught.value.what
