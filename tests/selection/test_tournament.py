import asyncio
import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.selection.made import any_candidates, made

from topdraw.core.records import Candidates, FloatArray
from topdraw.errors import ConfigError, DomainError
from topdraw.selection.asking import play
from topdraw.selection.contracts import check_selector
from topdraw.selection.pick import best_of_n
from topdraw.selection.resolve import resolve_selector
from topdraw.selection.tournament import knockout, round_robin, swiss, usc

NAN = float("nan")


def judged(said: FloatArray, **columns: list[bool]) -> Candidates:
    plain = made(value=[NAN] * len(said), **columns)
    return dataclasses.replace(plain, pairs={"judge": said})


def larger_wins(n: int) -> FloatArray:
    return np.where(np.eye(n, dtype=bool), NAN, np.tril(np.ones((n, n)), -1))


@pytest.mark.parametrize(
    "spec", ["knockout", "knockout(judge)", "knockout(beta=0.1)", "round_robin",
             "round_robin(judge)", "swiss", "swiss(judge, calls=3)"],
)  # fmt: skip
def test_every_tournament_keeps_the_contract(spec: str) -> None:
    check_selector(spec, rng=4, trials=15 if "swiss" in spec else 40)


@pytest.mark.slow
def test_large_knockouts_keep_it_too() -> None:
    rng = np.random.default_rng(1)
    among = made(value=rng.choice([0.0, 0.5, 1.0, 2.0], size=20).tolist())
    weights = knockout(among)
    order = rng.permutation(20)
    assert knockout(among.take(order)) == pytest.approx(weights[order], abs=1e-12)
    for level in (0.0, 0.5, 1.0, 2.0):
        assert np.ptp(weights[among.value == level]) < 1e-12
    assert weights.sum() == pytest.approx(1)


@given(any_candidates(most=6))
def test_by_rewards_a_round_robin_and_a_cold_knockout_are_best_of_n(among: Candidates) -> None:
    assert round_robin(among).tolist() == best_of_n(among).tolist()
    assert knockout(among, beta=1e-6) == pytest.approx(best_of_n(among), abs=1e-9)


def test_two_rewards_meet_by_their_difference() -> None:
    pair = made(value=[0.0, np.log(3.0)])
    for chosen in (knockout(pair), swiss(pair)):
        assert chosen == pytest.approx([0.25, 0.75])
    assert knockout(pair, beta=0.5) == pytest.approx([0.1, 0.9])


def test_three_in_a_circle_share() -> None:
    circle = np.array([[NAN, 1, 0], [0, NAN, 1], [1, 0, NAN]])
    for choose in (knockout, round_robin, swiss):
        assert choose(judged(circle), by="judge") == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize("n", [2, 3, 8, 11])
def test_a_clear_winner_wins_them_all(n: int) -> None:
    said = judged(larger_wins(n))
    for choose in (knockout, round_robin, swiss):
        assert choose(said, by="judge")[-1] == pytest.approx(1)


def test_a_preference_for_the_first_place_cancels() -> None:
    biased = judged(np.array([[NAN, 1.0], [1.0, NAN]]))
    assert round_robin(biased, by="judge").tolist() == [0.5, 0.5]
    assert knockout(biased, by="judge").tolist() == [0.5, 0.5]


def test_who_was_never_compared_is_never_chosen() -> None:
    said = np.full((4, 4), NAN)
    said[0, 1] = 0.0
    for choose in (knockout, round_robin, swiss):
        assert choose(judged(said), by="judge").tolist() == [0, 1, 0, 0]
        lost = judged(said, missing=[False, True, False, False])
        assert not choose(lost, by="judge").any()
    alone = judged(said, missing=[True, True, True, False])
    assert round_robin(alone, by="judge").tolist() == [0, 0, 0, 1]
    assert not knockout(made(value=[1.0]), by="judge").any()


