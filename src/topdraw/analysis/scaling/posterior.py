"""Which laws of difficulty the counts leave: weighted draws of each family, and its evidence.

Not here: what follows for coverage (`forecast`).
Try it: `python -m pytest tests/analysis/scaling/test_posterior.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.scaling.difficulty import Counted
from topdraw.analysis.scaling.families import Family
from topdraw.core.records import FloatArray

_FIRST = 2_048
_THEN = 1_024
_ROUNDS = 4
_KEPT = 400
_FREEDOM = 5.0
_FEWEST = 40.0


@dataclass(frozen=True, slots=True)
class Posterior:
    """Laws of one family that are compatible with the counts.

    Attributes:
        masses: shape (draws, cells + 2). Equally likely laws.
        log_evidence: log probability of the counts under the family and its prior.
        effective: how many independent draws the weighted ones were worth, before they were
            thinned to equally likely ones.
    """

    masses: FloatArray
    log_evidence: float
    effective: float


def posterior(
    family: Family,
    found: Counted,
    chances: FloatArray,
    middles: FloatArray,
    random: np.random.Generator,
) -> Posterior:
    """Equally likely laws of a family, given counts.

    Adaptive importance sampling: laws from the prior are weighted by the likelihood; a Student
    proposal takes their mean and covariance; again. Flat likelihoods need no round, sharp ones
    (many samples) are approached through tempered weights.

    Args:
        family: the family.
        found: the counts.
        chances: shape (kinds, cells + 2), as `difficulty.likelihood` gives them.
        middles: shape (cells,).
        random: generator.

    References:
        Cappe et al. 2004, Population Monte Carlo.
    """
    size = family.parameters
    normals = random.standard_normal((_FIRST, size))
    offset = np.zeros(_FIRST)
    for rounds_left in reversed(range(_ROUNDS + 1)):
        masses = family.masses(normals, middles)
        weigh = log_likelihood(found, chances, masses) + offset
        if rounds_left:
            normals, offset = _proposed(*_moments(normals, _tempered(weigh)), random)
    top = float(weigh.max())
    weights = np.exp(weigh - top)
    evidence = top + math.log(weights.mean())
    weights /= weights.sum()
    kept = np.searchsorted(np.cumsum(weights), (random.random() + np.arange(_KEPT)) / _KEPT)
    effective = 1 / float((weights**2).sum())
    return Posterior(masses[np.minimum(kept, len(weights) - 1)], evidence, effective)


def log_likelihood(found: Counted, chances: FloatArray, masses: FloatArray) -> FloatArray:
    """Log probability of the counts under each law.

    Args:
        found: the counts.
        chances: shape (kinds, cells + 2).
        masses: shape (laws, cells + 2).

    Returns:
        Shape (laws,).
    """
    each: FloatArray = np.log(np.maximum(chances @ masses.T, 1e-300))
    total: FloatArray = found.problems.astype(float) @ each
    return total


def _tempered(weigh: FloatArray) -> FloatArray:
    """Weights, flattened until they are worth `_FEWEST` draws."""
    power, log = 1.0, weigh - weigh.max()
    while True:
        weights: FloatArray = np.exp(power * log)
        weights /= weights.sum()
        if (weights**2).sum() * _FEWEST <= 1:
            return weights
        power *= 0.7


def _moments(normals: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    mean: FloatArray = weights @ normals
    off = normals - mean
    spread = 1.2 * (off.T @ (off * weights[:, None])) + 1e-3 * np.eye(len(mean))
    return mean, np.asarray(np.linalg.cholesky(spread), dtype=float)


def _proposed(
    mean: FloatArray, root: FloatArray, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Draws of a Student law, and log prior minus log proposal of each."""
    size = len(mean)
    stretch = random.chisquare(_FREEDOM, (_THEN, 1)) / _FREEDOM
    pulled = random.standard_normal((_THEN, size)) / np.sqrt(stretch)
    normals = mean + pulled @ root.T
    prior = -0.5 * (normals**2).sum(axis=1) - 0.5 * size * math.log(2 * math.pi)
    proposal = -0.5 * (_FREEDOM + size) * np.log1p((pulled**2).sum(axis=1) / _FREEDOM)
    proposal = proposal + math.lgamma((_FREEDOM + size) / 2) - math.lgamma(_FREEDOM / 2)
    proposal -= 0.5 * size * math.log(_FREEDOM * math.pi) + np.log(np.diag(root)).sum()
    return normals, prior - proposal
