"""AlpacaEval's plain win rate, standard error and counts from preferences, as on its leaderboard.

Not here: length control (`winrate.controlled`), our interval (`winrate.points`).
Try it: `python -c "from topdraw.analysis.winrate.plain import *; print(plain_win_rate([1, 2]))"`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from topdraw.core.records import FloatArray


@dataclass(frozen=True, slots=True)
class PlainWinRate:
    """A row of the leaderboard; names of fields are its columns.

    Attributes:
        win_rate: 100 times the mean of preference - 1 over usable rows; NaN without any.
        standard_error: 100 times sd / sqrt(n), with n - 1 in the sd; NaN below two rows.
        discrete_win_rate: likewise of preferences rounded to 1, 1.5 (exactly) or 2.
        n_wins: rows with a preference above 1.5.
        n_wins_base: rows with one below.
        n_draws: rows with 1.5 or 0.
        n_total: usable rows.
    """

    win_rate: float
    standard_error: float
    discrete_win_rate: float
    n_wins: int
    n_wins_base: int
    n_draws: int
    n_total: int


def win_values(preference: ArrayLike) -> FloatArray:
    """What each preference is worth to the model: preference - 1, a draw (1.5 or 0) 0.5.

    Args:
        preference: shape (rows,). 1 = the baseline wins, 2 = the model wins, between = how sure the
            judge is; 0 is a draw in old files; NaN = no judgment.

    Returns:
        Shape (rows,), in [0, 1]; NaN for NaN and for what is no preference, as alpaca_eval drops
        both.

    Examples:
        >>> win_values([1, 2, 1.25, 0, 3])
        array([0.  , 1.  , 0.25, 0.5 , nan])

    References:
        Dubois et al. 2024 (arXiv 2404.04475); alpaca_eval 0.6.6, `metrics/helpers.py`.
    """
    given = np.asarray(preference, dtype=float).ravel()
    draw = np.where(given == 0, 1.5, given)
    usable = (draw >= 1) & (draw <= 2)
    values: FloatArray = np.where(usable, draw - 1, math.nan)
    return values


def plain_win_rate(preference: ArrayLike) -> PlainWinRate:
    """The row of AlpacaEval 2's leaderboard for these preferences.

    Args:
        preference: shape (rows,), as in `win_values`.

    Examples:
        >>> found = plain_win_rate([1.0, 2.0, 2.0, 0.0])
        >>> found.win_rate, found.n_wins, found.n_draws
        (62.5, 2, 1)

    References:
        As `win_values`.
    """
    values = win_values(preference)
    used = values[~np.isnan(values)]
    # Half to even, as theirs: 1.5 itself is a draw, and nothing else rounds to it.
    discrete = np.where(used == 0.5, 0.5, np.round(used))
    n = int(used.size)
    error = 100 * float(used.std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan
    return PlainWinRate(
        win_rate=_mean(used),
        standard_error=error,
        discrete_win_rate=_mean(discrete),
        n_wins=int((used > 0.5).sum()),
        n_wins_base=int((used < 0.5).sum()),
        n_draws=int((used == 0.5).sum()),
        n_total=n,
    )


def _mean(values: FloatArray) -> float:
    return 100 * float(values.mean()) if values.size else math.nan
