"""Swiss tournaments: players with equal points meet, as many matches as there are calls.

Not here: where the chances of a match come from (`selection.matches`).
Try it: `python -m pytest tests/selection/test_swiss.py`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from topdraw.core.records import FloatArray, IntArray


def usual_calls(players: int) -> int:
    """Matches of ceil(log2 m) rounds, in which one player can be alone with all points.

    Examples:
        >>> [usual_calls(m) for m in (1, 2, 8, 9)]
        [0, 1, 12, 16]
    """
    return players // 2 * math.ceil(math.log2(max(players, 1)))


class Round(NamedTuple):
    """One round.

    Attributes:
        pairs: who meets whom.
        bye: who sits out with a point, for the number of players is odd; None for nobody.
    """

    pairs: list[tuple[int, int]]
    bye: int | None


def next_round(
    points: Sequence[float], ahead: Sequence[int], met: Collection[tuple[int, int]]
) -> Round:
    """From the top, each player against the next one it has not met.

    Args:
        points: of each player.
        ahead: all players, in the order that decides between equal points.
        met: pairs that have met, the smaller number first; (i, i) for a player who had a bye.

    Returns:
        The round. The bye is for the last player who had none; one who has met all that are left
        sits out without a point.
    """
    waiting = sorted(ahead, key=lambda player: -points[player])  # stable
    bye = None
    if len(waiting) % 2:
        bye = next((one for one in reversed(waiting) if (one, one) not in met), None)
        waiting = [one for one in waiting if one != bye]
    pairs = []
    while waiting:
        one = waiting.pop(0)
        for at, other in enumerate(waiting):
            if (min(one, other), max(one, other)) not in met:
                pairs.append((one, waiting.pop(at)))
                break
    return Round(pairs, bye)


def swiss_points(
    wins: FloatArray, order: IntArray, calls: int, rng: np.random.Generator
) -> FloatArray:
    """Points of one Swiss tournament: 1 for a win, 1/2 for each of two that are exactly even.

    No pair meets twice. Where the number of players is odd, one sits out each round with a point.
    When calls run out within a round, its upper matches have been played, and nobody has a bye.

    Args:
        wins: shape (m, m). Probability that the row beats the column; exactly 1/2 is a draw.
        order: shape (k,). The players, in random order.
        calls: matches, >= 0.
        rng: of the matches.

    Returns:
        Shape (m,); 0 for those who do not play.
    """
    points, met = [0.0] * wins.shape[0], set[tuple[int, int]]()
    ahead, left = order.tolist(), calls
    while left > 0:
        whole, bye = next_round(points, ahead, met)
        pairs = whole[:left]
        if not pairs:
            break
        if bye is not None and len(pairs) == len(whole):
            points[bye] += 1.0
            met.add((bye, bye))
        for (one, other), luck in zip(pairs, rng.random(len(pairs)).tolist(), strict=True):
            chance = float(wins[one, other])
            gain = 0.5 if chance == 0.5 else float(luck < chance)
            points[one] += gain
            points[other] += 1 - gain
            met.add((min(one, other), max(one, other)))
        left -= len(pairs)
    return np.array(points)
