"""Where the final answer stands: every rule, their order, hostile and huge text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.scoring.answers.spans import RULES, Span, find


@pytest.mark.parametrize(
    ("output", "text", "rule"),
    [
        ("so \\boxed{7}", "7", "boxed"),
        ("\\boxed{1} then \\boxed{\\frac{1}{\\sqrt{2}}}.", "\\frac{1}{\\sqrt{2}}", "boxed"),
        ("\\boxed{\\{1, 2\\}}", "\\{1, 2\\}", "boxed"),
        ("\\fbox{3}", "3", "boxed"),
        ("\\boxed 5$", "5", "boxed"),
        ("$\\boxed{1}$ and $\\boxed{-2}$", "1, -2", "boxed"),
        ("$\\boxed{3}$, $\\boxed{3}$", "3", "boxed"),
        ("\\boxed{1} is too small, \\boxed{2}", "2", "boxed"),
        ("\\boxed{2} \\boxed{3", "2", "boxed"),
        ("\\boxed{3", None, ""),
        ("\\boxed{}", None, ""),
        ("Final Answer: The final answer is $x^2$. I hope it is correct.", "x^2", "minerva"),
        ("Final Answer: The final answer is 1. I hope it is correct. \\boxed{2}", "1", "minerva"),
        ("a\n#### 18\nmore", "18", "####"),
        ("#### 2. Then we add\nso it is", None, ""),
        ("#### Step 1:\nthe answer is 4", "4", "answer is"),
        ("#### $1,200", "$1,200", "####"),
        ("#### \\(12\\)", "12", "####"),
        ("The answer is 18 apples. They were red.", "18 apples", "answer is"),
        ("The answer is $\\frac12$, because", "\\frac12", "answer is"),
        ("**Answer:** 3.5", "3.5", "answer is"),
        ("A: 5\nA: 18", "18", "answer is"),
        ("the answer is:\nnothing", "nothing", "answer is"),
        ("we get $x=1$ and then $x=2$, done", "x=2", "last math"),
        ("\\[ y = 3 \\]", "y = 3", "last math"),
        ("$$a\n+b$$", "a\n+b", "last math"),
        ("just words", None, ""),
        ("", None, ""),
    ],
)
def test_find(output: str, text: str | None, rule: str) -> None:
    found = find(output)
    assert found == (None if text is None else Span(text, rule))


@given(st.text(), st.integers(-(10**9), 10**9))
def test_a_box_at_the_end_is_found_behind_any_text(before: str, number: int) -> None:
    found = find(f"{before}\n so \\boxed{{{number}}}")
    assert found is not None
    if found.rule == "boxed":
        assert found.text.endswith(str(number))


@given(st.text())
def test_any_text_is_searched(text: str) -> None:
    found = find(text)
    assert found is None or (found.text == found.text.strip() and found.rule in RULES)


@pytest.mark.parametrize(
    "piece",
    ["\\boxed{", "$", "$$", "\\(", "\\[", "#### ", "answer is ", "A:", "{{{{", "\\boxed{1}", " "],
)
def test_huge_text_is_fast(piece: str) -> None:
    started = time.process_time()
    find(piece * 10**5)
    find("Final Answer: The final answer is" + piece * 10**5)
    assert time.process_time() - started < 2.0
