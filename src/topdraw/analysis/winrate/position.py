"""Position bias of a judge: how often the answer that was shown first wins.

Not here: who was shown first in a file (`winrate.read_alpaca` and its siblings).
Try it: `python -m pytest tests/analysis/winrate/test_position.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.winrate.points import in_points
from topdraw.core.estimate import Estimate
from topdraw.errors import DomainError


@dataclass(frozen=True, slots=True)
class Position:
    """What the order of the two answers did.

    Attributes:
        first_wins: win rate of the answer shown first, whoever wrote it, ties half; 50 without
            bias where both sides stand first equally often.
        when_first: win rate of the model where it was shown first.
        when_second: where it was shown second.
        unknown: judgments whose order is not known.
    """

    first_wins: Estimate
    when_first: Estimate
    when_second: Estimate
    unknown: int


def position_bias(
    values: ArrayLike,
    model_first: ArrayLike,
    *,
    instructions: Sequence[str] | None = None,
    level: float = 0.95,
) -> Position | None:
    """Win rates by order of presentation.

    Args:
        values: shape (games,), in [0, 1]: what the model got; NaN is left out.
        model_first: shape (games,): 1 the model was shown first, 0 second, NaN unknown.
        instructions: as in `points.in_points`.
        level: confidence level, in (0, 1).

    Returns:
        None when no order is known.

    Raises:
        DomainError: if the shapes disagree, or as `in_points`.

    Examples:
        >>> found = position_bias([1.0, 0.0, 1.0, 1.0], [1, 0, 1, 0])
        >>> found.first_wins.value, found.when_first.value, found.when_second.value
        (75.0, 100.0, 50.0)
    """
    value, first = np.asarray(values, float).ravel(), np.asarray(model_first, float).ravel()
    if value.shape != first.shape:
        raise DomainError(f"{value.size} values need one position each, not {first.size}.")
    judged = ~np.isnan(value)
    known = judged & ~np.isnan(first)
    if not known.any():
        return None
    names = None if instructions is None else list(instructions)

    def told(masked: ArrayLike, what: str) -> Estimate:
        return in_points(masked, instructions=names, level=level, method=what)

    return Position(
        first_wins=told(
            np.where(known, np.where(first > 0.5, value, 1 - value), math.nan), "first answer wins"
        ),
        when_first=told(np.where(known & (first > 0.5), value, math.nan), "model shown first"),
        when_second=told(np.where(known & (first <= 0.5), value, math.nan), "model shown second"),
        unknown=int((judged & ~known).sum()),
    )
