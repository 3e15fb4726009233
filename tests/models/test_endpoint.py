"""The endpoint: what it asks, what it keeps, and what it makes of every kind of answer."""

from __future__ import annotations

import asyncio
import dataclasses
import math
import traceback
from collections.abc import Mapping
from typing import Any

import pytest
from tests.models.asking import DECODING, KEY, PROBLEM, QUICK, draw, draw_and_catch, served
from tests.models.metering import Ledger
from tests.models.scripted_server import (
    Fault,
    ScriptedServer,
    always,
    first,
    text_of,
)

from topdraw.core.records import Decoding, Problem
from topdraw.core.seeds import consecutive_seed
from topdraw.errors import ConfigError, DomainError
from topdraw.models.endpoint import connect_endpoint
from topdraw.models.retry import Refused
from topdraw.models.transport import Deadlines


def test_every_setting_is_said_and_the_seed_is_the_samples_own() -> None:
    server = ScriptedServer()
    with served(server, chunk=1) as endpoint:
        samples = draw(endpoint, 3)
    assert [s.index for s in samples] == [0, 1, 2]
    seeds = [consecutive_seed(5, "p/1", i) for i in range(3)]
    assert [s.seed for s in samples] == seeds
    body = min(server.counts.bodies, key=lambda b: seeds.index(b["seed"]))
    assert body == {
        "model": "tiny",
        "messages": [{"role": "user", "content": "How many?"}],
        "temperature": 0.7,
        "top_p": 1.0,
        "max_tokens": 16,
        "stop": ["\n\n"],
        "seed": seeds[0],
        "stream": False,
        "top_k": 0,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
        "repeat_penalty": 1.0,
    }
    assert [s.output for s in samples] == [text_of(body | {"seed": s}, 0) for s in seeds]
    assert all(s.usage.output_tokens == 3 and not s.usage.estimated for s in samples)
    assert all(math.isnan(s.logprob) for s in samples)


def test_n_goes_in_one_request_and_its_usage_is_never_trusted() -> None:
    server = ScriptedServer()
    with served(server) as endpoint:
        samples = draw(endpoint, 8)
    assert server.counts.requests == 1
    assert server.counts.delivered == 8
    assert len({s.output for s in samples}) == 8
    assert all(s.usage.estimated for s in samples)
    assert [s.seed for s in samples] == [consecutive_seed(5, "p/1", i) for i in range(8)]
    assert [b["seed"] for b in server.counts.bodies] == [consecutive_seed(5, "p/1", 0)]


@pytest.mark.parametrize("chunk", [1, 3, 4, 16])
def test_a_sample_does_not_depend_on_how_requests_were_cut(chunk: int) -> None:
    server = ScriptedServer()
    with served(server, chunk=chunk) as endpoint:
        samples = draw(endpoint, 10)
    body = server.counts.bodies[0] | {"seed": consecutive_seed(5, "p/1", 0)}
    assert [s.output for s in samples] == [text_of(body, i) for i in range(10)]


@pytest.mark.parametrize("api", ["chat", "completions"])
def test_logprobs_count_the_tokens_exactly(api: str) -> None:
    server = ScriptedServer(total_usage=False)
    with served(server, api=api, logprobs=True) as endpoint:
        samples = draw(endpoint, 4)
    tokens, logprob = (3, -1.5) if api == "chat" else (2, -0.75)
    assert [s.usage.output_tokens for s in samples] == [tokens] * 4
    assert not any(s.usage.estimated for s in samples)
    assert [s.logprob for s in samples] == [logprob] * 4


async def test_what_one_answer_brought_is_handed_over_together() -> None:
    with served(ScriptedServer(), chunk=4) as endpoint:
        draw_all = endpoint.deliveries(PROBLEM, range(10), decoding=DECODING, seed=5)
        came = [[one.index for one in samples] async for samples in draw_all]
        one_by_one = endpoint.generate(PROBLEM, range(10), decoding=DECODING, seed=5)
        alone = sorted([one.index async for one in one_by_one])
        await endpoint.aclose()
    assert sorted(came) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert alone == list(range(10))


