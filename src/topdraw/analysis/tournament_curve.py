"""Expected correctness of a tournament among k random samples: subsets and matches drawn at once.

Not here: other selectors (`analysis.simulated`), the tournaments (`selection.tournament`).
Try it: `python -m pytest tests/analysis/test_tournament_curve.py`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np

from topdraw.analysis.simulated import SUBSETS, Simulated, simulated_of_k
from topdraw.core.records import Candidates, FloatArray, IntArray
from topdraw.selection.knockout import EXACT, knockout_winners
from topdraw.selection.matches import BY_VALUE, matches
from topdraw.selection.pick import spread
from topdraw.selection.swiss import swiss_points, usual_calls
from topdraw.selection.tournament import knockout, swiss

#: Brackets played for each random subset.
_BRACKETS = 10


def knockout_of_k(
    candidates: Candidates,
    ks: Sequence[int],
    *,
    rng: np.random.Generator,
    subsets: int = SUBSETS,
    by: str = BY_VALUE,
    beta: float = 1.0,
) -> Simulated:
    """Probability that the winner of a knockout among k random samples is correct.

    Exact where all subsets are few and small; else ten random brackets for each random subset.

    Args:
        candidates: one problem, without missing samples.
        ks: samples used, each 1 <= k <= n.
        rng: of subsets, brackets and matches.
        subsets: random subsets for each k.
        by: as in `selection.tournament.knockout`.
        beta: likewise.

    Raises:
        DomainError: if a k is outside 1..n, or as the selector does.
    """
    whole = functools.partial(knockout, by=by, beta=beta)
    found = matches(candidates, by, beta)
    few = [k <= EXACT and math.comb(candidates.n, k) <= subsets for k in ks if k >= 1]
    if found.players.size < candidates.n or len(few) < len(ks) or max(ks) > candidates.n:
        return simulated_of_k(candidates, whole, ks, rng=rng, subsets=subsets)

    def right(order: IntArray) -> FloatArray:
        brackets = rng.permuted(np.repeat(order, _BRACKETS, axis=0), axis=1)
        winners = knockout_winners(found.wins, brackets, rng)
        shares: FloatArray = candidates.passed[winners].reshape(-1, _BRACKETS).mean(axis=1)
        return shares

    each = [
        simulated_of_k(candidates, whole, [k], rng=rng, subsets=subsets)
        if exact
        else _drawn(right(_orders(candidates.n, k, subsets, rng)))
        for k, exact in zip(ks, few, strict=True)
    ]
    return _joined(each)


def swiss_of_k(
    candidates: Candidates,
    ks: Sequence[int],
    *,
    rng: np.random.Generator,
    subsets: int = SUBSETS,
    by: str = BY_VALUE,
    beta: float = 1.0,
    calls: int | None = None,
) -> Simulated:
    """Probability that the winner of a Swiss tournament among k random samples is correct.

    One tournament for each random subset.

    Args:
        candidates: one problem, without missing samples.
        ks: samples used, each 1 <= k <= n.
        rng: of subsets, pairings and matches.
        subsets: random subsets for each k.
        by: as in `selection.tournament.swiss`.
        beta: likewise.
        calls: likewise.

    Raises:
        DomainError: if a k is outside 1..n, or as the selector does.
    """
    found = matches(candidates, by, beta)
    if found.players.size < candidates.n or not all(1 <= k <= candidates.n for k in ks):
        whole = functools.partial(swiss, by=by, beta=beta, calls=calls)
        return simulated_of_k(candidates, whole, ks, rng=rng, subsets=subsets)

    def right(order: IntArray) -> float:
        budget = usual_calls(order.size) if calls is None else calls
        points = swiss_points(found.wins, order, budget, rng)[order]
        return float(spread(points == points.max()) @ candidates.passed[order])

    return _joined(
        [
            _drawn(np.array([right(row) for row in _orders(candidates.n, k, subsets, rng)]))
            for k in ks
        ]
    )


def _orders(n: int, k: int, subsets: int, rng: np.random.Generator) -> IntArray:
    return rng.permuted(np.tile(np.arange(n), (subsets, 1)), axis=1)[:, :k]


def _drawn(right: FloatArray) -> Simulated:
    error = float(right.std(ddof=1)) / math.sqrt(right.size) if right.size > 1 else 0.0
    return Simulated(np.array([right.mean()]), np.array([error]))


def _joined(each: Sequence[Simulated]) -> Simulated:
    return Simulated(
        np.concatenate([np.zeros(0), *(one.expected for one in each)]),
        np.concatenate([np.zeros(0), *(one.error for one in each)]),
    )
