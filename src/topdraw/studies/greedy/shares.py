"""Which decoding wins a problem: shares of problems on which greedy, or sampling, is better.

Not here: how far (`topdraw.analysis.variability`), models against each other (`analysis.orders`).
Try it: `python -m pytest tests/studies/greedy/test_shares.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.intervals import mean_estimate
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray

_SAME = 1e-12


@dataclass(frozen=True, slots=True)
class Shares:
    """Three shares that add up to 1.

    Attributes:
        greedy: the greedy answer is better.
        tie: both are equal.
        sampled: sampling is better.
    """

    greedy: Estimate
    tie: Estimate
    sampled: Estimate


@dataclass(frozen=True, slots=True)
class DecodingShares:
    """Greedy answers against sampling, problem by problem.

    Attributes:
        one: against one sample drawn at random, the mean over all samples.
        majority: against the share of samples that is correct, whether it is above or below one
            half: does the greedy answer do what most samples do?
        problems: problems that have both.
    """

    one: Shares
    majority: Shares
    problems: int


def decoding_shares(
    greedy: ArrayLike, sampled: ArrayLike, *, level: float = 0.95
) -> DecodingShares:
    """Wins, ties and losses of the greedy answers.

    Against one sample, a problem counts with the probability g (1 - p) of a win and (1 - g) p of a
    loss, where g is the greedy verdict and p the share of samples that is correct.

    Args:
        greedy: shape (problems,), in [0, 1]; NaN leaves the problem out.
        sampled: shape (problems,), in [0, 1]; likewise.
        level: confidence level.

    Examples:
        >>> found = decoding_shares([1, 0, 1], [0.25, 0.5, 1.0])
        >>> round(found.one.greedy.value, 3), round(found.one.sampled.value, 3)
        (0.25, 0.167)
    """
    g, p = (np.asarray(each, float).ravel() for each in (greedy, sampled))
    kept = ~np.isnan(g) & ~np.isnan(p)
    g, p = g[kept], p[kept]
    half = np.where(np.abs(p - 0.5) <= _SAME, 0.5, np.where(p > 0.5, 1.0, 0.0))
    return DecodingShares(
        one=_shares(g * (1 - p), (1 - g) * p, level, "against one random sample"),
        majority=_shares(
            (g > half + _SAME).astype(float),
            (g < half - _SAME).astype(float),
            level,
            "against what most samples do",
        ),
        problems=int(kept.sum()),
    )


def _shares(wins: FloatArray, losses: FloatArray, level: float, method: str) -> Shares:
    return Shares(
        *(
            mean_estimate(each, level=level, method=method)
            for each in (wins, 1 - wins - losses, losses)
        )
    )
