"""The Countdown verifier against brute force, hostile text and 10,000 real GPT-4 samples."""

import gzip
import json
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.errors import FormatError
from topdraw.scoring.countdown import last_line, parse, score_countdown
from topdraw.tasks import countdown as games


def _score(output: str, numbers: list[int], target: int, **more: Json) -> Score:
    goal: dict[str, Json] = {"numbers": list(numbers), "target": target, **more}
    return score_countdown(Problem("p", "", goal), [Sample("p", 0, output)])[0]


@pytest.mark.parametrize(
    ("output", "note"),
    [
        ("8*(5-2)", "uses 2, 5, 8 instead of 3, 5, 8"),
        ("8*(5-3)", "equals 16, not 24"),
        ("3*8", "uses 3, 8 instead of 3, 5, 8"),
        ("5/(3-3)*8", "uses 3, 3, 5, 8 instead of 3, 5, 8"),
        ("", "no expression"),
        ("8 plus 5", "not an expression"),
        ("8**5-3", "expected a number, found '*'"),
        ("-3+5*8", "expected a number, found '-'"),
        ("8*(5-3", "a parenthesis is not closed"),
        ("8*(5-3))", "unexpected ')'"),
        ("8*5-", "ends too early"),
        ("3+8*", "ends too early"),
        ("**", "expected a number, found '*'"),
        ("3 5 8", "unexpected '5'"),
        ("8e5", "not an expression"),
        ("0x8+5", "not an expression"),
        ("\u0663*8", "not an expression"),
        ("\ud800", "no expression"),
        ("__import__('os')", "not an expression"),
        ("9" * 13, "a number has more than 12 digits"),
        ("(" * 60 + "1" + ")" * 60, "parentheses nested deeper than 50"),
        ("1+" * 600 + "1", "longer than 1000 characters"),
    ],
)
def test_wrong_and_why(output: str, note: str) -> None:
    score = _score(output, [3, 5, 8], 24)
    assert score.passed is False
    assert score.note == note


@pytest.mark.parametrize(
    "output",
    [
        "8*3",
        " 3 * 8 ",
        "3\u00d78",
        "((3))*(8)",
        "Answer: 3*8",
        "so:\n\n3*8\n\n",
        "**3*8**",
        "Answer: `3*8`",
        "**Answer: 3*8 = 24**",
        "Final answer: $3*8$ = 24",
        "The answer is 3*8 = 24",
        "first 3+8=11\n3*8=24\n",
    ],
)
def test_right_in_every_dress(output: str) -> None:
    assert _score(output, [8, 3], 24) == Score.verdict(True, answer="3*8", note="wins")


def test_only_the_last_line_counts() -> None:
    assert not _score("3*8\nno wait", [3, 8], 24).passed
    assert not _score("3*8\n3+8", [3, 8], 24).passed


def test_division_by_zero_is_wrong() -> None:
    score = _score("5/(3-3)", [3, 3, 5], 24)
    assert (score.passed, score.note) == (False, "divides by zero")


def test_steps_must_be_integers_unless_fractions_are_allowed() -> None:
    assert _score("8/(3-8/3)", [8, 8, 3, 3], 24).note == "a step is not an integer"
    assert _score("8/(3-8/3)", [8, 8, 3, 3], 24, fractions=True).passed
    assert _score("3*8/4", [3, 4, 8], 6).passed
    assert not _score("3/4*8", [3, 4, 8], 6).passed


@pytest.mark.parametrize(
    "target", [None, 24, {"numbers": [1, 2]}, {"numbers": ["1"], "target": 3}, {"target": 3}, []]
)
def test_a_broken_target_is_missing(target: Json) -> None:
    score = score_countdown(Problem("p", "", target), [Sample("p", 0, "1+2")])[0]
    assert score.is_missing


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1+2+3", "3+(2+1)", True),
        ("(1+2)*3", "3*(2+1)", True),
        ("9-(2-1)", "9+1-2", True),
        ("8/2/2", "8/(2*2)", True),
        ("2*(3*4)", "4*3*2", True),
        ("6*4/2", "4*6/2", True),
        ("6*4/2", "6*(4/2)", False),
        ("6-4", "4-6", False),
        ("8/4", "4/8", False),
        ("2+2", "2*2", False),
        ("3*1", "3/1", False),
    ],
)
def test_answers_that_vote_together(one: str, other: str, same: bool) -> None:
    assert (parse(one).text == parse(other).text) is same


