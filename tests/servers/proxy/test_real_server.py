"""The official client, curl and llama.cpp's own server, with the proxy between them."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

import openai
import pytest
from tests.models.conftest import llama_server as llama_server
from tests.servers.proxy.serving import Served, proxied

import topdraw as td
from topdraw.core.records import Problem, Sample

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("llama_server")]

PROMPT = "Make 15 from the numbers 12, 1, 5, 8. Use each once with + - * / and parentheses."
HI: list[Any] = [{"role": "user", "content": PROMPT}]
BODY: dict[str, Any] = {"model": "builtin", "messages": HI, "max_tokens": 32}


def shortest(problem: Problem, samples: Sequence[Sample]) -> list[float]:
    return [-float(len(sample.output)) for sample in samples]


@pytest.fixture
def served(llama_server: str) -> Iterator[Served]:
    with proxied(llama_server, scorers=("logprob", shortest), models=("builtin",)) as proxy:
        yield proxy


def test_each_strategy_by_its_name(served: Served) -> None:
    client = served.client()
    for name in (
        "best-of-16",
        "majority-16",
        "weighted_majority(weight=exp)-8",
        "posterior(0.1)-4",
    ):
        reply = client.chat.completions.create(**BODY | {"model": f"{name}/builtin"})
        told: Any = reply.to_dict()["topdraw"]
        assert told["candidates"] == told["n"]
        assert told["notes"] == []
        assert sum(told["weights"]) == pytest.approx(1)
        assert reply.usage is not None
        assert reply.usage.completion_tokens >= told["n"]
    assert told["tokens"]["estimated"] is False  # counted by log-probabilities


def test_the_best_is_what_the_scorer_likes_most(served: Served) -> None:
    wish = {"topdraw": {"n": 12, "with": "shortest"}}
    reply = served.client().chat.completions.create(**BODY, n=3, extra_body=wish, seed=5)
    told: Any = reply.to_dict()["topdraw"]
    lengths = [-float(len(c.message.content or "")) for c in reply.choices]
    assert lengths == sorted(told["scores"]["shortest"], reverse=True)[:3]
    again = served.client().chat.completions.create(**BODY, n=3, extra_body=wish, seed=5)
    assert [c.message.content for c in again.choices] == [c.message.content for c in reply.choices]


def test_a_stream_says_what_the_whole_answer_says(served: Served) -> None:
    asked = BODY | {"model": "best-of-4/builtin", "seed": 7}
    client = served.client()
    whole = client.chat.completions.create(**asked)
    stream = client.chat.completions.create(
        **asked, stream=True, stream_options={"include_usage": True}
    )
    events: list[Any] = list(stream)
    text = "".join(e.choices[0].delta.content or "" for e in events if e.choices)
    assert text == whole.choices[0].message.content
    assert events[-1].usage.prompt_tokens == whole.usage.prompt_tokens


def test_passed_through_it_is_the_servers_own_answer(served: Served, llama_server: str) -> None:
    direct = openai.OpenAI(base_url=llama_server, api_key="none", max_retries=0)
    asked = BODY | {"seed": 3, "logprobs": True, "top_logprobs": 2, "n": 2}
    ours, theirs = (c.chat.completions.create(**asked) for c in (served.client(), direct))
    assert ours.choices == theirs.choices
    assert ours.usage == theirs.usage
    streams = [
        "".join(e.choices[0].delta.content or "" for e in c.chat.completions.create(
            **BODY, seed=3, stream=True) if e.choices)
        for c in (served.client(), direct)
    ]  # fmt: skip
    assert streams[0] == streams[1]


def test_logprobs_of_the_chosen_are_the_servers(served: Served) -> None:
    asked = BODY | {"model": "best-of-4/builtin", "logprobs": True, "top_logprobs": 3}
    (choice,) = served.client().chat.completions.create(**asked).choices
    assert choice.logprobs is not None
    assert choice.logprobs.content
    assert len(choice.logprobs.content[0].top_logprobs) == 3


def test_tools_and_formats_go_through(served: Served) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    tools = [{"type": "function", "function": {"name": "add", "parameters": schema}}]
    asked: Any = BODY | {"model": "majority-4/builtin", "tools": tools, "tool_choice": "required"}
    reply = served.client().chat.completions.create(**asked | {"max_tokens": 64})
    (call,) = reply.choices[0].message.tool_calls or [None]
    if call is not None:  # a tiny model may be cut off before it ends
        assert call.function.name == "add"
    formatted: Any = BODY | {
        "model": "best-of-4/builtin",
        "response_format": {"type": "json_object"},
    }
    assert served.client().chat.completions.create(**formatted).choices[0].message.content


def test_plain_completions(served: Served) -> None:
    reply = served.client().completions.create(
        model="best-of-4/builtin", prompt="12+3=", max_tokens=8, stop=["\n"]
    )
    assert reply.object == "text_completion"
    assert reply.choices[0].text is not None


def test_errors_of_the_server_are_the_clients_errors(served: Served) -> None:
    long = [{"role": "user", "content": "12 " * 4000}]
    for name in ("builtin", "best-of-4/builtin"):
        with pytest.raises(openai.BadRequestError, match="context"):
            served.client().chat.completions.create(model=name, messages=long)  # type: ignore[arg-type]  # messages


def test_the_asynchronous_client_many_at_once(served: Served) -> None:
    async def main() -> list[Any]:
        client = openai.AsyncOpenAI(base_url=served.url, api_key="x", max_retries=0)
        try:
            asked = BODY | {"model": "best-of-2/builtin", "max_tokens": 8}
            return await asyncio.gather(
                *(client.chat.completions.create(**asked) for _ in range(24))
            )
        finally:
            await client.close()

    assert all(r.choices[0].message.content is not None for r in asyncio.run(main()))


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_curl(served: Served) -> None:
    data = json.dumps(BODY | {"model": "best-of-4/builtin"})
    done = subprocess.run(
        ["curl", "-sS", "--fail", f"{served.url}/chat/completions", "-H",
         "Content-Type: application/json", "-d", data],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["topdraw"]["candidates"] == 4


def test_the_proxy_is_a_model_of_topdraw(served: Served) -> None:
    model = td.connect(served.url, model="best-of-4/builtin")
    run = td.sample(td.load("countdown", problems=2), model, 3, max_tokens=16)
    assert len(run.samples()) == 6
