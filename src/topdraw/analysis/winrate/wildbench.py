"""WildBench: the WB-Score, its task-macro mean, and the WB-Reward with its length penalty.

Not here: files (`winrate.read_wildbench`).
Try it: `python -c "from topdraw.analysis.winrate.wildbench import *; print(wb_score([7, 8]))"`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.winrate.points import Scale
from topdraw.core.records import FloatArray

#: A score of 1 is -80 points, one of 10 is 100.
SCORE = Scale(-80.0, 100.0)
#: Much worse is -100, much better 100.
REWARD = Scale(-100.0, 100.0)
#: Weight of each group of tasks in the macro mean.
GROUPS: Mapping[str, float] = {
    "Creative Tasks": 0.5,
    "Planning & Reasoning": 1.25,
    "Math & Data Analysis": 1.0,
    "Information/Advice seeking": 0.75,
    "Coding & Debugging": 1.25,
}
#: Which group each tag of the benchmark counts in.
GROUP_OF_TAG: Mapping[str, str] = {
    "Information seeking": "Information/Advice seeking",
    "Creative Writing": "Creative Tasks",
    "Coding & Debugging": "Coding & Debugging",
    "Reasoning": "Planning & Reasoning",
    "Editing": "Creative Tasks",
    "Math": "Math & Data Analysis",
    "Planning": "Planning & Reasoning",
    "Brainstorming": "Creative Tasks",
    "Role playing": "Creative Tasks",
    "Advice seeking": "Information/Advice seeking",
    "Data Analysis": "Math & Data Analysis",
    "Others": "Creative Tasks",
}
TRUNCATED, EMPTY = "... (truncated)", "[This model response is empty.]"


def wb_score(scores: ArrayLike) -> float:
    """WB-Score: (mean - 5) * 2 * 10 of judge scores 1 to 10; NaN scores are left out.

    Args:
        scores: shape (rows,); NaN = failed judgment.

    Examples:
        >>> wb_score([3, 4, 8])
        0.0

    References:
        Lin et al. 2024 (arXiv 2406.04770), section 4.2; WildBench d6b8dcaf, `_create_tables.py`.
    """
    array = np.asarray(scores, dtype=float)
    known = array[~np.isnan(array)]
    return (float(known.sum()) / known.size - 5) * 2 * 10 if known.size else math.nan


def score_values(scores: ArrayLike) -> FloatArray:
    """Judge scores 1 to 10 as values in [0, 1], for `points.in_points` with `SCORE`."""
    values: FloatArray = (np.asarray(scores, dtype=float) - 1) / 9
    return values


def reward_values(outcome: ArrayLike) -> FloatArray:
    """Rewards -1 to 1 as values in [0, 1], for `points.in_points` with `REWARD`."""
    values: FloatArray = (np.asarray(outcome, dtype=float) + 1) / 2
    return values


def outcomes(
    side: ArrayLike,
    extent: ArrayLike,
    length: ArrayLike,
    reference_length: ArrayLike,
    *,
    penalty: float | None = None,
) -> FloatArray:
    """The reward of each comparison: 1 much better, 0.5 slightly, 0 a tie, mirrored below.

    Args:
        side: shape (rows,): 1 the model won, -1 the reference, 0 a tie, NaN no judgment.
        extent: shape (rows,): 2 much, 1 slightly; anything else with a winner is no judgment.
        length: shape (rows,): characters of the model's output.
        reference_length: shape (rows,): likewise of the reference.
        penalty: K: a slight win by an output more than K characters longer becomes a tie, for
            either side. None (theirs: below 0) for no penalty.

    Returns:
        Shape (rows,), in [-1, 1]; NaN where there is no judgment.

    Examples:
        >>> outcomes([1, 1, -1], [2, 1, 1], [900, 900, 100], [100, 100, 100], penalty=500)
        array([ 1. ,  0. , -0.5])
    """
    won, much = np.asarray(side, dtype=float), np.asarray(extent, dtype=float)
    gap = np.asarray(length, dtype=float) - np.asarray(reference_length, dtype=float)
    size = np.where(won == 0, 0.0, np.where(much == 2, 1.0, np.where(much == 1, 0.5, math.nan)))
    reward: FloatArray = np.asarray(won * size, dtype=float)
    if penalty is not None and penalty >= 0:
        # The winner is longer by more than K: the gap has the sign of the winner.
        reward = np.where((np.abs(reward) == 0.5) & (won * gap > penalty), 0.0, reward)
    return reward


def wb_reward(outcome: ArrayLike, counted: ArrayLike, *, total: int | None = None) -> float:
    """WB-Reward as the board has it: sum over counted rows, divided by all rows, times 100.

    Args:
        outcome: shape (rows,), of `outcomes`; NaN is left out of the sum.
        counted: shape (rows,): False where an output is empty or truncated: such a row is in the
            board's denominator though not in its sum, and so counts as a tie.
        total: rows of the file; default all of `outcome`.

    Examples:
        >>> wb_reward([1.0, 0.5, -1.0, 1.0], [True, True, True, False])
        12.5
    """
    array, kept = np.asarray(outcome, dtype=float), np.asarray(counted, dtype=bool)
    rows = array.size if total is None else total
    return 100 * float(np.nansum(array[kept])) / rows if rows else math.nan


def task_macro(means: Mapping[str, float]) -> float:
    """The weighted mean over groups of tasks; divides by the weights of all five groups, as theirs.

    Args:
        means: mean of each group that occurs, on any scale.

    Examples:
        >>> round(task_macro(dict.fromkeys(GROUPS, 10.0)), 6)
        10.0
    """
    total = sum(GROUPS.values())
    return sum(means[group] * GROUPS[group] for group in means) / total


def group_means(values: ArrayLike, groups: Sequence[Sequence[str]]) -> dict[str, float]:
    """Mean of each group's rows; a row counts once in each of its groups.

    Args:
        values: shape (rows,); NaN is left out.
        groups: of each row.

    Examples:
        >>> group_means([1.0, 3.0], [["Coding & Debugging"], ["Coding & Debugging"]])
        {'Coding & Debugging': 2.0}
    """
    found: dict[str, list[float]] = {}
    for value, names in zip(np.asarray(values, float).tolist(), groups, strict=True):
        if value == value:
            for name in dict.fromkeys(names):
                found.setdefault(name, []).append(value)
    return {name: float(np.mean(each)) for name, each in found.items()}


def groups_of(tags: Sequence[str]) -> list[str]:
    """The groups of a task's tags, each once; a tag nobody knows counts nowhere.

    Examples:
        >>> groups_of(["Editing", "Others", "Math"])
        ['Creative Tasks', 'Math & Data Analysis']
    """
    return list(dict.fromkeys(GROUP_OF_TAG[tag] for tag in tags if tag in GROUP_OF_TAG))