def test_large_n_is_spread_over_requests_of_at_most_chunk() -> None:
    server = ScriptedServer()
    with served(server, chunk=4) as endpoint:
        assert len(draw(endpoint, 10)) == 10
    assert sorted(b.get("n", 1) for b in server.counts.bodies) == [2, 4, 4]


def test_a_server_that_ignores_n_is_asked_singly_and_nothing_is_paid_twice() -> None:
    server = ScriptedServer(most_choices=1)
    with served(server) as endpoint:
        first_draw = draw(endpoint, 6)
        assert server.counts.requests == server.counts.paid == 6
        draw(endpoint, 3, problem=Problem("p/2", "And now?"))
    assert len(first_draw) == 6
    # Once may be a glitch: the second short answer settles it.
    assert [b["n"] for b in server.counts.bodies[:2]] == [6, 5]
    assert all("n" not in b for b in server.counts.bodies[2:])
    assert server.counts.paid == server.counts.delivered == 9


def test_fewer_choices_than_asked_are_kept_and_only_the_rest_is_asked_for() -> None:
    server = ScriptedServer(most_choices=3)
    with served(server) as endpoint:
        assert len(draw(endpoint, 8)) == 8
    assert [b.get("n", 1) for b in server.counts.bodies] == [8, 5, 2]
    assert server.counts.paid == 8


def test_a_limit_of_n_in_the_refusal_is_read_and_remembered() -> None:
    server = ScriptedServer(max_n=4)
    with served(server) as endpoint:
        assert len(draw(endpoint, 10)) == 10
        assert len(draw(endpoint, 4, problem=Problem("p/2", "And now?"))) == 4
    assert server.counts.paid == 14
    assert [b.get("n", 1) for b in server.counts.bodies].count(10) == 1


def test_one_null_choice_at_first_is_a_glitch() -> None:
    def script(body: Mapping[str, Any], attempt: int) -> Fault | None:
        if body.get("n") != 4:
            return None
        whole = server._reply(dict(body), 4)["choices"]
        return Fault("choices", choices=[*whole[:3], None])

    server = ScriptedServer(script)
    with served(server) as endpoint:
        assert len(draw(endpoint, 4)) == 4
        draw(endpoint, 3, problem=Problem("p/2", "And now?"))
    assert [b.get("n", 1) for b in server.counts.bodies] == [4, 1, 3]


def test_a_short_answer_after_n_was_proven_changes_nothing() -> None:
    def script(body: Mapping[str, Any], attempt: int) -> Fault | None:
        return Fault("fewer", fewer=1) if "Short" in body["messages"][0]["content"] else None

    server = ScriptedServer(script)
    with served(server) as endpoint:
        draw(endpoint, 4)
        for i in range(3):
            assert len(draw(endpoint, 2, problem=Problem(f"s/{i}", "Short?"))) == 2
        draw(endpoint, 4, problem=Problem("p/2", "And now?"))
    assert [b.get("n", 1) for b in server.counts.bodies] == [4, *[2, 1] * 3, 4]
    assert server.counts.paid == 14


@pytest.mark.parametrize(
    ("indices", "runs"),
    [
        ([0, 1, 2, 5, 6, 9], [(0, 3), (5, 2), (9, 1)]),
        ([3, 1, 2], [(1, 3)]),
        ([7], [(7, 1)]),
    ],
)
def test_a_request_is_for_consecutive_samples(
    indices: list[int], runs: list[tuple[int, int]]
) -> None:
    async def main() -> list[int]:
        stream = endpoint.generate(PROBLEM, indices, decoding=DECODING, seed=5)
        try:
            return [sample.index async for sample in stream]
        finally:
            await endpoint.aclose()

    with served(ScriptedServer()) as endpoint, Ledger() as ledger:
        assert sorted(asyncio.run(main())) == sorted(indices)
    assert sorted((a.index, a.samples) for a in ledger.asked) == runs


def test_seeds_that_begin_again_at_nothing_are_asked_for_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "topdraw.models.endpoint.consecutive_seed", lambda *_: 2**31 - 2, raising=True
    )
    server = ScriptedServer()
    with served(server) as endpoint:
        samples = draw(endpoint, 4)
    assert [s.seed for s in samples] == [2**31 - 2, 2**31 - 1, 0, 1]
    assert sorted((b["seed"], b["n"]) for b in server.counts.bodies) == [(0, 2), (2**31 - 2, 2)]


