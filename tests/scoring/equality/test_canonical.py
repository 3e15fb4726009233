"""Canonical texts: one for equal answers, readable again, never too long."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topdraw.scoring.equality.canonical import LONGEST, canonical
from topdraw.scoring.equality.compare import same


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\\frac{2}{4}", "0.5"),
        ("x = 5", "5"),
        ("5\\text{ cm}", "5 cm"),
        ("50\\%", "50%"),
        ("\\text{Evelyn}", "evelyn"),
        ("(1, \\frac13)", "(1, 1/3)"),
        ("[1,2)", "[1, 2)"),
        ("1 \\le x < 2", "[1, 2)"),
        ("\\{2,1,1\\}", "{1, 2}"),
        ("2 \\text{ and } 1", "1, 2"),
        ("(3,4)\\cup(1,2)", "(1, 2) U (3, 4)"),
        ("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "[(1, 2); (3, 4)]"),
        ("1011_{2}", "1011_2"),
        ("2 : 3", "2:3"),
        ("y^2 + 2xy + x^2", "x^2+2*x*y+y^2"),
        ("-x", "-x"),
        ("x-x", "0"),
        ("\\frac{x}{3}", "(1/3)*x"),
        ("2\\pi r", "2*pi*r"),
        ("\\theta+1", "\\theta+1"),
        ("x+y=3", "x+y=3"),
        ("\\sqrt{2}", "1.41421356237309504880168872421"),
        ("\\sqrt{x}", "sqrt(x)"),
        ("\\sqrt[3]{x}+1", "((x)^(1/3)+1)"),
        ("|x| - n!", "(-((n)!)+|x|)"),
        ("\\sin x", "sin(x)"),
        ("x^{21}", "(x^21)"),
        ("x^n", "(x^n)"),
        ("1/x", "(1/x)"),
        ("(x+y+z+u+v+w)^{9}", "((u+v+w+x+y+z)^9)"),
        ("1/0", "(1/0)"),
        ("\\infty", "oo"),
        ("2^{1000}", "(2^1000)"),
        ("7 dozen", "7 dozen"),
    ],
)
def test_canonical(text: str, said: str) -> None:
    assert canonical(text) == said


@given(st.fractions(max_denominator=10**6))
def test_rationals_keep_their_text(value: Fraction) -> None:
    text = canonical(f"\\frac{{{value.numerator}}}{{{value.denominator}}}")
    assert canonical(text) == text
    assert same(text, str(value))


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(0, 3), st.integers(0, 3)), max_size=5))
def test_polynomials_in_any_order_have_one_text(terms: list[tuple[int, int, int]]) -> None:
    written = [f"({a})x^{{{p}}}y^{{{q}}}" for a, p, q in terms] or ["0"]
    text = canonical("+".join(written))
    assert canonical("+".join(reversed(written))) == text
    assert same(text, "+".join(written))


@given(st.text())
def test_any_text_has_one(text: str) -> None:
    assert len(canonical(text)) <= LONGEST


def test_long_text_is_cut() -> None:
    assert canonical("word " * 500) == ("word " * 500)[:LONGEST].strip()
    assert len(canonical("9" * 450)) == LONGEST
