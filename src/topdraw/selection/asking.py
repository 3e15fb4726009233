"""Choosing by asking: tournaments whose matches a judge decides live, and one choice among all.

The judge is any async function; what it said comes back as a table that can be stored and chosen
from again (`store.comparisons`). Not here: a judge, its prompts and its bill.
Try it: `python -m pytest tests/selection/test_asking.py`.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from topdraw.core.records import FloatArray
from topdraw.core.seeds import Rng, generator
from topdraw.errors import DomainError
from topdraw.selection.knockout import first_round
from topdraw.selection.pick import spread
from topdraw.selection.swiss import next_round, usual_calls

#: Probability that the sample at the first position is better than the one at the second, in
#: [0, 1]; NaN when the judge gave no verdict.
Compare: TypeAlias = Callable[[int, int], Awaitable[float]]
#: Which of these positions is best; None when the judge gave no verdict.
Choose: TypeAlias = Callable[[Sequence[int]], Awaitable[int | None]]
Plan: TypeAlias = Literal["knockout", "round_robin", "swiss"]


@dataclass(frozen=True, slots=True)
class Played:
    """A tournament that was played.

    Attributes:
        weights: shape (n,). All weight on the winner; ties share it.
        said: shape (n, n). What the judge said of (row, column); NaN where it was not asked, or
            gave no verdict. As in `Candidates.pairs`.
        calls: how often it was asked.
        unanswered: how often it gave no verdict; such a match is even.
    """

    weights: FloatArray
    said: FloatArray
    calls: int
    unanswered: int


async def play(
    n: int, compare: Compare, *, plan: Plan = "knockout", calls: int | None = None, rng: Rng = 0
) -> Played:
    """Play a tournament between n samples, asking about all matches of a round at once.

    Which of two is shown first is random. How many questions are under way at a time is for
    `compare` to limit. An error it raises ends the tournament.

    Args:
        n: samples, >= 0.
        compare: the judge.
        plan: "knockout" asks n - 1 times, "round_robin" n (n - 1) / 2, "swiss" `calls` times.
        calls: of "swiss", most questions; None for ceil(log2 n) rounds.
        rng: of brackets, pairings, who is shown first, and even matches of a knockout.

    Raises:
        DomainError: if calls < 1, or the judge says what is neither NaN nor in [0, 1].
    """
    if calls is not None and calls < 1:
        raise DomainError(f"calls must be at least 1, not {calls}.")
    table = _Table(n, compare, generator(rng))
    order = table.random.permutation(n).tolist()
    if plan == "knockout":
        weights = np.zeros(n)
        if n:
            weights[await _knockout(table, order)] = 1.0
    elif plan == "round_robin":
        points = await _round_robin(table)
        weights = spread(points == points.max(initial=0.0))
    else:
        points = await _swiss(table, order, usual_calls(n) if calls is None else calls)
        weights = spread(points == points.max(initial=0.0))
    return Played(weights, table.said, table.calls, table.unanswered)


async def choose_one(n: int, choose: Choose, *, rng: Rng = 0) -> FloatArray:
    """Weights of the sample that a judge picks when it is shown all of them, in random order.

    The seam of universal self-consistency and of any listwise judge.

    Args:
        n: samples.
        choose: the judge; it is given positions 0..n-1 in the order to show them.
        rng: of that order.

    Returns:
        Shape (n,); all 0 when the judge gave no verdict, or n is 0.

    Raises:
        DomainError: if it picks what is no position.

    References:
        Chen et al. 2023 (arXiv 2311.17311).
    """
    weights = np.zeros(n)
    picked = await choose(generator(rng).permutation(n).tolist()) if n else None
    if picked is None:
        return weights
    if not 0 <= picked < n:
        raise DomainError(f"The judge picked sample {picked}; there are 0 to {n - 1}.")
    weights[picked] = 1.0
    return weights


class _Table:
    """What the judge has said so far."""

    def __init__(self, n: int, compare: Compare, random: np.random.Generator) -> None:
        self.random = random
        self.said = np.full((n, n), np.nan)
        self.calls = self.unanswered = 0
        self._compare = compare

    async def ask(self, pairs: Sequence[tuple[int, int]]) -> list[float]:
        """The chance of the first of each pair; 1/2 without a verdict."""
        turned = self.random.random(len(pairs)) < 0.5
        shown = [(b, a) if turn else (a, b) for (a, b), turn in zip(pairs, turned, strict=True)]
        answers = await asyncio.gather(*(self._compare(a, b) for a, b in shown))
        self.calls += len(pairs)
        chances = []
        for (a, b), turn, answer in zip(shown, turned, answers, strict=True):
            if not (math.isnan(answer) or 0 <= answer <= 1):
                raise DomainError(f"The judge said {answer} of a pair; it must lie in [0, 1].")
            self.said[a, b] = answer
            self.unanswered += math.isnan(answer)
            chance = 0.5 if math.isnan(answer) else answer
            chances.append(1 - chance if turn else chance)
        return chances


async def _knockout(table: _Table, order: Sequence[int]) -> int:
    """The winner of a bracket in this order."""
    left, places = list(order), iter(order)
    # The bracket of `selection.knockout`, so that its weights are those of what is played here.
    nodes = [[next(places) for _ in range(size)] for size in first_round(len(left))]
    while len(left) > 1:
        met = [(node[0], node[1]) for node in nodes if len(node) == 2]
        chances = await table.ask(met)
        lucky = table.random.random(len(met))
        won = iter(
            a if chance > 0.5 or (chance == 0.5 and luck < 0.5) else b
            for (a, b), chance, luck in zip(met, chances, lucky, strict=True)
        )
        left = [next(won) if len(node) == 2 else node[0] for node in nodes]
        nodes = [left[at : at + 2] for at in range(0, len(left), 2)]
    return left[0]


async def _round_robin(table: _Table) -> FloatArray:
    n = table.said.shape[0]
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n)]
    return _points(n, pairs, await table.ask(pairs))


async def _swiss(table: _Table, order: Sequence[int], calls: int) -> FloatArray:
    points, met = np.zeros(len(order)), set[tuple[int, int]]()
    while table.calls < calls:
        whole, bye = next_round(points.tolist(), order, met)
        pairs = whole[: calls - table.calls]
        if not pairs:
            break
        if bye is not None and len(pairs) == len(whole):
            points[bye] += 1.0
            met.add((bye, bye))
        points += _points(len(order), pairs, await table.ask(pairs))
        met |= {(min(pair), max(pair)) for pair in pairs}
    return points


def _points(n: int, pairs: Sequence[tuple[int, int]], chances: Sequence[float]) -> FloatArray:
    points = np.zeros(n)
    for (a, b), chance in zip(pairs, chances, strict=True):
        points[[a, b]] += (chance, 1 - chance)
    return points
