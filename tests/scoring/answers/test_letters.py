"""Letters by each convention, and where the conventions differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.scoring.answers.letters import RULES

LETTERS = "ABCD"


@pytest.mark.parametrize(
    ("rule", "output", "letter"),
    [
        ("original", " B", "B"),
        ("original", "B because", "B"),
        ("original", "Because of A", None),
        ("original", "the answer is B", None),
        ("simple-evals", "Answer: A. No, wait.\nAnswer: C", "A"),
        ("simple-evals", "**Answer:** $\\boxed{C}$", "C"),
        ("simple-evals", "Answer: \\text{D}", "D"),
        ("simple-evals", "answer: b", "B"),
        ("simple-evals", "Answer: Apples", None),
        ("answer-last", "Answer: A. No, wait.\nAnswer: C", "C"),
        ("answer-last", "none", None),
        ("answer-is", "the answer is (B).", "B"),
        ("answer-is", "The correct option is C, not A", "C"),
        ("answer-is", "The answer is a matter of taste", "A"),
        ("boxed", "so \\boxed{B}", "B"),
        ("boxed", "\\boxed{\\text{(C)}}", "C"),
        ("boxed", "\\boxed{\\textbf{D. 17}}", "D"),
        ("boxed", "\\boxed{17}", None),
        ("boxed", "B", None),
        ("alone", "(B)", "B"),
        ("alone", "**c**", "C"),
        ("alone", "B) 17 apples", "B"),
        ("alone", "B or C", None),
        ("last-letter", "(A) is wrong, (B) is right", "B"),
        ("last-letter", "I choose D", "D"),
        ("last-letter", "A man walks", None),
        ("last-letter", "no letter", None),
    ],
)
def test_rules(rule: str, output: str, letter: str | None) -> None:
    assert RULES[rule](output, LETTERS) == letter


@given(st.text(), st.sampled_from(sorted(RULES)))
def test_any_text_gives_a_letter_of_the_options_or_none(text: str, rule: str) -> None:
    assert RULES[rule](text, LETTERS) in {None, *LETTERS}
