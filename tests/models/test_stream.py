from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from topdraw.models.reply import read_payload
from topdraw.models.retry import Trouble
from topdraw.models.stream import Assembly, Events

line_ends = st.sampled_from(["\n", "\r\n", "\r"])
words = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=6)


def events_of(pieces: Iterable[bytes]) -> list[bytes]:
    events = Events()
    found = [data for piece in pieces for data in events.feed(piece)]
    return found + events.close()


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    ends = sorted({min(place, len(data)) for place in places} | {len(data)})
    return [data[a:b] for a, b in zip([0, *ends], ends, strict=False)]


@given(
    st.lists(st.lists(words, min_size=1, max_size=3), max_size=5),
    line_ends,
    st.booleans(),
    st.booleans(),
    st.lists(st.integers(0, 200)),
)
def test_every_event_comes_out_however_the_bytes_are_cut(
    events: list[list[str]], end: str, comments: bool, bom: bool, places: list[int]
) -> None:
    lines: list[str] = []
    for parts in events:
        lines += [": still here", "event: x", "id: 7"] if comments else []
        lines += [f"data: {part}" for part in parts] + [""]
    raw = b"\xef\xbb\xbf" * bom + end.join([*lines, ""]).encode()
    assert events_of(cut(raw, places)) == ["\n".join(parts).encode() for parts in events]


@given(st.binary(max_size=60), st.lists(st.integers(0, 60)))
@example(b"data: a\r\ndata: b\r\r\n", [8])
@example(b"data: a\r\r\ndata: b\n\n", [9])
def test_any_bytes_mean_the_same_in_any_pieces(raw: bytes, places: list[int]) -> None:
    raw = raw.replace(b"\x00", b"data:").replace(b"\x01", b"\r").replace(b"\x02", b"\n")
    assert events_of(cut(raw, places)) == events_of([raw])


@pytest.mark.parametrize(
    ("line", "data"),
    [
        (b"data:x", b"x"),
        (b"data:  x", b" x"),
        (b"data", b""),
        (b"data: ", b""),
        (b"data: a:b", b"a:b"),
    ],
)
def test_one_blank_after_the_colon_is_no_data(line: bytes, data: bytes) -> None:
    assert events_of([line + b"\n\n"]) == [data]


def test_other_fields_and_comments_are_no_events() -> None:
    assert events_of([b": c\n\nevent: x\nid: 1\nretry: 5\ndatum: 9\n data: 1\n\n"]) == []


def test_an_event_without_its_empty_line_counts_at_the_end() -> None:
    assert events_of([b"data: [DONE]"]) == [b"[DONE]"]


def sse(*events: object) -> bytes:
    texts = (e if isinstance(e, str) else json.dumps(e) for e in events)
    return "".join(f"data: {text}\n\n" for text in texts).encode()


def part(index: int, text: str | None = None, **more: object) -> dict[str, object]:
    delta = {} if text is None else {"content": text}
    return {"choices": [{"index": index, "delta": delta, "finish_reason": None} | more]}


def assembled(raw: bytes, n: int = 1, places: Iterable[int] = ()) -> dict[str, Any]:
    assembly = Assembly(n)
    for piece in cut(raw, places):
        if assembly.feed(piece):
            break
    return cast("dict[str, Any]", assembly.payload())


USAGE = {"prompt_tokens": 3, "completion_tokens": 4}
USAGE_AND_END = sse({"choices": [], "usage": USAGE}, "[DONE]")
TWO = sse(
    {"model": "m", **part(1, "b")},
    part(0, "a"),
    part(0, "A"),
    part(1, "B\ud83d", finish_reason="length"),
    part(0, None, finish_reason="stop"),
)
TWO = TWO + USAGE_AND_END


@given(st.lists(st.integers(0, len(TWO))))
def test_the_payload_is_that_of_an_ordinary_reply(places: list[int]) -> None:
    payload = assembled(TWO, 2, places)
    reply = read_payload(200, {}, payload, "prompt", 2)
    assert [(c.text, c.finish_reason, c.place) for c in reply.choices] == [
        ("aA", "stop", 0),
        ("bB\ud83d", "length", 1),
    ]
    assert (reply.model, reply.charged.prompt_tokens, reply.charged.output_tokens) == ("m", 3, 4)


def test_a_count_for_each_choice_is_added_up_and_a_running_count_is_not() -> None:
    ends = [part(i, "ab", finish_reason="stop") for i in range(2)]
    each = [{"choices": [], "usage": USAGE}] * 2
    running = [part(0, "ab", finish_reason="stop") | {"usage": USAGE} for _ in range(2)]
    assert assembled(sse(*ends, *each, "[DONE]"), 2)["usage"]["completion_tokens"] == 8
    assert assembled(sse(*running, "[DONE]"), 2)["usage"]["completion_tokens"] == 4
    assert assembled(sse(*ends, *each[:1], "[DONE]"), 2)["usage"]["completion_tokens"] == 4


