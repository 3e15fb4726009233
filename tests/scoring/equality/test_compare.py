"""Our own check: on the golden pairs both ways round, units, percents, what needs no package."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scoring.equality.golden import Pair, pairs

from topdraw.scoring.equality.compare import Opinion, compare, same


@pytest.mark.parametrize("pair", pairs("equal"), ids=lambda pair: f"{pair.gold} | {pair.answer}")
def test_equal_pairs_both_ways_round(pair: Pair) -> None:
    assert compare(pair.gold, pair.answer).equal is True
    assert same(pair.answer, pair.gold)


@pytest.mark.parametrize(
    "pair", pairs("different"), ids=lambda pair: f"{pair.gold} | {pair.answer}"
)
def test_different_pairs_both_ways_round(pair: Pair) -> None:
    assert compare(pair.gold, pair.answer).equal is not True
    assert not same(pair.answer, pair.gold)


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6), st.integers(1, 999))
def test_fractions_are_equal_to_their_multiples_and_to_nothing_near(a: int, b: int, k: int) -> None:
    gold = f"\\frac{{{a}}}{{{b}}}"
    assert compare(gold, f"{a * k}/{b * k}") == Opinion(True)
    assert compare(gold, f"\\frac{{{a * k + 1}}}{{{b * k}}}") == Opinion(False)


@given(st.permutations(["1", "\\frac{2}{3}", "-4", "x+1"]))
def test_lists_and_sets_have_no_order_and_tuples_have_one(order: list[str]) -> None:
    items = ["1", "\\frac{2}{3}", "-4", "x+1"]
    text, other = ", ".join(items), ", ".join(order)
    assert same(text, other)
    assert same(f"\\{{{text}\\}}", f"\\{{{other}\\}}")
    assert same(f"({text})", f"({other})") == (items == order)


@pytest.mark.parametrize(
    ("gold", "answer", "equal"),
    [
        ("1\\%", "1", False),
        ("1\\%", "0.01", True),
        ("150\\%", "1.5", True),
        ("5\\%", "5 \\text{ cm}", False),
        ("x\\%", "\\frac{x}{100}", True),
        ("x\\%", "x", False),
        ("1 cm", "1 foot", False),
        ("the circle", "a circle", True),
        ("\\text{June 20}", "June 20.", True),
        ("\\text{June 20}", "June -20", None),
        ("a b c", "a/b/c", None),
        ("7_8", "7", True),
        ("A_{16}", "10", False),
        ("A_{16}", "x", False),
        ("x<1", "y<1", False),
        ("x<1", "x=1", False),
        ("0=0", "x=x", False),
        ("x<1,y<1", "z", None),
        ("x+y<1", "x+y>1", False),
        ("x+y<1", "-x-y>-1", True),
        ("x+1=1", "2", False),
        ("\\{1, 1\\}", "1", None),
        ("[1,2]", "(1,2,3)", False),
        ("\\frac{1}{0}", "\\frac{2}{0}", None),
        ("(\\frac{1}{0}, 1)", "(\\frac{2}{0}, 1)", None),
        ("\\frac{1}{0}, \\sqrt 2", "\\frac{2}{0}, \\sqrt 2", None),
        ("(1, \\sqrt2)", "(2, \\sqrt3)", False),
        ("\\{(1,2)\\}, 3", "(3, 4)", False),
    ],
)
def test_rules(gold: str, answer: str, equal: bool | None) -> None:
    if equal is None:
        assert compare(gold, answer).equal is not True
    else:
        assert compare(gold, answer).equal is equal


def test_equality_is_not_transitive_and_says_so() -> None:
    assert same("50%", "50")
    assert same("50%", "0.5")
    assert not same("50", "0.5")