def test_more_choices_than_asked_are_not_misnumbered() -> None:
    choices = [{"index": i, "message": {"content": f"c{i}"}} for i in (2, 0, 1)]
    with served(ScriptedServer(always(Fault("choices", choices=choices)))) as endpoint:
        samples = draw(endpoint, 2)
    assert [s.output for s in samples] == ["c0", "c1"]


STRICT = frozenset(
    {"model", "messages", "n", "temperature", "top_p", "stream", "max_tokens", "stop", "seed"}
)


def test_fields_a_server_does_not_know_are_dropped_once_and_for_all() -> None:
    server = ScriptedServer(known_fields=STRICT)
    with served(server) as endpoint:
        assert len(draw(endpoint, 2)) == 2
        refused = server.counts.requests - 1
        assert refused == 1
        draw(endpoint, 2, problem=Problem("p/2", "And now?"))
    assert server.counts.requests == refused + 2
    assert set(server.counts.bodies[-1]) == STRICT


def test_a_server_without_seeds_is_told_none_and_the_samples_say_so() -> None:
    server = ScriptedServer(known_fields=STRICT - {"seed"})
    with served(server) as endpoint:
        assert [s.seed for s in draw(endpoint, 2)] == [None, None]


@pytest.mark.parametrize(
    ("decoding", "setting"),
    [
        (Decoding(top_k=50), "top_k=50"),
        (Decoding(repetition_penalty=1.1), "repetition_penalty=1.1"),
    ],
)
def test_a_setting_the_user_chose_is_never_dropped(decoding: Decoding, setting: str) -> None:
    server = ScriptedServer(known_fields=STRICT)
    with served(server) as endpoint, pytest.raises(Refused, match=setting):
        draw(endpoint, 1, decoding=decoding)
    assert server.counts.paid == 0


def test_one_of_two_names_for_the_repetition_penalty_is_enough() -> None:
    server = ScriptedServer(known_fields=STRICT | {"repeat_penalty"})
    with served(server) as endpoint:
        draw(endpoint, 1, decoding=Decoding(repetition_penalty=1.1))
    assert server.counts.bodies[-1]["repeat_penalty"] == 1.1


def test_max_tokens_gets_its_other_name_where_the_server_wants_it() -> None:
    error = {
        "message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
        "param": "max_tokens",
        "code": "unsupported_parameter",
    }

    def script(body: Mapping[str, Any], attempt: int) -> Fault | None:
        return Fault("status", 400, {"error": error}) if "max_tokens" in body else None

    server = ScriptedServer(script)
    with served(server) as endpoint:
        draw(endpoint, 1)
    assert server.counts.bodies[-1]["max_completion_tokens"] == 16


def test_a_request_that_fails_costs_its_siblings_nothing() -> None:
    doomed = consecutive_seed(5, "p/1", 2)

    def script(body: Mapping[str, Any], attempt: int) -> Fault | None:
        return Fault("status", 400, {"error": "no"}) if body["seed"] == doomed else None

    server = ScriptedServer(script)
    with served(server, chunk=1) as endpoint:
        got, error = draw_and_catch(endpoint, 6)
    assert sorted(s.index for s in got) == [0, 1, 3, 4, 5]
    assert error.status == 400


OUTCOMES: dict[str, tuple[dict[str, Any], str, str]] = {
    "empty": ({"message": {"content": ""}, "finish_reason": "stop"}, "", "stop"),
    "null": ({"message": {"content": None}, "finish_reason": "stop"}, "", "stop"),
    "absent": ({"message": {}, "finish_reason": "length"}, "", "length"),
    "no message": ({"message": None}, "", "unknown"),
    "refusal": ({"message": {"content": None, "refusal": "No."}}, "No.", "refusal"),
    "filter": (
        {"message": {"content": "par"}, "finish_reason": "content_filter"},
        "par",
        "content_filter",
    ),
    "tools": (
        {"message": {"content": None, "tool_calls": [{}]}, "finish_reason": "tool_calls"},
        "",
        "tool_calls",
    ),
    "parts": (
        {"message": {"content": [{"type": "text", "text": "a"}, {"text": "b"}]}},
        "ab",
        "unknown",
    ),
    "odd word": ({"message": {"content": "x"}, "finish_reason": "tired"}, "x", "tired"),
    "hostile": (
        {"message": {"content": "\ud800\x00\u2028"}, "finish_reason": "stop"},
        "\ud800\x00\u2028",
        "stop",
    ),
}


