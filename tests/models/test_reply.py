from __future__ import annotations

import contextlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Json, Usage
from topdraw.models.reply import decode, model_names, read_reply
from topdraw.models.retry import Trouble

WORDS = (
    "choices message content text error usage index logprobs completion_tokens prompt_tokens "
    "finish_reason code model token_logprobs logprob refusal reasoning"
).split()
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4)
    ),
    max_leaves=20,
)


def read(payload: object, status: int = 200) -> list[tuple[str, str]]:
    reply = read_reply(status, {}, json.dumps(payload).encode(), "prompt")
    return [(choice.text, choice.finish_reason) for choice in reply.choices]


@given(json_values, st.sampled_from([200, 400, 500]))
def test_any_json_gives_choices_or_trouble(payload: Json, status: int) -> None:
    for body in (payload, {"choices": payload}, {"choices": [payload]}):
        with contextlib.suppress(Trouble):
            got = read_reply(status, {}, json.dumps(body).encode(), "prompt")
            assert len(got.usage) == len(got.choices) >= 1
            assert all(u.prompt_tokens >= 0 and u.output_tokens >= 0 for u in got.usage)
            assert all(c.finish_reason for c in got.choices)
            assert not any(math.isinf(c.logprob) for c in got.choices)


@given(
    st.text(),
    st.sampled_from(["stop", "length", "content_filter", "tool_calls", "eos"]),
    st.integers(-1, 2**32),
    st.text(max_size=3),
    st.lists(st.integers(-1, 4), min_size=1, max_size=4),
)
def test_the_short_way_says_what_the_long_way_says(
    text: str, reason: str, tokens: int, model: str, indices: list[int]
) -> None:
    usage = {"prompt_tokens": 4, "completion_tokens": tokens}
    choices = [
        {"index": i, "message": {"content": text * place}, "finish_reason": reason}
        for place, i in enumerate(indices)
    ]
    short, long = (
        read_reply(200, {}, json.dumps(body, ensure_ascii=False).encode(), "prompt", 3)
        for body in (
            {"choices": choices, "usage": usage, "model": model},
            {"choices": [{**c, "logprobs": {}} for c in choices], "usage": usage, "model": model},
        )
    )
    # NaN, the unknown log-probability, is not equal to itself: compare what is written.
    assert repr(short) == repr(long)


@given(st.binary(max_size=200))
def test_any_bytes_give_choices_or_trouble(raw: bytes) -> None:
    with pytest.raises(Trouble):
        read_reply(200, {}, raw, "prompt")


@pytest.mark.parametrize("status", [200, 201])
def test_every_2xx_is_an_answer_and_an_empty_one_is_asked_again(status: int) -> None:
    assert read({"choices": [{"text": "x", "finish_reason": "stop"}]}, status) == [("x", "stop")]
    with pytest.raises(Trouble, match=f"HTTP {status}, but the answer is empty") as caught:
        read_reply(status, {}, b"", "prompt")
    assert caught.value.retryable


@given(st.permutations(range(5)))
def test_shuffled_choices_are_put_in_their_order(order: list[int]) -> None:
    choices = [{"index": i, "message": {"content": str(i)}} for i in order]
    assert [text for text, _ in read({"choices": choices})] == list("01234")


@pytest.mark.parametrize("indices", [[0, 0, 1], [1, 2, 3], [None, None, None], ["0", "1", "2"]])
def test_indices_that_are_no_permutation_are_ignored(indices: list[object]) -> None:
    choices = [{"index": i, "message": {"content": t}} for i, t in zip(indices, "abc", strict=True)]
    assert [text for text, _ in read({"choices": choices})] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("word", "kept"),
    [("eos", "stop"), ("max_tokens", "length"), (None, "unknown"), (3, "unknown"), ("hm", "hm")],
)
def test_finish_reasons(word: object, kept: str) -> None:
    assert read({"choices": [{"text": "x", "finish_reason": word}]}) == [("x", kept)]


