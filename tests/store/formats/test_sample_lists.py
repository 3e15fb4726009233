"""Rows with many samples: Qwen2.5-Math, tree-of-thought, PRM800K, GSM8K solutions, TRL."""

from pathlib import Path

import pytest
from tests.store.formats.made import document, exported, imported, lines

from topdraw.errors import FormatError


def test_qwen_math_without_answers_or_rewards(tmp_path: Path) -> None:
    rows = [{"idx": 1, "question": "q", "gt": "2", "response": ["a", "b"], "pred": ["2", ""],
             "score": [True, False]}]  # fmt: skip
    made = imported(lines(tmp_path / "x", rows))
    assert list(made.report.scorers) == ["qwen-math:score"]
    assert any("1 samples have no answer" in warning for warning in made.report.warnings)
    with pytest.raises(FormatError, match="line 1: its lists have different lengths"):
        imported(lines(tmp_path / "y", [{**rows[0], "score": [True]}]))


def test_infos_and_names_of_thought_logs(tmp_path: Path) -> None:
    log = [
        {"idx": 1, "ys": ["a", "b"], "infos": [{"r": 1}, {"r": 0}], "steps": [{"x": 1}],
         "usage_so_far": {"completion_tokens": 10}},
        {"idx": 2, "ys": ["c"], "usage_so_far": {"completion_tokens": 17}},
    ]  # fmt: skip
    made = imported(document(tmp_path / "gpt-4_0.7_propose1_value3_greedy5.json", log))
    assert made.run.manifest.model["model"] == "gpt-4"
    assert [one and one.passed for one in made.scores("tree-of-thought:r")] == [True, False, None]
    assert [one.usage.output_tokens for one in made.run.samples()] == [5, 5, 7]
    assert exported(made.run, "tree-of-thought")[0]["steps"] == [{"x": 1}]
    with pytest.raises(FormatError, match="2 outputs and 1 verdicts"):
        imported(document(tmp_path / "y", [{"idx": 1, "ys": ["a", "b"], "accs": [True]}]))


def test_shares_of_crosswords_are_wrong_unless_whole(tmp_path: Path) -> None:
    log = [
        {"idx": 0, "ys": ["a", "b", "c"], "infos": [{"r": 0.4}, {"r": 1.0}, {"r": 0}]},
        {"idx": 1, "ys": ["d"], "infos": [{"r": 7.5}]},
        {"idx": 2, "ys": ["e"], "infos": [{}]},
    ]
    made = imported(document(tmp_path / "x", log))
    scores = made.scores("tree-of-thought:r")
    assert [one and (one.value, one.passed) for one in scores] == [
        (0.4, False), (1.0, True), (0.0, False), (7.5, None), None,
    ]  # fmt: skip
    again = exported(made.run, "tree-of-thought", by="tree-of-thought:r")
    assert [one["r"] for one in again[0]["infos"]] == [0.4, 1.0, 0.0]


def test_prm800k_with_and_without_texts(tmp_path: Path) -> None:
    rows = [{"problem": "q", "answer": "2", "is_correct": True, "prm_score": 0.5, "orm_score": 1,
             "steps": ["one", "two"]},
            {"problem": "q", "answer": "3", "is_correct": False, "prm_score": None}]  # fmt: skip
    made = imported(lines(tmp_path / "x", rows))
    assert [one[2] for one in made.outputs] == ["one\ntwo", "3"]
    assert made.report.scorers["prm800k:prm_score"].missing == 1
    again = exported(made.run, "prm800k", value="prm800k:prm_score")
    assert again[0]["steps"] == ["one", "two"]
    assert "text" not in again[1]


