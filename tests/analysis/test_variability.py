import json
import math
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.analysis.made_run import LOST, NO, YES, made_run

from topdraw.analysis.variability import variability, variation
from topdraw.core.records import Decoding, Problem, Sample, Score, Task, Usage, sampler_hash
from topdraw.core.until import Until
from topdraw.errors import ConfigError, DomainError
from topdraw.store.evidence import open_evidence
from topdraw.store.run import Run, Sampler

NAN = math.nan
tables = st.tuples(st.integers(1, 6), st.integers(1, 5)).flatmap(
    lambda shape: st.tuples(
        arrays(float, shape[:1], elements=st.sampled_from([0.0, 1.0, NAN])),
        arrays(float, shape, elements=st.sampled_from([0.0, 1.0, NAN])),
    )
)


@given(tables)
def test_the_difference_is_that_of_the_means_of_problems_with_both(
    drawn: tuple[np.ndarray, np.ndarray],
) -> None:
    greedy, scores = drawn
    found = variation(greedy, scores)
    pairs = [
        (one, [x for x in row if not math.isnan(x)])
        for one, row in zip(greedy.tolist(), scores.tolist(), strict=True)
    ]
    both = [(one, sum(row) / len(row)) for one, row in pairs if row and not math.isnan(one)]
    assert found.problems == sum(bool(row) for _, row in pairs)
    assert found.difference.n == len(both)
    if both:
        mean = sum(one - each for one, each in both) / len(both)
        assert found.difference.value == pytest.approx(mean, abs=1e-12)


def test_shapes_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(DomainError, match="shape"):
        variation([1.0], [[1.0], [0.0]])


def test_a_sample_that_was_never_drawn_is_not_missing(tmp_path: Path) -> None:
    run = made_run(
        tmp_path / "run",
        {"a": [NO, LOST], "b": [YES] * 9},
        greedy={"a": [YES], "b": [YES]},
    )
    found = variability(run).overall
    assert (found.difference.missing, found.sampled.missing) == (1, 1)


def test_a_run_is_read_problem_by_problem(tmp_path: Path) -> None:
    run = made_run(
        tmp_path / "run",
        {"a": [NO, NO, NO, YES], "b": [YES, YES, NO, YES], "c": [YES, LOST, YES, YES]},
        greedy={"a": [YES], "b": [NO], "c": [LOST]},
    )
    found = variability(run)
    assert found.overall.greedy.value == 0.5
    assert found.overall.sampled.value == pytest.approx((0.25 + 0.75 + 1.0) / 3)
    assert found.overall.difference.value == pytest.approx((0.75 - 0.75) / 2)
    assert (found.missing, found.greedy_missing, found.n) == (1, 1, 4)
    assert [one.problem_id for one in found.greedy_only] == ["a"]
    assert [one.problem_id for one in found.sampled_only] == ["b"]
    assert found.overall.spread is not None
    assert found.overall.spread.runs == 3
    assert found.overall.spread.left_out == 1
    assert found.overall.spread.gap.value == pytest.approx(2 / 3)
    assert found.overall.spread.best_index == 3
    assert found.lengths.greedy_less_sampled.value == 0.0


def test_a_run_without_greedy_samples_has_no_difference(tmp_path: Path) -> None:
    found = variability(made_run(tmp_path / "run", {"a": [NO, YES], "b": [LOST, LOST]}))
    assert math.isnan(found.overall.difference.value)
    assert found.overall.sampled.value == 0.5
    assert found.unanswered == ("b",)
    assert found.greedy_only == found.sampled_only == ()


def test_a_problem_without_a_greedy_sample_is_in_no_difference(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", {"a": [NO], "b": [YES]}, greedy={"a": [YES]})
    found = variability(run)
    assert found.overall.difference.n == 1
    assert math.isnan(found.flips[1].greedy)


def test_nothing_scored_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no sample scored"):
        variability(made_run(tmp_path / "run", {"a": [LOST]}))


def test_of_a_stopped_run_only_the_first_samples_count(tmp_path: Path) -> None:
    run = made_run(
        tmp_path / "run",
        {"a": [YES], "b": [NO, NO, YES]},
        until=Until("pass", "judge", batch=1),
        cap=4,
    )
    assert variability(run).overall.sampled.value == 0.5


def test_a_table_of_counts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("problem,n,c\na,10,3\n")
    with pytest.raises(ConfigError, match="counts"):
        variability(open_evidence(path))


def test_a_table_of_samples_is_read_like_a_run(tmp_path: Path) -> None:
    path = tmp_path / "samples.csv"
    rows = ["problem,index,correct,greedy,level", "a,0,1,0,easy", "a,1,0,0,easy", "a,0,1,1,easy"]
    path.write_text("\n".join([*rows, "b,0,0,0,hard", "b,1,0,0,hard", "b,0,0,1,hard", ""]))
    found = variability(open_evidence(path), category="level")
    assert found.overall.difference.value == pytest.approx(0.25)
    assert [one.name for one in found.categories] == ["easy", "hard"]


def _categories(folder: Path) -> Run:
    problems = tuple(
        Problem(str(at), "?", metadata={"level": "easy" if at < 3 else "hard"} if at != 5 else {})
        for at in range(6)
    )
    decoding = Decoding()
    sampler = Sampler(sampler_hash({}, decoding), "sampled", decoding, 2)
    task = Task("t", "1", problems, "judge")
    run = Run.create(folder, task=task, model={}, samplers=[sampler], seed=0)
    drawn = [
        Sample(one.id, at, "x", sampler=sampler.hash, usage=Usage(1, 1 + at))
        for one in problems
        for at in range(2)
    ]
    with run.writer() as writer:
        for sample in drawn:
            writer.append(sample)
    run.add_scores("judge", [(s, Score.verdict(int(s.problem_id) < 3)) for s in drawn])
    return run


def test_categories_are_those_of_the_metadata(tmp_path: Path) -> None:
    found = variability(_categories(tmp_path / "run"), category="level")
    told = [(one.name, one.problems, one.sampled.value) for one in found.categories]
    assert told == [("easy", 3, 1.0), ("hard", 2, 0.0), ("(none)", 1, 0.0)]


def test_an_unknown_category_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="known: level"):
        variability(_categories(tmp_path / "run"), category="topic")


def test_recorded_samples_of_humaneval(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "humaneval" / "codegen16b_100samples_tasks0_39.jsonl.gz"
    lines = zlib.decompress(path.read_bytes(), wbits=47).decode().splitlines()
    rows = [json.loads(line) for line in lines]
    table = np.array([[result == "passed" for result in row["results"]] for row in rows], float)
    run = made_run(
        tmp_path / "run",
        {row["task_id"]: [YES if x == "passed" else NO for x in row["results"]] for row in rows},
    )
    found = variability(run).overall
    scores = table.mean(axis=0)
    assert found.sampled.value == pytest.approx(0.41275)
    assert found.spread is not None
    assert found.spread.std.value == pytest.approx(scores.std(), abs=1e-12)
    assert found.spread.gap.value == pytest.approx(np.ptp(scores), abs=1e-12)
    p = table.mean(axis=1)
    exact = math.sqrt((p * (1 - p)).sum() * 100 / 99) / 40
    assert found.spread.chance_std.value == pytest.approx(exact, abs=1e-12)
