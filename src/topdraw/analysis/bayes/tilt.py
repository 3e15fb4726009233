"""The posterior that rewards make of the model, seen through the samples of one problem.

Not here: means over problems (`.of_run`), drawing from it (`selection.posterior`).
Try it: `python -m pytest tests/analysis/bayes/test_tilt.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from topdraw.core.records import FloatArray
from topdraw.errors import DomainError
from topdraw.selection.pick import below_top
from topdraw.selection.posterior import softmax

#: Below this many effective samples a posterior mean is the word of a few samples.
FEW = 10.0


@dataclass(frozen=True, slots=True)
class Tilted:
    """pi*(y) = pi0(y) exp(r(y)/beta) / Z on N samples of pi0, at several beta.

    All arrays but `weights` have shape (betas,). What they say is about the N samples: as an
    estimate of pi* itself, reward, log_z and kl are too small, the more the smaller beta is.

    Attributes:
        beta: units of reward per nat.
        weights: shape (betas, N). Posterior probability of each sample; 0 where it has no reward.
        n: samples with a reward.
        log_z: log of the mean of exp(r/beta) over them. Biased low (Jensen).
        reward: posterior mean of the reward; never above the largest.
        kl: KL(pi* || pi0) in nats, at most log n.
        reverse_kl: KL(pi0 || pi*) in nats; infinite where a reward is -inf.
        effective: effective samples, 1 / sum of squared weights, in [1, n].
    """

    beta: FloatArray
    weights: FloatArray
    n: int
    log_z: FloatArray
    reward: FloatArray
    kl: FloatArray
    reverse_kl: FloatArray
    effective: FloatArray


def tilted(reward: ArrayLike, betas: ArrayLike) -> Tilted:
    """The posterior of one problem at each beta, with all that is known about it in closed form.

    With prior pi0 and likelihood exp(r/beta) this posterior is the policy that maximises
    E[r] - beta KL(pi || pi0); the maximum is beta log Z. Self-normalised importance weights
    w = softmax(r/beta); log Z = log mean exp(r/beta); KL(pi*||pi0) = sum w r/beta - log Z, which
    is sum w log(N w); KL(pi0||pi*) = log Z - mean(r)/beta. Sums leave the largest reward out first,
    so that nothing overflows.

    Args:
        reward: shape (N,). NaN: no reward; such a sample weighs 0 and is not counted. -inf: never
            chosen, but counted. +inf: shares everything.
        betas: shape (betas,), each > 0 and finite.

    Returns:
        The posterior; without any reward all its numbers are NaN and its weights 0.

    Raises:
        DomainError: if a beta is not a positive finite number, or there is none.

    Examples:
        >>> tilted([0.0, 1.0, 1.0, 4.0], [1.0]).effective.round(3)
        array([1.243])

    References:
        Korbak et al. 2022 (arXiv 2205.11275), eq. 4 and 5.
    """
    r, beta = np.asarray(reward, dtype=float), np.atleast_1d(np.asarray(betas, dtype=float))
    if not (beta.size and np.isfinite(beta).all() and (beta > 0).all()):
        raise DomainError(f"Each beta must be a positive finite number; got {beta.tolist()}.")
    kept, weights = r[~np.isnan(r)], np.zeros((beta.size, r.size))
    if not kept.size:
        nothing = np.full(beta.size, np.nan)
        return Tilted(beta, weights, 0, nothing, nothing, nothing, nothing, nothing)
    with np.errstate(over="ignore"):
        below = below_top(kept) / beta[:, None]
        top = kept.max() / beta
    from_top = np.log(np.exp(below).mean(axis=1))
    # log(N w), without the difference of two numbers as large as r / beta.
    log_ratio = below - from_top[:, None]
    shares = np.stack([softmax(kept, b) for b in beta.tolist()])
    weights[:, ~np.isnan(r)] = shares
    return Tilted(
        beta,
        weights,
        kept.size,
        log_z=top + from_top,
        reward=expectation(shares, kept),
        kl=np.clip(expectation(shares, log_ratio), 0.0, np.log(kept.size)),
        reverse_kl=np.maximum(-log_ratio.mean(axis=1), 0.0),
        effective=effective_samples(shares),
    )


def expectation(weights: FloatArray, f: ArrayLike) -> FloatArray:
    """Mean of f under weights, E_pi*[f] = sum w f: what weighs nothing counts for nothing.

    Args:
        weights: shape (..., N), >= 0, as of `tilted` or any selector.
        f: shape (..., N). NaN: not known; such samples are left out, the weights of the others
            scaled up to 1. Infinite values count where they weigh anything.

    Returns:
        Shape (...); NaN where nothing that is known has weight.
    """
    values = np.asarray(f, dtype=float)
    used = (weights > 0) & ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        total = np.where(used, weights, 0.0).sum(axis=-1)
        terms = np.where(used, weights, 0.0) * np.where(used, values, 0.0)
        mean: FloatArray = terms.sum(axis=-1) / total
    return mean


def effective_samples(weights: FloatArray) -> FloatArray:
    """How many equally weighted samples these weights are worth: 1 / sum of their squares.

    It looks fine where the tail that matters was never sampled; low it is a warning, high it is
    no proof. Weights of any selector will do.

    Args:
        weights: shape (..., N), >= 0, summing to 1 or to 0.

    Returns:
        Shape (...), in [1, N]; NaN where all weights are 0.

    Examples:
        >>> effective_samples(np.array([0.5, 0.5, 0.0]))
        np.float64(2.0)

    References:
        Kong, Liu & Wong 1994, JASA 89: 1 / sum w^2 as N over 1 plus the squared variation.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = weights / weights.sum(axis=-1, keepdims=True)
    effective: FloatArray = 1 / (shares**2).sum(axis=-1)
    return effective


def kl_from_draw(weights: FloatArray, n: int | None = None) -> FloatArray:
    """KL(chosen || one draw) = sum w log(n w) in nats, from the weights of any selector.

    Args:
        weights: shape (..., N), >= 0, summing to 1 or to 0.
        n: samples that could have been chosen; default N.

    Returns:
        Shape (...), in [0, log n]; NaN where all weights are 0.
    """
    size = weights.shape[-1] if n is None else n
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(weights > 0, np.log(size * weights), 0.0)
    kl: FloatArray = np.where(weights.any(axis=-1), (weights * ratio).sum(axis=-1), np.nan)
    return kl