Tree = int | tuple["Tree", str, "Tree"]
_trees: st.SearchStrategy[Tree] = st.recursive(
    st.integers(0, 99),
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner),
    max_leaves=8,
)


def _spell(tree: Tree, rng: np.random.Generator) -> str:
    """The tree fully parenthesised; operands of + and * swapped at random."""
    if isinstance(tree, int):
        return str(tree)
    left, operator, right = tree
    if operator in "+*" and rng.integers(2):
        left, right = right, left
    return f"({_spell(left, rng)}{operator}{_spell(right, rng)})"


def _evaluate(tree: Tree) -> tuple[Fraction | None, bool]:
    if isinstance(tree, int):
        return Fraction(tree), True
    (a, a_whole), operator, (b, b_whole) = _evaluate(tree[0]), tree[1], _evaluate(tree[2])
    if a is None or b is None or (operator == "/" and b == 0):
        return None, False
    value = {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else a}[operator]
    return value, a_whole and b_whole and value.denominator == 1


@given(_trees, st.integers(0, 2**32))
def test_parse_gives_the_known_value(tree: Tree, seed: int) -> None:
    value, whole = _evaluate(tree)
    found = parse(_spell(tree, np.random.default_rng(seed)))
    assert found.value == value
    assert found.integer == whole or value is None


@given(_trees, st.integers(0, 2**32), st.integers(0, 2**32))
def test_commuted_spellings_vote_together(tree: Tree, one: int, other: int) -> None:
    first = parse(_spell(tree, np.random.default_rng(one)))
    assert parse(_spell(tree, np.random.default_rng(other))).text == first.text


@given(_trees)
def test_the_canonical_text_is_the_same_expression(tree: Tree) -> None:
    found = parse(_spell(tree, np.random.default_rng(0)))
    again = parse(found.text)
    assert again.text == found.text
    assert again.value == found.value
    assert again.integer == found.integer or found.value is None
    assert sorted(again.numbers) == sorted(found.numbers)


@given(st.text(alphabet="0123456789+-*/()= \n.eE_xX\u2212", max_size=60))
def test_text_of_the_alphabet_parses_or_is_refused(text: str) -> None:
    try:
        found = parse(last_line(text))
    except FormatError:
        return
    assert parse(found.text).value == found.value


@given(st.text())
def test_any_text_is_scored(text: str) -> None:
    assert not _score(text, [1, 2], 3).is_missing


@pytest.mark.parametrize("text", ["1+" * 10**6, "(" * 10**6, " " * 10**6, "9" * 10**6 + "*9" * 400])
def test_huge_text_is_wrong_fast(text: str) -> None:
    started = time.process_time()
    assert not _score(text, [1], 1).passed
    assert time.process_time() - started < 0.5


def test_every_generated_game_is_won_by_its_own_solution() -> None:
    rng = np.random.default_rng(7)
    for game in [games.draw(rng) for _ in range(300)]:
        score = _score(game.solution, list(game.numbers), game.target)
        assert score.passed, (game, score.note)


def test_game_of_24_reproduces_the_published_accuracy(shared_data: Path) -> None:
    name = "gpt-4_0.7_naive_standard_sample_100_start900_end1000.json.gz"
    with gzip.open(shared_data / "game24" / name) as file:
        rows = json.load(file)
    table = (shared_data / "game24" / "puzzles_900_999.csv").read_text("utf-8").splitlines()
    puzzles = dict(line.split(",") for line in table[1:])
    right = differ = 0
    for row in rows:
        goal: Json = {
            "numbers": [int(n) for n in puzzles[str(row["idx"])].split()],
            "target": 24,
            "fractions": True,
        }
        samples = [Sample("p", i, text) for i, text in enumerate(row["ys"])]
        scores = score_countdown(Problem("p", "", goal), samples)
        right += sum(score.passed is True for score in scores)
        differ += sum(s.passed != bool(a) for s, a in zip(scores, row["accs"], strict=True))
    assert (right, differ) == (734, 0)
