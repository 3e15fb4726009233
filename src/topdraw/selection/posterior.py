"""The softmax selector: a draw from the posterior that rewards make of the model.

Not here: its KL and effective sample size, which fall out of any selector's weights.
Try it: `python -m pytest tests/selection/test_posterior.py`.
"""

from __future__ import annotations

import math

import numpy as np

from topdraw.core.records import Candidates, FloatArray
from topdraw.core.registry import selector
from topdraw.errors import DomainError
from topdraw.selection.pick import below_top, ranked


@selector("posterior", needs=("value",))
def posterior(candidates: Candidates, /, *, beta: float = 1.0) -> FloatArray:
    """Weights proportional to exp(value / beta): soft best-of-n.

    They are the posterior with the model as prior and exp(value / beta) as likelihood, restricted
    to the samples drawn; as n grows this tends to the maximiser of E[value] - beta KL. Towards
    beta = 0 it is best-of-n, towards infinity one random sample. Adding a constant to all values
    changes nothing.

    Args:
        candidates: the samples of one problem.
        beta: units of value per nat, > 0 and finite.

    Returns:
        Shape (n,); NaN values and missing samples weigh 0, infinite ones share everything; all 0
        when no sample has a value.

    Raises:
        DomainError: if beta is not a positive finite number.

    References:
        Korbak et al. 2022 (arXiv 2205.11275), eq. 5; soft best-of-n: arXiv 2505.03156.
    """
    eligible = ranked(candidates)
    weights = np.zeros(candidates.n)
    weights[eligible] = softmax(candidates.value[eligible], beta)
    return weights


def softmax(value: FloatArray, beta: float) -> FloatArray:
    """exp(value / beta), divided by its sum along the last axis.

    Args:
        value: shape (..., n), without NaN. Infinite values share everything; where all are -inf
            they share equally.
        beta: units of value per nat, > 0 and finite.

    Returns:
        Shape (..., n), >= 0, summing to 1 along the last axis.

    Raises:
        DomainError: if beta is not a positive finite number.

    Examples:
        >>> softmax(np.array([0.0, 0.0, -np.inf]), 1.0)
        array([0.5, 0.5, 0. ])
    """
    if not (math.isfinite(beta) and beta > 0):
        raise DomainError(f"beta must be a positive finite number, not {beta}.")
    # Less the largest before dividing: exp overflows from 710 on.
    with np.errstate(over="ignore"):
        weights = np.exp(below_top(value) / beta)
    shares: FloatArray = weights / weights.sum(axis=-1, keepdims=True)
    return shares