def usage_of(n: int, usage: object, text: str = "x" * 12, logprobs: object = None) -> list[Usage]:
    choices = [{"index": i, "text": text, "logprobs": logprobs} for i in range(n)]
    raw = json.dumps({"choices": choices, "usage": usage}).encode()
    return list(read_reply(200, {}, raw, "prompt!!").usage)


def test_usage_is_exact_for_one_choice() -> None:
    counted = {"prompt_tokens": 9, "completion_tokens": 0}
    assert usage_of(1, counted) == [Usage(9, 0)]


def test_a_total_over_all_choices_is_divided_by_length() -> None:
    counted = {"prompt_tokens": 9, "completion_tokens": 18}
    assert usage_of(3, counted) == [Usage(9, 6, estimated=True)] * 3


def test_a_total_that_counts_one_choice_of_many_is_not_believed() -> None:
    counted = {"prompt_tokens": 9, "completion_tokens": 4}
    assert usage_of(16, counted) == [Usage(9, 3, estimated=True)] * 16


@pytest.mark.parametrize(
    "usage",
    [
        None,
        False,
        {},
        {"completion_tokens": -4},
        {"completion_tokens": 10**400},
        {"prompt_tokens": True},
    ],
)
def test_usage_that_is_no_usage_is_estimated(usage: object) -> None:
    assert usage_of(1, usage) == [Usage(2, 3, estimated=True)]


def test_log_probabilities_count_tokens_whatever_usage_says() -> None:
    counted = {"prompt_tokens": 9, "completion_tokens": 4}
    got = usage_of(2, counted, logprobs={"token_logprobs": [-1.0, None, -2.0]})
    assert got == [Usage(9, 3), Usage(9, 3)]


@pytest.mark.parametrize("value", ["1e400", "-Infinity", "NaN", "null", "1" + "0" * 400])
def test_a_broken_log_probability_makes_the_sum_unknown(value: str) -> None:
    content = f'[{{"logprob": -1.5}}, {{"logprob": {value}}}]'
    raw = f'{{"choices": [{{"text": "x", "logprobs": {{"content": {content}}}}}]}}'
    (choice,) = read_reply(200, {}, raw.encode(), "p").choices
    assert math.isnan(choice.logprob)
    assert choice.tokens == 2


@pytest.mark.parametrize(
    ("code", "retryable"), [(429, True), (503, True), (400, False), ("boom", True), (None, True)]
)
def test_an_error_inside_a_200_is_judged_by_its_own_code(code: object, retryable: bool) -> None:
    with pytest.raises(Trouble, match="dead") as caught:
        read({"error": {"message": "dead", "code": code}})
    assert caught.value.retryable == retryable


def test_bad_utf8_and_a_byte_order_mark_do_not_matter() -> None:
    assert decode(b'\xef\xbb\xbf{"a": "\xff"}') == {"a": "\ufffd"}


@given(json_values)
def test_the_models_route_may_say_anything(payload: Json) -> None:
    assert model_names(payload) == []
    assert model_names({"data": [{"id": "a"}, {"id": 3}, payload]})[0] == "a"


def placed(choices: list[object], n: int) -> list[tuple[int, str]]:
    raw = json.dumps({"choices": choices}).encode()
    return [(c.place, c.text) for c in read_reply(200, {}, raw, "p", n).choices]


@given(st.permutations(range(6)), st.integers(1, 6))
def test_some_of_the_choices_keep_their_places(order: list[int], came: int) -> None:
    choices: list[object] = [{"index": i, "text": str(i)} for i in order[:came]]
    assert placed(choices, 6) == [(i, str(i)) for i in sorted(order[:came])]


def test_a_choice_that_is_null_leaves_a_gap() -> None:
    assert placed([None, {"text": "b"}], 2) == [(1, "b")]
    assert placed([{"text": "a"}, {"text": "x", "finish_reason": "error"}], 2) == [(0, "a")]


