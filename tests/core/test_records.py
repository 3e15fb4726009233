"""The values that flow: defaults, hashes that name a way of drawing, subsets of candidates."""

import dataclasses
import json
import math
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import (
    Candidates,
    Decoding,
    Json,
    Problem,
    Sample,
    Score,
    Usage,
    sampler_hash,
)
from topdraw.errors import ConfigError


def test_the_sampler_hash_never_changes() -> None:
    # It is the identity of stored samples.
    assert sampler_hash({"name": "m"}, Decoding()) == "89c751d280af"


@pytest.mark.parametrize(
    ("decoding", "name"),
    [
        (Decoding(), "fa2b0950ec0a"),
        (Decoding(0.7, 0.9, 40, 1.1, 64, ("\n\n", "#")), "a5677fc19af9"),
        (Decoding(temperature=0, max_tokens=16), "8ed681ba00f2"),
    ],
)
def test_runs_of_version_0_1_are_found_again(decoding: Decoding, name: str) -> None:
    identity: dict[str, Json] = {"kind": "endpoint", "model": "m", "api": "chat"}
    assert sampler_hash(identity, decoding) == name


_OLD = {"temperature", "top_p", "top_k", "repetition_penalty", "max_tokens", "stop"}
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)  # fmt: skip
extra_bodies = st.dictionaries(
    st.sampled_from(["min_p", "guided_regex", "user", "chat_template_kwargs"]), _json, max_size=3
)
decodings = st.builds(
    Decoding,
    temperature=st.floats(0, 2),
    max_tokens=st.none() | st.integers(1, 99),
    stop=st.lists(st.text(max_size=3), max_size=2).map(tuple),
    presence_penalty=st.sampled_from([0, 0.0, 0.5, -2, 2.0]),
    frequency_penalty=st.sampled_from([0, -0.0, 0.1, 1]),
    extra_body=st.just({}) | extra_bodies,
)


@given(decodings)
def test_settings_come_back_from_json_with_the_same_hash(decoding: Decoding) -> None:
    values = json.loads(json.dumps(decoding.as_dict()))
    back = Decoding(**values | {"stop": tuple(values["stop"])})
    assert back == decoding
    assert sampler_hash({}, back) == sampler_hash({}, decoding)
    assert hash(back) == hash(decoding)


@given(decodings)
def test_what_is_off_leaves_no_trace(decoding: Decoding) -> None:
    chosen = {
        name
        for name in ("presence_penalty", "frequency_penalty", "extra_body")
        if getattr(decoding, name)
    }
    assert set(decoding.as_dict()) == _OLD | chosen


@given(decodings, decodings)
def test_equal_settings_and_no_others_name_one_sampler(one: Decoding, other: Decoding) -> None:
    same = json.dumps(one.as_dict(), sort_keys=True) == json.dumps(other.as_dict(), sort_keys=True)
    assert (sampler_hash({}, one) == sampler_hash({}, other)) == same
    assert same <= (one == other)


def test_an_extra_body_is_compared_and_cannot_be_changed_from_outside() -> None:
    given_away: dict[str, Json] = {"stop_token_ids": [1, 2]}
    decoding = Decoding(extra_body=given_away)
    same = Decoding(extra_body=MappingProxyType({"stop_token_ids": [1, 2]}))
    assert decoding == same != Decoding()
    assert hash(decoding) == hash(Decoding())
    before = sampler_hash({}, decoding)
    given_away["stop_token_ids"].append(3)  # type: ignore[union-attr]  # a list
    copied = decoding.as_dict()["extra_body"]
    copied["stop_token_ids"].append(3)  # type: ignore[index, call-overload, union-attr]  # a list
    assert sampler_hash({}, decoding) == before


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("model", "Use model"),
        ("messages", "Use the problem's prompt"),
        ("prompt", "Use the problem's prompt"),
        *(("n", "Use n instead"), ("seed", "Use seed"), ("stream", "Use stream")),
        *(("stream_options", "Use stream"), ("logprobs", "Use logprobs")),
        *(("temperature", "Use temperature"), ("stop", "Use stop"), ("top_k", "Use top_k")),
        *(("max_tokens", "Use max_tokens"), ("max_completion_tokens", "Use max_tokens")),
        ("repeat_penalty", "Use repetition_penalty"),
        ("presence_penalty", "Use presence_penalty"),
        ("frequency_penalty", "Use frequency_penalty"),
    ],
)
def test_an_extra_body_does_not_say_anew_what_has_an_option(name: str, instead: str) -> None:
    with pytest.raises(ConfigError, match=f"may not set {name!r}.*{instead}"):
        Decoding(extra_body={"min_p": 0.1, name: None})


