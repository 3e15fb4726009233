"""`topdraw export` as a user meets it: every sample, the chosen one, or a pair."""

import json
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cli.conftest import Topdraw
from tests.conftest import TinyRun

from topdraw.core.records import Score
from topdraw.store.formats.known import FORMATS

Values = dict[str, object]


@pytest.fixture
def run(tiny_run: TinyRun) -> str:
    made = tiny_run({"p": ["4", "5", "6"], "q": ["7", "8"], "r": ["9", "9"]}, scorer="exact")
    passed = {"5", "8", "9"}
    made.add_scores("exact", [(s, Score.verdict(s.output in passed)) for s in made.samples()])
    made.add_scores("rank", [(s, Score(value=-float(s.output))) for s in made.samples()])
    return "run"


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_all_samples_with_their_verdicts(topdraw: Topdraw, run: str) -> None:
    done = topdraw("export", run, "--format", "humaneval")
    assert done.code == 0, done.err
    assert [(row["task_id"], row["completion"], row["passed"]) for row in rows(done.out)][:2] == [
        ("p", "4", False), ("p", "5", True),
    ]  # fmt: skip


def test_the_sample_that_a_selector_chooses(topdraw: Topdraw, run: str) -> None:
    done = topdraw("export", run, "--format", "alpaca", "-s", "oracle")
    assert [row["output"] for row in json.loads(done.out)] == ["5", "8", "9"]
    first = topdraw("export", run, "--format", "trl-sft")
    assert [row["completion"] for row in rows(first.out)] == ["4", "7", "9"]
    ranked = topdraw("export", run, "--format", "plain", "-s", "worst", "--value", "rank")
    assert [row["output"] for row in rows(ranked.out)] == ["6", "8", "9"]


def test_the_greedy_sample_is_not_the_sampled_one_of_its_index(
    topdraw: Topdraw, tiny_run: TinyRun
) -> None:
    tiny_run({"p": ["4", "5"]}, greedy={"p": "g"}, name="both")
    done = topdraw("export", "both", "--format", "trl-sft", "-s", "greedy")
    assert [row["completion"] for row in rows(done.out)] == ["g"]
    first = topdraw("export", "both", "--format", "trl-sft")
    assert [row["completion"] for row in rows(first.out)] == ["4"]


def test_pairs_are_the_best_and_the_worst_and_never_a_tie(topdraw: Topdraw, run: str) -> None:
    done = topdraw("export", run, "--format", "trl-preference", "--by", "exact")
    assert done.code == 0, done.err
    pairs = {row["prompt"]: (row["chosen"], row["rejected"]) for row in rows(done.out)}
    assert set(pairs) == {"Solve p.", "Solve q."}  # r has one text, and it is right
    assert pairs["Solve q."] == ("8", "7")
    assert pairs["Solve p."][0] == "5"
    assert done.err == "Left out: 1 problem without one sample better than another.\n"
    by_rank = topdraw(
        "export", run, "--format", "trl-preference", "-s", "best_of_n", "--value", "rank"
    )
    assert [(row["chosen"], row["rejected"]) for row in rows(by_rank.out)] == [
        ("4", "6"), ("7", "8"),
    ]  # fmt: skip


def test_pairs_without_a_scorer_say_so(topdraw: Topdraw, tiny_run: TinyRun) -> None:
    tiny_run({"p": ["4"]}, name="bare")
    done = topdraw("export", "bare", "--format", "trl-preference")
    assert done.code == 3
    assert "A pair needs a scorer" in done.err


def test_a_file_is_written_whole(topdraw: Topdraw, tmp_path: Path, run: str) -> None:
    done = topdraw("export", run, "--format", "inspect", "--out", "log.json")
    assert done.out == ""
    assert "log.json:" in done.err
    assert len(json.loads((tmp_path / "log.json").read_text())["samples"]) == 7
    again = topdraw("import", "log.json", "--out", "again")
    assert again.code == 0, again.err
    assert "score inspect:exact: 7 samples, 4 of 7 passed" in again.out
    lost = topdraw("export", run, "--format", "plain", "--out", "no/such/folder.jsonl")
    assert lost.code == 3
    assert "could not be written" in lost.err


def test_an_import_is_exported_with_its_own_scores(topdraw: Topdraw, tmp_path: Path) -> None:
    one = {"idx": 0, "question": "1+1?", "gt": "2", "code": ["2", "3"], "pred": ["2", "3"],
           "score": [True, False], "pred_score": [[1.5], [0.5]]}  # fmt: skip
    (tmp_path / "q.jsonl").write_text(json.dumps(one) + "\n")
    topdraw("import", "q.jsonl")
    assert rows(topdraw("export", "runs/q", "--format", "qwen-math").out) == [one]


