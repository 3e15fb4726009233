"""alpaca_eval, arena-hard, WildBench and MixEval: what a judgment is worth, and null judgments."""

import math
from pathlib import Path

import pytest
from tests.store.formats.made import Values, document, exported, imported, lines

from topdraw.errors import FormatError


def annotation(preference: object, instruction: str = "Hi?", **more: object) -> Values:
    return {"instruction": instruction, "output_1": "base", "generator_1": "b", "dataset": "d",
            "output_2": "ours", "generator_2": "m", "annotator": "j", "preference": preference,
            } | more  # fmt: skip


def test_a_preference_is_a_win_over_the_baseline(tmp_path: Path) -> None:
    rows = [annotation(one, f"{at}") for at, one in enumerate([1, 1.25, 2, 0, 1.5, None])]
    made = imported(document(tmp_path / "x.json", rows))
    values = [math.nan if one is None else one.value for one in made.scores("alpaca_eval:j")]
    assert values[:5] == [0, 0.25, 1, 0.5, 0.5]
    assert math.isnan(values[5])
    assert made.report.scorers["alpaca_eval:j"].missing == 1
    assert made.run.problems["0"].metadata["alpaca_eval"] == {
        "output_1": "base", "generator_1": "b", "dataset": "d",
    }  # fmt: skip


def test_a_preference_out_of_range_names_its_item(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="item 2: a preference lies in 1"):
        imported(document(tmp_path / "x.json", [annotation(1), annotation(3)]))
    with pytest.raises(FormatError, match="item 2: 'instruction' must be a text"):
        imported(document(tmp_path / "x.json", [annotation(1), annotation(1, instruction=None)]))  # type: ignore[arg-type]  # broken


def answer(uid: str, model: str, text: object) -> Values:
    return {"uid": uid, "ans_id": "a", "model": model, "tstamp": 1.0, "metadata": {"token_len": 5},
            "messages": [{"role": "user", "content": "Hi?"},
                         {"role": "assistant", "content": text}]}  # fmt: skip


def judgment(uid: str, model: str, *scores: str | None) -> Values:
    return {"uid": uid, "category": "c", "judge": "j", "model": model, "baseline": "b",
            "games": [{"score": one, "judgment": {}} for one in scores]}  # fmt: skip


@pytest.mark.parametrize(
    ("games", "value"),
    [
        (("A>B", "B>A"), 0.0),
        (("B>>A", "A>>B"), 1.0),
        (("A=B", "A=B"), 0.5),
        (("A<B", "A=B"), 0.75),
        (("A>>B", "A>B"), 0.25),  # three lost, one won
        (("A>B", None), math.nan),
        (("A>B",), math.nan),
        (("A>B", "dunno"), math.nan),
    ],
)
def test_two_games_of_arena_hard(
    tmp_path: Path, games: tuple[str | None, ...], value: float
) -> None:
    answers = lines(tmp_path / "a.jsonl", [answer("u", "m", {"answer": "Hello."})])
    judged = lines(tmp_path / "j.jsonl", [judgment("u", "m", *games)])
    made = imported([answers, judged])
    assert made.outputs == [("u", 0, "Hello.")]
    (score,) = made.scores("arena-hard:j")
    assert score is not None
    assert score.value == pytest.approx(value, nan_ok=True)
    assert score.is_missing == math.isnan(value)


def test_judgments_find_the_answer_of_their_model(tmp_path: Path) -> None:
    answers = lines(tmp_path / "a.jsonl", [answer("u", "m", "one"), answer("u", "n", "two")])
    judged = lines(tmp_path / "j.jsonl", [judgment("u", "n", "B>A", "A>B")])
    made = imported([answers, judged])
    assert [one and one.value for one in made.scores("arena-hard:j")] == [None, 1.0]
    alone = imported([answers, judged], model="n")
    assert [one and one.value for one in alone.scores("arena-hard:j")] == [1.0]


