"""The law of best-of-n, exactly and with ties: its KL from one draw, and its win rate.

Not here: what its choice is worth (`analysis.selected.expected_of_best`).
Try it: `python -c "from topdraw.analysis.bayes.law import *; print(kl_bound([2, 4, 16, 64]))"`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.samples_used import whole_k
from topdraw.analysis.selected import best_of_k_weights
from topdraw.core.records import FloatArray, IntArray
from topdraw.errors import DomainError


class Levels(NamedTuple):
    """The distinct rewards of a problem.

    Attributes:
        reward: shape (levels,), rising.
        samples: shape (levels,). How many have each.
    """

    reward: FloatArray
    samples: IntArray


def levels(reward: ArrayLike) -> Levels:
    """The distinct rewards and how many samples have each; NaN is left out.

    Args:
        reward: shape (N,).
    """
    r = np.asarray(reward, dtype=float)
    values, counts = np.unique(r[~np.isnan(r)], return_counts=True)
    return Levels(values, counts.astype(np.int64))


def best_of_n_law(mass: ArrayLike, n: ArrayLike) -> FloatArray:
    """Probability that the best of n iid draws has each level: F_l^n - F_(l-1)^n.

    Inside a level the winner is distributed as one draw is, for ties broken at random or by the
    first index alike; not for ties broken by length or log-probability, which are another reward.

    Args:
        mass: shape (levels,), >= 0, summing to 1: probability of each level of the reward, from
            the lowest to the highest.
        n: shape (...). Draws, each >= 1.

    Returns:
        Shape (..., levels), summing to 1 along the last axis.

    Raises:
        DomainError: if the masses are no probabilities or an n is no whole number >= 1.

    Examples:
        >>> best_of_n_law([0.5, 0.5], 2)
        array([0.25, 0.75])
    """
    p, draws = _masses(mass), np.array(_draws(n), dtype=float)[:, None]
    upper = np.minimum(np.cumsum(p), 1.0)
    upper[-1] = 1.0
    with np.errstate(divide="ignore"):
        # F^n (1 - (1 - p/F)^n): a small mass keeps its digits, which F_l^n - F_(l-1)^n loses.
        missed = np.where(upper > 0, np.log1p(-np.minimum(p / np.maximum(upper, 1e-300), 1.0)), 0.0)
        law = upper**draws * -np.expm1(draws * missed)
    return np.reshape(law, (*np.shape(n), p.size))


def kl_of_best_of_n(mass: ArrayLike, ns: ArrayLike) -> FloatArray:
    """KL(best of n || one draw) in nats, exactly, for a reward with these level masses.

    sum over levels of (F_l^n - F_(l-1)^n) log[(F_l^n - F_(l-1)^n) / (F_l - F_(l-1))]; at most
    `kl_bound`, and at most -log of the highest level's mass.

    Args:
        mass: as `best_of_n_law`.
        ns: shape (ns,), each >= 1.

    Returns:
        Shape (ns,).

    Raises:
        DomainError: as `best_of_n_law`.

    Examples:
        >>> kl_of_best_of_n([0.5, 0.5], [2]).round(4)
        array([0.1308])

    References:
        Beirami et al. 2024 (arXiv 2401.01879), who prove the bound.
    """
    p = _masses(mass)
    law = best_of_n_law(p, np.atleast_1d(np.asarray(ns)))
    kl: FloatArray = np.maximum(_information(law, p).sum(axis=1), 0.0)
    return kl


def _information(law: FloatArray, mass: FloatArray) -> FloatArray:
    """What each level adds to the KL: law log(law / mass), 0 where the law is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms: FloatArray = np.where(law > 0, law * np.log(law / mass), 0.0)
    return terms


def kl_bound(ns: ArrayLike) -> FloatArray:
    """The KL of best-of-n for a reward without ties, log n - (n-1)/n; with ties an upper bound.

    Args:
        ns: shape (ns,), each >= 1.

    Returns:
        Shape (ns,), in nats.

    Raises:
        DomainError: if an n is no whole number >= 1.

    References:
        Hilton & Gao 2022 for the formula; Beirami et al. 2024 (arXiv 2401.01879) for the bound.
    """
    n = np.array(_draws(ns), dtype=float)
    bound: FloatArray = np.log(n) - (n - 1) / n
    return bound


def estimated_kl(reward: ArrayLike, ns: ArrayLike) -> FloatArray:
    """KL(best of n || one draw) of a problem, from the rewards of N samples of it.

    A reward seen more than once is a level with its frequency as mass. A reward seen once is no
    evidence of an atom: it stands for a piece of a continuum of mass 1/N, inside which the law of
    the best has density n F^(n-1). Without ties the result is then `kl_bound`, whatever N; with
    all rewards repeated it is the plug-in `kl_of_best_of_n`. In between, frequencies alone are
    biased low for n near N; the table in docs/bayes.md says by how much.

    Args:
        reward: shape (N,). NaN is left out.
        ns: shape (ns,), each >= 1.

    Returns:
        Shape (ns,), in nats, between 0 and `kl_bound`; NaN without any reward.

    Raises:
        DomainError: if an n is no whole number >= 1.

    Examples:
        >>> estimated_kl([1.0, 2.0, 3.0], [4]) == kl_bound([4])
        array([ True])
    """
    draws, found = _draws(ns), levels(reward)
    if not found.samples.size:
        return np.full(len(draws), np.nan)
    n = np.array(draws, dtype=float)
    share = found.samples / found.samples.sum()
    upper = np.cumsum(found.samples) / found.samples.sum()
    lower = np.concatenate([[0.0], upper[:-1]])
    atoms = _information(best_of_n_law(share, draws), share)
    pieces = _continuum(upper, n) - _continuum(lower, n)
    total = np.where(found.samples == 1, pieces, atoms).sum(axis=1)
    kl: FloatArray = np.minimum(np.maximum(total, 0.0), kl_bound(draws))
    return kl


