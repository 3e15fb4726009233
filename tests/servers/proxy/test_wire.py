"""Bodies, headers and clients that leave, without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from starlette.types import Message, Receive

from topdraw.servers.proxy.refusal import Refusal
from topdraw.servers.proxy.wire import Gone, Reply, encoded, read, unless_gone


def messages(*told: Message) -> Receive:
    left = iter(told)

    async def receive() -> Message:
        return next(left, {"type": "http.disconnect"})

    return receive


def body(parts: Iterable[bytes]) -> list[Message]:
    return [{"type": "http.request", "body": part, "more_body": True} for part in parts]


async def test_a_body_comes_in_parts_up_to_the_limit() -> None:
    parts = body([b"ab", b"", b"c"])
    parts[-1]["more_body"] = False
    assert await read(messages(*parts), {}, most=3, seconds=1) == b"abc"
    with pytest.raises(Refusal, match="limit"):
        await read(messages(*parts), {}, most=2, seconds=1)
    with pytest.raises(Refusal) as caught:
        await read(messages(), {"content-length": "9" * 99}, most=10, seconds=1)
    assert caught.value.status == 413


async def test_a_client_that_leaves_within_its_body_is_gone() -> None:
    with pytest.raises(Gone):
        await read(messages(*body([b"a"])), {}, most=9, seconds=1)


async def test_work_ends_with_its_client_and_its_errors_come_out() -> None:
    ended = asyncio.Event()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(Gone):
        await unless_gone(messages({"type": "http.request"}), forever())
    assert ended.is_set()

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def fails() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await unless_gone(never, fails())


async def test_what_a_model_said_is_sent_whatever_it_is() -> None:
    assert encoded({"a": "\ud800\0"}) == b'{"a": "\\ud800\\u0000"}'
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    reply = Reply(send)
    await reply.start(200, {"Content-Type": "text/event-stream"})
    await reply.refuse(Refusal(502, "no"))
    assert b'data: {"error"' in sent[1]["body"]
    assert sent[2] == {"type": "http.response.body", "body": b""}
