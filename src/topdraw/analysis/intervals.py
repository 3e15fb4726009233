"""Intervals over problems: means of numbers in [0, 1], and paired differences of two of them.

Not here: numbers per problem; each problem is one unit, whatever number of samples it stands on.
Try it: `python -c "from topdraw.analysis.intervals import *; print(mean_estimate([1, 1, 0, 1]))"`.

Why closed forms and not a bootstrap. Coverage of nominal 95 % over 2000 simulated data sets of 50
problems, lowest and highest over twelve laws of difficulty: this Wilson form 94.0 to 96.6 %;
percentile bootstrap 33 to 95 %, BCa 40 to 96 %, Student 33 to 95 %. The low ends are laws near 0
and 1, where resampling cannot know of what it has not seen. At 20 problems: 93 to 98 %.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray
from topdraw.core.seeds import Rng, generator
from topdraw.errors import DomainError

_FLIPS = 10_000
_ENUMERATED = 13


def mean_estimate(
    values: ArrayLike, *, level: float = 0.95, missing: int = 0, method: str = ""
) -> Estimate:
    """Mean over problems of numbers in [0, 1], with a Wilson interval for their real spread.

    Wilson's score interval with P / r effective problems and Student's quantile on P - 1 degrees
    of freedom, where r is the sample variance as a share of the largest possible one, m(1-m). Half
    a pseudo-problem of full variance is added to both, so that a sample that happens to agree
    (all 0, all 1, all 0.99) never gives an interval without width; then r = 1, and the interval
    is the plain Wilson interval of 0 or P successes.

    Args:
        values: shape (problems,), in [0, 1]; NaN marks a problem without a number: left out.
        level: confidence level, in (0, 1).
        missing: samples left out before, to be handed on.
        method: how the values were made.

    Returns:
        The estimate; NaN without interval when there is no value.

    Raises:
        DomainError: if a value lies outside [0, 1] or the level outside (0, 1).

    Examples:
        >>> print(mean_estimate([1.0] * 50))
        1.000 [0.925, 1.000]

    References:
        Wilson 1927; effective sample size in a binomial interval: Korn & Graubard 1998.
    """
    kept = _kept(values, level, 0.0)
    said = f"{method}; " if method else ""
    left = np.size(values) - kept.size
    said += "Wilson over problems" + (
        f", {left} problems without a number left out" if left else ""
    )
    if not kept.size:
        return Estimate(math.nan, level=level, method=said, missing=missing)
    low, high = _wilson(kept, level)
    return Estimate(float(kept.mean()), low, high, level, said, kept.size, missing)


def mean_estimates(
    values: FloatArray, *, level: float = 0.95, missing: int = 0, method: str = ""
) -> tuple[Estimate, ...]:
    """`mean_estimate` of each column.

    Args:
        values: shape (problems, columns), in [0, 1] or NaN.
        level: confidence level of each interval by itself, not of all together.
        missing: samples left out before, to be handed on.
        method: how the values were made.

    Raises:
        DomainError: as `mean_estimate`.
    """
    return tuple(
        mean_estimate(column, level=level, missing=missing, method=method) for column in values.T
    )


def _kept(values: ArrayLike, level: float, low: float) -> FloatArray:
    if not 0 < level < 1:
        raise DomainError(f"A confidence level lies between 0 and 1; {level} does not.")
    array = np.asarray(values, dtype=float)
    kept = array[~np.isnan(array)]
    # Sums of products round: 1 + 2e-16 is 1, and 1.01 is a mistake.
    if kept.size and (kept.min() < low - 1e-9 or kept.max() > 1 + 1e-9):
        raise DomainError(f"Values must lie in [{low:g}, 1]; they span {kept.min()}..{kept.max()}.")
    clipped: FloatArray = np.clip(kept, low, 1.0)
    return clipped


def _quantile(problems: int, level: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(max(problems - 1, 1), (1 + level) / 2))


def _wilson(values: FloatArray, level: float) -> tuple[float, float]:
    problems, mean = values.size, float(values.mean())
    z = _quantile(problems, level)
    variance = float(values.var(ddof=1)) if problems > 1 else 0.0
    shrunk = (mean * problems + z * z / 2) / (problems + z * z)
    pseudo = 0.5 * shrunk * (1 - shrunk) / problems
    share = min((variance + pseudo) / (mean * (1 - mean) + pseudo), 1.0)
    pull = z * z * share / problems
    centre = (mean + pull / 2) / (1 + pull)
    half = math.sqrt(pull * mean * (1 - mean) + pull * pull / 4) / (1 + pull)
    return min(max(centre - half, 0.0), mean), max(min(centre + half, 1.0), mean)


def paired_difference(
    a: ArrayLike,
    b: ArrayLike,
    *,
    level: float = 0.95,
    rng: Rng = 0,
    ordered: bool = False,
    missing: int = 0,
    method: str = "",
) -> Estimate:
    """Mean of a - b over the same problems, with an interval and the p-value of "no difference".

    The interval is Student's, with half a pseudo-problem's variance added as in `mean_estimate`,
    so that it never has no width. The p-value is the two-sided sign-flip test on the mean: every
    sign pattern when at most 13 problems differ, else 10,000 seeded ones. Coverage measured as
    for means: 92 to 97 % at 50 problems where differences go both ways.

    Args:
        a: shape (problems,), in [0, 1]; NaN leaves the problem out.
        b: shape (problems,), likewise.
        level: confidence level, in (0, 1).
        rng: seed or generator of the sign flips.
        ordered: whether a >= b holds for every problem by construction, as for the oracle; the
            interval is then that of a mean in [0, 1].
        missing: samples left out before, to be handed on.
        method: how the values were made.

    Returns:
        The estimate, in [-1, 1]; NaN when no problem has both numbers.

    Raises:
        DomainError: if a difference lies outside [-1, 1] or the level outside (0, 1), or `ordered`
            is claimed and not true.

    Examples:
        >>> paired_difference([1, 1, 0, 1], [1, 0, 0, 0]).p_value
        0.5
    """
    difference = _kept(np.subtract(*np.broadcast_arrays(*map(_as_float, (a, b)))), level, -1.0)
    said = (f"{method}; " if method else "") + "paired over problems; "
    if not difference.size:
        return Estimate(
            math.nan, level=level, method=said + "no problem in common", missing=missing
        )
    if ordered:
        low, high = _wilson(_kept(difference, level, 0.0), level)
    else:
        low, high = _student(difference, level)
    p_value, test = _sign_flip(difference, generator(rng))
    said += f"{'Wilson' if ordered else 'Student'} interval, {test}"
    mean = float(difference.mean())
    return Estimate(mean, low, high, level, said, difference.size, missing, p_value)


def _as_float(values: ArrayLike) -> FloatArray:
    return np.asarray(values, dtype=float)


def _student(difference: FloatArray, level: float) -> tuple[float, float]:
    problems, mean = difference.size, float(difference.mean())
    z = _quantile(problems, level)
    variance = float(difference.var(ddof=1)) if problems > 1 else 0.0
    moved = (float(np.abs(difference).mean()) * problems + z * z / 2) / (problems + z * z)
    half = z * math.sqrt((variance + 0.5 * moved / problems) / problems)
    return max(mean - half, -1.0), min(mean + half, 1.0)


def _sign_flip(difference: FloatArray, random: np.random.Generator) -> tuple[float, str]:
    moved = difference[np.abs(difference) > 1e-12]
    if not moved.size:
        return 1.0, "no problem differs"
    # Sums in another order differ in their last bits, and equality must count as reached.
    bar = abs(float(moved.sum())) - 1e-9
    if moved.size <= _ENUMERATED:
        sums = _all_signs(moved.size) @ moved
        return float((np.abs(sums) >= bar).mean()), "sign-flip test, exact"
    reached, step = 0, max(1, 2_000_000 // moved.size)
    for start in range(0, _FLIPS, step):
        rows = min(step, _FLIPS - start)
        bits = np.frombuffer(random.bytes(rows * moved.size // 8 + 1), dtype=np.uint8)
        plus = np.unpackbits(bits, count=rows * moved.size).reshape(rows, moved.size)
        reached += int((np.abs(2 * (plus @ moved) - moved.sum()) >= bar).sum())
    return (reached + 1) / (_FLIPS + 1), f"sign-flip test, {_FLIPS} flips"


@functools.lru_cache(maxsize=_ENUMERATED)
def _all_signs(size: int) -> FloatArray:
    return np.array(list(itertools.product((-1.0, 1.0), repeat=size)))


def bootstrap_estimate(
    values: ArrayLike,
    *,
    level: float = 0.95,
    draws: int = 2000,
    rng: Rng = 0,
    missing: int = 0,
    method: str = "",
) -> Estimate:
    """Mean over problems with the percentile bootstrap interval that papers usually print.

    For comparison with them: near 0 and 1 it covers far less than it says, and it has no width
    where all problems agree (see the head of this file). Reports use `mean_estimate`.

    Args:
        values: shape (problems,), in [0, 1]; NaN marks a problem without a number: left out.
        level: confidence level, in (0, 1).
        draws: resamples of the problems, >= 1.
        rng: seed or generator.
        missing: samples left out before, to be handed on.
        method: how the values were made.

    Raises:
        DomainError: if a value lies outside [0, 1], the level outside (0, 1), or draws < 1.

    References:
        Efron 1979. Bootstrap methods: another look at the jackknife.
    """
    if draws < 1:
        raise DomainError(f"draws is {draws}; a bootstrap needs at least 1.")
    kept = _kept(values, level, 0.0)
    said = (f"{method}; " if method else "") + f"percentile bootstrap over problems, {draws} draws"
    if not kept.size:
        return Estimate(math.nan, level=level, method=said, missing=missing)
    means = resamples(kept.size, draws, rng) @ kept
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(kept.mean()), float(low), float(high), level, said, kept.size, missing)


def resamples(problems: int, draws: int, rng: Rng) -> FloatArray:
    """Weights of a bootstrap over problems, for what has no closed form.

    Args:
        problems: how many there are, >= 1.
        draws: how many resamples.
        rng: seed or generator.

    Returns:
        Shape (draws, problems); each row sums to 1. Use the same rows for all k of a curve.
    """
    even: Sequence[float] = np.full(problems, 1 / problems).tolist()
    return generator(rng).multinomial(problems, even, size=draws) / problems
