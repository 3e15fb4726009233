"""GSM8K's two published conventions, where they differ, and the labels of its own samples."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.scoring.contracts import check_scorer
from topdraw.scoring.gsm8k import flexible, score_gsm8k, score_gsm8k_flexible, strict


@pytest.mark.parametrize(
    ("text", "by_openai", "by_lm_eval"),
    [
        ("#### 18", "18", "18"),
        ("#### -1,200", "-1200", "-1200"),
        ("#### 18\n#### 19", "18", "19"),
        ("####18", None, "18"),
        ("#### $18", None, "18"),
        ("#### 18.0", "18.0", "18.0"),
        ("It is 18.", None, "18"),
        ("5 apples, 3 left", None, "3"),
        ("#### 18.", "18.", "18"),
        ("nothing", None, None),
        ("", None, None),
    ],
)
def test_the_two_rules(text: str, by_openai: str | None, by_lm_eval: str | None) -> None:
    assert strict(text) == by_openai
    assert flexible(text) == by_lm_eval


def _both(output: str, target: Json) -> list[Score]:
    problem, samples = Problem("p", "", target), [Sample("p", 0, output)]
    return [score_gsm8k(problem, samples)[0], score_gsm8k_flexible(problem, samples)[0]]


def test_verdicts() -> None:
    assert _both("#### 18", "so\n#### 18") == [
        Score.verdict(True, answer="18", note="first ####"),
        Score.verdict(True, answer="18", note="last number"),
    ]
    assert [score.passed for score in _both("it is 18", 18)] == [False, True]
    assert [score.passed for score in _both("#### 18.0", "18")] == [False, False]
    assert _both("none", "18")[0] == Score.verdict(False, note="no number")
    assert _both("#### 5", None)[0] == Score(answer="5", note="first ####")
    assert _both("none", None)[1] == Score(note="no number")


@pytest.mark.parametrize("target", ["none", True, [18], {"a": 1}])
def test_a_target_without_a_number_is_missing(target: Json) -> None:
    assert all(score.is_missing for score in _both("#### 18", target))


@given(st.integers(-(10**9), 10**9))
def test_integers_are_found_by_both(number: int) -> None:
    assert all(score.passed for score in _both(f"so\n#### {number:,}", str(number)))


@pytest.mark.parametrize("name", ["gsm8k", "gsm8k-flexible"])
def test_they_keep_the_contract(name: str) -> None:
    check_scorer(name, problem=Problem("p", "", "#### 18"), outputs=["#### 18", "19"])


def test_gold_solutions_pass_by_both(shared_data: Path) -> None:
    for line in (shared_data / "gsm8k" / "test_even.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        assert all(score.passed for score in _both(row["answer"], row["answer"])), row["index"]
