"""The client under fire: one test or more for each case of the fault matrix, 1 to 36.

Each ends by comparing the server's books with the client's (`faced` does it), request by request.
Not here: HTTP as such (case 29, `test_fault_http`), streams (cases 30 and 31, `test_fault_streams`)
and what needs a run on disk (cases 32 to 34 and again 36, `tests/sampling/test_faults.py`).
Try it: `python -m pytest tests/models/test_fault_matrix.py -k case_07`.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import tracemalloc

import pytest
from tests.models.fault_asking import (
    DECODING,
    PROMPT,
    connected,
    deadlines,
    draw,
    faced,
    texts,
)
from tests.models.fault_kinds import (
    HUGE_BYTES,
    Fault,
    bad_chunks,
    bomb,
    cut_at,
    cut_json,
    drip,
    endless_drip,
    error,
    fine_but,
    hang,
    huge,
    huge_chunked,
    more,
    saying,
    slow,
    status,
    strange_logprobs,
    throttled,
    throttled_until,
    too_many_choices,
    usage_is,
    without_choices,
)
from tests.models.fault_plans import after, always, first, mix, on_prompt, quiet, until
from tests.models.fault_server import FaultServer
from tests.models.fault_wire import ODD, Ending

from topdraw.models.connect import connect
from topdraw.models.retry import Refused, Retry
from topdraw.store.text import pack, unearth

PATIENT = Retry(base_seconds=0.02, cap_seconds=0.02, longest_hint_seconds=5)


def waits_of(fault: Fault, retry: Retry = PATIENT) -> list[float]:
    """Seconds between the request that met the fault and its retry, for four side by side."""
    drawn = faced(first(fault), 4, chunk=1, retry=retry)
    assert drawn.outputs == texts(4)
    assert drawn.log.fates == {"refused": 4, "delivered": 4}
    at = {key: [s.at for s in drawn.log.seen if s.keys == [key]] for key in drawn.log.times_asked()}
    return [late - early for early, late in at.values()]


def test_case_01_retry_after_in_seconds() -> None:
    assert min(waits_of(throttled(Retry_After="0.2"))) >= 0.2


@pytest.mark.slow
def test_case_02_retry_after_as_a_date() -> None:
    # A date has whole seconds: it is between one and two seconds ahead.
    assert min(waits_of(throttled_until(1.0))) >= 1.0


@pytest.mark.parametrize(
    "hint", ["Wed, 21 Oct 2015 07:28:00 GMT", "-3", "0", "soon", "", "nan", "-inf", "9" * 400]
)
def test_case_03_useless_hints(hint: str) -> None:
    assert min(waits_of(throttled(Retry_After=hint))) >= PATIENT.base_seconds / 2


def test_case_03_no_hint() -> None:
    assert min(waits_of(throttled())) >= PATIENT.base_seconds / 2


def test_case_04_absurdly_long_hint() -> None:
    plan = after(2, throttled(Retry_After="86400"))
    drawn = faced(plan, 4, worked=False, chunk=1, concurrency=1)
    assert [s.output for s in drawn.samples[PROMPT]] == texts(4)[:2]
    assert "86400" in str(drawn.error)
    assert drawn.error.status == 429
    assert drawn.log.requests == 3


def test_case_05_hint_in_milliseconds() -> None:
    assert min(waits_of(throttled(Retry_After_Ms="150", Retry_After="60"))) >= 0.15


def test_case_06_quota_exhausted() -> None:
    quota = error(429, "You exceeded your current quota", code="insufficient_quota")
    drawn = faced(after(2, quota), 6, worked=False, chunk=1, concurrency=1)
    assert [s.output for s in drawn.samples[PROMPT]] == texts(6)[:2]
    assert isinstance(drawn.error, Refused)
    assert "exceeded your current quota" in str(drawn.error)
    assert drawn.log.fates == {"delivered": 2, "refused": 1}


def test_case_07_bursts() -> None:
    burst = [status(code) for code in (500, 502, 503, 504, 529, 408)]
    drawn = faced(first(*burst), 4, prompts=["a", "b"], chunk=2)
    for prompt, samples in drawn.samples.items():
        assert [s.output for s in samples] == texts(4, prompt)
    assert drawn.log.fates == {"refused": 4 * len(burst), "delivered": 4}
    assert max(drawn.log.times_asked().values()) == len(burst) + 1


def test_case_07_a_retry_is_the_same_request_by_name_and_seed() -> None:
    drawn = faced(first(status(500), status(502)), 3, chunk=1)
    names = {s.seed: set[str]() for s in drawn.log.seen}
    for seen in drawn.log.seen:
        names[seen.seed].add(seen.headers["idempotency-key"])
    assert [len(of_one) for of_one in names.values()] == [1, 1, 1]
    assert len(set[str]().union(*names.values())) == 3


def test_case_07_attempts_are_bounded() -> None:
    drawn = faced(on_prompt("b", status(503)), 1, prompts=["a", "b"], retry=Retry(4, 0.002))
    assert drawn.errors.keys() == {"b"}
    assert drawn.log.fates == {"delivered": 1, "refused": 4}
    assert "Bad Gateway" in str(drawn.error)
    assert "<h1>" not in str(drawn.error)


@pytest.mark.parametrize("code", [400, 401, 402, 403, 404, 413, 422])
def test_case_08_what_never_works_is_asked_once(code: int) -> None:
    drawn = faced(always(error(code, "temperature is bad")), worked=False)
    assert drawn.log.requests == 1
    assert (drawn.error.status, drawn.error.attempts) == (code, 1)
    assert isinstance(drawn.error, Refused) == (code in (401, 402, 403, 404))


@pytest.mark.parametrize("code", [401, 403])
def test_case_08_a_wrong_key_stops_requests_side_by_side(code: int) -> None:
    drawn = faced(always(error(code, "bad key")), 40, worked=False, chunk=1, concurrency=4)
    assert isinstance(drawn.error, Refused)
    assert drawn.log.requests <= 4


def test_case_08_an_unknown_model_is_answered_with_those_there_are() -> None:
    plan = always(error(404, "no such model"))
    drawn = faced(plan, worked=False, models=("llama-3", "tinny", "gpt"))
    assert isinstance(drawn.error, Refused)
    said = str(drawn.error)
    assert said.index("tinny") < said.index("llama-3")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (error(400, "the prompt is too long", code="context_length_exceeded"), "length"),
        (error(400, "too long", type="exceed_context_size_error"), "length"),
        (error(400, "filtered", code="content_filter"), "content_filter"),
    ],
)
def test_case_09_prompts_that_are_refused_are_outcomes(fault: Fault, reason: str) -> None:
    with FaultServer(always(fault)) as server:
        drawn = draw(
            connected(server, chunk=2), 4, decoding=dataclasses.replace(DECODING, max_tokens=None)
        )
    assert drawn.outputs == [""] * 4
    assert drawn.reasons == [reason] * 4
    assert server.log.fates == drawn.meter.fates == {"refused": 2}
    assert server.log.paid == 0
    assert drawn.meter.samples("refused") == 4


@pytest.mark.parametrize(
    "name", ["reset", "closed", "reset in the headers", "closed in the headers"]
)
def test_case_10_reset_before_the_reply(name: str) -> None:
    drawn = faced(first(name, name), 4, chunk=2)
    assert drawn.outputs == texts(4)
    assert drawn.meter.fates == {"unknown": 4, "delivered": 2}
    assert drawn.meter.samples("delivered") == drawn.log.delivered == 4


@pytest.mark.parametrize(
    "name",
    [
        "reset after the headers",
        "reset in the body",
        "closed in the body",
        "closed in a body without length",
    ],
)
def test_case_11_cut_after_the_headers(name: str) -> None:
    drawn = faced(first(name, name), 4, chunk=2)
    assert drawn.outputs == texts(4)
    assert drawn.meter.fates == {"unused": 4, "delivered": 2}
    assert drawn.log.paid == drawn.meter.samples("delivered") + drawn.meter.samples("unused") == 12


@pytest.mark.parametrize(
    "tail", [b"zz\r\n", b"", b"-5\r\n", b"ffffffffffffffffff\r\n", b"5\r\nabc"]
)
def test_case_12_broken_chunking(tail: bytes) -> None:
    drawn = faced(first(bad_chunks(tail)), 2, chunk=1)
    assert drawn.outputs == texts(2)
    assert drawn.meter.fates == {"unused": 2, "delivered": 2}


@pytest.mark.parametrize("name", ["cut JSON", "empty", "HTML", "a number", "deep", "bad gzip"])
def test_case_12_not_a_reply(name: str) -> None:
    drawn = faced(first(name, name), 4, chunk=2)
    assert drawn.outputs == texts(4)
    assert drawn.meter.fates == {"unused": 4, "delivered": 2}


def test_case_12_json_cut_anywhere_is_never_an_answer() -> None:
    cuts = [cut_json(i / 100) for i in range(1, 100)]
    drawn = faced(first(*cuts), 1, retry=Retry(100, 1e-4, 1e-4))
    assert drawn.outputs == texts(1)
    assert drawn.meter.fates == {"unused": 99, "delivered": 1}


def test_case_13_no_reply_ever() -> None:
    drawn = faced(first(hang), 4, chunk=2, deadlines=deadlines(first_byte=0.3))
    assert drawn.outputs == texts(4)
    assert drawn.meter.fates == {"unknown": 2, "delivered": 2}


@pytest.mark.parametrize("share", [0.0, 0.6])
def test_case_13_a_reply_that_stops_midway(share: float) -> None:
    plan = first(cut_at(share, Ending.HANG))
    # Headers alone are not yet a first byte: many servers send them before they begin to think.
    drawn = faced(plan, 4, chunk=2, deadlines=deadlines(first_byte=0.3, between=0.3))
    assert drawn.outputs == texts(4)
    assert drawn.meter.fates == {"unused": 2, "delivered": 2}


@pytest.mark.slow
def test_case_14_a_drip_without_end() -> None:
    limits = deadlines(first_byte=0.5, between=0.5, total=1.0)
    drawn = faced(first(endless_drip(0.02)), 2, chunk=1, deadlines=limits)
    assert drawn.outputs == texts(2)
    assert drawn.meter.fates == {"unused": 2, "delivered": 2}
    assert min(s.sent for s in drawn.log.seen if s.fate == "unused") > 0


def test_case_14_a_drip_that_ends_in_time_is_no_failure() -> None:
    drawn = faced(always(drip(0.0001)), 2, chunk=1)
    assert drawn.outputs == texts(2)
    assert drawn.log.requests == 2


def test_case_15_slow_first_byte() -> None:
    drawn = faced(always(slow(0.3)), 2, chunk=1, deadlines=deadlines(between=0.1))
    assert drawn.outputs == texts(2)
    assert drawn.log.fates == {"delivered": 2}


@pytest.mark.parametrize("n", [1, 2, 7, 16])
@pytest.mark.parametrize(
    "name", ["one choice", "fewer choices", "choices with gaps", "some choices null"]
)
def test_case_16_fewer_choices(name: str, n: int) -> None:
    drawn = faced(first(name), n, chunk=16)
    assert drawn.outputs == texts(n)
    assert drawn.log.paid == drawn.log.delivered == n  # nothing is paid for twice


def test_case_16_n_ignored_is_learned() -> None:
    drawn = faced(always("one choice"), 16, worked=False, chunk=8, concurrency=1)
    assert drawn.outputs == texts(16)
    assert drawn.log.paid == drawn.log.delivered == 16
    # Once may be an accident, so it is asked once more; from then on we know.
    assert [seen.n for seen in drawn.log.seen][3:] == [1] * 13


def test_case_17_more_choices() -> None:
    drawn = faced(always(more), 5, chunk=2)
    assert drawn.outputs == texts(5)
    assert drawn.log.requests == 3
    assert drawn.meter.samples("delivered") == drawn.log.paid == 5 + 3 * 2


def test_case_18_n_refused() -> None:
    drawn = faced(always(too_many_choices(1)), 6, worked=False, chunk=6, concurrency=1, times=2)
    assert drawn.outputs == texts(6)
    assert drawn.log.fates == {"refused": 1, "delivered": 12}


def test_case_18_a_smaller_n_is_accepted() -> None:
    drawn = faced(always(too_many_choices(4)), 8, worked=False, chunk=8, concurrency=1)
    assert drawn.outputs == texts(8)
    assert [seen.n for seen in drawn.log.seen] == [8, 4, 4]


def test_case_19_identical_choices() -> None:
    drawn = faced(always(saying({"content": "the same"})), 6, chunk=3)
    assert drawn.outputs == ["the same"] * 6
    assert [s.index for s in drawn.only] == list(range(6))
    assert len({s.seed for s in drawn.only}) == 6


@pytest.mark.parametrize(
    "name", ["reordered", "no indices", "indices all 0", "indices from 1", "indices as text"]
)
def test_case_20_indices(name: str) -> None:
    drawn = faced(always(name), 8, chunk=8)
    assert drawn.outputs == texts(8)
    assert drawn.log.requests == 1


OUTCOMES = {
    "null": ("", "stop"),
    "empty": ("", "stop"),
    "absent": ("", "stop"),
    "tool call": ("", "tool_calls"),
    "refusal": ("I cannot help.", "refusal"),
    "filtered": ("", "content_filter"),
    "partly filtered": ("As I was say", "content_filter"),
    "cut off": ("To begin at the begin", "length"),
    "no reason": ("so it is", "unknown"),
    "odd reason": ("so it is", "banana"),
    "bad bytes": ("caf\ufffd\ufffd noir", "stop"),
    "surrogate": ("half \ud83d of a smile", "stop"),
    "control": ("nul \x00 line \u2028 next \u0085 bell \x07", "stop"),
    "repeated key": ("the last one wins", "stop"),
    "parts": ("in two", "stop"),
    "reasoning": ("42", "stop"),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["null", "empty", "absent", "tool call", "refusal"])
def test_case_21_outcomes_without_an_answer(name: str, stream: bool) -> None:
    drawn = faced(always(saying(*ODD[name])), 3, chunk=2, stream=stream)
    assert list(zip(drawn.outputs, drawn.reasons, strict=True)) == [OUTCOMES[name]] * 3
    assert drawn.log.fates == {"delivered": 2}


@pytest.mark.parametrize("choices", [..., None, [], [None], "none", {"0": {}}, [[]]])
def test_case_22_no_choices(choices: object) -> None:
    drawn = faced(first(without_choices(choices)), 2, chunk=2)
    assert drawn.outputs == texts(2)
    assert drawn.meter.fates == {"unused": 1, "delivered": 1}


@pytest.mark.parametrize(
    "value",
    [
        {"error": {"message": "upstream died"}},
        {"error": "upstream died"},
        {"error": {"code": 502, "message": "bad gateway"}, "choices": []},
    ],
)
def test_case_22_an_error_in_a_200(value: object) -> None:
    drawn = faced(first(fine_but(value)), 2, chunk=2)
    assert drawn.outputs == texts(2)
    assert drawn.meter.fates == {"refused": 1, "delivered": 1}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "name", ["filtered", "partly filtered", "cut off", "no reason", "odd reason"]
)
def test_case_23_finish_reasons(name: str, stream: bool) -> None:
    drawn = faced(always(saying(*ODD[name])), 3, chunk=2, stream=stream, books=not stream)
    assert list(zip(drawn.outputs, drawn.reasons, strict=True)) == [OUTCOMES[name]] * 3


@pytest.mark.parametrize(
    "fault",
    [huge, huge_chunked, bomb("gzip"), bomb("deflate")],
    ids=["announced", "in chunks", "gzip", "deflate"],
)
def test_case_24_a_huge_answer(fault: Fault) -> None:
    tracemalloc.start()
    try:
        drawn = faced(always(fault), chunk=1, largest_answer_bytes=2**20)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "1 MiB" in str(drawn.error)
    assert drawn.meter.fates == {"unused": 1}
    assert peak < 16 * 2**20
    # What a socket buffers is sent all the same.
    assert drawn.log.seen[0].sent < HUGE_BYTES / 4


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        *itertools.product(["bad bytes", "surrogate", "control"], [False, True]),
        ("repeated key", False),  # a stream has none
    ],
)
def test_case_25_odd_text(name: str, stream: bool) -> None:
    # Bad bytes that come again and again are what the model says; four times they count as noise.
    noisy = name == "bad bytes"
    drawn = faced(always(saying(*ODD[name])), 2, chunk=2, stream=stream, books=not noisy)
    text = OUTCOMES[name][0]
    assert drawn.outputs == [text] * 2
    assert drawn.meter.fates == {"delivered": 1} | ({"unused": 4} if noisy else {})
    stored = pack({"output": text}, {})
    assert b"\n" not in stored
    row = json.loads(stored)
    assert unearth(row["original"]).get("output", row["output"]) == text


def test_case_25_byte_order_mark() -> None:
    drawn = faced(always("with a byte order mark"), 2, chunk=2)
    assert drawn.outputs == texts(2)
    assert drawn.log.requests == 1


@pytest.mark.parametrize("value", [math.nan, -math.inf, None, "low", 10**400])
def test_case_26_log_probabilities_that_are_none(value: object) -> None:
    drawn = faced(always(strange_logprobs([-0.5, value])), 2, chunk=1, logprobs=True, books=False)
    assert drawn.outputs == ["x"] * 2
    assert all(math.isnan(sample.logprob) for sample in drawn.only)
    assert drawn.log.fates == drawn.meter.fates == {"delivered": 2}


@pytest.mark.parametrize(
    "usage",
    [
        ...,
        None,
        False,
        [],
        "7",
        {},
        {"prompt_tokens": -7, "completion_tokens": -1},
        {"prompt_tokens": True, "completion_tokens": math.nan},
        {"prompt_tokens": 10**30, "completion_tokens": 1.5},
    ],
)
def test_case_27_usage_that_cannot_be_believed(usage: object) -> None:
    drawn = faced(always(usage_is(usage)), 4, chunk=2)
    assert drawn.outputs == texts(4)
    for sample in drawn.only:
        assert sample.usage.estimated
        assert 0 < sample.usage.prompt_tokens < 100
        assert 0 < sample.usage.output_tokens < 100
    assert all(answered.estimated for answered in drawn.meter.answered.values())


def test_case_28_another_model_answers() -> None:
    drawn = faced(always("another model"), 2, chunk=2)
    assert drawn.outputs == texts(2)
    assert [sample.metadata["model"] for sample in drawn.only] == ["someone-else"] * 2


@pytest.mark.slow
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("chunk", [1, 5])
def test_case_32_in_small_a_mix_of_everything(chunk: int, stream: bool) -> None:
    plain = {"chunk": chunk, "stream": stream, "logprobs": True, "prompts": list("abcdefgh")}
    calm = faced(quiet, 10, odd=0.3, **plain)  # type: ignore[arg-type]  # options by name
    limits = deadlines(first_byte=1.0, between=1.0, total=2.0)
    plan = mix(3, rare_share=0.02)
    rough = faced(plan, 10, odd=0.3, deadlines=limits, **plain)  # type: ignore[arg-type]
    assert not rough.errors
    assert rough.samples == calm.samples
    assert rough.log.requests > 1.3 * calm.log.requests


def test_case_35_a_storm() -> None:
    drawn = faced(until(100, throttled()), 64, prompts="abcdef", chunk=1, concurrency=64)
    for prompt, samples in drawn.samples.items():
        assert [s.output for s in samples] == texts(64, prompt)
    assert drawn.log.most_at_once <= 64
    assert min(drawn.meter.limits) < 32


def test_case_36_an_endpoint_that_dies_for_good() -> None:
    retry = Retry(50, 0.002, 0.01, dead_after_seconds=0.05, dead_after_failures=5)
    drawn = faced(after(5, "reset"), 20, worked=False, chunk=1, concurrency=2, retry=retry)
    assert [s.output for s in drawn.samples[PROMPT]] == texts(5)
    assert isinstance(drawn.error, Refused)
    assert "has not given a usable answer" in str(drawn.error)


def test_case_36_the_other_endpoint_goes_on() -> None:
    with FaultServer() as good, FaultServer() as bad:
        bad.plan = after(4, "reset")
        quick = Retry(10, 0.002, 0.01)
        model = connect([good.url, bad.url], model="tiny", chunk=1, concurrency=4, retry=quick)
        drawn = draw(model, 3, prompts="abcdefghij")
    assert not drawn.errors
    for prompt, samples in drawn.samples.items():
        assert [s.output for s in samples] == texts(3, prompt)
    assert bad.log.delivered > 0
    assert good.log.delivered + bad.log.delivered == 30
    assert len(drawn.meter.asked) == good.log.requests + bad.log.requests


def test_a_meter_that_says_no_lets_what_is_under_way_finish() -> None:
    drawn = faced(always(slow(0.05)), 20, chunk=1, concurrency=4, most=6)
    assert drawn.log.fates == {"delivered": 6}
    assert [s.output for s in drawn.samples[PROMPT]] == texts(20)[:6]
