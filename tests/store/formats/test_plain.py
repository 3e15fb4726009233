from pathlib import Path

import pytest
from tests.store.formats.made import Values, document, exported, imported, lines

from topdraw.errors import ConfigError, FormatError


def test_a_map_says_which_field_is_what(tmp_path: Path) -> None:
    rows = [{"question": "q?", "says": "4", "ok": 1}, {"question": "q?", "says": "5", "ok": 0}]
    said = {"problem": "question", "text": "says", "correct": "ok"}
    made = imported(lines(tmp_path / "x.jsonl", rows), columns=said)
    assert made.outputs == [("q?", 0, "4"), ("q?", 1, "5")]
    assert made.report.by == "plain:ok"


def test_usual_names_are_found(tmp_path: Path) -> None:
    rows: list[Values] = [
        {"task_id": 1, "index": 2, "prompt": "q?", "gold": "4", "output": "a", "passed": "no",
         "pred": "5", "reward": -1.5, "tokens": 7, "logprob": -3.0, "stop_reason": "length",
         "model": "m", "extra": [1]},
        {"task_id": 1, "index": 0, "output": "b", "passed": "", "reward": None, "model": "m"},
        {"task_id": 1, "output": "g", "role": "greedy", "model": "m", "passed": "yes"},
    ]  # fmt: skip
    report, run = made = imported(lines(tmp_path / "x.jsonl", rows))
    assert made.outputs == [("1", 2, "a"), ("1", 3, "b")]  # what comes late is numbered anew
    first, _ = run.samples()
    assert (first.usage.output_tokens, first.logprob, first.finish_reason) == (7, -3.0, "length")
    assert first.metadata == {"plain": {"extra": [1]}, "model": "m"}
    assert (run.problems["1"].prompt, run.problems["1"].target) == ("q?", "4")
    assert run.manifest.model["model"] == "m"
    assert [one.output for one in run.samples("greedy")] == ["g"]
    assert report.greedy == 1
    score, missing = made.scores("plain:passed")
    assert score is not None
    assert missing is not None
    assert (score.passed, score.answer, missing.is_missing) == (False, "5", True)
    assert report.scorers["plain:reward"].missing == 1


def test_lists_of_repeated_samples(tmp_path: Path) -> None:
    rows = [{"question": "q?", "gt_answer": "4", "samples": ["4", "5"],
             "is_corrects": [True, False], "level": 3}]  # fmt: skip
    made = imported(lines(tmp_path / "x.jsonl", rows))
    assert made.outputs == [("q?", 0, "4"), ("q?", 1, "5")]
    assert made.run.problems["q?"].target == "4"
    assert made.run.problems["q?"].metadata == {"plain": {"level": 3}}
    assert made.report.by == "plain:is_corrects"
    with pytest.raises(FormatError, match="samples 2, is_corrects 1"):
        imported(lines(tmp_path / "y", [{**rows[0], "is_corrects": [True]}]))


def test_beside_a_question_answer_is_the_right_one(tmp_path: Path) -> None:
    rows = [{"id": 1, "question": "q?", "answer": "4", "response": "so 5", "pred": "5"}]
    made = imported(lines(tmp_path / "x.jsonl", rows))
    assert made.run.problems["1"].target == "4"
    (score,) = made.scores("plain:pred")
    assert score is not None
    assert score.answer == "5"


def test_a_number_that_is_no_verdict_is_a_value(tmp_path: Path) -> None:
    rows = [{"id": 1, "output": "a", "score": 0.25}, {"id": 1, "output": "b", "score": "dunno"}]
    made = imported(lines(tmp_path / "x.jsonl", rows))
    value, word = made.scores("plain:score")
    assert value is not None
    assert word is not None
    assert (value.value, value.passed) == (0.25, None)
    assert word.missing_reason == "'dunno' is no verdict"
    assert made.report.by == ""
    assert any("1 cells of 'score' are numbers" in one for one in made.report.warnings)


def test_rewards_that_are_not_finite_are_missing(tmp_path: Path) -> None:
    rows = [{"id": 1, "output": "a", "reward": one} for one in (float("inf"), float("nan"), 2)]
    made = imported(lines(tmp_path / "x.jsonl", rows))
    assert [one and one.is_missing for one in made.scores("plain:reward")] == [True, True, False]


def test_what_is_exported_is_imported_as_it_was(tmp_path: Path) -> None:
    rows = [{"problem_id": "a", "index": 0, "prompt": "q?", "target": "4", "output": "x",
             "finish_reason": "stop", "correct": True, "answer": "4", "output_tokens": 3},
            {"problem_id": "b", "index": 0, "prompt": "r?", "target": None, "output": "",
             "finish_reason": "length", "correct": False, "answer": None, "model": "m",
             "extra": {"x": [1]}}]  # fmt: skip
    made = imported(lines(tmp_path / "x.jsonl", rows))
    assert exported(made.run, "plain") == rows


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"id": 1, "output": "a"}, {"id": 1}], "line 2 has no output; its fields are 'id'"),
        ([{"id": 1, "output": "a"}, {"id": None, "output": "a"}], "line 2: 'id' must be"),
        ([{"id": 1, "x": "a"}], "of no format that topdraw knows"),
        ([{"output": "a"}], "line 1 has no problem; its fields are 'output'"),
    ],
)
def test_rows_without_what_is_needed_say_so(tmp_path: Path, rows: list[Values], told: str) -> None:
    with pytest.raises(FormatError, match=told):
        imported(lines(tmp_path / "x.jsonl", rows))


def test_maps_that_make_no_sense_say_so(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", [{"id": 1, "output": "a"}])
    with pytest.raises(FormatError, match="has no field 'nope', which was to be its output"):
        imported(path, columns={"text": "nope"})
    with pytest.raises(ConfigError, match="--map has no 'colour'"):
        imported(path, columns={"colour": "id"})
    with pytest.raises(ConfigError, match="--map is for rows of any names"):
        imported(path, columns={"text": "output"}, format_name="humaneval")
    with pytest.raises(FormatError, match="y has no output"):
        imported(document(tmp_path / "y", {"id": 1}), columns={"problem": "id"})
