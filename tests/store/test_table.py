from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.strategies import HASH, MODEL, make

from topdraw.core.records import Decoding, Problem, Sample, Score, Task, Usage
from topdraw.store import parquet, table
from topdraw.store.run import Run, Sampler
from topdraw.store.table import columns, counts, sample_columns

IDS = ("b", "a", "\ud800", "\ud801", "\ufffd", "it's")
TASK = Task("t", "1", tuple(Problem(one, "?") for one in IDS))


def create(path: Path) -> Run:
    samplers = [Sampler(HASH, "sampled", Decoding(), 4)]
    return Run.create(path, task=TASK, model=MODEL, samplers=samplers, seed=0)


scored = st.tuples(
    st.builds(make, st.sampled_from(IDS), st.integers(0, 3)),
    st.one_of(
        st.builds(Score.verdict, st.booleans(), answer=st.sampled_from(["4", "\ud800"])),
        st.just(Score.missing("down")),
        st.builds(Score, value=st.sampled_from([math.nan, math.inf, 0.5])),
    ),
)
# One segment for each list; sealed after it or not.
written = st.lists(st.tuples(st.lists(scored, max_size=6), st.booleans()), max_size=4)


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(segments=written)
def test_columns_say_what_scores_say(
    tmp_path_factory: pytest.TempPathFactory,
    segments: list[tuple[list[tuple[Sample, Score]], bool]],
) -> None:
    run = create(tmp_path_factory.mktemp("runs") / "run")
    for scores, seal in segments:
        run.add_scores("s", scores)
        if seal:
            run.seal()
    wanted = run.scores("s")
    found = columns(run, "s")
    keys = [(HASH, IDS[p], int(i)) for p, i in zip(found.problem, found.index, strict=True)]
    assert keys == sorted(wanted, key=lambda key: (IDS.index(key[1]), key[2]))
    for at, key in enumerate(keys):
        score = wanted[key]
        assert found.missing[at] == score.is_missing
        assert found.judged[at] == (score.passed is not None)
        assert found.passed[at] == bool(score.passed)
        np.testing.assert_equal(found.value[at], score.value)
    tally = counts(run, "s")
    for at, one in enumerate(IDS):
        mine = [score for key, score in wanted.items() if key[1] == one]
        judged = [score for score in mine if score.passed is not None]
        assert tally.n[at] == len(judged)
        assert tally.c[at] == sum(bool(score.passed) for score in judged)
        assert tally.missing[at] == sum(score.is_missing for score in mine)


def test_sample_columns_say_what_samples_say(tmp_path: Path) -> None:
    run = create(tmp_path)
    drawn = [
        make(one, at, "x", logprob=-at or math.nan, usage=Usage(7, at))
        for one in IDS
        for at in range(4)
    ]
    for part in (drawn[:10], drawn[8:20]):
        with run.writer() as writer:
            for sample in part:
                writer.append(sample)
        run.seal()
    with run.writer() as writer:
        for sample in drawn[18:]:
            writer.append(sample)
    found = sample_columns(run)
    assert found.problem.tolist() == [at for at in range(len(IDS)) for _ in range(4)]
    assert found.index.tolist() == [0, 1, 2, 3] * len(IDS)
    assert found.output_tokens.tolist() == [one.usage.output_tokens for one in drawn]
    assert set(found.prompt_tokens.tolist()) == {7}
    np.testing.assert_equal(found.logprob, [one.logprob for one in drawn])
    assert sample_columns(run, role="greedy").index.shape == (0,)


def test_a_compaction_while_columns_are_read_hides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create(tmp_path)
    run.add_scores("s", [(make("a", 0), Score.missing("down"))])
    run.seal()
    real: Callable[..., table.Arrays] = table._from_parts
    calls: list[int] = []

    def beside(*args: object) -> table.Arrays:
        calls.append(1)
        if len(calls) == 1:  # after the parts were listed, before they are read
            run.add_scores("s", [(make("a", 0), Score.verdict(True))])
            run.seal()
        return real(*args)

    monkeypatch.setattr(table, "_from_parts", beside)
    assert columns(run, "s").judged.tolist() == [True]
    assert len(calls) == 2


WELL = ("b", "a", "it's")  # ids that need no care


def test_counts_of_parts_are_made_by_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create(tmp_path)
    more = make("none of the task", 0)
    run.add_scores("s", [(make(one, at), Score.verdict(at > 0)) for one in WELL for at in range(3)])
    run.add_scores("s", [(make("a", 900), Score.missing("down")), (more, Score.verdict(True))])
    run.seal()
    wanted = table._counts_of(run, columns(run, "s"))
    monkeypatch.setattr(table, "columns", None)
    found = counts(run, "s")
    for name in ("n", "c", "missing"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
    assert found.n.tolist() == [3, 3, 0, 0, 0, 3]
    assert found.c.tolist() == [2, 2, 0, 0, 0, 2]
    assert found.missing.tolist() == [0, 1, 0, 0, 0, 0]
    assert counts(run, "s", role="greedy").n.tolist() == [0] * len(IDS)


def test_rows_that_a_kill_left_in_two_parts_count_once(tmp_path: Path) -> None:
    run = create(tmp_path)
    run.add_scores("s", [(make("a", at), Score.verdict(True)) for at in (0, 63, 64, 200)])
    run.seal()
    (part,) = parquet.parts(run.score_ledger("s").parts)
    shutil.copy(part, part.with_name("part-00007.parquet"))
    assert counts(run, "s").n.sum() == counts(run, "s").c.sum() == 4


def test_no_scores_are_empty_columns(tmp_path: Path) -> None:
    run = create(tmp_path)
    assert columns(run, "none").value.shape == (0,)
    assert counts(run, "none").n.tolist() == [0] * len(IDS)
    assert columns(run, "none").passed.dtype == np.bool_
    assert columns(run, "none").problem.dtype == np.int64
