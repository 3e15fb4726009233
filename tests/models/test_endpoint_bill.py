"""What the endpoint tells the meter: every request, once, with what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from tests.models.asking import DECODING, KEY, PROBLEM, QUICK, draw, served
from tests.models.metering import Ledger
from tests.models.scripted_server import Fault, ScriptedServer, always, first, mixed

from topdraw.core.records import Problem, Sample
from topdraw.core.seeds import consecutive_seed
from topdraw.errors import EndpointError, StoreError
from topdraw.models.endpoint import Endpoint, connect_endpoint
from topdraw.models.meter import Halted
from topdraw.models.transport import Deadlines


def billed(server: ScriptedServer, n: int = 1, **options: object) -> Ledger:
    """The ledger of one draw; an error of it is in there too."""
    with served(server, **options) as endpoint, Ledger() as ledger:
        try:
            ledger.samples = draw(endpoint, n)
        except (EndpointError, Halted) as error:
            ledger.error = error
    return ledger


def test_a_request_is_on_the_bill_from_before_it_is_sent_until_it_has_ended() -> None:
    server = ScriptedServer()
    ledger = billed(server, 5, chunk=2)
    assert sorted((a.index, a.samples) for a in ledger.asked) == [(0, 2), (2, 2), (4, 1)]
    where = server.url.removeprefix("http://").removesuffix("/v1")
    assert {(a.problem_id, a.endpoint) for a in ledger.asked} == {("p/1", where)}
    for answered in ledger.answered:
        assert (answered.fate, answered.status, answered.note) == ("delivered", 200, "")
        assert (answered.prompt_tokens, answered.estimated) == (7, False)
        assert answered.output_tokens == 3 * answered.samples
        assert answered.seconds > 0


def test_usage_that_counts_one_choice_of_several_is_estimated() -> None:
    (answered,) = billed(ScriptedServer(total_usage=False), 8).answered
    assert answered.estimated
    assert answered.output_tokens is not None
    assert answered.output_tokens > 8 * 3


def test_log_probabilities_make_the_bill_exact() -> None:
    (answered,) = billed(ScriptedServer(total_usage=False), 8, logprobs=True).answered
    assert (answered.output_tokens, answered.estimated) == (24, False)


def test_more_choices_than_asked_for_are_billed_and_not_kept() -> None:
    choices = [{"index": i, "message": {"content": f"c{i}"}} for i in (2, 0, 1)]
    ledger = billed(ScriptedServer(always(Fault("choices", choices=choices))), 2)
    assert [s.output for s in ledger.samples] == ["c0", "c1"]
    assert [(a.fate, a.samples) for a in ledger.answered] == [("delivered", 3)]


def test_a_choice_from_the_middle_that_did_not_come_is_asked_for_alone() -> None:
    def script(body: Mapping[str, Any], attempt: int) -> Fault | None:
        if body.get("n") != 3:
            return None
        whole = quiet._reply(dict(body), 3)["choices"]
        return Fault("choices", choices=[whole[2], whole[0]])

    server, quiet = ScriptedServer(script), ScriptedServer()
    ledger, expected = billed(server, 3), billed(quiet, 3)
    assert [s.output for s in ledger.samples] == [s.output for s in expected.samples]
    assert [(a.index, a.samples) for a in ledger.asked] == [(0, 3), (1, 1)]


REFUSED, UNUSED, UNKNOWN = "refused", "unused", "unknown"
LIMITS = Deadlines(first_byte_seconds=0.05, between_bytes_seconds=0.05, total_seconds=0.2)
FATES: dict[str, tuple[Fault, str, int | None]] = {
    "429": (Fault("status", 429), REFUSED, 429),
    "500": (Fault("status", 500), REFUSED, 500),
    "error in 200": (Fault("raw", body={"error": {"message": "x"}}), REFUSED, 500),
    "reset": (Fault("reset"), UNKNOWN, None),
    "no reply": (Fault("hang", seconds=0.4), UNKNOWN, None),
    "reset mid-body": (Fault("reset_mid_body"), UNUSED, 200),
    "drip": (Fault("drip", seconds=0.01), UNUSED, 200),
    "cut": (Fault("cut_json"), UNUSED, 200),
    "empty": (Fault("raw", body=b""), UNUSED, 200),
    "not json": (Fault("raw", body=b"<html>"), UNUSED, 200),
    "bad gzip": (Fault("raw", body=b"{}", headers={"Content-Encoding": "gzip"}), UNUSED, 200),
    "choices null": (Fault("choices", choices=None), UNUSED, 200),
    "choices empty": (Fault("choices", choices=[]), UNUSED, 200),
    "choice null": (Fault("choices", choices=[None]), UNUSED, 200),
}


@pytest.mark.parametrize(("fault", "fate", "status"), FATES.values(), ids=FATES)
def test_the_fate_of_a_request_in_vain(fault: Fault, fate: str, status: int | None) -> None:
    ledger = billed(ScriptedServer(first(fault)), 1, deadlines=LIMITS)
    lost, got = ledger.answered
    assert (lost.fate, lost.samples, lost.status) == (fate, 0, status)
    assert lost.note
    assert (got.fate, got.samples) == ("delivered", 1)
    tokens = (7, 3) if "choices" in fault.kind else (None, None)
    assert (lost.prompt_tokens, lost.output_tokens) == tokens


@pytest.mark.parametrize("status", [301, 400, 401, 404])
def test_what_ends_the_draw_is_refused(status: int) -> None:
    ledger = billed(ScriptedServer(always(Fault("status", status, "bad stop"))), 1)
    assert ledger.error is not None
    assert [(a.fate, a.status) for a in ledger.answered] == [("refused", status)]


def test_an_answer_too_long_was_paid() -> None:
    ledger = billed(ScriptedServer(), 1, largest_answer_bytes=20)
    assert [(a.fate, a.status) for a in ledger.answered] == [("unused", 200)]


def test_a_prompt_that_is_refused_costs_nothing() -> None:
    error = {"error": {"code": "content_filter", "message": "no"}}
    ledger = billed(ScriptedServer(always(Fault("status", 400, error))), 3)
    assert [s.finish_reason for s in ledger.samples] == ["content_filter"] * 3
    assert [(a.fate, a.samples, a.status) for a in ledger.answered] == [("refused", 3, 400)]


def test_where_nothing_listens_nothing_was_sent() -> None:
    with ScriptedServer() as server:
        url = server.url
    endpoint = connect_endpoint(url, model="tiny", retry=QUICK)
    with Ledger() as ledger, pytest.raises(EndpointError):
        draw(endpoint)
    assert [(a.fate, a.status) for a in ledger.answered] == [("refused", None)] * 3


def test_the_key_is_on_no_bill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    ledger = billed(ScriptedServer(first(Fault("status", 500, f"bad {KEY}"))), 1)
    assert ledger.answered[0].note == "HTTP 500: bad [key]"
    assert KEY not in f"{ledger.asked}{ledger.answered}{ledger.waits}"


async def test_a_cancelled_request_has_an_unknown_fate() -> None:
    with served(ScriptedServer(always(Fault("hang", seconds=5))), chunk=1) as endpoint:
        with Ledger() as ledger:
            stream = endpoint.generate(PROBLEM, range(3), decoding=DECODING, seed=0)
            task = asyncio.ensure_future(anext(stream))
            await ledger.begun(3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await endpoint.aclose()
    assert [a.fate for a in ledger.answered] == ["unknown"] * 3


@pytest.mark.parametrize("why", [Halted(), StoreError("the disk is full")])
def test_what_is_under_way_is_handed_over_when_the_meter_forbids_more(why: Exception) -> None:
    ledger = Ledger(allowed=4, forbids=why)
    with served(ScriptedServer(seconds=0.02), chunk=1) as endpoint, ledger:
        got: list[Sample] = []

        async def main() -> None:
            stream = endpoint.generate(PROBLEM, range(9), decoding=DECODING, seed=5)
            try:
                async for sample in stream:
                    got.append(sample)
            finally:
                await endpoint.aclose()

        with pytest.raises(type(why)):
            asyncio.run(main())
    assert len(got) == len(ledger.asked) == len(ledger.answered) == 4


def test_the_rest_of_a_short_answer_is_not_asked_for_when_that_is_forbidden() -> None:
    for n in (4, 20):
        with served(ScriptedServer(most_choices=1)) as endpoint, Ledger(allowed=1) as ledger:
            with pytest.raises(Halted):
                draw(endpoint, n)
        assert len(ledger.answered) == 1


def test_a_retry_is_forbidden_like_any_other_request() -> None:
    with served(ScriptedServer(always(Fault("status", 500)))) as endpoint:
        with Ledger(allowed=1) as ledger, pytest.raises(Halted):
            draw(endpoint)
    assert [a.fate for a in ledger.answered] == ["refused"]


def test_waits_are_told() -> None:
    fault = Fault("status", 429, "slow", {"Retry-After": "0.01"})
    ledger = billed(ScriptedServer(first(fault)), 1)
    ((where, seconds, why),) = ledger.waits
    assert (where, why) == (ledger.asked[0].endpoint, "HTTP 429: slow")
    assert seconds >= 0.01
    assert ledger.limits[:2] == [(where, 32), (where, 4)]


def test_a_failure_that_is_no_throttling_is_no_reason_to_wait_for_all() -> None:
    assert billed(ScriptedServer(first(Fault("status", 500, "oops"))), 1).waits == []


MIX = [
    Fault("status", 500, "<html>oops"),
    Fault("status", 429, {}, {"Retry-After": "0.01"}),
    Fault("reset"),
    Fault("reset_mid_body"),
    Fault("cut_json"),
    Fault("fewer", fewer=1),
    Fault("choices", choices=None),
]


@pytest.mark.parametrize("chunk", [1, 4])
def test_under_a_mix_of_faults_the_bill_is_the_servers_own(chunk: int) -> None:
    server = ScriptedServer(mixed(11, MIX, share=0.4))

    async def main(endpoint: Endpoint) -> int:
        async def one(i: int) -> int:
            problem = Problem(f"p/{i}", f"Question {i}?")
            stream = endpoint.generate(problem, range(8), decoding=DECODING, seed=1)
            return len([sample async for sample in stream])

        try:
            return sum(await asyncio.gather(*(one(i) for i in range(30))))
        finally:
            await endpoint.aclose()

    with served(server, chunk=chunk, concurrency=16) as endpoint, Ledger() as ledger:
        assert asyncio.run(main(endpoint)) == 240
    counts = server.counts
    assert len(ledger.asked) == len(ledger.answered) == counts.requests > 60
    delivered = [a for a in ledger.answered if a.fate == "delivered"]
    assert sum(a.samples for a in delivered) == counts.delivered == 240
    by_attempt = zip(ledger.asked, ledger.answered, strict=True)
    lost = sum(asked.samples for asked, a in by_attempt if a.fate == "unused")
    assert 240 + lost == counts.paid
    spent = sum(a.output_tokens or 0 for a in delivered)
    assert spent == 3 * 240


def test_a_retry_has_the_key_of_its_request_and_no_other_has() -> None:
    server = ScriptedServer(first(Fault("status", 500), Fault("reset")))
    billed(server, 2, chunk=1)
    seeds = [b["seed"] for b in server.counts.bodies]
    keys: dict[int, set[str | None]] = {seed: set() for seed in seeds}
    for seed, headers in zip(seeds, server.counts.headers, strict=True):
        keys[seed].add(headers.get("Idempotency-Key"))
    assert set(keys) == {consecutive_seed(5, "p/1", i) for i in range(2)}
    first_keys, second_keys = keys.values()
    assert len(first_keys) == len(second_keys) == 1
    assert None not in first_keys
    assert first_keys != second_keys


def test_two_sessions_never_share_a_key_and_nor_do_two_bodies() -> None:
    known = frozenset({"model", "messages", "temperature", "top_p", "stream", "max_tokens"})
    server = ScriptedServer(known_fields=known | {"stop", "seed", "n"})
    with server:
        for _ in range(2):
            draw(connect_endpoint(server.url, model="tiny", retry=QUICK), 1)
    keys = [headers.get("Idempotency-Key") for headers in server.counts.headers]
    assert len(keys) == len(set(keys)) == 4