def test_an_answer_with_none_of_the_choices_asked_for_is_no_endless_loop() -> None:
    raw = json.dumps({"choices": [None, {"text": "b", "index": 1}]}).encode()
    with pytest.raises(Trouble, match="none of the choices asked for") as caught:
        read_reply(200, {}, raw, "prompt", 1)
    assert (caught.value.fate, caught.value.retryable) == ("unused", True)


def charge(n: int, usage: object, **choice: object) -> Usage:
    choices = [{"index": i, "text": "x" * 12, **choice} for i in range(n)]
    raw = json.dumps({"choices": choices, "usage": usage}).encode()
    return read_reply(200, {}, raw, "prompt!!", n).charged


def test_the_charge_is_what_the_server_says_where_it_counts_all_choices() -> None:
    counted = {"prompt_tokens": 9, "completion_tokens": 20}
    assert charge(3, counted) == Usage(9, 20)
    assert charge(1, counted) == Usage(9, 20)


def test_the_charge_is_the_sum_of_our_counts_where_it_counts_one() -> None:
    counted = {"prompt_tokens": 9, "completion_tokens": 4}
    assert charge(16, counted) == Usage(9, 48, estimated=True)
    exact = charge(16, counted, logprobs={"token_logprobs": [-1.0] * 4})
    assert exact == Usage(9, 64)
    assert charge(16, None) == Usage(2, 48, estimated=True)


def test_hidden_tokens_are_charged_too() -> None:
    counted = {"prompt_tokens": 9, "completion_tokens": 500}
    assert charge(2, counted, logprobs={"token_logprobs": [-1.0]}) == Usage(9, 500)


def test_what_an_unusable_answer_cost_is_kept() -> None:
    body = {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 6}}
    with pytest.raises(Trouble) as caught:
        read(body)
    assert (caught.value.fate, caught.value.usage) == ("unused", Usage(5, 6))
    with pytest.raises(Trouble) as caught:
        read(body | {"error": {"message": "x"}})
    assert caught.value.fate == "refused"


@pytest.mark.parametrize("first_text", ["x" * 6, ""])
def test_llamas_total_is_that_of_its_first_choice_however_short_the_texts(first_text: str) -> None:
    texts = [first_text, "x" * 12, "x" * 3]
    choices = [
        {"index": i, "message": {"content": t}, "finish_reason": "stop"}
        for i, t in enumerate(texts)
    ]
    usage = {"prompt_tokens": 9, "completion_tokens": 4}
    raw = json.dumps({"choices": choices, "usage": usage, "timings": {"predicted_n": 4}}).encode()
    reply = read_reply(200, {}, raw, "p", 3)
    told = [4, 8, 2] if first_text else [0, 3, 1]
    assert [u.output_tokens for u in reply.usage] == told
    assert reply.charged == Usage(9, sum(told), estimated=True)


def test_llamas_total_is_right_for_one_choice() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 4}
    choice = {"message": {"content": "xx"}, "finish_reason": "stop"}
    raw = json.dumps({"choices": [choice], "usage": usage, "timings": {"predicted_n": 4}}).encode()
    assert read_reply(200, {}, raw, "p").charged == Usage(9, 4)


def test_log_probabilities_know_better_than_llamas_total() -> None:
    choices = [
        {"index": i, "text": "x" * 12, "logprobs": {"token_logprobs": [-1.0] * 4}} for i in range(3)
    ]
    usage = {"prompt_tokens": 9, "completion_tokens": 5}
    raw = json.dumps({"choices": choices, "usage": usage, "timings": {"predicted_n": 5}}).encode()
    assert read_reply(200, {}, raw, "p", 3).charged == Usage(9, 12)


def test_a_web_page_means_another_address() -> None:
    with pytest.raises(Trouble, match="is a web page; is the address right"):
        read_reply(200, {}, b"\n<!doctype html><title>Welcome</title>", "?")
