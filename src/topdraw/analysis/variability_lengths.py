"""Lengths of outputs: greedy against sampled, correct against wrong, paired over problems.

Not here: counting tokens; they come with the samples.
Try it: `python -m pytest tests/analysis/test_variability_lengths.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.limits import require_level
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray
from topdraw.errors import DomainError


@dataclass(frozen=True, slots=True)
class Lengths:
    """Output tokens; each a mean over problems, NaN where nothing is known.

    Attributes:
        greedy: of the greedy outputs.
        sampled: of the sampled outputs, each problem's mean.
        greedy_less_sampled: the difference, over problems that have both.
        correct: of the sampled outputs that are correct, over problems that have both kinds.
        wrong: of those that are wrong, over the same problems.
        correct_less_wrong: the difference of these two: within problems, so that it does not say
            that hard problems have long outputs.
    """

    greedy: Estimate
    sampled: Estimate
    greedy_less_sampled: Estimate
    correct: Estimate
    wrong: Estimate
    correct_less_wrong: Estimate


def lengths(
    greedy: ArrayLike, sampled: ArrayLike, scores: ArrayLike, *, level: float = 0.95
) -> Lengths:
    """Lengths of outputs in tokens, compared within problems.

    Args:
        greedy: shape (problems,). Tokens of the greedy outputs; NaN where unknown.
        sampled: shape (problems, indices). Tokens of the sampled ones; NaN where unknown.
        scores: shape (problems, indices). Verdicts of the sampled ones: above 1/2 is correct; NaN
            where there is none, which is neither correct nor wrong.
        level: confidence level, in (0, 1).

    Raises:
        DomainError: if the shapes do not go together, or the level lies outside (0, 1).

    Examples:
        >>> found = lengths([10, 20], [[12, 14], [20, 26]], [[1, 0], [1, 0]])
        >>> found.greedy_less_sampled.value, found.correct_less_wrong.value
        (-3.0, -4.0)
    """
    one, many, verdicts = (np.asarray(each, dtype=float) for each in (greedy, sampled, scores))
    if many.ndim != 2 or verdicts.shape != many.shape or one.shape != many.shape[:1]:
        raise DomainError(
            f"Lengths of shape {one.shape} and {many.shape} with verdicts of {verdicts.shape}; "
            "they must be (problems,), (problems, indices) and (problems, indices)."
        )
    means = _row_means(many)
    right = _row_means(np.where(verdicts > 0.5, many, np.nan))
    wrong = _row_means(np.where(verdicts <= 0.5, many, np.nan))
    both = ~np.isnan(right + wrong)

    def told(values: FloatArray, what: str) -> Estimate:
        return mean_length(values, level=level, method=what)

    return Lengths(
        greedy=told(one, "output tokens, greedy"),
        sampled=told(means, "output tokens, mean of the sampled outputs of each problem"),
        greedy_less_sampled=told(one - means, "output tokens, greedy less sampled, paired"),
        correct=told(right[both], "output tokens of correct samples"),
        wrong=told(wrong[both], "output tokens of wrong samples"),
        correct_less_wrong=told(
            (right - wrong)[both], "output tokens, correct less wrong, paired within problems"
        ),
    )


def _row_means(table: FloatArray) -> FloatArray:
    known = ~np.isnan(table)
    count = known.sum(axis=1)
    total = np.where(known, table, 0.0).sum(axis=1)
    means: FloatArray = np.where(count, total / np.maximum(count, 1), np.nan)
    return means


def mean_length(values: ArrayLike, *, level: float = 0.95, method: str = "") -> Estimate:
    """Mean over problems of numbers without bounds, with Student's interval and p-value.

    `analysis.intervals` is for numbers in [0, 1]; lengths have no ceiling that would help.

    Args:
        values: shape (problems,); NaN is left out.
        level: confidence level, in (0, 1).
        method: what the values are.

    Returns:
        The estimate; without an interval for a single problem, NaN for none. The p-value is that of
        "the mean is 0"; it matters for differences.

    Raises:
        DomainError: if the level lies outside (0, 1).
    """
    require_level(level)
    from scipy.special import stdtr, stdtrit

    array = np.asarray(values, dtype=float)
    kept = array[~np.isnan(array)]
    said = (f"{method}; " if method else "") + "Student over problems"
    if kept.size < 2:
        value = float(kept[0]) if kept.size else math.nan
        return Estimate(value, level=level, method=said, n=kept.size)
    mean, error = float(kept.mean()), float(kept.std(ddof=1)) / math.sqrt(kept.size)
    half = float(stdtrit(kept.size - 1, (1 + level) / 2)) * error
    p_value = 2 * float(stdtr(kept.size - 1, -abs(mean) / error)) if error else float(mean == 0)
    return Estimate(mean, mean - half, mean + half, level, said, kept.size, p_value=p_value)
