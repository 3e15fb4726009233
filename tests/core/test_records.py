"""The values that flow: defaults, hashes that name a way of drawing, subsets of candidates."""

import dataclasses
import json
import math

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


def test_the_sampler_hash_never_changes() -> None:
    # It is the identity of stored samples.
    assert sampler_hash({"name": "m"}, Decoding()) == "89c751d280af"


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
    )
    taken = candidates.take(np.array(order, np.int64))
    assert taken.n == len(order)
    for field in dataclasses.fields(Candidates):
        found = getattr(taken, field.name).tolist()
        assert found == [getattr(candidates, field.name)[i] for i in order]
