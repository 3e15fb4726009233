"""The reasons of a choice are those of the weights: votes, margins, ties, what is missing."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.made_run import LOST, NO, ODD, SILENT, YES, made_run

from topdraw.analysis.select import select
from topdraw.analysis.why import Value, Why, why
from topdraw.core.records import Score


def because(
    folder: Path, selector: str, scores: list[Score], rewards: list[float] | None = None
) -> Why:
    given_ = None if rewards is None else {"p": rewards}
    run = made_run(folder, {"p": scores}, rewards=given_)
    value = None if rewards is None else "reward"
    choice = select(run, selector, value=value, answer="judge", rng=1)[0]
    return why(run, choice, selector, value=value, answer="judge")


def test_a_vote_says_who_agreed_and_who_is_next(tmp_path: Path) -> None:
    found = because(tmp_path / "r", "majority", [YES, NO, YES, SILENT, ODD, YES, NO])
    votes = found.votes
    assert votes is not None
    assert votes.answer == "right"
    assert votes.agreed == (0, 2, 5)
    assert (votes.count, votes.voters, votes.next_answer, votes.next_count) == (3, 6, "wrong", 2)
    assert not votes.tied
    assert found.index in votes.agreed
    assert found.weight == pytest.approx(1 / 3)
    assert set(found.equals) == {0, 2, 5} - {found.index}
    assert found.value is None


def test_a_tie_of_answers_is_named(tmp_path: Path) -> None:
    votes = because(tmp_path / "r", "majority", [YES, NO]).votes
    assert votes is not None
    assert votes.tied
    assert votes.count == votes.next_count == 1


def test_one_answer_has_no_next(tmp_path: Path) -> None:
    votes = because(tmp_path / "r", "majority", [YES, YES]).votes
    assert votes is not None
    assert votes.next_answer is None
    assert (votes.count, votes.next_count, votes.tied) == (2, 0, False)


def test_the_best_says_how_far_it_is_ahead(tmp_path: Path) -> None:
    found = because(tmp_path / "r", "best_of_n", [YES, NO, ODD], [0.25, 0.75, 0.5])
    assert found.votes is None
    assert found.value == Value("reward", 0.75, 2, 0.5, 3)
    assert found.value.margin == 0.25
    assert (found.index, found.equals, found.weight) == (1, (), 1.0)


def test_missing_scores_are_counted_and_never_next(tmp_path: Path) -> None:
    found = because(tmp_path / "r", "best_of_n", [YES, NO, ODD], [math.nan, 0.75, math.nan])
    assert found.value is not None
    assert found.value.next_index is None
    assert math.isnan(found.value.margin)
    assert found.value.scored == 1


def test_weighted_votes_look_at_both(tmp_path: Path) -> None:
    found = because(tmp_path / "r", "weighted_majority", [YES, NO, NO], [9.0, 0.1, 0.2])
    assert found.votes is not None
    assert found.value is not None
    assert found.among == 3


def test_where_nothing_could_be_chosen_there_is_no_reason(tmp_path: Path) -> None:
    found = because(tmp_path / "r", "best_of_n", [YES, LOST], [math.nan, math.nan])
    assert (found.index, found.votes, found.value, found.weight) == (None, None, None, 0.0)


def test_where_none_has_an_answer_chance_chooses_and_there_are_no_votes(tmp_path: Path) -> None:
    found = because(tmp_path / "r", "majority", [SILENT, SILENT, LOST])
    assert found.votes is not None
    assert (found.votes.answer, found.votes.count, found.votes.voters) == (None, 0, 0)
    assert {found.index, *found.equals} == {0, 1}


@settings(max_examples=15)
@given(st.lists(st.sampled_from([YES, NO, ODD, SILENT]), min_size=1, max_size=8))
def test_votes_add_up(scores: list[Score]) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        found = because(Path(folder) / "r", "majority", scores)
    counts = {a: sum(s.answer == a for s in scores) for a in ("right", "wrong", "odd")}
    assert found.votes is not None
    assert found.votes.voters == sum(counts.values())
    assert found.votes.count == max(counts.values()) == len(found.votes.agreed)
    assert found.votes.next_count == (sorted(counts.values())[-2] if found.votes.count else 0)
