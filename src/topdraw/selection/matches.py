"""Who beats whom among a problem's samples, with which probability: from rewards or from a judge.

Not here: tournaments (`selection.tournament`), and asking a judge (`selection.asking`).
Try it: `python -m pytest tests/selection/test_matches.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from topdraw.core.records import BoolArray, Candidates, FloatArray, IntArray
from topdraw.errors import DomainError
from topdraw.selection.pick import below_top, compared, ranked, spread
from topdraw.selection.vote import TIE

#: What tournaments call matches decided by the ranking scorer's value.
BY_VALUE = "value"


@dataclass(frozen=True, slots=True)
class Matches:
    """Players and their chances.

    Attributes:
        players: shape (m,). Positions of the candidates that take part.
        wins: shape (m, m). Probability that the row beats the column, in [0, 1]; wins and its
            transpose add up to 1, and a pair that nobody compared is an even chance.
        known: shape (m, m), symmetric. Pairs that were compared.
    """

    players: IntArray
    wins: FloatArray
    known: BoolArray


def matches(candidates: Candidates, by: str, beta: float) -> Matches:
    """The chances of all pairs of candidates that can be compared.

    By "value" they are those of Bradley and Terry, 1 / (1 + exp(-(r_i - r_j) / beta)). By the name
    of stored comparisons, what the judge said of (i, j) and of (j, i), averaged, so that a
    preference for the first place cancels.

    Args:
        candidates: the samples of one problem.
        by: "value", or a name in `candidates.pairs`.
        beta: of "value", units of value per nat, > 0.

    Returns:
        Only samples that are not missing and have a value, or were compared with another such
        sample, play; a single one that is not missing plays alone.

    Raises:
        DomainError: if beta is not a positive finite number, or a comparison is outside [0, 1].

    References:
        Bradley & Terry 1952.
    """
    if not (math.isfinite(beta) and beta > 0):
        raise DomainError(f"beta must be a positive finite number, not {beta}.")
    if by == BY_VALUE:
        players = np.flatnonzero(ranked(candidates))
        wins = bradley_terry(candidates.value[players], beta)
        return Matches(players, wins, ~np.eye(players.size, dtype=bool))
    said = candidates.pairs.get(by)
    if said is None:
        return Matches(np.zeros(0, np.int64), np.zeros((0, 0)), np.zeros((0, 0), bool))
    usable = ~candidates.missing
    met = usable if usable.sum() == 1 else compared(said, usable)
    players = np.flatnonzero(met)
    return Matches(players, *_averaged(said[np.ix_(players, players)], by))


def was_played(found: Matches, calls: int) -> bool:
    """Whether stored comparisons are one tournament of so many pairs rather than a whole table.

    Args:
        found: the players and what is known of them.
        calls: pairs that the tournament asks.
    """
    size = found.players.size
    pairs = int(found.known.sum()) // 2
    return 0 < pairs <= calls and pairs < size * (size - 1) // 2


def unbeaten(found: Matches) -> FloatArray:
    """Weights of the players who lost least often, and of these won most often; ties share.

    Of a played knockout that is its winner, and of a judge that picked one of all, the one picked.
    A pair is lost where the other's chance is above 1/2.
    """
    won = (found.known & (found.wins > 0.5 + TIE)).sum(axis=1)
    lost = (found.known & (found.wins < 0.5 - TIE)).sum(axis=1)
    best = lost == lost.min(initial=won.size)
    return spread(best & (won == won[best].max(initial=0)))


def most_points(found: Matches) -> FloatArray:
    """Weights of the players with the most points above even chances; ties share."""
    ahead = np.where(found.known, found.wins - 0.5, 0.0).sum(axis=1)
    return spread(ahead >= ahead.max(initial=-np.inf) - TIE)


def bradley_terry(value: FloatArray, beta: float = 1.0) -> FloatArray:
    """Probability that each value beats each other one: the logistic of their difference.

    Args:
        value: shape (n,), without NaN; equal infinities are even.
        beta: units of value per nat, > 0.

    Returns:
        Shape (n, n), in [0, 1]; with its transpose it adds up to 1 but for rounding.

    Examples:
        >>> bradley_terry(np.array([0.0, np.log(3.0)])).round(2).tolist()
        [[0.5, 0.25], [0.75, 0.5]]
    """
    each, other = np.broadcast_arrays(value[:, None], value[None, :])
    both = np.stack([each, other], axis=-1)
    with np.errstate(over="ignore"):
        ahead = below_top(both) / beta
        wins: FloatArray = np.exp(ahead[..., 0]) / np.exp(ahead).sum(axis=-1)
    return wins


def _averaged(said: FloatArray, by: str) -> tuple[FloatArray, BoolArray]:
    off = ~np.eye(said.shape[0], dtype=bool)
    asked = ~np.isnan(said) & off
    if ((said < 0) | (said > 1))[asked].any():
        raise DomainError(
            f"The comparisons of {by!r} span {said[asked].min()}..{said[asked].max()}; "
            "the probability that the first is better lies in [0, 1]."
        )
    chances = np.where(asked, said, 0.0) + np.where(asked.T, 1 - said.T, 0.0)
    number = asked.astype(float) + asked.T
    wins = np.divide(chances, number, out=np.full_like(chances, 0.5), where=number > 0)
    return wins, number > 0
