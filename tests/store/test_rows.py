from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.strategies import make, problems, same, samples, scores

from topdraw.core.records import Problem, Sample, Score, Usage
from topdraw.errors import FormatError
from topdraw.store import rows
from topdraw.store.rows import (
    BILL,
    KEYS,
    SAMPLES,
    SCORES,
    KeyRow,
    Kind,
    ProblemRow,
    SampleRow,
    ScoreRow,
    pack_problem,
    pack_sample,
    pack_score,
    unpack_problem,
    unpack_sample,
    unpack_score,
)


@given(samples)
def test_a_sample_comes_back_as_it_was(sample: Sample) -> None:
    line = pack_sample(sample)
    row = msgspec.json.decode(line, type=SampleRow)
    assert same(unpack_sample(row), sample)
    key = (sample.sampler, sample.problem_id, sample.index)
    assert row.key == key
    assert msgspec.json.decode(line, type=KeyRow).key == key


@given(samples)
def test_the_quick_way_writes_the_bytes_of_the_careful_one(sample: Sample) -> None:
    quick = rows._pack_plain(sample, "by")
    assert quick in (None, rows._pack_carefully(sample, "by"))


def test_the_usual_sample_goes_the_quick_way() -> None:
    assert rows._pack_plain(Sample("p", 0, "text", seed=1, logprob=-2.5), "h")
    assert rows._pack_plain(Sample("p", 0, "\ud800"), "h") is None


@given(samples)
def test_a_sampler_that_is_named_takes_the_place_of_the_samples_own(sample: Sample) -> None:
    named = pack_sample(sample, "by")
    assert named == pack_sample(dataclasses.replace(sample, sampler="by"))


@given(samples, scores)
def test_both_ways_of_packing_a_score_agree(sample: Sample, score: Score) -> None:
    quick = rows._pack_plain_score(sample, score)
    assert quick in (None, rows._pack_score_carefully(sample, score))


@given(samples, scores)
def test_a_score_comes_back_as_it_was(sample: Sample, score: Score) -> None:
    row = msgspec.json.decode(pack_score(sample, score), type=ScoreRow)
    assert same(unpack_score(row), score)
    assert row.key == (sample.sampler, sample.problem_id, sample.index)
    assert row.missing == score.is_missing


@given(problems)
def test_both_ways_of_packing_a_problem_agree(problem: Problem) -> None:
    quick = rows._pack_plain_problem(problem)
    assert quick in (None, rows._pack_problem_carefully(problem))


def test_the_usual_problem_is_packed_the_quick_way() -> None:
    assert rows._pack_plain_problem(Problem("a", "plain", "12"))
    assert rows._pack_plain_problem(Problem("a", "\ud800")) is None


def test_strings_of_numpy_are_packed_as_strings() -> None:
    written = pack_problem(Problem(np.str_("a"), np.str_("b"), np.str_("c")))
    assert written == pack_problem(Problem("a", "b", "c"))


@given(problems)
def test_a_problem_comes_back_as_it_was(problem: Problem) -> None:
    row = msgspec.json.decode(pack_problem(problem), type=ProblemRow)
    assert same(unpack_problem(row), problem)


@pytest.mark.parametrize("kind", [KEYS, SAMPLES, SCORES, BILL])
def test_columns_are_the_fields_of_the_row_in_order(kind: Kind) -> None:
    fields = list(kind.row.__struct_fields__)
    assert list(kind.columns) == [name for name in fields if name in kind.columns]
    assert kind is KEYS or list(kind.columns) == fields


@pytest.mark.parametrize("kind", [KEYS, SAMPLES, SCORES, BILL])
def test_the_key_and_the_order_of_a_kind_are_among_its_columns(kind: Kind) -> None:
    key = list(kind.key_columns)
    assert set(key) <= set(kind.columns)
    assert key == list(kind.key.__struct_fields__)[: len(key)]
    assert set(kind.order) <= set(kind.columns)
    assert ("missing" in key) == ("missing" in kind.columns)


@given(samples)
def test_the_key_comes_first_in_the_line(sample: Sample) -> None:
    names = list(msgspec.json.decode(pack_sample(sample)))
    assert names[:3] == ["problem_id", "index", "sampler"]


def test_a_row_holds_no_clock_and_no_process() -> None:
    assert pack_sample(make("p", 0, "x")) == pack_sample(make("p", 0, "x"))
    assert set(SAMPLES.columns) == {
        *("problem_id", "index", "sampler", "output", "finish_reason", "seed", "logprob"),
        *("prompt_tokens", "output_tokens", "usage_estimated", "metadata", "original"),
    }


@given(st.sampled_from([2**63, -(2**63) - 1, 10**5000]))
def test_an_integer_beyond_64_bits_is_refused_before_it_is_stored(value: int) -> None:
    for sample in (
        make("p", 0, seed=value),
        make("p", value),
        make("p", 0, usage=Usage(prompt_tokens=value)),
        make("p", 0, usage=Usage(output_tokens=value)),
    ):
        with pytest.raises(FormatError, match="64 bits"):
            pack_sample(sample)


def test_fields_of_a_later_version_are_ignored() -> None:
    line = pack_sample(make("p", 3, "x"))[:-1] + b',"new":[1,{"a":2}]}'
    assert unpack_sample(msgspec.json.decode(line, type=SampleRow)).index == 3


def test_numpy_scalars_are_stored_as_numbers() -> None:
    import numpy as np

    odd: dict[str, Any] = {"index": np.int64(2), "logprob": np.float32(-1.5)}
    sample = dataclasses.replace(make("p", 0), **odd)
    row = msgspec.json.decode(pack_sample(sample), type=SampleRow)
    assert (row.index, row.logprob) == (2, -1.5)
    odd = {"value": np.float64(0.5), "passed": np.bool_(True)}
    score = Score(**odd)
    assert unpack_score(msgspec.json.decode(pack_score(sample, score), type=ScoreRow)).passed
