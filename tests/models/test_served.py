from __future__ import annotations

from typing import Literal

import pytest
import yarl
from hypothesis import given
from hypothesis import strategies as st
from tests.models.raw_server import RawServer

from topdraw.models.served import Served, nearest
from topdraw.models.transport import Transport


@given(st.text(max_size=8), st.lists(st.text(max_size=8), max_size=6))
def test_every_name_is_there_once(model: str, served: list[str]) -> None:
    assert sorted(nearest(model, served)) == sorted(set(served))


@pytest.mark.parametrize("model", ["llama-3.1-8b", "LLAMA-3.1-8B-it", "meta/llama-3.1-8b"])
def test_the_closest_comes_first(model: str) -> None:
    served = ["qwen-2.5-7b", "llama-3.1-8b-instruct", "whisper"]
    assert nearest(model.lower(), served)[0] == "llama-3.1-8b-instruct"


@pytest.mark.parametrize("after", ["close", "wait"])
async def test_a_list_that_does_not_come_soon_is_empty(
    after: Literal["close", "wait"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("topdraw.models.served._PATIENCE_SECONDS", 0.05)
    transport = Transport()
    async with RawServer(after=after) as server:
        assert await Served(transport, yarl.URL(server.url)).once() == []
        await transport.aclose()