@given(st.integers(2, 7), st.integers(0, 99))
def test_by_a_judge_a_round_robin_counts_wins(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    said, wins = np.full((n, n), NAN), np.zeros(n)
    for a, b in itertools.combinations(range(n), 2):
        said[a, b] = rng.choice([0.0, 0.5, 1.0])
        wins[[a, b]] += (said[a, b], 1 - said[a, b])
    weights = round_robin(judged(said), by="judge")
    assert weights == pytest.approx((wins == wins.max()) / (wins == wins.max()).sum())


def test_a_larger_budget_finds_the_best_more_often() -> None:
    among = made(value=np.arange(12).tolist())
    found = [swiss(among, beta=2.0, calls=calls)[-1] for calls in (3, 12, 66)]
    assert found == sorted(found)
    assert found[0] < 0.3 < 0.4 < found[2]


def test_bad_options_are_refused_before_anything_is_asked() -> None:
    for spec, said in (
        ("knockout(beta=0)", "beta must be a positive"),
        ("swiss(calls=0)", "calls must be at least 1"),
        ("swiss(calls=2.5)", "must be a whole number"),
    ):
        with pytest.raises(ConfigError, match=said):
            resolve_selector(spec)
    with pytest.raises(DomainError, match=r"comparisons of 'judge' span 0.0..7.0"):
        knockout(judged(np.array([[NAN, 7.0], [0.0, NAN]])), by="judge")


def test_what_is_simulated_is_said() -> None:
    assert resolve_selector("knockout").simulates(16) == ""
    assert "4000 random brackets" in resolve_selector("knockout(judge)").simulates(17)
    assert "200 random tournaments" in resolve_selector("mix(majority, swiss)").simulates(9)
    assert resolve_selector("knockout(judge)").needs == ("pairs:judge",)


@st.composite
def brackets(draw: st.DrawFn) -> tuple[FloatArray, int]:
    """What a live knockout asked, with hard verdicts, and who won it."""
    n = draw(st.integers(2, 12))
    said = np.full((n, n), NAN)

    async def compare(a: int, b: int) -> float:
        return float(strength[a] > strength[b])

    strength = draw(st.permutations(range(n)))
    played = asyncio.run(play(n, compare, rng=draw(st.integers(0, 99))))
    said[:] = played.said
    return said, int(played.weights.argmax())


@given(brackets())
def test_the_winner_of_a_stored_bracket_has_all_weight(bracket: tuple[FloatArray, int]) -> None:
    said, winner = bracket
    assert knockout(judged(said), by="judge")[winner] == pytest.approx(1)


def test_a_table_with_a_hole_is_no_bracket() -> None:
    said = larger_wins(6)
    said[5, 0] = said[0, 5] = NAN
    weights = knockout(judged(said), by="judge")
    assert weights.argmax() == 5
    assert weights.max() < 1


def test_a_stored_swiss_tournament_goes_by_points() -> None:
    said = np.full((4, 4), NAN)
    said[0, 1], said[2, 3], said[0, 2] = 0.9, 0.6, 0.7
    assert swiss(judged(said), by="judge", calls=3).tolist() == [1, 0, 0, 0]
    assert swiss(judged(said), by="judge").tolist() == [1, 0, 0, 0]


def test_the_one_picked_of_a_list_has_all_weight_and_two_picks_share() -> None:
    said = np.full((4, 4), NAN)
    assert usc(judged(said), by="judge").tolist() == [0, 0, 0, 0]
    said[2, 0] = said[2, 3] = 1.0
    said[1, 2] = 0.0
    assert usc(judged(said), by="judge").tolist() == [0, 0, 1, 0]
    said[0, 2] = said[0, 1] = said[0, 3] = 1.0
    assert usc(judged(said), by="judge").tolist() == [0.5, 0, 0.5, 0]
    check_selector("usc", rng=1, trials=40)
    assert resolve_selector("usc(listwise)").needs == ("pairs:listwise",)