def test_a_run_that_breaks_leaves_no_file(topdraw: Topdraw, tmp_path: Path, run: str) -> None:
    (tmp_path / run / "problems.jsonl").write_bytes(b"broken")
    done = topdraw("export", run, "--format", "plain", "--out", "x.jsonl")
    assert done.code == 3
    assert "problems.jsonl cannot be read" in done.err
    assert not list(tmp_path.glob("*x.jsonl*"))


def test_what_cannot_be_done_is_one_sentence(topdraw: Topdraw, run: str) -> None:
    done = topdraw("export", run, "--format", "human-eval")
    assert done.code == 3
    assert "Did you mean 'humaneval'" in done.err
    assert topdraw("export", run).code == 2
    assert topdraw("export", run, "--format", "plain", "-s", "nope").code == 3


def judged(name: str, at: int, is_null: bool) -> Values:
    """A record of a format of one sample per problem, its judgment null or not."""
    free: Values = {"id": at, "problem_type": "free-form", "benchmark_name": "b", "target": ["A"],
                    "formated_input": f"{at}?", "response": "A"}  # fmt: skip
    asked = [{"role": "user", "content": f"{at}?"},
             {"role": "assistant", "content": {"answer": "A"}}]  # fmt: skip
    records: dict[str, Values] = {
        "alpaca": {"dataset": "d", "instruction": f"{at}?", "output": "A", "generator": "m"},
        "alpaca-annotations": {
            "instruction": f"{at}?", "output_1": "a", "generator_1": "b", "dataset": "d",
            "output_2": "A", "generator_2": "m", "annotator": "j",
            "preference": None if is_null else 1.5,
        },
        "arena-hard": {"uid": f"{at}", "ans_id": "x", "model": "m", "messages": asked},
        "wildbench": {"session_id": f"{at}", "model_test": "m", "model_output": "A",
                      "score": None if is_null else "7"},
        "mixeval": free | {"judge_score": None if is_null else 0.5},
        "mixeval-choice": free | {"problem_type": "multiple-choice", "options": ["A"],
                                  "eval_result": None if is_null else True},
        "trl-sft": {"prompt": f"{at}?", "completion": "A"},
    }  # fmt: skip
    return records[name]


def arena_judgment(at: int, is_null: bool) -> Values:
    games = [{"score": None if is_null else "A=B"}] * 2
    return {"uid": f"{at}", "model": "m", "judge": "j", "games": games}


ONE_EACH = [*(one.name for one in FORMATS.values() if one.one_each), "mixeval-choice"]
_folders = count()


@pytest.mark.parametrize("chooser", ["", "first", "random"])
@pytest.mark.parametrize("name", ONE_EACH)
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(nulls=st.lists(st.booleans(), min_size=1, max_size=4))
def test_null_judgments_come_back(
    topdraw: Topdraw, tmp_path: Path, name: str, chooser: str, nulls: list[bool]
) -> None:
    form = name.removesuffix("-choice")
    records = [judged(name, at, is_null) for at, is_null in enumerate(nulls)]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    files = ["x.jsonl"]
    if name == "arena-hard":
        told = [arena_judgment(at, is_null) for at, is_null in enumerate(nulls)]
        (tmp_path / "j.jsonl").write_text("".join(json.dumps(one) + "\n" for one in told))
        files.append("j.jsonl")
    folder = f"r{next(_folders)}"
    assert topdraw("import", *files, "--format", form, "--out", folder).code == 0
    options = ("-s", chooser) if chooser else ()
    done = topdraw("export", folder, "--format", form, *options)
    assert (done.code, done.err) == (0, "")
    is_list = FORMATS[form].container == "list"
    assert (json.loads(done.out) if is_list else rows(done.out)) == records


def test_problems_without_a_choice_are_counted(topdraw: Topdraw, tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["4"], "q": ["5", "6"], "r": ["7", "8"]}, scorer="exact", name="null")
    lost = [Score.missing("judge down") if s.problem_id != "r" else Score.verdict(True)
            for s in run.samples()]  # fmt: skip
    run.add_scores("exact", list(zip(run.samples(), lost, strict=True)))
    done = topdraw("export", "null", "--format", "alpaca")
    assert [row["output"] for row in json.loads(done.out)] == ["4", "7"]
    assert done.err == "Left out: 1 problem with several samples, none chosen (the first: q).\n"


def test_a_file_that_is_there_is_not_written_over(
    topdraw: Topdraw, run: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.jsonl").write_text("paid for\n")
    refused = topdraw("export", run, "--format", "plain", "--out", "mine.jsonl")
    assert refused.code == 3
    assert "mine.jsonl is there already" in refused.err
    assert (tmp_path / "mine.jsonl").read_text() == "paid for\n"
