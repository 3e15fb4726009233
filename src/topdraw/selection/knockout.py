"""Who wins a knockout over a random bracket: exact up to 16 players, else simulated.

Not here: where the chances of a match come from (`selection.matches`).
Try it: `python -m pytest tests/selection/test_knockout.py`.

A bracket splits m players into halves of m/2, rounded up and down, and each half again, down to
single players; the winners of both halves meet. All ways to do so are equally likely.
"""

from __future__ import annotations

import functools
import itertools
from typing import NamedTuple

import numpy as np

from topdraw.core.records import FloatArray, IntArray

#: Most players whose chances are exact.
EXACT = 16
#: Cells of one step of the exact computation; more would only take memory.
_CELLS = 4_000_000


def knockout_chances(wins: FloatArray) -> FloatArray:
    """Probability that each player wins a knockout over a random bracket, exactly.

    f_S(i) = mean over the splits of S in two halves A, B of
    f_A(i) sum_j f_B(j) w_ij + f_B(i) sum_j f_A(j) w_ij, and f_{i}(i) = 1. Of the 2^m subsets only
    those of the sizes of halves are needed.

    Args:
        wins: shape (m, m), m <= 16. Probability that the row beats the column.

    Returns:
        Shape (m,), summing to 1.

    Examples:
        >>> knockout_chances(np.array([[0.5, 1, 1, 1], [0, 0.5, 1, 1],
        ...                            [0, 0, 0.5, 1], [0, 0, 0, 0.5]])).tolist()
        [1.0, 0.0, 0.0, 0.0]

    References:
        For one bracket: Vu, Altman & Shoham 2009, On the complexity of schedule control problems
        for knockout tournaments; here the mean over all of them.
    """
    size = wins.shape[0]
    if size <= 1:
        return np.ones(size)
    chances = {1: np.eye(size)}
    # What a subset's winner, whoever that is, does against each player.
    beaten = {1: wins.T}
    for step in _steps(size):
        found = np.empty((step.first.shape[0], size))
        rows = max(1, _CELLS // (step.first.shape[1] * size))
        for start in range(0, found.shape[0], rows):
            a, b = (each[start : start + rows] for each in (step.first, step.second))
            one = chances[step.half][a] * beaten[step.rest][b]
            other = chances[step.rest][b] * beaten[step.half][a]
            found[start : start + rows] = (one + other).mean(axis=1)
        chances[step.size] = found
        beaten[step.size] = found @ wins.T
    whole: FloatArray = chances[size][0]
    return whole


class _Step(NamedTuple):
    """All subsets of a size, and the rows of the halves of each of their splits."""

    size: int
    half: int
    rest: int
    first: IntArray
    second: IntArray


@functools.lru_cache(maxsize=EXACT)
def _steps(players: int) -> tuple[_Step, ...]:
    sizes, todo = set[int](), {players}
    while todo - {1}:
        sizes |= todo - {1}
        todo = {half for size in todo - {1} for half in (size // 2, size - size // 2)}
    row_of = np.zeros(1 << players, np.int64)
    steps = []
    for size in [1, *sorted(sizes)]:
        members = np.array(list(itertools.combinations(range(players), size)), np.int64)
        masks = (1 << members).sum(axis=1)
        row_of[masks] = np.arange(masks.size)
        if size > 1:
            half, rest = size - size // 2, size // 2
            splits = np.array(list(itertools.combinations(range(size), half)), np.int64)
            if half == rest:  # each split once: the half with the first member
                splits = splits[splits[:, 0] == 0]
            chosen = (1 << members)[:, splits].sum(axis=2)
            steps.append(_Step(size, half, rest, row_of[chosen], row_of[masks[:, None] - chosen]))
    return tuple(steps)


def first_round(players: int) -> list[int]:
    """Players at each place of the first round, from left to right: two meet, one goes on.

    Args:
        players: >= 1.

    Examples:
        >>> first_round(6), first_round(7), first_round(8)
        ([2, 1, 2, 1], [2, 2, 2, 1], [2, 2, 2, 2])
    """
    sizes = [players]
    while max(sizes) > 2:
        sizes = [half for size in sizes for half in (size - size // 2, size // 2)]
    return sizes


def knockout_winners(wins: FloatArray, order: IntArray, rng: np.random.Generator) -> IntArray:
    """Winners of knockouts over given brackets, every match played by chance.

    Args:
        wins: shape (m, m). Probability that the row beats the column.
        order: shape (draws, k), k >= 1. Players of each draw, in random order.
        rng: of the matches.

    Returns:
        Shape (draws,).
    """
    if order.shape[1] == 1:
        return order[:, 0]
    half = order.shape[1] - order.shape[1] // 2
    one = knockout_winners(wins, order[:, :half], rng)
    other = knockout_winners(wins, order[:, half:], rng)
    return np.where(rng.random(order.shape[0]) < wins[one, other], one, other)