@pytest.mark.parametrize(("choice", "output", "reason"), OUTCOMES.values(), ids=OUTCOMES)
def test_the_models_own_failures_are_outcomes(
    choice: dict[str, Any], output: str, reason: str
) -> None:
    server = ScriptedServer(always(Fault("choices", choices=[{"index": 0} | choice])))
    with served(server) as endpoint:
        (sample,) = draw(endpoint, 1)
    assert (sample.output, sample.finish_reason) == (output, reason)
    assert server.counts.requests == 1


@pytest.mark.parametrize(
    ("code", "reason"),
    [("content_filter", "content_filter"), ("exceed_context_size_error", "length")],
)
def test_a_prompt_the_model_cannot_take_is_an_outcome(code: str, reason: str) -> None:
    body = {"error": {"message": "no", "code": 400, "type": code}}
    server = ScriptedServer(always(Fault("status", 400, body)))
    with served(server, chunk=1) as endpoint:
        samples = draw(endpoint, 3)
    assert [(s.index, s.output, s.finish_reason) for s in samples] == [
        (i, "", reason) for i in range(3)
    ]


def test_reasoning_and_another_models_name_are_kept() -> None:
    body = {
        "model": "tiny-2026",
        "choices": [{"message": {"content": "4", "reasoning_content": "2+2"}}],
    }
    with served(ScriptedServer(always(Fault("raw", body=body)))) as endpoint:
        (sample,) = draw(endpoint, 1)
    assert sample.metadata == {"model": "tiny-2026", "reasoning": "2+2"}
    assert sample.usage.estimated


@pytest.mark.parametrize("fault", [Fault("hang", seconds=0.5), Fault("drip", seconds=0.005)])
def test_deadlines_fire_whether_or_not_bytes_keep_coming(fault: Fault) -> None:
    server = ScriptedServer(first(fault))
    deadlines = Deadlines(first_byte_seconds=0.1, total_seconds=0.15)
    with served(server, deadlines=deadlines) as endpoint:
        assert len(draw(endpoint, 1)) == 1
    assert server.counts.requests == 2


def test_a_refused_way_to_stream_is_dropped() -> None:
    def script(body: Mapping[str, Any], attempt: int) -> Fault | None:
        error = {"error": {"message": "Unknown parameter: 'stream_options'."}}
        return Fault("status", 400, error) if "stream_options" in body else None

    server = ScriptedServer(script)
    with served(server, stream=True, chunk=1) as endpoint:
        # This server does not know streams at all, and answers with a whole reply.
        assert len(draw(endpoint, 2)) == 2
    assert [b["stream"] for b in server.counts.bodies] == [True] * 4


def test_a_slow_first_byte_within_its_deadline_is_no_failure() -> None:
    server = ScriptedServer(always(Fault("slow", seconds=0.05)))
    with served(server) as endpoint:
        draw(endpoint, 1)
    assert server.counts.requests == 1


@pytest.mark.parametrize("gzip", [False, True])
def test_an_endless_answer_is_not_read_to_its_end(gzip: bool) -> None:
    import zlib

    plain = b" " * 2**21
    packer = zlib.compressobj(wbits=31)
    body = packer.compress(plain) + packer.flush() if gzip else plain
    headers = {"Content-Encoding": "gzip"} if gzip else {}
    server = ScriptedServer(always(Fault("raw", body=body, headers=headers)))
    with served(server, largest_answer_bytes=2**20) as endpoint:
        _, error = draw_and_catch(endpoint)
    assert "longer than 1 MiB" in str(error)
    assert "largest_answer_bytes" in str(error)
    assert server.counts.requests == 1


