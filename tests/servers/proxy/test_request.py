"""Bodies within bounds, and the problem that scorers see."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Json
from topdraw.models.request import Api
from topdraw.servers.proxy.refusal import Refusal
from topdraw.servers.proxy.request import check_body, problem_of, prompt_of, read_body

USER: Json = {"role": "user", "content": "1+1="}
CHAT: dict[str, Json] = {"model": "best-of-4/m", "messages": [USER]}


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"[]", b"3", b"{", b'{"a": NaN}', b'{"a": 1e999}', b'{"a": "\\ud800"}', b"\xff\xfe",
        b'{"a": ' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        read_body(raw)
    assert caught.value.status == 400


@given(st.binary(max_size=200))
def test_any_bytes_are_a_body_or_refused(raw: bytes) -> None:
    status = 200
    try:
        read_body(raw)
    except Refusal as refusal:
        status = refusal.status
    assert status in (200, 400)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"n": 10**9}, 422), ({"n": 0}, 422), ({"n": "3"}, 422), ({"n": True}, 422),
        ({"max_tokens": -1}, 422), ({"max_completion_tokens": 0}, 422),
        ({"max_tokens": "many"}, 422), ({"temperature": -3}, 422), ({"temperature": 1e300}, 422),
        ({"top_p": 2}, 422), ({"messages": []}, 400), ({"messages": "hi"}, 400),
    ],
)  # fmt: skip
def test_absurd_values_are_refused(fields: dict[str, Any], status: int) -> None:
    with pytest.raises(Refusal) as caught:
        check_body(CHAT | fields, "chat", 64)
    assert caught.value.status == status


def test_sound_values_are_not() -> None:
    check_body(CHAT | {"n": 64, "max_tokens": 1, "temperature": 0, "top_p": None}, "chat", 64)
    check_body({"prompt": ""}, "completions", 64)
    with pytest.raises(Refusal):
        check_body({}, "completions", 64)


def test_the_problem_holds_the_whole_conversation() -> None:
    picture: Json = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    body: dict[str, Json] = {
        "model": "best-of-4/m", "topdraw": {"n": 4}, "tools": [{"type": "function"}], "x": 1,
        "messages": [
            {"role": "system", "content": "Be brief."}, {"role": "user", "content": "old"},
            {"role": "assistant", "content": "ok"},
            {"role": "user", "content": [{"type": "text", "text": "What is it?"}, picture]},
            {"role": "tool", "content": "7"},
        ],
    }  # fmt: skip
    problem = problem_of(body, "chat", "m", "id")
    assert problem.prompt == "What is it?"
    assert problem.body == {k: v for k, v in body.items() if k != "topdraw"} | {"model": "m"}
    assert problem.metadata == {"model": "m", "messages": body["messages"], "tools": body["tools"]}
    assert problem.target is None


@pytest.mark.parametrize(
    ("body", "api", "prompt"),
    [
        ({"messages": [{"role": "system", "content": "x"}]}, "chat", ""),
        ({"messages": [3, {"role": "user"}]}, "chat", ""),
        ({"messages": None}, "chat", ""),
        ({"prompt": "a"}, "completions", "a"),
        ({"prompt": [1, 2]}, "completions", "[1, 2]"),
    ],
)
def test_odd_conversations_have_a_prompt_all_the_same(
    body: dict[str, Json], api: Api, prompt: str
) -> None:
    assert prompt_of(body, api) == prompt
