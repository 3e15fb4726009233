"""Final-answer numbers: every way models write one, real GSM8K data, hostile text."""

import json
import math
import re
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.scoring.number import canonical, extract, read_target, score_number


def _score(output: str, target: Json) -> Score:
    return score_number(Problem("p", "", target), [Sample("p", 0, output)])[0]


def _value(text: str) -> Fraction | None:
    found = extract(text)
    return found.value if found else None


@pytest.mark.parametrize(
    ("text", "value", "rule"),
    [
        ("68+37=105\n4*31=124\n#### 324", "324", "####"),
        ("####18", "18", "####"),
        ("#### 18\nwait\n#### 19", "19", "####"),
        ("#### $1,234.50", "1234.5", "####"),
        ("#### **-7**", "-7", "####"),
        ("#### \\(12\\)", "12", "####"),
        ("#### $12$", "12", "####"),
        ("#### 18 dollars. The answer is 20", "18", "####"),
        ("#### 2. Then we add\nThe answer is 40.", "40", "answer is"),
        ("#### Step 1\n1+1=2", "2", "last number"),
        ("so \\boxed{42}.", "42", "boxed"),
        ("\\boxed{1} no, \\boxed{\\frac{3}{4}}", "0.75", "boxed"),
        ("\\boxed{1\\frac{1}{2}}", "1.5", "boxed"),
        ("\\boxed{-\\dfrac{1}{3}}", "-1/3", "boxed"),
        ("\\boxed{\\$1{,}200}", "1200", "boxed"),
        ("\\boxed{50\\%}", "50", "boxed"),
        ("\\boxed{12\\text{ cm}}", "12", "boxed"),
        ("\\boxed{7", "7", "last number"),
        ("The answer is $18.00.", "18", "answer is"),
        ("the Answer: 18.", "18", "answer is"),
        ("**Answer:** 18 eggs and 3 hens", "18", "answer is"),
        ("It has 3 parts. A: 5\nA: 18", "18", "answer is"),
        ("The answer is \\(\\frac{1}{4}\\)", "0.25", "answer is"),
        ("The answer is 3/4.", "0.75", "answer is"),
        ("The answer is 1 1/2 cups", "1.5", "answer is"),
        ("The answer is not clear", None, ""),
        ("She has 5 hens and 18 eggs.", "18", "last number"),
        ("x = -3", "-3", "last number"),
        ("7-3", "3", "last number"),
        ("10 \u2212 4 = \u22126", "-6", "last number"),
        ("$-5", "-5", "last number"),
        ("-$5", "-5", "last number"),
        ("pay 12%", "12", "last number"),
        ("it is .5", "0.5", "last number"),
        ("1.5e3", "1500", "last number"),
        ("1,234,567", "1234567", "last number"),
        ("1,00,000", "100000", "last number"),
        ("1,5", None, ""),
        ("5/0", None, ""),
        ("1e999999999", None, ""),
        ("9" * 200, None, ""),
        ("variable x2", None, ""),
        ("", None, ""),
        ("no number", None, ""),
        ("\u0664\u0662", None, ""),
        ("\ud800 7 \x00 \u2028", "7", "last number"),
    ],
)
def test_extract(text: str, value: str | None, rule: str) -> None:
    found = extract(text)
    assert (canonical(found.value) if found else None) == value
    assert (found.rule if found else "") == rule


def test_verdict_carries_answer_and_rule() -> None:
    assert _score("1+1=2\n#### 2.0", "2") == Score.verdict(True, answer="2", note="####")
    assert _score("I think 3", 2) == Score.verdict(False, answer="3", note="last number")
    assert _score("no idea", 2) == Score.verdict(False, answer=None, note="no number")


@pytest.mark.parametrize("target", [True, "abc", [1], {"a": 1}, math.nan, math.inf])
def test_unreadable_target_is_missing_not_wrong(target: Json) -> None:
    score = _score("#### 1", target)
    assert score.is_missing
    assert score.passed is None


@pytest.mark.parametrize(
    ("target", "value"),
    [(145.0, "145"), (0.1, "0.1"), (7, "7"), ("70,000", "70000"), ("so\n#### 1/3", "1/3")],
)
def test_read_target(target: Json, value: str) -> None:
    found = read_target(target)
    assert found is not None
    assert canonical(found) == value


def test_comparison_is_exact() -> None:
    assert not _score("0.3333333333333333", "1/3").passed
    assert _score("2/6", "1/3").passed
    assert not _score("0.30000000000000004", 0.3).passed


@given(st.integers(-(10**30), 10**30))
def test_every_integer_is_found_in_every_dress(number: int) -> None:
    plain, dressed = str(number), f"{number:,}"
    for text in (
        f"#### {plain}",
        f"\\boxed{{{dressed}}}",
        f"The answer is {dressed}.",
        f"so = {plain}.",
        f"#### {dressed}.00 kg",
    ):
        assert _value(text) == number, text


@given(st.decimals(-(10**9), 10**9, places=6))
def test_decimals_are_exact(number: Decimal) -> None:
    assert _value(f"The answer is {number:f}") == Fraction(number)


@given(st.fractions(max_denominator=10**6))
def test_canonical_text_reads_back_and_is_unique(value: Fraction) -> None:
    text = canonical(value)
    assert _value(f"#### {text}") == value
    assert canonical(Fraction(text)) == text


@given(st.text())
def test_any_text_is_scored(text: str) -> None:
    score = _score(text, "5")
    assert not score.is_missing
    assert (score.answer is None) == (extract(text) is None)


@given(st.text(), st.integers(-999, 999))
def test_the_mark_wins_over_what_stands_before(before: str, number: int) -> None:
    assert _value(f"{before}\n#### {number}") == number


@pytest.mark.parametrize(
    "text",
    [
        piece * 10**5
        for piece in (
            *("9", "1,", "answer is ", "#### ", "\\boxed{", "          ", "{{{{{{{{{{", "-$"),
            *("\\frac{", "\\frac{1}{", "1 ", "1/", "#### 1. A\n", "\n\n\n", "A:", ".1"),
        )
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_huge_text_is_fast(text: str) -> None:
    started = time.process_time()
    _score(text, "5")
    assert time.process_time() - started < 0.5


def test_gsm8k_gold_matches_itself(shared_data: Path) -> None:
    lines = (shared_data / "gsm8k" / "test_even.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == 660
    for row in rows:
        gold = row["answer"].rsplit("#### ", 1)[1]
        score = _score(row["answer"], gold)
        assert score.passed, row["index"]
        assert score.note == "####"
        assert read_target(row["answer"]) == Fraction(gold.replace(",", ""))


def test_gsm8k_solvers_agree_with_the_published_verdicts(shared_data: Path) -> None:
    path = shared_data / "gsm8k" / "example_model_solutions_even.jsonl"
    differ, unanswered = [], 0
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        gold = re.split(r"\n(?:A:|####)", row["ground_truth"])[-1].strip()
        for solver in ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"):
            score = _score(row[solver]["solution"], gold)
            unanswered += score.answer is None
            if score.passed != row[solver]["is_correct"]:
                differ.append((row["index"], solver, row[solver]["solution"][-60:], gold))
    assert differ == []
    assert unanswered == 3


def test_without_a_target_the_answer_is_given_and_no_verdict() -> None:
    problem = Problem("1", "what?", None)
    outputs = ["so #### 12", "no idea"]
    found = score_number(problem, [Sample("1", i, text) for i, text in enumerate(outputs)])
    assert [score.answer for score in found] == ["12", None]
    assert [score.passed for score in found] == [None, None]
    assert not any(score.is_missing for score in found)
