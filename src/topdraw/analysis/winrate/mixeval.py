"""MixEval's overall score from its two splits, rounded as the benchmark rounds.

Not here: files (`winrate.read_mixeval`), judging.
Try it: `python -c "from topdraw.analysis.winrate.mixeval import *; print(overall([1, 0], [1]))"`.
"""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import ArrayLike

#: The first number in double brackets, else in single ones.
_SCORE = (re.compile(r"\[\[(\d+\.?\d*)\]\]"), re.compile(r"\[(\d+\.?\d*)\]"))


def overall(free_form: ArrayLike, multiple_choice: ArrayLike) -> float:
    """100 times the count-weighted mean of the two splits, each rounded to 3 decimals first.

    Args:
        free_form: shape (rows,): scores in [0, 1]; NaN is left out.
        multiple_choice: shape (rows,): likewise.

    Returns:
        In points, with the splits' rounding in it; NaN when there is no row at all.

    Examples:
        >>> round(overall([1, 1, 0], [1]), 4)
        75.025

    References:
        MixEval 7c52b419, `compute_metrics.py`; before August 2024 it was their plain mean.
    """
    splits = [_known(one) for one in (free_form, multiple_choice)]
    total = sum(len(one) for one in splits)
    if not total:
        return math.nan
    # Python's round of Python's sum, as theirs: 0.6665 goes where its binary neighbour lies.
    return 100 * sum(round(sum(one) / len(one), 3) * (len(one) / total) for one in splits if one)


def judged_score(judgment: str | None) -> float:
    """The score that a judge's text gives, in [0, 1]; NaN when it gives none.

    Where it gives none after ten tries MixEval draws one at random and stores it.

    Examples:
        >>> judged_score("Rating: [[0.7]]"), judged_score("no idea")
        (0.7, nan)
    """
    for pattern in _SCORE:
        found = pattern.search(judgment or "")
        if found:
            value = float(found[1])
            return value if 0 <= value <= 1 else math.nan
    return math.nan


def _known(values: ArrayLike) -> list[float]:
    array = np.asarray(values, dtype=float).ravel()
    kept: list[float] = array[~np.isnan(array)].tolist()
    return kept
