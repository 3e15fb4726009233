"""A run and the table of its samples are the same candidates."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import TinyRun

from topdraw.core.records import Candidates, Score
from topdraw.errors import ConfigError, DomainError, UnknownNameError
from topdraw.selection import tables
from topdraw.selection.candidates import candidates
from topdraw.store.evidence import Evidence, open_evidence
from topdraw.store.plain import PlainTable
from topdraw.store.plain_columns import CountColumns

SCORED = st.tuples(
    st.sampled_from([True, False, None]),
    st.sampled_from(["4", "5", None]),
    st.one_of(st.none(), st.floats(-100, 100)),
)
SAMPLES = st.dictionaries(
    st.sampled_from("pqr"), st.lists(SCORED, min_size=1, max_size=5), min_size=1
)
Samples = dict[str, list[tuple[bool | None, str | None, float | None]]]


def _table(folder: Path, text: str, name: str = "t.csv") -> Evidence:
    path = folder / name
    path.write_text(text)
    return open_evidence(path)


def _run_and_table(tiny_run: TinyRun, folder: Path, samples: Samples) -> tuple[Evidence, Evidence]:
    outputs = {key: ["xx"] * len(each) for key, each in samples.items()}
    run = tiny_run(outputs, name=str(folder / "run"), scorer="correct")
    drawn = run.samples()
    # A number that is the same for all samples of a problem would be about the problem.
    told = [(*samples[s.problem_id][s.index], 1000.0 * at) for at, s in enumerate(drawn)]
    judged = [
        Score.missing("down") if passed is None else Score.verdict(passed, answer=answer)
        for passed, answer, _, _ in told
    ]
    run.add_scores("correct", zip(drawn, judged, strict=True))
    first = [Score.missing("down") if one is None else Score(value=one) for _, _, one, _ in told]
    run.add_scores("reward", zip(drawn, first, strict=True))
    run.add_scores("depth", zip(drawn, (Score(value=one) for *_, one in told), strict=True))
    rows = [
        {"problem": s.problem_id, "index": s.index, "correct": passed, "answer": answer,
         "reward": reward, "depth": depth, "tokens": 2, "logprob": -1.0}
        for s, (passed, answer, reward, depth) in zip(drawn, told, strict=True)
    ]  # fmt: skip
    text = "".join(json.dumps(row) + "\n" for row in rows)
    return run, _table(folder, text, "t.jsonl")


def _same(one: Candidates, other: Candidates) -> None:
    for field in dataclasses.fields(Candidates):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if field.name == "answer":
            # Classes may be numbered otherwise: which are equal is what they say.
            np.testing.assert_array_equal(left < 0, right < 0)
            left, right = left[:, None] == left, right[:, None] == right
        np.testing.assert_array_equal(left, right, err_msg=field.name)


ASKED: tuple[dict[str, str], ...] = (
    {"by": "correct", "value": "reward"},
    {"by": "correct"},
    {"value": "reward"},
    {},
    {"by": "correct", "value": "worst(reward,depth,scale=none)"},
    {"value": "mean(reward,depth)", "answer": "correct"},
    {"by": "correct", "value": "correct", "answer": "correct"},
)


@pytest.mark.slow
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(samples=SAMPLES)
def test_a_run_and_its_table_are_the_same_candidates(
    tiny_run: TinyRun, tmp_path_factory: pytest.TempPathFactory, samples: Samples
) -> None:
    run, table = _run_and_table(tiny_run, tmp_path_factory.mktemp("pair"), samples)
    for asked in ASKED:
        expected = candidates(run, **asked)  # type: ignore[arg-type]  # three of its keywords
        found = candidates(table, **asked)  # type: ignore[arg-type]  # three of its keywords
        assert list(found) == list(expected)
        for key, one in expected.items():
            _same(one, found[key])


def test_logprobs_per_token_rank_where_no_scorer_of_that_name_is(tmp_path: Path) -> None:
    text = "id,correct,tokens,sum\na,1,2,-3\na,0,,-4\na,0,0,-5\n"
    (tmp_path / "t.csv").write_text(text)
    table = open_evidence(tmp_path / "t.csv", columns={"logprob": "sum"})
    one = candidates(table, by="correct", value="logprob")["a"]
    assert one.value.tolist() == [-3, -4, -5], "a column of that name ranks as it is"
    without = _table(tmp_path, "id,correct\na,1\n")
    assert np.isnan(candidates(without, by="correct", value="logprob")["a"].value).all()


def test_counts_are_candidates_of_whom_nothing_else_is_known(tmp_path: Path) -> None:
    table = _table(tmp_path, "problem,n,c\na,5,2\nb,0,0\nc,3,3\n")
    found = candidates(table, by="correct")
    assert [(one.n, int(one.passed.sum())) for one in found.values()] == [(5, 2), (0, 0), (3, 3)]
    for one in found.values():
        assert not one.missing.any()
        assert not one.greedy.any()
        assert (one.answer == -1).all()
        assert np.isnan(one.value).all()
        assert np.isnan(one.logprob).all()
        assert (one.length_tokens == 0).all()
    assert not candidates(table)["c"].passed.any()
    assert candidates(table, by="correct", role="greedy")["a"].n == 0
    again = candidates(table, by="correct")["a"]
    np.testing.assert_array_equal(found["a"].passed, again.passed)


def test_the_correct_ones_of_counts_stand_anywhere(tmp_path: Path) -> None:
    rows = "".join(f"p{at},2,1\n" for at in range(400))
    found = candidates(_table(tmp_path, "problem,n,c\n" + rows), by="correct")
    first = np.mean([one.passed[0] for one in found.values()])
    assert 0.5 - 4 * 0.025 < first < 0.5 + 4 * 0.025


def test_counts_of_more_samples_than_memory_are_refused(tmp_path: Path) -> None:
    table = _table(tmp_path, f"problem,n,c\na,{tables.MOST_SAMPLES},0\nb,1,0\n")
    with pytest.raises(DomainError, match=r"counts 200,000,001 samples.*pass_at_k\(n, c, k\)"):
        candidates(table, by="correct")


def test_a_scorer_the_table_lacks_is_named_with_those_it_has(tmp_path: Path) -> None:
    table = _table(tmp_path, "id,correct,reward\na,1,0.5\na,0,0.1\n")
    for asked in ({"by": "judge"}, {"value": "mean(reward,rm)"}, {"answer": "vote"}):
        with pytest.raises(UnknownNameError, match=r"no scores by '\w+'; it has correct, reward\."):
            candidates(table, **asked)  # type: ignore[arg-type]  # one of three keywords
    with pytest.raises(ConfigError, match=r"column 'reward' of .* holds no verdicts"):
        candidates(table, by="reward")


def test_an_answer_column_ranks_nobody(tmp_path: Path) -> None:
    table = _table(tmp_path, "id,correct,answer\na,1,x\na,0,y\n")
    one = candidates(table, by="correct", value="answer", answer="answer")["a"]
    assert np.isnan(one.value).all()
    assert one.answer.tolist() == [0, 1]


def test_problems_of_another_role_have_no_candidates(tmp_path: Path) -> None:
    table = _table(tmp_path, "id,correct,greedy\na,1,0\nb,1,0\nb,0,1\n")
    sampled, greedy = (
        candidates(table, by="correct"),
        candidates(table, by="correct", role="greedy"),
    )
    assert [one.n for one in sampled.values()] == [1, 1]
    assert [one.n for one in greedy.values()] == [0, 1]
    assert greedy["b"].greedy.all()


def test_ten_thousand_samples_a_problem_make_no_object_each(tmp_path: Path) -> None:
    rows = "".join(f"p{at},10000,{at}\n" for at in range(128))
    table = _table(tmp_path, "problem,n,c\n" + rows)
    assert isinstance(table, PlainTable)
    assert isinstance(table.columns, CountColumns)
    found = candidates(table, by="correct")
    assert sum(one.n for one in found.values()) == 1_280_000
    # One byte a sample for the verdicts; all else is one value, broadcast.
    held = sum(one.value.base.nbytes for one in found.values() if one.value.base is not None)
    assert held <= 128 * 16
    assert math.isnan(found["p0"].value[0])
