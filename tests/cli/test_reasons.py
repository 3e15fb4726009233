"""Reasons are whole sentences, and nothing that a model wrote acts on a terminal."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.why import Value, Votes, Why
from topdraw.cli.reasons import reasons


def by_votes(votes: Votes, among: int = 6) -> str:
    return reasons(Why("majority", 0, among, 0.5, (), votes, None))


def by_value(value: Value, equals: tuple[int, ...] = (), among: int = 3) -> str:
    return reasons(Why("best_of_n", 1, among, 1.0, equals, None, value))


def test_votes() -> None:
    told = by_votes(Votes("7", 2, (0, 4), 4, "8", 2, tied=True))
    assert told == (
        "majority chose candidate 0 of 6: the answer 7 has 2 of 4 votes, as many as 8. Chance chose"
        " between answers of equal weight. Agreed: 0, 4. 2 candidates have no answer."
    )
    assert "6 of 6 votes: all agree." in by_votes(Votes("7", 6, tuple(range(6)), 6, None, 0, False))
    assert "1 fewer than 8" in by_votes(Votes("7", 1, (0,), 3, "8", 2, tied=False))
    many = by_votes(Votes("7", 20, tuple(range(20)), 21, "8", 1, tied=False), among=21)
    assert "19 more than 8. Agreed: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 8 more." in many


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Value("r", 0.91234, 2, 0.9, 3), "r 0.9123, 0.0123 above the next (candidate 2)."),
        (Value("r", 0.5, 2, 0.75, 3), "r 0.5, 0.25 below the best (candidate 2)."),
        (Value("r", 0.5, 2, 0.5, 3), "r 0.5, as much as candidate 2."),
        (Value("r", 0.5, None, math.nan, 1), "r 0.5, the only one scored. 2 candidates have no"),
        (Value("r", math.nan, 2, 0.5, 2), "it has no score by r. 1 candidate has no score by r."),
    ],
)
def test_values(value: Value, words: str) -> None:
    assert f"best_of_n chose candidate 1 of 3: {words}" in by_value(value)


def test_no_answer_at_all_is_chance() -> None:
    votes = Votes(None, 0, (), 0, None, 0, tied=False)
    assert reasons(Why("majority", 1, 2, 0.5, (0,), votes, None)) == (
        "majority chose candidate 1 of 2: it has no answer to vote on. Chance chose among it and 0,"
        " which weigh the same. 2 candidates have no answer."
    )


def test_chance_is_owned_up_to() -> None:
    told = by_value(Value("r", 0.5, 2, 0.5, 3), equals=(2,))
    assert told.endswith("Chance chose among it and 2, which weigh the same.")


def test_a_choice_by_something_else_says_its_weight() -> None:
    told = reasons(Why("mbr(f1)", 3, 8, 0.25, (), None, None))
    assert told == "mbr(f1) chose candidate 3 of 8: its weight is 0.25."
    told = reasons(Why("first", 7, 5, 1.0, (), None, None))
    assert told == "first chose candidate 7 of the 5 that came: its weight is 1."
    assert reasons(Why("oracle", None, 1, 0.0, (), None, None)) == (
        "oracle could choose none of 1 candidate."
    )


@given(st.text(), st.text(), st.text())
def test_hostile_answers_and_names_are_named_characters(a: str, b: str, scorer: str) -> None:
    votes = Votes(a, 1, (0,), 2, b, 1, tied=True)
    told = reasons(Why("x", 0, 3, 1.0, (), votes, Value(scorer, 1.0, 1, 2.0, 2)))
    assert not set(told) & {"\n", "\r", "\x1b", "\x07", "\u202e", "\u2028", "\x9b"}
    assert told.encode().decode() == told
