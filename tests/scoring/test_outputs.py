"""Comparing outputs: blanks, case, numbers, tolerances, in both rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.errors import DomainError
from topdraw.scoring.outputs import RULES, Rule, same_output


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("1 2\n3", "1\n2 3\n"),
        ("YES", "yes"),
        ("\t7 \r\n", "7"),
        ("0.333333", "0.3333333333"),
        ("1e3", "1000"),
        ("007", "7"),
        ("+5", "5"),
        ("", "\n"),
        ("nan", "NaN"),
        ("9007199254740993", "9007199254740993"),
    ],
)
def test_same_tokens(output: str, expected: str) -> None:
    assert same_output(output, expected)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("1 2", "1"),
        ("12", "1 2"),
        ("3.001", "3"),
        ("9007199254740993", "9007199254740992"),
        ("yes", "no"),
        ("", "0"),
        ("nan", "0"),
        ("inf", "1e999"),
        ("1_0", "10"),
        ("\u0661", "1"),
        ("\u0130", "i\u0307"),
        ("1" * 5000, "1" * 4999 + "2"),
    ],
)
def test_other_tokens(output: str, expected: str) -> None:
    assert not same_output(output, expected)


@pytest.mark.parametrize(
    ("output", "expected", "same"),
    [
        ("a b\n", " a b ", True),
        ("a b", "a\nb", False),
        ("a\n\n\nb\n", "a\nb", True),
        ("Yes", "YES", False),
        ("a  b", "a b", True),
        ("1.000001", "1.0", True),
        ("100000.5", "100000.0", True),
        ("1.0001", "1.0", False),
        ("10", "11", False),
        ("b a", "a b", False),
    ],
)
def test_lines(output: str, expected: str, same: bool) -> None:
    assert same_output(output, expected, rule="lines") is same


@given(st.text(), st.sampled_from(RULES))
def test_an_output_is_itself(text: str, rule: Rule) -> None:
    assert same_output(text, text, rule=rule)


@given(st.lists(st.integers(-(10**20), 10**20), max_size=6), st.sampled_from(RULES))
def test_whole_numbers_are_exact(numbers: list[int], rule: Rule) -> None:
    text = " ".join(map(str, numbers))
    other = " ".join(str(number + 1) for number in numbers)
    assert same_output(text, other, rule=rule) == (not numbers)


@given(st.floats(-1e6, 1e6), st.floats(0, 1))
def test_a_tolerance_is_the_largest_difference(number: float, tolerance: float) -> None:
    near, far = number + tolerance * 0.5, number + tolerance * 2 + 0.1
    assert same_output(repr(near), repr(number), tolerance=tolerance + 1e-9)
    assert not same_output(repr(far), repr(number), tolerance=tolerance)


def test_bad_rules_and_tolerances() -> None:
    with pytest.raises(DomainError, match="known are tokens, lines"):
        same_output("", "", rule="words")  # type: ignore[arg-type]  # wrong on purpose
    for tolerance in (-1.0, float("nan")):
        with pytest.raises(DomainError, match="tolerance"):
            same_output("", "", tolerance=tolerance)
