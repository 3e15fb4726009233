"""The coverage law c = exp(a k^b): least squares on coverage, and a line through logs.

Not here: intervals of a and b (`fitted`), forecasts (`forecast`).
Try it: `python -m pytest tests/analysis/scaling/test_law.py`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from topdraw.core.records import FloatArray, IntArray
from topdraw.errors import DomainError

#: The least k_max of a fit.
FEWEST = 3
_POINTS = 100
_LINE_POINTS = 20


def spaced(k_max: int, points: int = _POINTS) -> IntArray:
    """Up to `points` different k from 1 to k_max, evenly spaced in log k.

    Raises:
        DomainError: if k_max < 3, for then there is no curve.
    """
    if k_max < FEWEST:
        raise DomainError(
            f"A coverage law needs at least {FEWEST} samples per problem, not {k_max}."
        )
    return np.unique(np.geomspace(1, k_max, points).round().astype(np.int64))


def law(a: ArrayLike, b: ArrayLike, k: ArrayLike) -> FloatArray:
    """exp(a k^b), elementwise."""
    return np.asarray(np.exp(np.multiply(a, np.power(np.asarray(k, dtype=float), b))))


def log_log_line(ks: IntArray, coverage: FloatArray) -> tuple[float, float]:
    """(a, b) of the line through log(-log c) over log k, at about 20 log-spaced k.

    At few k, because each decade should weigh the same: whole k crowd its upper end.

    Args:
        ks: shape (k,), rising.
        coverage: shape (k,), in [0, 1]; points at 0 and 1 have no logarithm and are left out.
    """
    wanted = np.geomspace(ks[0], ks[-1], _LINE_POINTS)
    few = np.unique(np.abs(ks[:, None] - wanted).argmin(axis=0))
    kept = few[(coverage[few] > 0) & (coverage[few] < 1)]
    if kept.size < 2:
        return (math.log(min(max(float(coverage[0]), 1e-9), 1 - 1e-9)), -0.5)
    b, log_a = np.polyfit(np.log(ks[kept]), np.log(-np.log(coverage[kept])), 1)
    return (-math.exp(log_a), min(float(b), -1e-9))


def least_squares_law(
    ks: IntArray, coverage: FloatArray, start: tuple[float, float]
) -> tuple[float, float]:
    """(a, b) with the least squared distance to coverage.

    Over log(-a) and log(-b), which keeps both signs without bounds.

    Args:
        ks: shape (k,).
        coverage: shape (k,), in [0, 1].
        start: (a, b) to begin from, both < 0.
    """
    from scipy.optimize import least_squares

    log_k = np.log(ks)

    def residuals(logs: FloatArray) -> FloatArray:
        gap: FloatArray = np.exp(-np.exp(logs[0] - np.exp(logs[1]) * log_k)) - coverage
        return gap

    def slopes(logs: FloatArray) -> FloatArray:
        power = np.exp(logs[0] - np.exp(logs[1]) * log_k)
        common = -power * np.exp(-power)
        return np.stack([common, -common * np.exp(logs[1]) * log_k], axis=1)

    # Beyond these, c is 0 or 1, or flat, to all digits.
    begin = np.clip(np.log(np.negative(start)), -14.0, 4.0)
    found = least_squares(residuals, begin, jac=slopes, bounds=(-15.0, 5.0)).x
    return (-math.exp(found[0]), -math.exp(found[1]))