def test_an_unknown_model_is_answered_with_those_there_are() -> None:
    server = ScriptedServer(
        always(Fault("status", 404, "no such model")), models=("big", "tiny-2", "other")
    )
    with served(server, chunk=1) as endpoint:
        _, error = draw_and_catch(endpoint, 8)
    assert isinstance(error, Refused)
    assert "It has no model 'tiny', but tiny-2, " in str(error)
    assert server.counts.lists == 1


def test_of_many_models_some_are_named() -> None:
    names = tuple(f"m{i}" for i in range(40))
    with served(ScriptedServer(always(Fault("status", 404, "?")), models=names)) as endpoint:
        _, error = draw_and_catch(endpoint)
    assert str(error).endswith(" and 28 more.")


@pytest.mark.parametrize("models", [None, (), ("tiny",)])
def test_where_the_list_says_nothing_the_address_is_doubted(
    models: tuple[str, ...] | None,
) -> None:
    server = ScriptedServer(always(Fault("status", 404, "not here")), models=models)
    with served(server) as endpoint:
        _, error = draw_and_catch(endpoint)
    assert "HTTP 404: not here. Is the address right" in str(error)


def test_nothing_listens_there() -> None:
    with ScriptedServer() as server:
        url = server.url
    endpoint = connect_endpoint(url, model="tiny", retry=QUICK)
    _, error = draw_and_catch(endpoint)
    assert isinstance(error, Refused)
    assert error.attempts == 3
    assert "Is the server running" in str(error)


def test_the_key_goes_out_and_never_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    body = {"error": {"message": f"Incorrect API key provided: {KEY}"}}
    server = ScriptedServer(always(Fault("status", 401, body)))
    with served(server, api_key_env="MY_KEY") as endpoint:
        _, error = draw_and_catch(endpoint)
    assert server.counts.keys == [f"Bearer {KEY}"]
    assert KEY not in f"{error!r}{error}{endpoint!r}{endpoint.identity}"
    assert "MY_KEY" in str(error)


