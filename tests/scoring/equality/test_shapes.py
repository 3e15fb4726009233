"""Reading: every shape, what is refused, any text at all."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.scoring.equality.shapes import read
from topdraw.scoring.equality.tokens import tokens
from topdraw.scoring.equality.tree import Unreadable


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("5", "value", ""),
        ("5 cm", "value", "cm"),
        ("5\\text{ cm}^2", "value", "cm^2"),
        ("5\\text{ cm}^{2}", "value", "cm^2"),
        ("5 \\text{ square feet}", "value", "foot^2"),
        ("5 cubic meters", "value", "m^3"),
        ("5 inches", "value", "in"),
        ("\\$5", "value", "dollar"),
        ("5 \u20ac", "value", "euro"),
        ("-\\$5", "value", "dollar"),
        ("\\$5 \\text{ dollars}", "value", "dollar"),
        ("5\\%", "value", "%"),
        ("5^\\circ", "value", "degree"),
        ("\\cos 5^\\circ", "value", ""),
        ("5 million", "value", ""),
        ("5 million dollars", "value", "dollar"),
        ("5 units", "value", ""),
        ("\\text{Evelyn}", "words", "evelyn"),
        ("no solution", "words", "no solution"),
        ("Plan A", "words", "plan a"),
        ("a square", "words", "a square"),
        ("No", "words", "no"),
        ("1, 2", "list", ""),
        ("1; 2", "list", ""),
        ("{1, 2}", "list", ""),
        ("(1, 2)", "tuple", "()"),
        ("(1; 2)", "tuple", "()"),
        ("[1, 2, 3]", "tuple", "[]"),
        ("[1, 2]", "interval", "[]"),
        ("\\{1\\}", "set", ""),
        ("\\varnothing", "set", ""),
        ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "matrix", ""),
        ("x+y=1", "relation", "="),
        ("x \\ne 1", "relation", "!="),
        ("x < 1", "named", "x"),
        ("3 > x \\ge 1", "named", "x"),
        ("x \\in \\{1\\}", "named", "x"),
        ("f(x) = 1", "named", "f(x)"),
        ("x_1 = 1", "named", "x_1"),
        ("\\text{Area} = 1", "named", "Area"),
        ("\\frac{AB}{CD} = 2", "named", "fracABCD"),
        ("(x,y) = (1,2)", "named", "(x,y)"),
        ("101_2", "based", "101"),
        ("1:2", "ratio", ""),
        ("all real numbers", "interval", "()"),
        ("x<1 \\text{ or } x>2", "union", ""),
    ],
)
def test_kinds(text: str, kind: str, said: str) -> None:
    shape = read(text)
    assert shape is not None
    if kind == "named" and said == "fracABCD":
        assert shape.kind == kind
        return
    assert (shape.kind, shape.text) == (kind, said)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "()", "(1", "1)", "[1)2", "(1,2", "1/2x", "2 3", "x2", "f(x)", "f'(x)", "x'"),
        *("2\\frac{4}{3}", "\\frac{1}", "\\frac x", "\\sqrt", "2^", "1+", "\\foo", "1 = ", "="),
        *("7 dozen", "5 less than x", "5 factorial", "\\$5 \\text{ cents}", "$5-$10", "a \\to b"),
        *("1, 2, \\ldots, n", "x<1 \\text{ and } x>0", "1 < x > 0", "1 < 2x < 3", "1 < 2 < 3 < 4"),
        *("2 = 3 = 4", "\\int x", "x < 1, y < 2", "x<1 \\text{ or } y>2", "[1,2}", "(1,2]3"),
        *("\\begin{pmatrix}1&2\\\\3\\end{pmatrix}", "\\sin^{-1", "\\csc^{-1} x", "5!!", "2^3!"),
        *("\\sin 2(x)", "\u4e2d", "(" * 60 + "1" + ")" * 60, "9" * 450, "1" * 600, "\\mathbb{Z}"),
        *("\\frac{1}{2}3", "\\sqrt(", "|x", "x \\in 5 \\in 6", "\ud800", "\x00", "x_", "x_{1"),
    ],
)  # fmt: skip
def test_what_is_not_understood_completely_is_not_read(text: str) -> None:
    assert read(text) is None


@given(st.text())
def test_any_text_is_read_or_not(text: str) -> None:
    read(text)


@given(st.text(alphabet="x12+-*/^_(){}[]|,.=<> \\fracsqrtinpm%$", max_size=60))
def test_any_soup_of_mathematics_is_read_or_not(text: str) -> None:
    read(text)


@pytest.mark.parametrize(
    "piece", ["(", "{", "\\frac{", "x^", "-", "1,", "\\sin ", "|", "\\{", "a_", "\\pm ", "1="]
)
def test_the_worst_text_is_fast(piece: str) -> None:
    started = time.process_time()
    read(piece * (500 // len(piece)))
    assert time.process_time() - started < 1.0


def test_tokens_have_limits() -> None:
    with pytest.raises(Unreadable, match="cannot read"):
        tokens("1 # 2")
    with pytest.raises(Unreadable, match="too deep"):
        tokens("(" * 41)
