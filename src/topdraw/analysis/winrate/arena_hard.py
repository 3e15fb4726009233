"""Arena-Hard's scores: the 2025 mean, v0.1's Bradley-Terry on an Elo scale, and their bootstraps.

Not here: verdicts (`winrate.verdicts`), style control (`winrate.style`).
Try it: `python -m pytest tests/analysis/winrate/test_arena_hard.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.winrate.points import in_points
from topdraw.analysis.winrate.verdicts import Battles
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray
from topdraw.core.seeds import Rng, generator

#: Resamples of the battles that Arena-Hard takes.
ROUNDS = 100
#: Rating of the baseline.
ANCHOR = 1000.0
_SCALE = 400.0


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Their interval: quantiles of resampled battles, which are not independent.

    Attributes:
        score: what they print: the mean of the resampled scores (2025), or the score (v0.1).
        low: lower quantile.
        high: upper quantile.
        quantiles: which two, e.g. (0.05, 0.95).
        rounds: resamples.
    """

    score: float
    low: float
    high: float
    quantiles: tuple[float, float]
    rounds: int


def score_estimate(
    found: Battles, instructions: Sequence[str], *, level: float = 0.95, method: str = ""
) -> Estimate:
    """The exact score with our interval: questions are the units, not battles.

    The expected value of their bootstrap mean is the weighted mean itself, so nothing is resampled;
    the games of one question, repeated ones too, are a cluster (a ratio of sums over questions).

    Args:
        found: of `verdicts.battles`.
        instructions: the question of each judgment.
        level: confidence level, in (0, 1).
        method: how the values were made.

    Examples:
        >>> from topdraw.analysis.winrate.verdicts import battles
        >>> score_estimate(battles([("B>A", "A>B"), ("A>B", "B>A")]), ["q1", "q2"]).value
        50.0
    """
    value, row = found.repeated()
    names = [instructions[at] for at in row.tolist()]
    return in_points(value, instructions=names, level=level, missing=found.dropped, method=method)


def their_bootstrap(
    found: Battles, *, old: bool = False, rounds: int = ROUNDS, rng: Rng = 0
) -> Bootstrap:
    """Arena-Hard's own interval, seeded: theirs wobbles in the first decimal from run to run.

    Args:
        found: of `verdicts.battles`.
        old: v0.1: quantiles 2.5 and 97.5 % around the score; else 5 and 95 % around the mean of
            the resamples, though the table reads like a 95 % interval.
        rounds: resamples.
        rng: seed or generator.

    Returns:
        In points; NaN without battles.
    """
    value, _ = found.repeated()
    quantiles = (0.025, 0.975) if old else (0.05, 0.95)
    if not value.size:
        return Bootstrap(math.nan, math.nan, math.nan, quantiles, rounds)
    random = generator(rng)
    picks = [random.integers(value.size, size=value.size) for _ in range(rounds)]
    means: FloatArray = 100 * np.array([value[one].mean() for one in picks])
    low, high = np.quantile(means, quantiles)
    score = found.score if old else float(means.mean())
    return Bootstrap(score, float(low), float(high), quantiles, rounds)


def elo(score: float) -> float:
    """v0.1's rating of a model whose battles are all with the baseline.

    A Bradley-Terry fit without penalty on battles with one opponent has a closed form: the odds of
    the weighted score, ties half. Rating = 1000 + 400 log10(odds), the baseline being 1000.

    Args:
        score: weighted mean in points, in [0, 100].

    Returns:
        The rating; infinite for 0 and 100, where no finite one fits; NaN for NaN.

    Examples:
        >>> round(elo(90.909090909), 6), elo(50.0), elo(100.0)
        (1400.0, 1000.0, inf)

    References:
        arena-hard-auto, `show_result_bt.py`.
    """
    if math.isnan(score):
        return math.nan
    if score <= 0 or score >= 100:
        return math.copysign(math.inf, score - 50)
    return ANCHOR + _SCALE * math.log10(score / (100 - score))


def win_rate_of_elo(rating: float, baseline: float = ANCHOR) -> float:
    """The win rate in points that two ratings predict; `elo` read backwards.

    Examples:
        >>> round(win_rate_of_elo(1400.0), 4)
        90.9091
    """
    return 100 / (1 + 10 ** ((baseline - rating) / _SCALE))
