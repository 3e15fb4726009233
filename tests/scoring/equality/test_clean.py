"""What only changes the looks of an answer, and what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.scoring.equality.clean import LONGEST, clean
from topdraw.scoring.equality.tree import Unreadable


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (" $ 7 $ ", "7"),
        ("\\(x\\)", "x"),
        ("\\[x\\]", "x"),
        ("$$x$$.", "x"),
        ("**5**", "5"),
        ("\\boxed{3}", "3"),
        ("\\left(1,\\,2\\right)", "(1, 2)"),
        ("\\dfrac{1}{2}", "\\frac{1}{2}"),
        ("\\mathrm{e}", "e"),
        ("\\mbox{ cm}", "\\text{ cm}"),
        ("1{,}000", "1000"),
        ("12\u2009345", "12345"),
        ("12 345", "12345"),
        ("1, 234", "1, 234"),
        ("\u22125", "-5"),
        ("3\u00b2", "3^{2}"),
        ("90^{\\circ}", "90\u00b0"),
        ("5\\%", "5%"),
        ("5 percent", "5%"),
        ("\\$5", "$5"),
        ("2**3", "2^3"),
        ("$1$ and $2$", "1 and 2"),
        ("0.\\overline{3}", "(3/9)"),
        ("a \\\\ b", "a \\\\ b"),
        ("\\\\frac{1}{2}", "\\frac{1}{2}"),
        ("", ""),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_long_answers_are_refused() -> None:
    with pytest.raises(Unreadable, match="longer than 500"):
        clean("1" * (LONGEST + 1))
    with pytest.raises(Unreadable, match="too long"):
        clean("\u00be" * LONGEST)


@given(st.text(max_size=LONGEST // 20))
def test_any_text_is_cleaned_or_refused(text: str) -> None:
    assert isinstance(clean(text), str)
