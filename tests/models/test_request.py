from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Decoding
from topdraw.models.dialect import Dialect
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