def _continuum(edge: FloatArray, n: FloatArray) -> FloatArray:
    """Integral of n F^(n-1) log(n F^(n-1)) from 0 to each edge, shape (ns, edges)."""
    draws = n[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(edge > 0, np.log(edge), 0.0)
    mass: FloatArray = edge**draws * (np.log(draws) + (draws - 1) * (logs - 1 / draws))
    return mass


def win_rate_of_best_of_n(mass: ArrayLike, ns: ArrayLike) -> FloatArray:
    """Probability that the best of n beats one fresh draw, ties counting half, exactly.

    sum over levels of (F_l^n - F_(l-1)^n)(F_(l-1) + p_l / 2); n/(n+1) without ties, less with.

    Args:
        mass: as `best_of_n_law`.
        ns: shape (ns,), each >= 1.

    Returns:
        Shape (ns,), in [1/2, n/(n+1)].

    Raises:
        DomainError: as `best_of_n_law`.

    Examples:
        >>> win_rate_of_best_of_n([0.5, 0.5], [2])
        array([0.625])
    """
    p = _masses(mass)
    beaten = np.cumsum(p) - p / 2
    wins: FloatArray = best_of_n_law(p, np.atleast_1d(np.asarray(ns))) @ beaten
    return wins


def win_rate(reward: ArrayLike, ns: ArrayLike) -> FloatArray:
    """Probability that the best of n beats one fresh draw, from the rewards of N samples.

    The mean over all ways to take n samples and one other, which is never among the n: unbiased.
    (n/(n+1) on the same samples without that care says nothing: every winner beats itself.)

    Args:
        reward: shape (N,). NaN is left out, and N with it.
        ns: shape (ns,), each 1 <= n < N.

    Returns:
        Shape (ns,), in [0, 1]; ties count half.

    Raises:
        DomainError: if an n is no whole number in 1..N-1.

    Examples:
        >>> win_rate([1.0, 1.0, 2.0], [1, 2]).round(3)
        array([0.5  , 0.667])
    """
    draws, found = _draws(ns), levels(reward)
    total = int(found.samples.sum())
    if max(draws) >= total:
        raise DomainError(
            f"The win rate of the best of {max(draws)} over a fresh draw needs more than "
            f"{max(draws)} samples with a reward; there are {total}."
        )
    upto = np.cumsum(found.samples)
    out = []
    for n in draws:
        # below[m]: probability that n of the other N-1 samples all lie among the m lowest.
        below = np.concatenate([np.zeros(1), np.cumsum(best_of_k_weights(total - 1, n)[::-1])])
        lost_or_tied = below[upto - 1] + below[upto - found.samples]
        out.append(float(found.samples @ (1 - lost_or_tied / 2)) / total)
    return np.array(out)


def win_bound(ns: ArrayLike) -> FloatArray:
    """n/(n+1): the win rate of best-of-n over a fresh draw without ties, by its own chooser.

    Args:
        ns: shape (ns,), each >= 1.

    Returns:
        Shape (ns,).

    Raises:
        DomainError: if an n is no whole number >= 1.
    """
    n = np.array(_draws(ns), dtype=float)
    bound: FloatArray = n / (n + 1)
    return bound


def kl_by_winner(probability: ArrayLike, n: int) -> FloatArray:
    """Beirami's estimate of KL(best of n || one draw) from pi0(winner), for each winner.

    (1-e)^n [log n + (n-1) log(1-e) - (n-1)/n] + (1 - (1-e)^n) log[(1 - (1-e)^n) / e] with
    e = pi0(y): between the atomless bound (e -> 0) and -log e. Its mean over winners lies between
    the exact KL and `kl_bound` in all cases that we enumerated (tests), without a proof. It needs
    the probability of whole outputs, exp of their summed log-probability.

    Args:
        probability: shape (winners,), in (0, 1].
        n: draws, >= 1.

    Returns:
        Shape (winners,), in nats, >= 0.

    Raises:
        DomainError: if a probability lies outside (0, 1] or n is no whole number >= 1.

    References:
        Beirami et al. 2024 (arXiv 2401.01879); form from memory, checked by enumeration.
    """
    e, draws = np.asarray(probability, dtype=float), _draws([n])[0]
    if not ((e > 0) & (e <= 1)).all():
        raise DomainError("The probability of a winner lies in (0, 1].")
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = np.log1p(-e)
        never = np.exp(draws * rest)
        spread = np.log(draws) + np.where(e < 1, (draws - 1) * rest, 0.0) - (draws - 1) / draws
        chosen = -np.expm1(draws * rest)
    kl: FloatArray = np.where(e < 1, never * spread, 0.0) + chosen * np.log(chosen / e)
    return np.maximum(kl, 0.0)


def _draws(ns: ArrayLike) -> list[int]:
    whole = [whole_k(n) for n in np.atleast_1d(np.asarray(ns)).tolist()]
    if not whole or min(whole) < 1:
        raise DomainError(f"Best of n needs n >= 1; got {whole}.")
    return whole


def _masses(mass: ArrayLike) -> FloatArray:
    p = np.asarray(mass, dtype=float)
    if p.ndim != 1 or not p.size or not (p >= 0).all() or abs(float(p.sum()) - 1) > 1e-9:
        raise DomainError(f"Level masses must be >= 0 and sum to 1; they sum to {p.sum()}.")
    scaled: FloatArray = p / p.sum()
    return scaled
