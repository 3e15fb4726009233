from __future__ import annotations

import asyncio
import dataclasses
import json
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Decoding, Json, Problem
from topdraw.models.connect import connect
from topdraw.models.dialect import Dialect
from topdraw.models.endpoint import Endpoint
from topdraw.models.request import Api, request_body


@given(st.text(), st.integers(2, 9))
def test_a_request_is_ascii_json_whatever_the_prompt(prompt: str, n: int) -> None:
    apis: tuple[Api, ...] = ("chat", "completions")
    for api in apis:
        body = request_body(
            prompt,
            model="m",
            api=api,
            n=n,
            decoding=Decoding(),
            seed=1,
            dialect=Dialect(),
        )
        assert json.loads(json.dumps(body).encode("ascii")) == body
        assert body["n"] == n
        assert "max_tokens" not in body
        assert "stop" not in body


def test_log_probabilities_are_asked_for_as_each_route_says_it() -> None:
    def asked(api: Api, *refused: str) -> object:
        body = request_body(
            "p",
            model="m",
            api=api,
            n=1,
            decoding=Decoding(),
            seed=1,
            dialect=Dialect(frozenset(refused)),
            logprobs=True,
        )
        return body.get("logprobs")

    assert asked("chat") is True
    assert asked("completions") == 1
    assert asked("chat", "logprobs") is None


def body(decoding: Decoding, *refused: str, stream: bool = False) -> dict[str, Json]:
    return request_body(
        "p",
        model="m",
        api="chat",
        n=2,
        decoding=decoding,
        seed=1,
        dialect=Dialect(frozenset(refused)),
        stream=stream,
    )


def test_penalties_are_said_when_they_are_chosen() -> None:
    plain = body(Decoding())
    assert not {"presence_penalty", "frequency_penalty"} & set(plain)
    chosen = body(Decoding(presence_penalty=0.5, frequency_penalty=-0.25))
    penalties = {"presence_penalty": 0.5, "frequency_penalty": -0.25}
    assert chosen == plain | penalties | {"repeat_last_n": chosen["repeat_last_n"]}


@pytest.mark.parametrize(
    "penalty",
    [{"presence_penalty": 1.0}, {"frequency_penalty": 1.0}, {"repetition_penalty": 1.1}],
)
def test_a_penalty_looks_back_over_everything(penalty: dict[str, float]) -> None:
    sent = body(Decoding(**penalty))  # type: ignore[arg-type]  # a penalty
    assert isinstance(sent["repeat_last_n"], int)
    assert sent["repeat_last_n"] > 100_000
    assert "repeat_last_n" not in body(Decoding())


@pytest.mark.slow
def test_a_real_server_does_what_penalties_and_extra_body_say(llama_server: str) -> None:
    prompt = "Make 99 from the numbers 8, 11, 7, 10. Use each once with + - * / and parentheses."

    async def answer(decoding: Decoding) -> str:
        model = connect(llama_server, model="builtin")
        try:
            (sample,) = [
                sample
                async for sample in model.generate(
                    Problem("p", prompt), [0], decoding=decoding, seed=1
                )
            ]
            return sample.output
        finally:
            await cast("Endpoint", model).aclose()

    plain = Decoding(temperature=0, max_tokens=24)
    frequent = dataclasses.replace(plain, frequency_penalty=1.0)
    present = dataclasses.replace(plain, presence_penalty=1.5)
    free = asyncio.run(answer(plain))
    assert free not in (asyncio.run(answer(frequent)), asyncio.run(answer(present)))
    # A server that looks back no token penalises none.
    blind = dataclasses.replace(frequent, extra_body={"repeat_last_n": 0})
    assert asyncio.run(answer(blind)) == free


def test_a_stream_asks_for_its_token_counts() -> None:
    assert body(Decoding())["stream"] is False
    asked = body(Decoding(), stream=True)
    assert (asked["stream"], asked["stream_options"]) == (True, {"include_usage": True})
    refusing = body(Decoding(), "stream_options", stream=True)
    assert refusing == {name: asked[name] for name in asked if name != "stream_options"}


@given(
    st.dictionaries(
        st.sampled_from(["min_p", "repeat_last_n", "user", "logit_bias"]),
        st.integers() | st.booleans() | st.dictionaries(st.text(max_size=2), st.integers()),
    ),
    st.frozensets(st.sampled_from(["min_p", "repeat_last_n", "top_k", "seed"])),
)
def test_an_extra_body_has_the_last_word(extra: dict[str, Json], refused: frozenset[str]) -> None:
    plain = body(Decoding(), *refused)
    # Compared as text: for Python 1 and True are the same, for a server they are not.
    sent = json.dumps(body(Decoding(extra_body=extra), *refused))
    assert sent == json.dumps(plain | extra)