@pytest.mark.parametrize("dead_after_seconds", [0.0, 60.0])
def test_no_traceback_holds_the_key(
    monkeypatch: pytest.MonkeyPatch, dead_after_seconds: float
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server = ScriptedServer(always(Fault("status", 500, {"error": {"message": f"bad {KEY}"}})))
    retry = dataclasses.replace(QUICK, dead_after_seconds=dead_after_seconds, dead_after_failures=1)
    with served(server, retry=retry) as endpoint:
        _, error = draw_and_catch(endpoint)
    assert KEY not in "".join(traceback.format_exception(error))


def test_the_usual_variable_is_used_when_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server = ScriptedServer()
    with served(server) as endpoint:
        draw(endpoint)
    monkeypatch.delenv("OPENAI_API_KEY")
    with served(other := ScriptedServer()) as endpoint:
        draw(endpoint)
    assert server.counts.keys == [f"Bearer {KEY}"]
    assert other.counts.keys == [None]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_never_carries_the_key_to_another_host(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with ScriptedServer() as elsewhere:
        target = f"{elsewhere.url}/chat/completions?token=abc"
        server = ScriptedServer(always(Fault("status", status, "", {"Location": target})))
        with served(server) as endpoint:
            _, error = draw_and_catch(endpoint)
    assert elsewhere.counts.requests == 0
    assert server.counts.requests == 1
    assert "redirects to http://localhost" in str(error)
    assert "abc" not in str(error)


@pytest.mark.parametrize("location", ["", "http://[", "mailto:me", "/v1/chat/completions"])
def test_a_redirect_that_leads_nowhere_is_one_clear_error(location: str) -> None:
    server = ScriptedServer(always(Fault("status", 302, "", {"Location": location})))
    with served(server) as endpoint:
        _, error = draw_and_catch(endpoint)
    assert "redirects to" in str(error)
    assert server.counts.requests <= 2


def test_a_redirect_on_the_same_host_is_followed() -> None:
    server = ScriptedServer(first(Fault("status", 307, "", {"Location": "/v1/chat/completions"})))
    with served(server) as endpoint:
        assert len(draw(endpoint, 2)) == 2
    assert server.counts.requests == 2


def test_the_only_model_is_found_and_several_are_listed() -> None:
    with ScriptedServer(models=("solo",)) as server:
        assert connect_endpoint(server.url).identity == {
            "kind": "endpoint",
            "model": "solo",
            "api": "chat",
        }
    with ScriptedServer(models=("a", "b")) as server, pytest.raises(ConfigError, match="a, b"):
        connect_endpoint(server.url)
    with ScriptedServer(models=None) as server, pytest.raises(ConfigError, match="not list"):
        connect_endpoint(server.url)


def test_asking_for_the_models_is_tried_again_and_a_wrong_key_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with ScriptedServer() as server:
        server.models_faults = [Fault("status", 503), Fault("status", 429)]
        assert connect_endpoint(server.url, retry=QUICK).model == "tiny"
        server.models_faults = [Fault("status", 401)]
        with pytest.raises(Refused, match="OPENAI_API_KEY"):
            connect_endpoint(server.url, retry=QUICK)
        server.models_faults = [Fault("status", 200, "<html>")]
        with pytest.raises(ConfigError, match="not list"):
            connect_endpoint(server.url, retry=QUICK)


def test_a_connection_that_never_stands_is_an_unreachable_server() -> None:
    deadlines = Deadlines(connect_seconds=1e-9)
    with served(ScriptedServer(), deadlines=deadlines) as endpoint:
        _, error = draw_and_catch(endpoint)
    assert isinstance(error, Refused)
    assert "no connection in 1e-09 s" in str(error)


@pytest.mark.parametrize("name", ["chunk", "concurrency", "largest_answer_bytes"])
def test_sizes_below_one_are_refused(name: str) -> None:
    with pytest.raises(DomainError, match=f"{name} is 0"):
        connect_endpoint("http://localhost:1/v1", model="m", **{name: 0})  # type: ignore[arg-type]  # a name from a list


async def test_the_model_is_found_inside_a_running_loop_too() -> None:
    with ScriptedServer() as server:
        assert connect_endpoint(server.url).model == "tiny"


def test_a_host_name_with_64_at_once_does_not_hang() -> None:
    server = ScriptedServer(seconds=0.005)
    with served(server, chunk=1, concurrency=64) as endpoint:
        assert "localhost" in repr(endpoint)
        assert len(draw(endpoint, 256)) == 256
    assert 8 < server.counts.most_at_once <= 64


def test_the_bound_of_requests_in_flight_can_be_changed_on_the_way() -> None:
    server = ScriptedServer(seconds=0.005)
    most: list[int] = []

    async def main() -> None:
        for i, at_once in enumerate((6, 2, 4)):
            endpoint.limit_requests(at_once)
            server.counts.most_at_once = 0
            problem = Problem(f"p/{i}", "?")
            stream = endpoint.generate(problem, range(12), decoding=DECODING, seed=5)
            assert len([sample async for sample in stream]) == 12
            most.append(server.counts.most_at_once)
        await endpoint.aclose()

    with served(server, chunk=1, concurrency=1) as endpoint:
        asyncio.run(main())
    assert most == [6, 2, 4]


def test_requests_in_flight_are_bounded() -> None:
    server = ScriptedServer(seconds=0.002)
    with served(server, chunk=1, concurrency=8) as endpoint:
        assert len(draw(endpoint, 200)) == 200
    assert server.counts.most_at_once == 8


@pytest.mark.parametrize("indices", [[0, 0], [-1], [3, 1, 3]])
async def test_bad_indices_are_refused(indices: list[int]) -> None:
    endpoint = connect_endpoint("http://localhost:1/v1", model="m")
    with pytest.raises(DomainError, match="distinct"):
        await anext(endpoint.generate(PROBLEM, indices, decoding=DECODING, seed=0))


async def test_cancelling_leaves_no_request_behind() -> None:
    server = ScriptedServer(always(Fault("hang", seconds=0.3)))
    with served(server, chunk=1) as endpoint:
        stream = endpoint.generate(PROBLEM, range(4), decoding=DECODING, seed=0)
        task = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not [t for t in others if "_deliver" in repr(t)]
        await endpoint.aclose()
