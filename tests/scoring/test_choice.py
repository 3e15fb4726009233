"""Multiple choice: options in every dress, named rules, real AQuA rows, the contract."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.errors import ConfigError
from topdraw.scoring.choice import by_text, read_letter, read_options, score_choice
from topdraw.scoring.contracts import check_scorer

_OPTIONS: Json = ["16", "17", "117", "None of these"]


def _score(output: str, target: Json = "B", options: Json = _OPTIONS, rule: Json = None) -> Score:
    metadata: dict[str, Json] = {} if options is None else {"options": options}
    if rule is not None:
        metadata["letter_rule"] = rule
    return score_choice(Problem("p", "", target, metadata), [Sample("p", 0, output)])[0]


@pytest.mark.parametrize(
    ("output", "letter", "note"),
    [
        ("\\boxed{B}", "B", "boxed"),
        ("Answer: A\nNo. Answer: B", "B", "answer-last"),
        ("The answer is (C).", "C", "answer-is"),
        ("D", "D", "alone"),
        ("so there are 17.", "B", "option text"),
        ("so there are 117", "C", "option text"),
        ("\\boxed{17}", "B", "option text"),
        ("None of these", "D", "option text"),
        ("not (A), rather (D), I think", "D", "last-letter"),
        ("not seventeen", None, "no letter"),
        ("", None, "no letter"),
        ("Answer: E", None, "no letter"),
    ],
)
def test_the_usual_rules(output: str, letter: str | None, note: str) -> None:
    score = _score(output)
    assert (score.answer, score.note) == (letter, note)
    assert score.passed == (letter == "B")


def test_a_named_rule_is_the_only_one() -> None:
    text = "Answer: A. No.\nAnswer: B"
    assert _score(text, rule="simple-evals") == Score.verdict(
        False, answer="A", note="simple-evals"
    )
    assert _score(text, rule="answer-last").passed
    assert _score("so 17", rule="answer-last") == Score.verdict(False, note="no letter")
    with pytest.raises(ConfigError, match="letter_rule 'guess' of problem 'p' is no rule"):
        _score(text, rule="guess")


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["A)5", "B) 6"], {"A": "5", "B": "6"}),
        (["(A) 5", "B. 6"], {"A": "5", "B": "6"}),
        (["B: 5", "6"], {"A": "B: 5", "B": "6"}),
        ({"a": "x", "b": 2}, {"A": "x", "B": "2"}),
        (None, {}),
        ("AB", {}),
    ],
)
def test_read_options(options: Json, found: dict[str, str]) -> None:
    assert read_options(options) == found


@pytest.mark.parametrize(
    ("target", "letter"),
    [("B", "B"), ("(b)", "B"), (1, "B"), ("17", "B"), ("none of these.", "D")],
)
def test_read_letter(target: Json, letter: str) -> None:
    assert read_letter(target, read_options(_OPTIONS)) == letter


@pytest.mark.parametrize("target", ["E", 4, -1, True, [1], "18"])
def test_a_target_that_is_no_option_is_missing(target: Json) -> None:
    assert _score("B", target).is_missing


def test_without_a_target_or_options() -> None:
    assert _score("B", None) == Score(answer="B", note="alone")
    assert _score("hm", None) == Score(note="no letter")
    assert _score("J", "J", None).passed


def test_options_of_one_text_are_nobodys() -> None:
    assert by_text("it is 5", {"A": "5", "B": "5"}) is None
    assert by_text("it is 5", {"A": "", "B": "6"}) is None


@given(st.text())
def test_any_text_is_scored(text: str) -> None:
    score = _score(text)
    assert not score.is_missing
    assert score.answer is None or score.answer in "ABCD"


@pytest.mark.slow
def test_it_keeps_the_contract() -> None:
    problem = Problem("p", "", "B", {"options": _OPTIONS})
    check_scorer("choice", problem=problem, outputs=["Answer: B", "17", "(A)"])


def test_aqua_rationales_choose_their_own_letter(shared_data: Path) -> None:
    lines = (shared_data / "math_sets" / "aqua_test.jsonl").read_text("utf-8").splitlines()
    wrong = []
    for line in lines:
        row = json.loads(line)
        metadata: dict[str, Json] = {"options": row["options"]}
        problem = Problem("p", row["question"], row["correct"], metadata)
        score = score_choice(problem, [Sample("p", 0, row["rationale"])])[0]
        assert not score.is_missing
        if not score.passed:
            wrong.append((row["correct"], score.answer, score.note, row["rationale"][-60:]))
    assert len(lines) == 254
    assert len(wrong) == 6, wrong  # they end without a letter, or in "P(A/B) = ... A"
