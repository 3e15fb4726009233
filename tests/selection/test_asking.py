import asyncio
import itertools
import math

import numpy as np
import pytest
from tests.selection.made import made

from topdraw.errors import DomainError
from topdraw.selection.asking import Plan, _knockout, _Table, choose_one, play
from topdraw.selection.knockout import knockout_chances
from topdraw.selection.tournament import round_robin


async def larger_wins(a: int, b: int) -> float:
    await asyncio.sleep(0)
    return float(a > b)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 6, 7, 8, 13, 16])
async def test_a_knockout_asks_once_less_than_there_are_samples(n: int) -> None:
    played = await play(n, larger_wins, rng=n)
    assert played.weights.argmax() == n - 1
    assert played.weights.sum() == 1
    assert played.calls == n - 1
    assert int((~np.isnan(played.said)).sum()) == n - 1


@pytest.mark.parametrize("n", [3, 5, 6])
async def test_a_played_knockout_chooses_as_the_selector_does(n: int) -> None:
    wins = np.full((n, n), 0.5)
    for a, b in itertools.combinations(range(n), 2):  # in circles: the bracket decides
        wins[a, b] = float((b - a) % 3 != 0)
        wins[b, a] = 1 - wins[a, b]

    async def compare(a: int, b: int) -> float:
        return float(wins[a, b])

    found = np.zeros(n)
    for order in itertools.permutations(range(n)):
        found[await _knockout(_Table(n, compare, np.random.default_rng(0)), order)] += 1
    assert np.allclose(found / math.factorial(n), knockout_chances(wins), atol=1e-12)


async def test_a_round_robin_meets_every_pair_and_what_was_said_chooses_again() -> None:
    played = await play(6, larger_wins, plan="round_robin")
    assert played.calls == 15
    assert played.weights.tolist() == [0, 0, 0, 0, 0, 1]
    again = made(value=[0.0] * 6)
    again.pairs["judge"] = played.said  # type: ignore[index]  # a dict, in fact
    assert round_robin(again, by="judge").tolist() == played.weights.tolist()


@pytest.mark.parametrize("calls", [1, 4, 12, 100])
async def test_a_swiss_tournament_keeps_to_its_budget(calls: int) -> None:
    played = await play(8, larger_wins, plan="swiss", calls=calls)
    assert played.calls == min(calls, 28)
    if calls >= 12:
        assert played.weights[7] == 1
    odd = await play(5, larger_wins, plan="swiss", calls=calls)
    assert odd.calls <= min(calls, 10)
    if calls >= 12:
        assert odd.weights[4] == 1


@pytest.mark.parametrize("plan", ["knockout", "round_robin", "swiss"])
async def test_nobody_and_nobody_else(plan: Plan) -> None:
    assert (await play(0, larger_wins, plan=plan)).weights.size == 0
    alone = await play(1, larger_wins, plan=plan)
    assert (alone.weights.tolist(), alone.calls) == ([1], 0)


async def test_no_verdict_is_counted_and_even() -> None:
    async def silent(a: int, b: int) -> float:
        return math.nan

    played = await play(4, silent, plan="round_robin")
    assert played.unanswered == played.calls == 6
    assert played.weights.tolist() == [0.25] * 4
    winners = {int((await play(4, silent, rng=seed)).weights.argmax()) for seed in range(40)}
    assert winners == {0, 1, 2, 3}


async def test_who_is_shown_first_is_random() -> None:
    shown = [await play(2, larger_wins, rng=seed) for seed in range(20)]
    assert {bool(np.isnan(each.said[0, 1])) for each in shown} == {True, False}
    assert all(each.weights.tolist() == [0, 1] for each in shown)


async def test_the_same_seed_plays_the_same_tournament_whatever_finishes_first() -> None:
    async def slow_for_some(a: int, b: int) -> float:
        for _ in range((a * 7 + b) % 3):
            await asyncio.sleep(0)
        return 0.5

    first, second = [await play(9, judge, rng=5) for judge in (slow_for_some, _even)]
    assert first.weights.tolist() == second.weights.tolist()
    assert np.array_equal(first.said, second.said, equal_nan=True)


async def _even(a: int, b: int) -> float:
    return 0.5


async def test_what_is_no_chance_is_refused() -> None:
    async def grades(a: int, b: int) -> float:
        return 7.0

    with pytest.raises(DomainError, match=r"said 7.0 of a pair; it must lie in \[0, 1\]"):
        await play(2, grades)
    with pytest.raises(DomainError, match="calls must be at least 1, not 0"):
        await play(2, larger_wins, plan="swiss", calls=0)


async def test_one_choice_among_all() -> None:
    seen: list[int] = []

    async def last_shown(order: object) -> int:
        assert isinstance(order, list)
        seen.extend(order)
        return int(order[-1])

    weights = await choose_one(5, last_shown, rng=3)
    assert sorted(seen) == [0, 1, 2, 3, 4]
    assert weights[seen[-1]] == weights.sum() == 1

    async def nothing(order: object) -> None:
        return None

    assert not (await choose_one(5, nothing)).any()
    assert (await choose_one(0, last_shown)).size == 0

    async def beyond(order: object) -> int:
        return 5

    with pytest.raises(DomainError, match="picked sample 5; there are 0 to 4"):
        await choose_one(5, beyond)
