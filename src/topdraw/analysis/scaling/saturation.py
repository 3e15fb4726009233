"""Where a selector stops gaining from more samples: the k from which its curve is flat.

Not here: the curve (`analysis.curves`). Try it: `topdraw fit RUN`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.intervals import mean_estimate, paired_difference, resamples
from topdraw.analysis.scaling.values import FEWEST_PROBLEMS, too_few
from topdraw.core.estimate import Estimate, WholeEstimate
from topdraw.core.records import FloatArray, IntArray
from topdraw.core.seeds import Rng
from topdraw.errors import DomainError


@dataclass(frozen=True, slots=True)
class Saturation:
    """Where a curve is flat.

    Attributes:
        k: the smallest k from which the curve stays within `tolerance` of its end, with its
            interval over resampled problems; NaN when the curve has not been flat for a doubling
            of the samples, for then its end is no plateau.
        end: the value at the last k.
        gain: what the last doubling of the samples brought, paired over problems.
        tolerance: how far from its end a curve counts as flat.
        last: the last k.
        sure: share of the resamples in which the curve was flat for a doubling.
    """

    k: Estimate
    end: Estimate
    gain: Estimate
    tolerance: float
    last: int
    sure: float

    @property
    def reached(self) -> bool:
        """Whether the curve is flat by its end."""
        return not math.isnan(self.k.value)

    def __str__(self) -> str:
        if not self.reached:
            return f"not yet by k = {self.last}: the last doubling brought {self.gain}"
        return f"at k = {self.k}, at {self.end}"


def saturation(
    ks: Sequence[int],
    values: ArrayLike,
    *,
    tolerance: float = 0.01,
    level: float = 0.95,
    rng: Rng = 0,
    draws: int = 1000,
) -> Saturation:
    """The k from which a curve stays within a tolerance of its end.

    Args:
        ks: rising, at least two, one of them at most half the last.
        values: shape (problems, k), in [0, 1]. Each problem at each k.
        tolerance: how far from its end a curve counts as flat, > 0.
        level: confidence level.
        rng: seed or generator of the resampling of problems.
        draws: how many resamples.

    Raises:
        DomainError: if the k do not rise or do not span a doubling, shapes differ, or the tolerance
            is not positive.

    Examples:
        >>> flat = saturation([1, 2, 4, 8], [[0.2, 0.6, 0.6, 0.6]] * 9)
        >>> flat.reached, flat.k.value
        (True, 2.0)
    """
    steps, table = np.asarray(ks, dtype=np.int64), np.asarray(values, dtype=float)
    if steps.size < 2 or (np.diff(steps) <= 0).any() or 2 * steps[0] > steps[-1]:
        raise DomainError("Saturation needs rising k that span at least a doubling.")
    if table.ndim != 2 or table.shape[1] != steps.size or not table.size or tolerance <= 0:
        raise DomainError("Saturation needs values of shape (problems, k) and a tolerance > 0.")
    means = resamples(len(table), draws, rng) @ table
    again = _flat_from(steps, means, tolerance)
    best = float(_flat_from(steps, table.mean(axis=0)[None], tolerance)[0])
    flat = again[np.isfinite(again)]
    method = f"first k within {tolerance:g} of the end; {draws} resamples of problems"
    low, high = math.nan, math.nan
    if math.isfinite(best):
        # Resamples that are not flat count as beyond the end, which is where the interval stops.
        ranked = np.where(np.isfinite(again), again, steps[-1])
        tails = [(1 - level) / 2, (1 + level) / 2]
        low, high = np.quantile(ranked, tails, method="nearest").tolist()
        low, high = min(low, best), max(high, best)
    if len(table) < FEWEST_PROBLEMS:
        low, high = math.nan, math.nan
        method = f"first k within {tolerance:g} of the end; {too_few(len(table))}"
    half = int(np.searchsorted(steps, steps[-1] / 2, side="right")) - 1
    return Saturation(
        k=WholeEstimate(best, low, high, level, method, len(table)),
        end=mean_estimate(table[:, -1], level=level),
        gain=paired_difference(table[:, -1], table[:, half], level=level, rng=rng),
        tolerance=tolerance,
        last=int(steps[-1]),
        sure=flat.size / draws,
    )


def _flat_from(ks: IntArray, means: FloatArray, tolerance: float) -> FloatArray:
    """For each curve the first k from which it is flat; NaN where that is less than a doubling."""
    off = np.abs(means - means[:, -1:]) > tolerance
    # The column after the last one that is off.
    first = ks.size - np.argmax(off[:, ::-1], axis=1)
    first = np.where(off.any(axis=1), first, 0)
    found = ks[np.minimum(first, ks.size - 1)].astype(float)
    return np.where(2 * found <= ks[-1], found, math.nan)