@pytest.mark.parametrize("value", ["", "prm800k:prm_score", "prm800k:orm_score"])
def test_prm800k_keeps_both_answers_and_both_rewards(tmp_path: Path, value: str) -> None:
    rows = [
        {"problem": "q", "given_answer": "2", "answer": "3", "is_correct": False,
         "prm_score": 0.5, "orm_score": 0.25, "fields": 1, "texts": "x"},
        {"problem": "q", "given_answer": 3, "answer": "3", "is_correct": None,
         "prm_score": None, "orm_score": 0.25},
        {"problem": "q", "given_answer": None, "answer": "3", "is_correct": True, "orm_score": 1},
    ]  # fmt: skip
    made = imported(lines(tmp_path / "x", rows))
    assert exported(made.run, "prm800k", value=value) == rows


def test_a_value_of_other_origin_is_the_reward_of_prm800k(tmp_path: Path) -> None:
    path = lines(tmp_path / "x", [{"id": "p", "output": "2", "reward": 0.5, "note": 1.5}])
    made = imported(path)
    (row,) = exported(made.run, "prm800k", value="plain:reward")
    assert row["prm_score"] == 0.5
    (bare,) = exported(made.run, "prm800k")
    assert bare["prm_score"] is None


def test_solvers_keep_their_names(tmp_path: Path) -> None:
    rows = [{"question": "q", "ground_truth": "A: 2", "x": {"solution": "a", "is_correct": True},
             "y": {"solution": "b"}, "note": {"no": "solver"}}]  # fmt: skip
    made = imported(lines(tmp_path / "x", rows))
    assert made.report.models == {"x": 1, "y": 1}
    (row,) = exported(made.run, "gsm8k-solutions")
    assert row["x"] == {"is_correct": True, "solution": "a"}
    assert row["note"] == {"no": "solver"}
    alone = imported(lines(tmp_path / "x", rows), model="y")
    assert alone.outputs == [("0", 0, "b")]
    with pytest.raises(FormatError, match="2 samples of another model than 'z'"):
        imported(lines(tmp_path / "x", rows), model="z")


def test_preferences_in_texts_messages_and_without_a_prompt(tmp_path: Path) -> None:
    asked = [{"role": "user", "content": "Hi?"}]
    rows = [
        {"prompt": "Hi?", "chosen": "Hello.", "rejected": "No."},
        {"prompt": asked, "chosen": [{"role": "assistant", "content": "Hey."}],
         "rejected": [{"role": "assistant", "content": "Go."}]},
        {"chosen": [*asked, {"role": "assistant", "content": "Yo."}],
         "rejected": [*asked, {"role": "assistant", "content": "Oh."}]},
        {"chosen": "Human: Ho?\nAssistant: Hm.", "rejected": "Human: Ho?\nAssistant: Ah."},
    ]  # fmt: skip
    made = imported(lines(tmp_path / "x", rows))
    assert [one[2] for one in made.outputs] == [
        "Hello.", "No.", "Hey.", "Go.", "Yo.", "Oh.", "Assistant: Hm.", "Assistant: Ah.",
    ]  # fmt: skip
    assert [one.prompt for one in made.run.problems.values()] == ["Hi?", "Human: Ho?\n"]
    assert made.report.by == "trl:chosen"
    with pytest.raises(FormatError, match="line 1 has no prompt"):
        imported(lines(tmp_path / "y", [{"chosen": "a", "rejected": "b"}]))
    with pytest.raises(FormatError, match="a text or a list of messages"):
        imported(lines(tmp_path / "z", [{"prompt": 3, "chosen": "a", "rejected": "b"}]))


def test_sft_in_texts_and_messages(tmp_path: Path) -> None:
    said = [{"role": "user", "content": "Hi?"}, {"role": "assistant", "content": "Hello."}]
    first = imported(lines(tmp_path / "x", [{"prompt": "Hi?", "completion": "Hello."}]))
    second = imported(lines(tmp_path / "y", [{"messages": said}]))
    assert first.outputs == second.outputs
    assert (first.report.format, second.report.format) == ("trl-sft", "trl-sft")


def test_samples_with_prompts_and_verdicts_are_no_training_data(tmp_path: Path) -> None:
    rows = [{"prompt": "Hi?", "completion": "Hello.", "passed": True}]
    assert imported(lines(tmp_path / "x", rows)).report.format == "plain"
