"""The answer in a solution's last box, and the prompt that asks for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.errors import DomainError
from topdraw.tasks.boxed import ASK, asked, boxed


@pytest.mark.parametrize(
    ("solution", "found"),
    [
        (r"so $x = \boxed{7}$.", "7"),
        (r"\boxed{1}, no: \boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\fbox{3} then nothing", "3"),
        (r"\boxed{a} then \fbox{b}", "b"),
        (r"$\boxed 12$ apples", "12"),
        (r"\boxed{ (1, 2] }", "(1, 2]"),
        (r"\boxed{\text{even}}", r"\text{even}"),
        (r"\boxed{7", None),
        (r"\boxed{}", None),
        ("7", None),
        ("", None),
    ],
)
def test_the_last_box(solution: str, found: str | None) -> None:
    assert boxed(solution) == found


_balanced = st.recursive(
    st.text("ab1+\\ ", max_size=4), lambda inner: inner.map(lambda s: "{" + s + "}"), max_leaves=3
)


@given(before=st.text("ab{} ", max_size=9), inside=_balanced, after=st.text("ab{} .", max_size=9))
def test_braces_inside_are_kept(before: str, inside: str, after: str) -> None:
    assert boxed(f"{before}\\boxed{{{inside}}}{after}") == (inside.strip() or None)


def test_the_prompt() -> None:
    assert asked("Q", "zero-shot") == f"Q\n{ASK}"
    assert asked("Q", "plain") == "Q"
    with pytest.raises(DomainError, match="zero-shot, plain"):
        asked("Q", "minerva")
