"""Exact values: against Python's own arithmetic on random expressions, and within limits."""

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.scoring.equality.exact import exact
from topdraw.scoring.equality.shapes import read


def _exact(text: str) -> Fraction | None:
    shape = read(text)
    assert shape is not None, text
    assert shape.node is not None, text
    return exact(shape.node)


@st.composite
def _expressions(draw: st.DrawFn, depth: int = 3) -> tuple[str, Fraction]:
    """LaTeX of a rational expression, and its value by Python."""
    if depth == 0 or draw(st.booleans()):
        number = draw(st.integers(0, 999))
        return str(number), Fraction(number)
    left, x = draw(_expressions(depth=depth - 1))
    right, y = draw(_expressions(depth=depth - 1))
    kind = draw(st.sampled_from(["+", "-", "*", "frac", "neg", "^"]))
    if kind == "frac" and y != 0:
        return f"\\frac{{{left}}}{{{right}}}", x / y
    if kind == "neg":
        return f"\\left(-({left})\\right)", -x
    if kind == "^":
        return f"({left})^{{2}}", x * x
    if kind == "*":
        return f"({left})({right})", x * y
    sign = "-" if kind == "-" else "+"
    return f"({left}){sign}({right})", x - y if sign == "-" else x + y


@given(_expressions())
def test_random_expressions_are_worth_what_python_says(made: tuple[str, Fraction]) -> None:
    text, value = made
    if len(text) <= 300:
        assert _exact(text) == value, text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2^{-3}", "1/8"),
        ("(-8)^{1/3}", None),
        ("8^{2/3}", "4"),
        ("\\sqrt{2}", None),
        ("\\sqrt[3]{-27}", "-3"),
        ("\\sqrt[x]{2}", None),
        ("\\sqrt{-4}", None),
        ("(-1)^{10^{40}}", "1"),
        ("0^0", None),
        ("1/0", None),
        ("\\pi", None),
        ("x", None),
        ("5!", "120"),
        ("(1/2)!", None),
        ("(10^9)!", None),
        ("\\binom{5}{7}", None),
        ("\\binom{10}{3}", "120"),
        ("|{-3}|", "3"),
        ("\\lfloor -1/2 \\rfloor", "-1"),
        ("\\sin 0", None),
        ("9^{9^{9}}", None),
        ("2^{100000}+1", None),
    ],
)
def test_values_and_limits(text: str, value: str | None) -> None:
    found = _exact(text)
    if text == "2^{100000}+1":
        assert found == 2**100000 + 1
    else:
        assert found == (None if value is None else Fraction(value))


def test_towers_cost_nothing() -> None:
    started = time.process_time()
    for text in ("9^{9^{9^9}}", "(9^{9})^{(9^9)}", "((9!)!)!", "\\binom{9^9}{9^8}", "(10^{400})!"):
        assert _exact(text) is None
    assert time.process_time() - started < 1.0
