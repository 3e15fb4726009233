"""A request body in somebody else's words, asked through the endpoint's own retry layer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models.asking import KEY, QUICK, draw, served
from tests.models.metering import Ledger
from tests.models.scripted_server import Fault, ScriptedServer, always, first

from topdraw.core.records import Decoding
from topdraw.errors import EndpointError
from topdraw.models.endpoint import Endpoint
from topdraw.models.given import Given
from topdraw.models.retry import Refused
from topdraw.models.several import Endpoints, connect_endpoints

MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "How many?"}]},
]
BODY: dict[str, Any] = {
    "model": "tiny", "messages": MESSAGES, "temperature": 0.3, "top_k": 7, "seed": 40, "n": 2,
    "stream": True, "stream_options": {"include_usage": True}, "x_unknown": {"a": [1, None]},
}  # fmt: skip
ASKED = Given("r/1", "How many?", body=BODY)


def test_the_body_goes_out_as_it_is_but_for_n_and_stream() -> None:
    with served(ScriptedServer(), logprobs=True) as endpoint:
        drawn = draw(endpoint, 3, decoding=Decoding(), problem=ASKED)
        assert endpoint.url.host == "localhost"
    assert [s.index for s in drawn] == [0, 1, 2]
    assert [s.seed for s in drawn] == [40, 41, 42]


def test_what_the_server_gets_and_what_comes_back() -> None:
    server = ScriptedServer()
    with served(server) as endpoint:
        drawn = draw(endpoint, 3, decoding=Decoding(), problem=ASKED)
    (sent,) = server.counts.bodies
    left = {k: v for k, v in BODY.items() if k not in ("stream", "stream_options")}
    assert sent == left | {"n": 3}
    said = [s.metadata["choice"] for s in drawn]
    assert [c["message"]["content"] for c in said] == [s.output for s in drawn]  # type: ignore[index,call-overload]  # JSON


def test_without_a_seed_none_is_sent() -> None:
    server = ScriptedServer()
    asked = Given("r/1", "", body={k: v for k, v in BODY.items() if k != "seed"})
    with served(server) as endpoint:
        drawn = draw(endpoint, 1, problem=asked)
    assert "seed" not in server.counts.bodies[0]
    assert drawn[0].seed is None


def test_a_model_that_ignores_n_is_told_from_one_of_the_same_server_that_does_not() -> None:
    def script(body: Mapping[str, Any], attempt: int) -> Fault | None:
        return Fault("fewer", fewer=1) if body["model"] == "lone" else None

    server = ScriptedServer(script)
    with served(server) as endpoint:
        for at in range(3):
            for model in ("tiny", "lone"):
                asked = Given(f"r/{at}", "", body={**BODY, "model": model})
                assert len(draw(endpoint, 6, problem=asked)) == 6
    asked_for = [(body["model"], body.get("n", 1)) for body in server.counts.bodies]
    assert [n for model, n in asked_for if model == "tiny"] == [6] * 3
    assert [n for model, n in asked_for if model == "lone"] == [6, 5, *[1] * 4, *[1] * 12]


@given(st.one_of(st.integers(-(2**70), 2**70), st.booleans(), st.text(), st.none()))
def test_any_seed_makes_a_body(seed: object) -> None:
    asked = Given("r/1", "", body={"seed": seed})  # type: ignore[dict-item]  # JSON
    assert asked.request(1, 5)["seed"] == (5 if type(seed) is int else seed)


def test_the_route_is_that_of_the_request() -> None:
    server = ScriptedServer()
    body: dict[str, Any] = {"model": "tiny", "prompt": "How", "temperature": 1}
    with served(server) as endpoint:
        (drawn,) = draw(endpoint, 1, problem=Given("r", "How", body=body, api="completions"))
    assert drawn.metadata["choice"]["text"] == drawn.output  # type: ignore[index,call-overload]  # JSON


@pytest.mark.parametrize("limits", [{"max_n": 4}, {"most_choices": 1}])
def test_a_server_that_gives_fewer_still_gives_all(limits: dict[str, int]) -> None:
    with served(ScriptedServer(**limits)) as endpoint:  # type: ignore[arg-type]  # keywords
        assert len(draw(endpoint, 9, problem=ASKED)) == 9


def test_no_field_of_somebody_elses_is_left_out() -> None:
    known = frozenset(BODY) - {"top_k"}
    server = ScriptedServer(known_fields=known)
    with served(server) as endpoint, pytest.raises(EndpointError) as caught:
        draw(endpoint, 1, problem=ASKED)
    assert (caught.value.status, caught.value.attempts) == (422, 1)
    assert server.counts.requests == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_of_this_request_alone(status: int) -> None:
    body = {"error": {"message": f"no, {KEY}", "code": "context_length_exceeded"}}
    server = ScriptedServer(always(Fault("status", status, body)))
    with served(server) as endpoint, pytest.raises(EndpointError) as caught:
        draw(endpoint, 1, problem=ASKED)
    error = caught.value
    assert not isinstance(error, Refused)
    assert (error.status, error.said) == (status, body)


def test_the_key_is_taken_out_of_what_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    fault = Fault("status", 401, {"error": {"message": f"wrong: {KEY}"}})
    with (
        served(ScriptedServer(always(fault))) as endpoint,
        pytest.raises(EndpointError) as caught,
    ):
        draw(endpoint, 1, problem=ASKED)
    assert caught.value.said == {"error": {"message": "wrong: [key]"}}


def test_the_wait_asked_for_is_passed_on() -> None:
    fault = Fault("status", 429, {"error": {"message": "slow"}}, {"Retry-After": "77"})
    with (
        served(ScriptedServer(always(fault))) as endpoint,
        pytest.raises(EndpointError) as caught,
    ):
        draw(endpoint, 1, problem=ASKED)
    assert caught.value.retry_after_seconds == 77


def _relayed(model: Endpoint | Endpoints, body: object) -> tuple[int, bytes]:
    async def main() -> tuple[int, bytes]:
        try:
            async with model.relayed(json.dumps(body).encode(), "chat") as reply:
                return reply.status, b"".join([piece async for piece in reply.pieces])
        finally:
            await model.aclose()

    return asyncio.run(main())


def test_a_reply_is_relayed_whatever_it_says() -> None:
    server = ScriptedServer(first(Fault("status", 418, "<b>no</b>")))
    with served(server) as endpoint:
        assert _relayed(endpoint, BODY) == (418, b"<b>no</b>")
        status, raw = _relayed(endpoint, BODY)
    assert (status, len(json.loads(raw)["choices"])) == (200, 2)
    assert server.counts.bodies == [BODY, BODY]


@pytest.mark.parametrize("kind", ["reset", "reset_mid_body"])
def test_a_reply_that_breaks_off_is_an_error(kind: str) -> None:
    with (
        served(ScriptedServer(always(Fault(kind)))) as endpoint,
        pytest.raises(EndpointError, match="broke"),
    ):
        _relayed(endpoint, BODY)


def test_a_redirect_is_not_followed_with_somebody_elses_request() -> None:
    fault = Fault("status", 302, "", {"Location": "http://169.254.169.254/"})
    with (
        served(ScriptedServer(always(fault))) as endpoint,
        pytest.raises(EndpointError, match="redirects"),
    ):
        _relayed(endpoint, BODY)


def _several(*urls: str) -> Endpoints:
    return connect_endpoints(urls, model="tiny", retry=QUICK)


def test_an_endpoint_that_cannot_be_reached_is_passed_over() -> None:
    with ScriptedServer() as server:
        model = _several("http://127.0.0.1:9/v1", server.url)
        assert [_relayed(model, BODY)[0] for _ in range(3)] == [200] * 3
        with pytest.raises(EndpointError, match="None of the 2"):
            _relayed(_several("http://127.0.0.1:9/v1", "http://127.0.0.1:9/w"), BODY)


def test_a_wrong_request_is_no_verdict_on_several_endpoints() -> None:
    fault = Fault("status", 404, {"error": {"message": "no such model"}})
    with ScriptedServer(first(fault)) as a, ScriptedServer() as b:
        model = _several(a.url, b.url)

        async def main() -> int:
            try:
                with pytest.raises(EndpointError) as caught:
                    await anext(model.generate(ASKED, [0], decoding=Decoding(), seed=0))
                assert caught.value.status == 404
                assert all(place.health.well for place in model._places)
                stream = model.generate(ASKED, range(4), decoding=Decoding(), seed=0)
                return len([s async for s in stream])
            finally:
                await model.aclose()

        assert asyncio.run(main()) == 4


def test_a_wrong_key_at_one_of_several_hands_over() -> None:
    fault = Fault("status", 401, {"error": {"message": "no"}})
    with ScriptedServer(always(fault)) as a, ScriptedServer() as b, Ledger() as ledger:
        model = _several(a.url, b.url)

        async def main() -> int:
            try:
                stream = model.generate(ASKED, range(2), decoding=Decoding(), seed=0)
                return len([s async for s in stream])
            finally:
                await model.aclose()

        assert asyncio.run(main()) == 2
        assert asyncio.run(main()) == 2
    assert {a.fate for a in ledger.answered} <= {"refused", "delivered"}


def test_models_of_several_are_those_that_all_have() -> None:
    with ScriptedServer(models=("x", "tiny")) as a, ScriptedServer(models=("tiny",)) as b:
        model = _several(a.url, b.url)

        async def main() -> list[str]:
            try:
                return await model.models()
            finally:
                await model.aclose()

        assert asyncio.run(main()) == ["tiny"]
