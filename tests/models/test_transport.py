from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Mapping
from typing import Any

import pytest
import yarl
from tests.models.scripted_server import Fault, ScriptedServer, always, text_of

from topdraw.models.retry import Trouble
from topdraw.models.transport import Transport, shown


def body(prompt: str) -> dict[str, Any]:
    return {"model": "m", "prompt": prompt, "temperature": 1.0}


async def test_any_prompt_arrives_as_it_is() -> None:
    transport = Transport(at_once=1)
    prompts = ["plain", "\ud800 alone", "\x00\u2028\u0085", "\U0001f600" * 100]
    with ScriptedServer() as server:
        for prompt in prompts:
            url = yarl.URL(server.url) / "completions"
            answer = await transport.ask("POST", url, body(prompt))
            assert json.loads(answer.raw)["choices"][0]["text"] == text_of(body(prompt), 0)
        await transport.aclose()
        await transport.aclose()
    assert [seen["prompt"] for seen in server.counts.bodies] == prompts


async def test_a_compressed_answer_is_unpacked() -> None:
    packed = Fault("raw", body=gzip.compress(b"[1]"), headers={"Content-Encoding": "gzip"})
    transport = Transport(at_once=1)
    with ScriptedServer(always(packed)) as server:
        answer = await transport.ask("POST", yarl.URL(server.url) / "completions", body("x"))
        assert answer.raw == b"[1]"
        assert answer.headers["content-encoding"] == "gzip"
        await transport.aclose()


async def test_a_broken_connection_is_trouble_worth_another_try() -> None:
    transport = Transport(at_once=1)
    with ScriptedServer(always(Fault("reset"))) as server:
        with pytest.raises(Trouble, match="connection broke") as caught:
            await transport.ask("POST", yarl.URL(server.url) / "completions", body("x"))
        await transport.aclose()
    assert caught.value.retryable
    assert not caught.value.unreachable


async def test_the_bound_of_requests_in_flight_can_be_changed_on_the_way() -> None:
    most: list[int] = []

    def script(seen: Mapping[str, Any], attempt: int) -> Fault | None:
        return Fault("slow", seconds=0.005)

    transport = Transport(at_once=6)
    with ScriptedServer(script) as server:
        url = yarl.URL(server.url) / "completions"

        async def one(i: int) -> None:
            async with transport.slots:
                await transport.ask("POST", url, body(str(i)))

        for at_once in (6, 2):
            transport.at_once = at_once
            server.counts.most_at_once = 0
            await asyncio.gather(*(one(i) for i in range(12)))
            most.append(server.counts.most_at_once)
        await transport.aclose()
    assert most == [6, 2]


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
