"""HumanEval, evalplus and LiveCodeBench results: verdicts, timeouts, other spellings."""

from pathlib import Path

import pytest
from tests.store.formats.made import document, exported, imported, lines

from topdraw.errors import FormatError


def test_humaneval_results_keep_verdicts_and_tell_timeouts(tmp_path: Path) -> None:
    rows = [
        {"task_id": "a", "completion": "x", "result": "passed", "passed": True},
        {"task_id": "b", "completion": "y", "result": "timed out", "passed": False},
        {"task_id": "a", "completion": "z", "result": "failed: ", "passed": None},
    ]
    made = imported(lines(tmp_path / "x.jsonl", rows))
    assert made.outputs == [("a", 0, "x"), ("a", 1, "z"), ("b", 0, "y")]
    tally = made.report.scorers["humaneval:passed"]
    assert (tally.judged, tally.passed, tally.missing) == (2, 1, 1)
    assert made.report.by == "humaneval:passed"
    assert any("1 timeouts" in warning for warning in made.report.warnings)
    assert any("unequal numbers" in warning for warning in made.report.warnings)
    assert any("missing: left out of n" in warning for warning in made.report.warnings)


@pytest.mark.parametrize(
    "row", [{"task_id": "a", "completion": 7}, {"task_id": "a"}, {"completion": "x"}]
)
def test_a_row_that_is_no_sample_names_its_line(tmp_path: Path, row: dict[str, object]) -> None:
    good = {"task_id": "a", "completion": "x"}
    with pytest.raises(FormatError, match="line 2"):
        imported(lines(tmp_path / "x.jsonl", [good, row]))


def test_evalplus_samples_take_the_solution_before_the_completion(tmp_path: Path) -> None:
    rows = [{"task_id": "a", "solution": "s", "completion": "c", "x": 1},
            {"task_id": "a", "completion": "c"}]  # fmt: skip
    made = imported(lines(tmp_path / "x.jsonl", rows))
    assert made.report.format == "evalplus"
    assert [one[2] for one in made.outputs] == ["s", "c"]


def test_evalplus_results_need_both_statuses_for_plus(tmp_path: Path) -> None:
    results = {
        "date": "2026-01-01 00:00",
        "hash": "h",
        "eval": {
            "a": [
                {"task_id": "a", "solution": "s", "base_status": "pass", "plus_status": "fail",
                 "plus_fail_tests": [[1]]},
                {"task_id": "a", "solution": "t", "base_status": "fail", "plus_status": "pass"},
                {"task_id": "a", "solution": "u", "base_status": "pass", "plus_status": "pass"},
                {"task_id": "a", "solution": "v", "base_status": "timeout", "plus_status": None},
            ]
        },
        "pass_at_k": {"base": {"pass@1": 0.99}},
    }  # fmt: skip
    made = imported(document(tmp_path / "x.eval_results.json", results))
    assert [one and one.passed for one in made.scores("evalplus:base")] == [
        True, False, True, False,
    ]  # fmt: skip
    assert [one and one.passed for one in made.scores("evalplus:plus")] == [
        False, False, True, None,
    ]  # fmt: skip
    assert made.report.by == "evalplus:base"
    again = exported(made.run, "evalplus")
    assert [row["base_status"] for row in again["eval"]["a"]] == ["pass", "fail", "pass", "timeout"]
    assert again["eval"]["a"][0]["plus_fail_tests"] == [[1]]
    assert [one["plus_status"] for one in again["eval"]["a"]] == ["fail", "pass", "pass", None]


def test_evalplus_results_of_2023_have_parallel_lists(tmp_path: Path) -> None:
    results = {"date": "d", "eval": {"a": {"nfiles": 2, "base": [["success", []], ["failed", []]],
               "plus": [["success", []], ["success", []]]}}}  # fmt: skip
    made = imported(document(tmp_path / "x.json", results))
    assert [one and one.passed for one in made.scores("evalplus:plus")] == [True, False]


def test_evalplus_results_that_are_none_say_where(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="task 'a': a result must be an object"):
        imported(document(tmp_path / "x.json", {"date": "", "eval": {"a": [3]}}))


def test_livecodebench_judges_the_program_and_keeps_the_output(tmp_path: Path) -> None:
    rows = [{"question_id": "q", "output_list": ["say x", "y"], "code_list": ["x", "y"],
             "graded_list": [True, False], "pass@1": 0.99, "metadata": ["a", "b"]}]  # fmt: skip
    made = imported(document(tmp_path / "x.json", rows))
    assert [one[2] for one in made.outputs] == ["x", "y"]
    (row,) = exported(made.run, "livecodebench")
    assert row["output_list"] == ["say x", "y"]
    assert row["metadata"] == ["a", "b"]
    assert "pass@1" not in row


def test_livecodebench_with_facts_about_the_problem(tmp_path: Path) -> None:
    rows = [{"question_id": "q", "code_list": ["x", "y"], "metadata": ["one"]}]
    made = imported(document(tmp_path / "x.json", rows))
    assert [one[2] for one in made.outputs] == ["x", "y"]


def test_livecodebench_before_it_is_graded(tmp_path: Path) -> None:
    made = imported(document(tmp_path / "x.json", [{"question_id": 1, "output_list": ["a"]}]))
    assert made.outputs == [("1", 0, "a")]
    assert made.report.scorers == {}
    with pytest.raises(FormatError, match="item 1: its lists have different lengths"):
        imported(document(tmp_path / "y.json", [
            {"question_id": 1, "output_list": ["a"], "code_list": []},
            {"question_id": 1, "code_list": ["a", "b"], "graded_list": [True]},
        ][1:]))  # fmt: skip
