"""The table of two checks, row by row, and the golden pairs with the real math-verify."""

import pytest
from tests.scoring.equality.golden import pairs

from topdraw.scoring.equality import verdict
from topdraw.scoring.equality.pool import Reply
from topdraw.scoring.equality.verdict import Verdict, decide, too_large

_UNSURE = ("\\int_0^1 x\\,dx", "\\frac12")
_EQUAL = ("\\sqrt{2}", "\\sqrt{8}/2")
_DIFFERENT = ("\\sqrt{2}", "\\sqrt{3}")


@pytest.mark.parametrize(
    ("asked", "theirs", "right", "why"),
    [
        (_EQUAL, "equal", True, "100 digits and math-verify"),
        (_EQUAL, "different", False, "checks disagree: ours equal, math-verify different"),
        (_DIFFERENT, "equal", False, "checks disagree: ours different, math-verify equal"),
        (_DIFFERENT, "different", False, "100 digits"),
        (_DIFFERENT, "slow", False, "100 digits"),
        (_UNSURE, "equal", None, "math-verify says equal, but our own check cannot tell"),
        (_UNSURE, "different", False, "math-verify"),
        (_UNSURE, "no answer", False, "no mathematics"),
        (_UNSURE, "no gold", None, "math-verify cannot read the right answer"),
        (_UNSURE, "slow", None, "math-verify ran out of time"),
        (_UNSURE, "memory", None, "math-verify ran out of memory"),
        (_UNSURE, "crashed", None, "math-verify crashed"),
        (_EQUAL, "slow", None, "equal to 100 digits, but math-verify ran out of time"),
        (_EQUAL, "no gold", None, "equal to 100 digits, but math-verify cannot read the right"),
    ],
)
def test_the_table(
    asked: tuple[str, str],
    theirs: Reply,
    right: bool | None,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verdict, "ask", lambda gold, answer: theirs)
    found = decide(*asked)
    assert found.right is right
    assert found.why.startswith(why)


@pytest.mark.parametrize(
    ("gold", "answer", "expected"),
    [
        ("7", "7", Verdict(True, "same text")),
        ("7", "8", Verdict(False, "exact")),
        ("\\text{a  b}", "\\text{a b}", Verdict(True, "same text")),
        ("\\foo{1}", "$\\foo{1}$", Verdict(True, "same text")),
        ("a \\pmod{7}", "a\\pmod 7", Verdict(True, "same text")),
        ("1/2", "0.5", Verdict(True, "exact")),
        ("3", "9^{9^{9^9}}", Verdict(False, "too large to check")),
        ("3", "(1, 9^{9^{9^9}})", Verdict(False, "exact")),
        ("x", "2^{10^{9}} x", Verdict(False, "too large to check")),
    ],
)
def test_what_is_decided_without_math_verify(
    gold: str, answer: str, expected: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "ask", lambda gold, answer: pytest.fail("asked"))
    assert decide(gold, answer) == expected


def test_too_large() -> None:
    assert not too_large("2^{100}")
    assert not too_large("x^{x^x}")
    assert not too_large("2^{\\sqrt{2}}")
    assert not too_large("\\foo")
    assert too_large("1+(10^{9})!")


@pytest.mark.slow
def test_golden_pairs() -> None:
    wrong = [pair for pair in pairs("equal") if decide(pair.gold, pair.answer).right is not True]
    assert wrong == []
    verdicts = {pair: decide(pair.gold, pair.answer) for pair in pairs("different")}
    assert [pair for pair, found in verdicts.items() if found.right] == []
    undecided = [pair.answer for pair, found in verdicts.items() if found.right is None]
    assert undecided == [
        *("1, 3, 5, \\ldots, 2n-1", "1:4:9:\\ldots", "9^{9^{9^8}}", "7'"),
        "7 \\text{ or more}",
    ]
    listed = pairs("equal_but_not_accepted")
    assert [pair for pair in listed if decide(pair.gold, pair.answer).right] == []
