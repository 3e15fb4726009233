"""The endpoint under fire: what it asks again, when, how often, and what it then says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from tests.models.asking import DECODING, KEY, draw, draw_and_catch, served
from tests.models.scripted_server import (
    Fault,
    ScriptedServer,
    always,
    first,
    mixed,
)

from topdraw.core.records import Problem, Sample
from topdraw.core.seeds import consecutive_seed
from topdraw.models.endpoint import Endpoint
from topdraw.models.retry import Refused, Retry

HINTS = [
    {"Retry-After": "0.05"},
    {"Retry-After-Ms": "50"},
    {"retry-after": "-3"},
    {"retry-after": "soon"},
    {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"},
    {},
]
FAULTS = {
    **{f"429 {h}": Fault("status", 429, {"error": {"message": "slow"}}, h) for h in HINTS},
    **{
        f"{s}": Fault("status", s, "<html><h1>no</h1>") for s in (408, 409, 425, 500, 502, 503, 529)
    },
    "reset": Fault("reset"),
    "reset mid-body": Fault("reset_mid_body"),
    "cut": Fault("cut_json"),
    "empty": Fault("raw", body=b""),
    "not json": Fault("raw", body=b"<html>hello</html>"),
    "deep": Fault("raw", body=b"[" * 200_000),
    "bad gzip": Fault("raw", body=b"{}", headers={"Content-Encoding": "gzip"}),
    "error in 200": Fault("raw", body={"error": {"message": "upstream died"}}),
    "error text in 200": Fault("raw", body={"error": "upstream died"}),
    "no choices": Fault("raw", body={"id": "x"}),
    "choices null": Fault("choices", choices=None),
    "choices empty": Fault("choices", choices=[]),
    "choice null": Fault("choices", choices=[None]),
    "choice failed": Fault("choices", choices=[{"finish_reason": "error", "message": {}}]),
    "a list": Fault("raw", body=[1, 2]),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_may_work_later_is_asked_again(fault: Fault) -> None:
    server = ScriptedServer(first(fault, fault))
    with served(server, chunk=1) as endpoint:
        samples = draw(endpoint, 2)
    assert [s.index for s in samples] == [0, 1]
    assert server.counts.requests == 6
    assert server.counts.delivered == 2


def test_no_retry_comes_earlier_than_told() -> None:
    fault = Fault("status", 429, {}, {"Retry-After": "0.2"})
    server = ScriptedServer(first(fault))
    with served(server) as endpoint:
        draw(endpoint, 1)
    early, late = server.counts.times
    assert late - early >= 0.2


def test_a_hint_beyond_the_limit_is_reported_not_waited_for() -> None:
    fault = Fault("status", 429, {}, {"Retry-After": "86400"})
    server = ScriptedServer(always(fault))
    with served(server) as endpoint:
        got, error = draw_and_catch(endpoint)
    assert not got
    assert server.counts.requests == 1
    assert "86400 s" in str(error)
    assert error.status == 429


def test_who_waits_behind_a_parked_server_is_not_kept() -> None:
    fault = Fault("status", 429, {}, {"Retry-After": "86400"})
    server = ScriptedServer(always(fault))
    with served(server, chunk=1, concurrency=2) as endpoint:
        _, error = draw_and_catch(endpoint, 50)
    assert server.counts.requests == 2
    assert "86400 s" in str(error)


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_nobody_who_waits_asks_a_server_that_refuses_everybody(status: int) -> None:
    server = ScriptedServer(always(Fault("status", status)))
    with served(server, chunk=1, concurrency=4) as endpoint:
        _, error = draw_and_catch(endpoint, 50)
    assert isinstance(error, Refused)
    assert server.counts.requests == 4


def test_a_throttle_holds_everybody_back() -> None:
    hint = Fault("status", 429, {}, {"Retry-After": "0.2"})
    unlucky = consecutive_seed(5, "p/1", 0)

    def script(body: Mapping[str, Any], attempt: int) -> Fault | None:
        return hint if body["seed"] == unlucky and attempt == 0 else Fault("slow", seconds=0.02)

    server = ScriptedServer(script)
    with served(server, chunk=1, concurrency=3) as endpoint:
        assert len(draw(endpoint, 12)) == 12
    times = sorted(server.counts.times)
    assert all(t - times[0] >= 0.2 for t in times[3:])


def test_a_server_that_dies_is_given_up_for_all_who_wait() -> None:
    def script(body: Mapping[str, Any], attempt: int) -> Fault | None:
        return Fault("status", 503, "gone") if "Dead" in body["messages"][0]["content"] else None

    retry = Retry(
        attempts=1000,
        base_seconds=0.002,
        cap_seconds=0.005,
        dead_after_seconds=0.1,
        dead_after_failures=30,
    )
    server = ScriptedServer(script)
    with served(server, chunk=1, retry=retry) as endpoint:
        draw(endpoint, 4)
        with pytest.raises(Refused) as caught:
            draw(endpoint, 40, problem=Problem("d", "Dead?"))
    assert "has not given a usable answer for 0 s (" in str(caught.value)
    assert "the last: HTTP 503: gone)" in str(caught.value)
    assert caught.value.attempts >= 30


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
def test_what_will_never_work_is_asked_once(status: int) -> None:
    body = {"error": {"message": "temperature is bad"}}
    server = ScriptedServer(always(Fault("status", status, body, {"x-request-id": "r-7"})))
    with served(server) as endpoint:
        _, error = draw_and_catch(endpoint)
    assert server.counts.requests == 1
    assert (error.status, error.attempts, error.request_id) == (status, 1, "r-7")
    assert isinstance(error, Refused) == (status in (401, 402, 403, 404))
    assert "temperature is bad" in str(error)


def test_an_empty_account_stops_at_once() -> None:
    body = {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}
    server = ScriptedServer(always(Fault("status", 429, body)))
    with served(server) as endpoint:
        _, error = draw_and_catch(endpoint)
    assert isinstance(error, Refused)
    assert server.counts.requests == 1


def test_attempts_are_bounded_once_the_server_has_worked() -> None:
    doomed = consecutive_seed(5, "p/1", 1)

    def script(body: Mapping[str, Any], attempt: int) -> Fault | None:
        return Fault("status", 503, "busy") if body["seed"] == doomed else None

    server = ScriptedServer(script)
    with served(server, chunk=1, retry=Retry(attempts=5, base_seconds=0.001)) as endpoint:
        draw(endpoint, 1)
        got, error = draw_and_catch(endpoint, 2)
    assert [sample.index for sample in got] == [0]
    assert (server.counts.requests, error.attempts) == (7, 5)
    assert "after 5 attempts: HTTP 503: busy" in str(error)


WRONG = {
    "500": (Fault("status", 500, "Internal"), "HTTP 500: Internal"),
    "503": (Fault("status", 503, "Loading model"), "HTTP 503: Loading model"),
    "garbage": (Fault("raw", body=b"hello"), "not JSON"),
    "empty": (Fault("raw", body=b""), "the answer is empty"),
    "short": (Fault("reset_mid_body"), "the connection broke"),
    "no choices": (Fault("choices", choices=[]), "the list of choices is empty"),
    "null choices": (Fault("choices", choices=None), "there are no choices"),
}


@pytest.mark.parametrize(("fault", "words"), WRONG.values(), ids=WRONG)
def test_a_server_that_never_worked_is_given_up_soon_in_its_own_words(
    fault: Fault, words: str
) -> None:
    server = ScriptedServer(always(fault))
    with served(server) as endpoint:
        _, error = draw_and_catch(endpoint, 2)
    assert server.counts.requests == error.attempts == 3
    assert words in str(error)


def test_a_wrong_server_is_given_up_soon_by_requests_side_by_side() -> None:
    server = ScriptedServer(always(Fault("status", 500, "no")))
    with served(server, chunk=1) as endpoint:
        draw_and_catch(endpoint, 2)
    assert 6 <= server.counts.requests <= 8


def test_a_busy_server_is_waited_for_as_told_at_first_contact() -> None:
    fault = Fault("status", 503, {}, {"Retry-After": "0.01"})
    server = ScriptedServer(first(*[fault] * 5))
    with served(server) as endpoint:
        assert len(draw(endpoint, 1)) == 1
    assert server.counts.requests == 6


def test_while_others_may_still_bring_something_nobody_is_given_up() -> None:
    slow, unlucky = (consecutive_seed(5, "p/1", index) for index in (0, 1))

    def script(body: Mapping[str, Any], attempt: int) -> Fault | None:
        if body["seed"] == slow:
            return Fault("slow", seconds=0.3)
        return Fault("status", 500) if body["seed"] == unlucky and attempt < 5 else None

    server = ScriptedServer(script)
    with served(server, chunk=1) as endpoint:
        assert len(draw(endpoint, 2)) == 2


def test_each_retry_is_told_without_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    told: list[str] = []
    server = ScriptedServer(first(Fault("status", 500, f"bad {KEY}"), Fault("status", 429, "slow")))
    with served(server, on_retry=told.append) as endpoint:
        draw(endpoint, 1)
    assert told == [
        "retrying (2 of 3) in 0.0 s: HTTP 500: bad [key]",
        "retrying (3 of 31) in 0.0 s: HTTP 429: slow",
    ]


MIX = [
    Fault("status", 500, "<html>oops"),
    Fault("status", 503, ""),
    Fault("status", 429, {}, {"Retry-After": "0.01"}),
    Fault("reset"),
    Fault("reset_mid_body"),
    Fault("cut_json"),
    Fault("raw", body={"error": {"message": "overloaded"}}),
    Fault("choices", choices=None),
]


def _storm(server: ScriptedServer, problems: int, n: int) -> dict[tuple[str, int], Sample]:
    async def main(endpoint: Endpoint) -> list[Sample]:
        async def one(i: int) -> list[Sample]:
            problem = Problem(f"p/{i}", f"Question {i}?")
            stream = endpoint.generate(problem, range(n), decoding=DECODING, seed=1)
            return [sample async for sample in stream]

        try:
            lists = await asyncio.gather(*(one(i) for i in range(problems)))
            return [sample for samples in lists for sample in samples]
        finally:
            await endpoint.aclose()

    with served(server, chunk=1, concurrency=32) as endpoint:
        samples = asyncio.run(main(endpoint))
    keyed = {(s.problem_id, s.index): s for s in samples}
    assert len(keyed) == len(samples)
    return keyed


def test_under_a_mix_of_faults_the_samples_are_those_of_a_quiet_day() -> None:
    quiet, rough = ScriptedServer(), ScriptedServer(mixed(3, MIX, share=0.4))
    expected, got = _storm(quiet, 40, 8), _storm(rough, 40, 8)
    assert got.keys() == expected.keys()
    for key, sample in expected.items():
        assert (got[key].output, got[key].seed) == (sample.output, sample.seed)
    assert rough.counts.delivered == 320
    assert rough.counts.requests > 400
