"""Whether the samples still to come can bring a better score than the best so far: a MODEL.

Under exchangeability alone the next m of k + m samples hold the best of all with chance m / (k+m),
whatever the k scores are: a rule made of that looks at no score and is a fixed n. To learn from the
scores takes a model. This one: above the (r+1)-th largest of k scores, r = k // 2, they follow an
exponential tail. Lighter ones (uniform, normal, logistic, all with a rising hazard rate) make it
draw longer than it needs; heavier ones (log-normal, a few samples of quite another kind) make it
stop too early. Measured: docs/choosing.md.

Not here: batches and looks (`sampling.stopping`), what it does to estimates (`analysis.stopping`).
Try it: `python -c "from topdraw.sampling.best import *; print(chance_of_better(range(16), 48))"`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from topdraw.core.until import Until

#: Scores below which nothing is said of their law.
FEWEST = 8


def chance_of_better(values: Iterable[float], left: int, gain: float = 0.0) -> float:
    """A bound on the chance that the samples still to come beat the best so far, by the MODEL.

    With u the (r+1)-th largest of k values, M the largest, s their standard deviation and S the sum
    of the r excesses over u, the excess of a further sample that is above u has the predictive law
    P(X - u > x) = (1 + x / S)^(-r), exactly so for exponential excesses; the chance to be above u
    is (r+1) / (k+1). One of m samples beats M by more than gain * s with at most m times

        (r+1) / (k+1) * (1 + (M - u + gain * s) / S)^(-r).

    It depends on the values only through ratios of differences. The stated confidence therefore
    holds at whatever look the drawing ends.

    Args:
        values: of the samples so far; NaN for a missing one, which counts as not drawn.
        left: samples that could still be drawn, m >= 0.
        gain: how much better counts, in standard deviations of the values, >= 0.

    Returns:
        In [0, 1]; 1 where there are fewer than 8 values, one is infinite, or the upper half of them
        is equal.

    Examples:
        >>> round(chance_of_better([*range(15), 40], left=4), 3), chance_of_better([9.0] * 9, 4)
        (0.067, 1.0)

    References:
        Pickands 1975, Statistical inference using extreme order statistics, for tails; Lomax for
        the predictive law; Kalayci, Raman & Dughmi 2025 (arXiv 2510.01394) stop best-of-N by an
        exponential model of the rewards, too, for a price per sample instead of a confidence.
    """
    if left <= 0:
        return 0.0
    found = np.array([value for value in values if value == value], float)
    k = found.size
    if k < FEWEST or not np.isfinite(found).all():
        return 1.0
    r = k // 2
    top = np.sort(found)[::-1][: r + 1]
    scale = float((top[:r] - top[r]).sum())
    if scale <= 0:
        return 1.0
    needed = float(top[0] - top[r]) + gain * float(found.std(ddof=1))
    return min(left * (r + 1) / (k + 1) * (1 + needed / scale) ** -r, 1.0)


def is_best_settled(until: Until, values: Iterable[float], left: int) -> bool:
    """Whether the best score so far will stay the best, as the rule wants it.

    Args:
        until: the rule, "best".
        values: of the samples so far; NaN for a missing one.
        left: samples that could still be drawn.
    """
    return chance_of_better(values, left, until.gain) <= 1 - until.confidence


def can_be_settled(until: Until, drawn: int, left: int) -> bool:
    """Whether some scores of so many samples would end the drawing.

    Without a gain the largest excess is at most all of S, so that the chance is at least
    m (r+1) / (k+1) / 2^r.

    Args:
        until: the rule, "best".
        drawn: samples so far.
        left: samples that could still be drawn.
    """
    if until.confidence == 1 or drawn < FEWEST:
        return left <= 0
    r = drawn // 2
    least = 0.0 if until.gain else left * (r + 1) / (drawn + 1) * 2.0**-r
    return least <= 1 - until.confidence