@pytest.mark.parametrize("value", [math.nan, -math.inf, {1, 2}, b"x"], ids=repr)
def test_an_extra_body_is_json(value: object) -> None:
    with pytest.raises(ConfigError, match="no JSON object"):
        Decoding(extra_body={"x": value})  # type: ignore[dict-item]  # on purpose


_models: st.SearchStrategy[dict[str, Json]] = st.dictionaries(
    st.text(max_size=5), st.none() | st.integers() | st.text(max_size=5), max_size=4
)


@given(_models)
def test_the_order_of_an_identity_does_not_matter(model: dict[str, Json]) -> None:
    backwards = dict(reversed(model.items()))
    assert sampler_hash(model, Decoding()) == sampler_hash(backwards, Decoding())


def test_whole_numbers_name_the_same_sampler() -> None:
    whole = Decoding(temperature=1, top_p=1, repetition_penalty=1)
    assert sampler_hash({}, whole) == sampler_hash({}, Decoding())


@pytest.mark.parametrize(
    "change",
    [
        *({"temperature": 0.5}, {"top_p": 0.9}, {"top_k": 5}, {"repetition_penalty": 1.1}),
        *({"max_tokens": 7}, {"stop": ("\n",)}),
        *({"presence_penalty": 0.1}, {"frequency_penalty": -0.1}, {"extra_body": {"min_p": 0.1}}),
    ],
)
def test_every_setting_names_another_sampler(change: dict[str, object]) -> None:
    other = dataclasses.replace(Decoding(), **change)  # type: ignore[arg-type]  # one field each
    assert sampler_hash({}, other) != sampler_hash({}, Decoding())
    assert json.loads(json.dumps(other.as_dict())) == other.as_dict()


def test_greedy_is_temperature_zero() -> None:
    assert Decoding(temperature=0).greedy
    assert not Decoding(temperature=1e-9).greedy


def test_mean_logprob() -> None:
    assert Sample("p", 0, "x", logprob=-3.0, usage=Usage(output_tokens=2)).mean_logprob == -1.5
    assert math.isnan(Sample("p", 0, "x", logprob=-3.0).mean_logprob)
    assert math.isnan(Sample("p", 0, "x", usage=Usage(output_tokens=2)).mean_logprob)


def test_scores_are_verdicts_values_or_missing() -> None:
    right, wrong = Score.verdict(True, answer="4"), Score.verdict(False)
    assert (right.value, right.passed, right.answer, right.is_missing) == (1.0, True, "4", False)
    assert (wrong.value, wrong.passed) == (0.0, False)
    missing = Score.missing("")
    assert missing.is_missing
    assert missing.passed is None
    assert math.isnan(missing.value)


def test_values_are_frozen_and_do_not_share_defaults() -> None:
    one, other = Problem("1", ""), Problem("2", "")
    assert one.metadata is not other.metadata
    for value in (one, Sample("p", 0, ""), Score(), Decoding(), Usage()):
        name = dataclasses.fields(value)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, None)


@given(st.lists(st.integers(0, 4), max_size=8))
def test_take_moves_every_column_alike(order: list[int]) -> None:
    n = 5
    candidates = Candidates(
        value=np.arange(n) / 2,
        answer=np.arange(n),
        passed=np.arange(n) % 2 == 0,
        length_tokens=np.arange(n) * 10,
        logprob=-np.arange(n, dtype=float),
        missing=np.arange(n) > 3,
        greedy=np.arange(n) == 0,
        scores={"tests": np.arange(n, dtype=np.float64) * 3},
        pairs={"judge": np.arange(n * n).reshape(n, n) / n**2},
    )
    taken = candidates.take(np.array(order, np.int64))
    assert taken.n == len(order)
    assert taken.scores["tests"].tolist() == [3.0 * i for i in order]
    assert taken.pairs["judge"].tolist() == [[(n * i + j) / n**2 for j in order] for i in order]
    for field in dataclasses.fields(Candidates)[:7]:
        found = getattr(taken, field.name).tolist()
        assert found == [getattr(candidates, field.name)[i] for i in order]