def test_the_first_form_of_answers_and_judgments(tmp_path: Path) -> None:
    turns = [{"content": "Hello.", "token_len": 2}]
    old = {"question_id": "u", "answer_id": "a", "model_id": "m",
           "choices": [{"index": 0, "turns": turns}, {"index": 1, "turns": ["Hey."]}]}  # fmt: skip
    told = {"question_id": "u", "model": "m", "judge": "j",
            "games": [{"score": "A=B"}, {"score": "A>>B"}]}  # fmt: skip
    made = imported([lines(tmp_path / "a", [old]), lines(tmp_path / "j", [told])])
    assert made.outputs == [("u", 0, "Hello."), ("u", 1, "Hey.")]
    assert [one and one.value for one in made.scores("arena-hard:j")] == [0.875, None]


def test_judgments_alone_have_empty_outputs_and_say_so(tmp_path: Path) -> None:
    made = imported(lines(tmp_path / "j.jsonl", [judgment("u", "m", "A=B", "A=B")]))
    assert made.outputs == [("u", 0, "")]
    assert any("without the text" in warning for warning in made.report.warnings)


def test_marks_and_pairs_of_wildbench(tmp_path: Path) -> None:
    marks = [{"session_id": f"{at}", "model_test": "m", "model_output": "x... (truncated)",
              "score": score} for at, score in enumerate(["7", "10", None])]  # fmt: skip
    made = imported(document(tmp_path / "x.json", marks))
    assert [one and one.value for one in made.scores("wildbench:score")][:2] == [7, 10]
    assert made.report.scorers["wildbench:score"].missing == 1
    assert made.run.samples()[0].finish_reason == "length"
    both = {"m": "x", "n": "y"}
    told = [("m", 2), ("n", 1), ("tie", 0), ("m", 9)]
    pairs = [
        {"session_id": f"{at}", "model_test": "m", "model_outputs": both, "winner": winner,
         "extent": extent}
        for at, (winner, extent) in enumerate(told)
    ]  # fmt: skip
    made = imported(document(tmp_path / "y.json", pairs))
    values = [math.nan if one is None else one.value for one in made.scores("wildbench:reward")]
    assert values == pytest.approx([1, -0.5, 0, math.nan], nan_ok=True)
    assert made.outputs[0] == ("0", 0, "x")


def test_both_parts_of_mixeval_in_one_run(tmp_path: Path) -> None:
    free = {"id": 0, "problem_type": "free-form", "benchmark_name": "TriviaQA", "target": ["A"],
            "formated_input": "Q", "response": "A", "judge_score": 0.25}  # fmt: skip
    choice = free | {"problem_type": "multiple-choice", "eval_result": True, "options": ["a"]}
    del choice["judge_score"]
    made = imported([lines(tmp_path / "f", [free]), lines(tmp_path / "c", [choice])])
    assert list(made.run.problems) == ["free-form/TriviaQA/0", "multiple-choice/TriviaQA/0"]
    first, second = made.scores("mixeval:judge")
    assert first is not None
    assert second is not None
    assert (first.value, first.passed, second.passed) == (0.25, None, True)
    bare = {key: value for key, value in free.items() if key != "judge_score"}
    assert imported(lines(tmp_path / "b", [bare])).report.scorers == {}


def test_the_option_that_a_judge_read_is_a_verdict_of_mixeval(tmp_path: Path) -> None:
    """As `topdraw winrate` reads it: the letter of the target's place among the options."""
    told = [("B", [1]), ("A", [1]), (None, [1]), ("A", [7]), ("B", ["b"])]
    choices = [
        {"id": at, "problem_type": "single-choice", "benchmark_name": "b", "options": ["a", "b"],
         "target": target, "formated_input": "Q", "response": "x", "judge_option": option,
         "judge_response": f"[[{option}]]"}
        for at, (option, target) in enumerate(told)
    ]  # fmt: skip
    made = imported(lines(tmp_path / "x", [*choices, choices[0] | {"judge_option": "A"}]))
    found = made.scores("mixeval:judge")
    assert [one and one.passed for one in found] == [True, False, False, None, None, None]
    assert made.report.by == "mixeval:judge"
    assert made.report.scorers["mixeval:judge"].missing == 3
    again = exported(made.run, "mixeval")
    assert again == [choices[0], choices[0] | {"judge_option": "A"}, *choices[1:]]
    free = {**choices[0], "problem_type": "free-form"}
    del free["options"]
    assert imported(lines(tmp_path / "f", [free])).report.scorers == {}
