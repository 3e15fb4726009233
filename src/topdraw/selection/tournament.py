"""Selectors by pairwise comparison: knockout, round-robin and Swiss tournaments.

Each is a mean over what is random in it (brackets, pairings, matches), so that the weights are
those with which a played tournament would choose. Stored comparisons of no more pairs than one such
tournament asks are that tournament, played: its winner has all weight (`matches.unbeaten`).
Not here: the chances of a match (`selection.matches`), asking a judge live (`selection.asking`).
Try it: `topdraw select RUN --selector "knockout(value, 0.5)"`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from topdraw.core.records import Candidates, FloatArray, IntArray
from topdraw.core.registry import selector
from topdraw.errors import DomainError
from topdraw.selection.knockout import EXACT, knockout_chances, knockout_winners
from topdraw.selection.matches import (
    BY_VALUE,
    Matches,
    matches,
    most_points,
    unbeaten,
    was_played,
)
from topdraw.selection.pick import spread
from topdraw.selection.swiss import swiss_points, usual_calls
from topdraw.selection.vote import TIE

#: Random brackets of a knockout with more than `EXACT` players.
BRACKETS = 4000
#: Random Swiss tournaments.
SWISS = 200


@selector("knockout")
def knockout(candidates: Candidates, /, *, by: str = BY_VALUE, beta: float = 1.0) -> FloatArray:
    """Probability that each sample wins a knockout over a random bracket: n - 1 comparisons.

    Exact up to 16 players; beyond, 4,000 seeded brackets (standard error of a weight <= 0.008).
    With `by="value"` matches are played by the chances of Bradley and Terry: towards beta = 0 it is
    best-of-n, and a larger beta is what a noisy judge of these rewards makes of it.

    Args:
        candidates: the samples of one problem.
        by: "value", or the name of stored comparisons.
        beta: of "value", units of value per nat, > 0.

    Returns:
        Shape (n,); all 0 when no sample has a value, or none was compared.

    Raises:
        DomainError: if beta is not a positive finite number, or a comparison is outside [0, 1].

    References:
        A knockout of pairwise judgements: Liu et al. 2025 (arXiv 2501.13007).
    """
    found = matches(candidates, by, beta)
    if was_played(found, found.players.size - 1):
        return _placed(candidates.n, found, unbeaten(found))
    return _placed(candidates.n, found, _knockout(found.wins))


@selector("round_robin")
def round_robin(candidates: Candidates, /, *, by: str = BY_VALUE, beta: float = 1.0) -> FloatArray:
    """All weight on the sample with the best mean chance against the others; ties share it.

    Every pair once, n (n - 1) / 2 comparisons; pairs that were not compared are left out of the
    mean. By rewards this is best-of-n, whatever beta: it is meant for a judge, whose verdicts may
    run in circles.

    Args:
        candidates: the samples of one problem.
        by: "value", or the name of stored comparisons.
        beta: of "value", units of value per nat, > 0.

    Returns:
        Shape (n,); all 0 when no sample has a value, or none was compared.

    Raises:
        DomainError: if beta is not a positive finite number, or a comparison is outside [0, 1].

    References:
        Copeland's rule where verdicts are 0 and 1: Brandt et al. 2016, Handbook of Computational
        Social Choice.
    """
    found = matches(candidates, by, beta)
    if not found.players.size:
        return np.zeros(candidates.n)
    if by == BY_VALUE:
        value = candidates.value[found.players]
        return _placed(candidates.n, found, spread(value == value.max()))
    met = found.known.sum(axis=1)
    score = np.where(found.known, found.wins, 0.0).sum(axis=1) / np.maximum(met, 1)
    return _placed(candidates.n, found, spread(score >= score.max() - TIE))


@selector("swiss")
def swiss(
    candidates: Candidates, /, *, by: str = BY_VALUE, beta: float = 1.0, calls: int | None = None
) -> FloatArray:
    """Probability that each sample wins a Swiss tournament with a budget of comparisons.

    In every round players of equal points meet who have not met; the most points win, and ties
    share. 200 seeded tournaments (standard error of a weight <= 0.036).

    Args:
        candidates: the samples of one problem.
        by: "value", or the name of stored comparisons.
        beta: of "value", units of value per nat, > 0.
        calls: comparisons; None for ceil(log2 n) full rounds.

    Returns:
        Shape (n,); all 0 when no sample has a value, or none was compared.

    Raises:
        DomainError: if calls < 1, beta is not a positive finite number, or a comparison is outside
            [0, 1].
    """
    if calls is not None and calls < 1:
        raise DomainError(f"calls must be at least 1, not {calls}.")
    found = matches(candidates, by, beta)
    if was_played(found, usual_calls(found.players.size) if calls is None else calls):
        return _placed(candidates.n, found, most_points(found))
    return _placed(candidates.n, found, _swiss(found.wins, calls))


@selector("usc")
def usc(candidates: Candidates, /, *, by: str = "usc") -> FloatArray:
    """All weight on the sample that a judge picked when it was shown all of them; ties share it.

    Universal self-consistency, or any judge of lists, out of stored comparisons: a pick is stored
    as what it implies, that the sample picked is better than each of the others shown.

    Args:
        candidates: the samples of one problem.
        by: the name of stored comparisons, as `topdraw judge --pairs usc` makes them.

    Returns:
        Shape (n,); all 0 when nothing was picked.

    Raises:
        DomainError: if a comparison is outside [0, 1].

    References:
        Chen et al. 2023 (arXiv 2311.17311).
    """
    found = matches(candidates, by, 1.0)
    return _placed(candidates.n, found, unbeaten(found))


def _needs(*, by: str = BY_VALUE, **_: object) -> tuple[str, ...]:
    return (BY_VALUE,) if by == BY_VALUE else (f"pairs:{by}",)


def _simulates_knockout(n: int, **_: object) -> str:
    return "" if n <= EXACT else f"{BRACKETS} random brackets for each problem"


def _simulates_swiss(n: int, **_: object) -> str:
    return "" if n <= 2 else f"{SWISS} random tournaments for each problem"


def _needs_picks(*, by: str = "usc") -> tuple[str, ...]:
    return (f"pairs:{by}",)


for _function in (knockout, round_robin, swiss):
    _function.needs_with = _needs  # type: ignore[attr-defined]  # read when resolved
usc.needs_with = _needs_picks  # type: ignore[attr-defined]  # read when resolved
knockout.simulates_with = _simulates_knockout  # type: ignore[attr-defined]  # read when resolved
swiss.simulates_with = _simulates_swiss  # type: ignore[attr-defined]  # read when resolved


def _placed(n: int, found: Matches, weights: FloatArray) -> FloatArray:
    placed = np.zeros(n)
    placed[found.players] = weights
    return placed


def _knockout(wins: FloatArray) -> FloatArray:
    if wins.shape[0] <= EXACT:
        return knockout_chances(wins)

    def play(ordered: FloatArray, rng: np.random.Generator) -> FloatArray:
        order = rng.permuted(np.tile(np.arange(len(ordered)), (BRACKETS, 1)), axis=1)
        won = np.bincount(knockout_winners(ordered, order, rng), minlength=len(ordered))
        return won / BRACKETS

    return _in_one_order(wins, play)


def _swiss(wins: FloatArray, calls: int | None) -> FloatArray:
    size = wins.shape[0]
    if size <= 1:
        return np.ones(size)
    if size == 2:
        return np.array([wins[0, 1], wins[1, 0]])
    budget = usual_calls(size) if calls is None else calls

    def play(ordered: FloatArray, rng: np.random.Generator) -> FloatArray:
        weights = np.zeros(size)
        for _ in range(SWISS):
            points = swiss_points(ordered, rng.permutation(size), budget, rng)
            weights += spread(points == points.max())
        return weights / SWISS

    return _in_one_order(wins, play)


def _in_one_order(
    wins: FloatArray, play: Callable[[FloatArray, np.random.Generator], FloatArray]
) -> FloatArray:
    """Simulate with the players in an order of their own, so that the order given is no matter.

    Players whom nothing in the table tells apart share their weights equally.
    """
    order, alike = _standing(wins)
    weights = np.empty(len(wins))
    weights[order] = play(wins[np.ix_(order, order)], np.random.default_rng(0))
    shared: FloatArray = (np.bincount(alike, weights) / np.bincount(alike))[alike]
    return shared


def _standing(wins: FloatArray) -> tuple[IntArray, IntArray]:
    """An order of the players that depends on the table alone, and who stands equal in it.

    By mean chance, then by the chances against strong players, and against those again.
    """
    keys = [wins.mean(axis=1)]
    for power in (2, 3, 2):
        keys.append(wins @ (keys[-1] ** power) / len(wins))
    table = np.stack(keys, axis=1).round(10)
    _, alike = np.unique(table, axis=0, return_inverse=True)
    standing = alike.reshape(-1).astype(np.int64)
    return np.argsort(standing, kind="stable"), standing
