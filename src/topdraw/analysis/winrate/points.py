"""Estimates on the scale a benchmark prints: means over instructions, and paired differences.

Not here: what a value of an instruction is; each benchmark has its own file here.
Try it: `python -c "from topdraw.analysis.winrate.points import *; print(in_points([1, 0, .5]))"`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.intervals import mean_estimate, paired_difference
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray
from topdraw.core.seeds import Rng


@dataclass(frozen=True, slots=True)
class Scale:
    """How a value in [0, 1] becomes a number of a benchmark: low + value * (high - low).

    Attributes:
        low: what 0 is.
        high: what 1 is.
    """

    low: float
    high: float


#: Win rates: 0 to 100.
PERCENT = Scale(0.0, 100.0)


def in_points(
    values: ArrayLike,
    *,
    instructions: Sequence[str] | None = None,
    scale: Scale = PERCENT,
    level: float = 0.95,
    missing: int = 0,
    method: str = "",
) -> Estimate:
    """Mean of values in [0, 1] on a benchmark's scale, with Wilson's interval over instructions.

    Args:
        values: shape (rows,), in [0, 1]; NaN marks a failed judgment and is left out.
        instructions: what each row answers; rows of the same one vary together and count as one
            unit. None: each row is one.
        scale: of the benchmark.
        level: confidence level, in (0, 1).
        missing: failed judgments left out before.
        method: how the values were made.

    Returns:
        The estimate; its n counts rows.

    Raises:
        DomainError: if a value lies outside [0, 1], the level outside (0, 1), or there is not one
            instruction for each row.

    Examples:
        >>> print(in_points([1.0, 0.0, 0.5, 0.0]))
        38 [5, 88]
    """
    repeated = instructions is not None and len(set(instructions)) < len(instructions)
    found = mean_estimate(
        values,
        clusters=instructions if repeated else None,
        level=level,
        missing=missing,
        method=method,
    )
    return rescaled(found, scale)


def rescaled(found: Estimate, scale: Scale, *, difference: bool = False) -> Estimate:
    """An estimate in [0, 1], or a difference of two, on a benchmark's scale.

    Examples:
        >>> rescaled(Estimate(0.5, 0.25, 0.75), Scale(-100, 100)).low
        -50.0
    """
    slope, offset = scale.high - scale.low, 0.0 if difference else scale.low
    value, low, high = (offset + slope * one for one in (found.value, found.low, found.high))
    return replace(found, value=value, low=low, high=high)


def per_instruction(instructions: Sequence[str], values: ArrayLike) -> dict[str, float]:
    """The mean value of each instruction, in the order of first appearance; NaN is left out.

    Args:
        instructions: what each row answers.
        values: shape (rows,).

    Examples:
        >>> per_instruction(["a", "b", "a"], [0.0, 1.0, 1.0])
        {'a': 0.5, 'b': 1.0}
    """
    sums: dict[str, list[float]] = {}
    for key, value in zip(instructions, np.asarray(values, float).tolist(), strict=True):
        if value == value:
            sums.setdefault(key, []).append(value)
    return {key: float(np.mean(found)) for key, found in sums.items()}


def paired_points(
    a: dict[str, float],
    b: dict[str, float],
    *,
    scale: Scale = PERCENT,
    level: float = 0.95,
    rng: Rng = 0,
) -> Estimate:
    """Mean of a less b over the instructions that both have, on a benchmark's scale.

    Args:
        a: value of each instruction, in [0, 1].
        b: likewise.
        scale: of the benchmark.
        level: confidence level, in (0, 1).
        rng: seed or generator of the sign flips.

    Returns:
        The estimate, with the p-value of "no difference"; NaN without a shared instruction.

    Raises:
        DomainError: if a value lies outside [0, 1] or the level outside (0, 1).

    Examples:
        >>> paired_points({"x": 1.0, "y": 0.5}, {"y": 0.5, "x": 0.0}).value
        50.0
    """
    shared = [key for key in a if key in b]
    first, second = (_row(one, shared) for one in (a, b))
    found = paired_difference(first, second, level=level, rng=rng, method="instructions once each")
    return rescaled(found, scale, difference=True)


def _row(values: dict[str, float], keys: Sequence[str]) -> FloatArray:
    return np.array([values[key] for key in keys], dtype=float)
