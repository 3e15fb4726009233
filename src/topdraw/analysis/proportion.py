"""Intervals for a plain proportion, c of n: Wilson's and the exact one.

Not here: means over problems with several samples each (`analysis.intervals`).
Try it: `python -c "from topdraw.analysis.proportion import *; print(exact_interval(0, 50))"`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.limits import Limits, require_level
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray
from topdraw.errors import DomainError


def wilson_interval(c: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Limits:
    """Wilson's score interval of c successes in n trials.

    Close to its level on average over proportions; the default for a share of problems.

    Args:
        c: successes, 0 <= c <= n.
        n: trials, >= 0; without any the interval is [0, 1].
        level: confidence level, in (0, 1).

    Returns:
        Ends in [0, 1], of the broadcast shape.

    Raises:
        DomainError: if c is outside 0..n, either is not whole, or the level outside (0, 1).

    Examples:
        >>> [round(float(end), 4) for end in wilson_interval(7, 20)]
        [0.1812, 0.5671]

    References:
        Wilson 1927; recommended by Brown, Cai & DasGupta 2001.
    """
    from scipy.special import ndtri

    right, trials = _checked(c, n, level)
    pull = ndtri((1 + level) / 2) ** 2
    centre, total = right + pull / 2, trials + pull
    half = np.sqrt(pull) * np.sqrt(right * (1 - right / np.maximum(trials, 1)) + pull / 4)
    # At c = 0 and c = n the ends are 0 and 1; rounding would miss them by 1e-17.
    low = np.where(right == 0, 0.0, np.maximum((centre - half) / total, 0.0))
    high = np.where(right == trials, 1.0, np.minimum((centre + half) / total, 1.0))
    return Limits(low, high)


def exact_interval(c: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Limits:
    """Clopper and Pearson's interval: covers at least its level whatever the proportion.

    Quantiles of beta laws; for small counts and guarantees ("no failure in n trials": the upper end
    at c = 0 is 1 - ((1 - level) / 2)^(1/n), about 3.7 / n), and wider than it need be elsewhere.

    Args:
        c: successes, 0 <= c <= n.
        n: trials, >= 0; without any the interval is [0, 1].
        level: confidence level, in (0, 1).

    Returns:
        Ends in [0, 1], of the broadcast shape.

    Raises:
        DomainError: as `wilson_interval`.

    Examples:
        >>> [round(float(end), 4) for end in exact_interval(0, 50)]
        [0.0, 0.0711]

    References:
        Clopper & Pearson 1934.
    """
    from scipy.special import betaincinv

    right, trials = _checked(c, n, level)
    tail, wrong = (1 - level) / 2, trials - right
    low = np.where(right == 0, 0.0, betaincinv(np.maximum(right, 1), wrong + 1, tail))
    high = np.where(wrong == 0, 1.0, betaincinv(right + 1, np.maximum(wrong, 1), 1 - tail))
    return Limits(low, high)


def share_estimate(
    c: int,
    n: int,
    *,
    level: float = 0.95,
    exact: bool = False,
    missing: int = 0,
    method: str = "",
) -> Estimate:
    """The share c / n with its interval.

    Args:
        c: successes, 0 <= c <= n.
        n: trials.
        level: confidence level, in (0, 1).
        exact: Clopper and Pearson's interval instead of Wilson's.
        missing: trials left out before, to be handed on.
        method: what was counted.

    Returns:
        The estimate; NaN without interval when n is 0.

    Raises:
        DomainError: as `wilson_interval`.

    Examples:
        >>> print(share_estimate(7, 20))
        0.35 [0.18, 0.57]
    """
    found = (exact_interval if exact else wilson_interval)(c, n, level=level)
    said = (
        (f"{method}; " if method else "") + ("Clopper-Pearson" if exact else "Wilson") + " of c/n"
    )
    if not n:
        return Estimate(float("nan"), level=level, method=said, missing=missing)
    return Estimate(c / n, float(found.low), float(found.high), level, said, n, missing)


def _checked(c: ArrayLike, n: ArrayLike, level: float) -> tuple[FloatArray, FloatArray]:
    require_level(level)
    right, trials = np.broadcast_arrays(np.asarray(c, float), np.asarray(n, float))
    good = (right >= 0) & (right <= trials) & (right % 1 == 0) & (trials % 1 == 0)
    if not good.all():
        bad = int(np.flatnonzero(~good.ravel())[0])
        raise DomainError(
            f"{right.flat[bad]:g} of {trials.flat[bad]:g} is no proportion: "
            "both must be whole, and c lie in 0..n."
        )
    return right, trials