def test_halves_of_a_surrogate_pair_find_each_other() -> None:
    raw = sse(part(0, "\ud83d"), part(0, "\ude00", finish_reason="stop"), "[DONE]")
    assert assembled(raw)["choices"][0]["message"]["content"] == "\U0001f600"


def test_log_probabilities_add_up_over_events() -> None:
    chat = [{"content": [{"token": "a", "logprob": p}]} for p in (-1.0, -0.5)]
    old = [{"token_logprobs": [p]} for p in (-1.0, -0.5)]
    for values in (chat, old):
        raw = sse(
            part(0, "a", logprobs=values[0]),
            part(0, "b", logprobs=values[1], finish_reason="stop"),
            "[DONE]",
        )
        (choice,) = read_payload(200, {}, assembled(raw), "p").choices
        assert (choice.text, choice.logprob, choice.tokens) == ("ab", -1.5, 2)


def test_plain_completions_reasoning_and_refusals_are_kept() -> None:
    raw = sse({"choices": [{"index": 0, "text": "ab", "finish_reason": "stop"}]}, "[DONE]")
    assert read_payload(200, {}, assembled(raw), "p").choices[0].text == "ab"
    deltas = [{"reasoning_content": "2+"}, {"reasoning": "2"}, {"refusal": "No"}, {"refusal": "."}]
    events = [{"choices": [{"delta": delta}]} for delta in deltas]
    (choice,) = read_payload(200, {}, assembled(sse(*events, "[DONE]")), "p").choices
    assert (choice.text, choice.reasoning, choice.finish_reason) == ("No.", "2+2", "refusal")


def test_the_finish_reasons_of_all_choices_are_an_end_too() -> None:
    raw = sse(part(0, "a", finish_reason="stop"), part(1, "b", finish_reason="stop"))
    assert len(assembled(raw, 2)["choices"]) == 2
    with pytest.raises(Trouble, match="before its last event"):
        assembled(raw, 3)


@given(st.integers(0, len(TWO) - len(USAGE_AND_END) - 3))
def test_a_stream_that_is_cut_before_its_end_is_no_answer(end: int) -> None:
    with pytest.raises(Trouble) as caught:
        assembled(TWO[:end], 2)
    assert caught.value.retryable
    assert caught.value.fate == "unused"


def test_nothing_at_all_is_no_answer() -> None:
    for raw in (b"", b"  \n", b": ping\n\n"):
        with pytest.raises(Trouble, match="it is empty"):
            assembled(raw)


def test_what_comes_after_the_last_event_does_not_count() -> None:
    raw = sse(part(0, "a", finish_reason="stop"), "[DONE]", part(0, "b"), "{")
    assert assembled(raw)["choices"][0]["message"]["content"] == "a"


def test_an_event_that_is_no_json_spoils_the_answer() -> None:
    for event in ("{", "[" * 100_000):
        with pytest.raises(Trouble, match="cut off or not JSON"):
            assembled(sse(part(0, "a"), event, "[DONE]"))


@pytest.mark.parametrize("paid", [False, True])
def test_an_error_event_ends_the_stream_and_what_came_before_was_paid(paid: bool) -> None:
    before = [part(0, "a")] if paid else []
    assembly = Assembly(1)
    assert assembly.feed(sse(*before, {"error": {"message": "upstream died", "code": 503}}))
    assert assembly.paid == paid
    with pytest.raises(Trouble, match="HTTP 503: upstream died"):
        read_payload(200, {}, assembly.payload(), "p")


@pytest.mark.parametrize("raw", [b"{", b"[" * 200_000, b'{"choices": [{"mess'])
def test_an_answer_that_is_one_broken_object_is_no_answer(raw: bytes) -> None:
    with pytest.raises(Trouble, match="the answer is cut off or not JSON"):
        assembled(raw)


@given(st.lists(st.integers(0, 60)), st.booleans(), st.sampled_from(["", " \n"]))
def test_a_server_that_does_not_stream_is_understood(
    places: list[int], bom: bool, space: str
) -> None:
    whole = {"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}
    raw = b"\xef\xbb\xbf" * bom + (space + json.dumps(whole)).encode()
    assert assembled(raw, 1, places) == whole


def test_bad_utf8_is_replaced_and_odd_events_are_passed_over() -> None:
    raw = b'data: {"choices":[{"delta":{"content":"\xff"},"finish_reason":"stop"}]}\n\n'
    odd = sse([1], None, {"choices": None}, {"choices": [None, 3]}, "[DONE]")
    assert assembled(raw + odd)["choices"][0]["message"]["content"] == "\ufffd"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3), st.lists))
def test_values_of_any_kind_do_no_harm(value: object) -> None:
    choice = {"index": value, "delta": value, "logprobs": {"content": value}}
    more = {"choices": [{"delta": {"content": value}, "finish_reason": value}]}
    reply = read_payload(200, {}, assembled(sse({"choices": [choice]}, more, "[DONE]")), "p")
    assert all(isinstance(one.text, str) and one.finish_reason for one in reply.choices)
