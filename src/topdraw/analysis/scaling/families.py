"""Families of difficulty laws, with the prior that a forecast puts on their parameters.

Not here: what counts say about them (`likelihood`, `posterior`).
Try it: `python -m pytest tests/analysis/scaling/test_families.py`.

Each law is a density of x = logit p with tails exp(rate x) to the left and exp(-rate x) to the
right. The left rate is what a forecast hangs on: failing falls like k^-rate. Its prior comes from
the eight published exponents (arXiv 2407.21787, figure 5: 0.08 to 0.46, geometric mean 0.24).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.scaling.difficulty import STEP
from topdraw.core.records import FloatArray

#: log of the left rate: prior mean, and spread.
_RATE, _SPREAD = -1.3, 0.6
#: The share of problems that no number of samples solves: Beta(1, 3).
_ZEROS = 3.0
_GAUSSIAN_EDGE = 5.0
#: Coverage at n below which few problems count as solved, and above which many do.
_FEW, _MANY = 0.3, 0.45


@dataclass(frozen=True, slots=True)
class Family:
    """A family of difficulty laws.

    Attributes:
        name: what it is called in tables.
        density: standard normal parameters, shape (laws, size), and cell middles, to the mass of
            each cell, shape (laws, cells + 2), rows summing to 1.
        size: parameters of `density`.
        zeros: whether a share of the problems has p = 0, one more parameter.
        prior: its probability before the counts, where few problems are solved and where many are.
            From few, a share that nothing solves and plain difficulty look alike; from many, the
            curve would show.
    """

    name: str
    density: Callable[[FloatArray, FloatArray], FloatArray]
    size: int
    zeros: bool
    prior: tuple[float, float]

    @property
    def parameters(self) -> int:
        """All parameters, the share of zeros included."""
        return self.size + self.zeros

    def prior_at(self, coverage: float) -> float:
        """Its probability before the counts, by the share of problems that n samples solve."""
        return float(np.interp(coverage, (_FEW, _MANY), self.prior))

    def masses(self, normals: FloatArray, middles: FloatArray) -> FloatArray:
        """Mass in each cell, the share of zeros in the first.

        Args:
            normals: shape (laws, parameters). Standard normal under the prior.
            middles: shape (cells,), as `difficulty.logits` gives them.

        Returns:
            Shape (laws, cells + 2): p = 0, the cells, p = 1; rows sum to 1.
        """
        masses = self.density(normals[:, : self.size], middles)
        if self.zeros:
            share = share_of_zeros(normals[:, self.size])[:, None]
            masses *= 1 - share
            masses[:, :1] += share
        return masses


def share_of_zeros(normal: FloatArray) -> FloatArray:
    """The share of problems with p = 0 that a standard normal number stands for."""
    from scipy.special import log_ndtr

    # The quantile function of Beta(1, b) is 1 - (1 - u)^(1/b).
    share: FloatArray = -np.expm1(log_ndtr(-normal) / _ZEROS)
    return share


def _with_tails(log_density: FloatArray, left: FloatArray, right: FloatArray) -> FloatArray:
    """Cell masses from log density at the middles; both tails summed as geometric series."""
    inside = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    # exp(-x) / (1 - exp(-x)), because exp(x) overflows for steep tails.
    below = inside[:, 0] * np.exp(-left * STEP) / -np.expm1(-left * STEP)
    above = inside[:, -1] * np.exp(-right * STEP) / -np.expm1(-right * STEP)
    masses = np.column_stack([below, inside, above])
    masses /= masses.sum(axis=1, keepdims=True)
    return masses


def _fourth(
    middles: FloatArray, place: FloatArray, width: FloatArray, left: FloatArray, right: FloatArray
) -> FloatArray:
    """Generalised logistic density of type IV: tails left and right, joined over `width`."""
    from scipy.special import log_expit

    off = middles - place[:, None]
    joined = ((left + right) * width)[:, None] * log_expit(-off / width[:, None])
    return _with_tails(left[:, None] * off + joined, left, right)


def _beta(normals: FloatArray, middles: FloatArray) -> FloatArray:
    """Beta(a, b) of p: of logit p, the fourth type with place 0 and width 1."""
    first = np.exp(_RATE + _SPREAD * normals[:, 0])
    second = np.exp(math.log(3) + 1.5 * normals[:, 1])
    return _fourth(middles, np.zeros(len(normals)), np.ones(len(normals)), first, second)


def _logit_normal(normals: FloatArray, middles: FloatArray) -> FloatArray:
    place, width = -4 + 3 * normals[:, :1], 2 * np.exp(0.5 * normals[:, 1:2])
    edge = np.full(len(normals), _GAUSSIAN_EDGE)
    return _with_tails(-0.5 * ((middles - place) / width) ** 2, edge, edge)


def _general(normals: FloatArray, middles: FloatArray) -> FloatArray:
    """The fourth type with all four parameters free, about what benchmarks look like."""
    return _fourth(
        middles,
        -4 + 4 * normals[:, 0],
        np.exp(-0.2 + 0.6 * normals[:, 1]),
        np.exp(_RATE + 0.5 * normals[:, 2]),
        np.exp(0.9 + 0.5 * normals[:, 3]),
    )


_ALL = (
    Family("beta", _beta, 2, zeros=False, prior=(0.18, 0.26)),
    Family("zero-inflated beta", _beta, 2, zeros=True, prior=(0.01, 0.06)),
    Family("logit-normal", _logit_normal, 2, zeros=False, prior=(0.37, 0.12)),
    Family("general", _general, 4, zeros=False, prior=(0.42, 0.31)),
    Family("zero-inflated general", _general, 4, zeros=True, prior=(0.02, 0.25)),
)
#: By name.
FAMILIES: Mapping[str, Family] = {family.name: family for family in _ALL}
