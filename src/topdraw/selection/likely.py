"""Selectors that go by the model's own doubt: the likeliest output, and a vote by ranks of values.

Not here: votes weighted by a probability (`selection.vote`, `value=mean_logprob`).
Try it: `topdraw select RUN --selector mean_logprob`.
"""

from __future__ import annotations

import math

import numpy as np

from topdraw.core.records import Candidates, FloatArray
from topdraw.core.registry import selector
from topdraw.errors import DomainError
from topdraw.selection.pick import ranked, spread
from topdraw.selection.vote import TIE, per_token


@selector("mean_logprob", needs=("logprob", "length_tokens"))
def mean_logprob(candidates: Candidates, /) -> FloatArray:
    """All weight on the output of largest mean log-probability per token; ties share it.

    The model's own confidence, without any scorer: the sum of the log-probabilities of the output
    tokens over their number. It is not the self-certainty of Kang et al., which is the mean
    divergence of the whole distribution at each token from the uniform one, and needs that
    distribution; a stored sum does not have it.

    Returns:
        Shape (n,); NaN and outputs without a token are never chosen; all 0 when there is no other.

    References:
        Wang et al. 2022 (arXiv 2203.11171), eq. 1, the normalised probability. Self-certainty:
        Kang et al. 2025 (arXiv 2502.18581).
    """
    each = per_token(candidates)
    usable = ~candidates.missing & ~np.isnan(each)
    if not usable.any():
        return np.zeros(candidates.n)
    return spread(usable & (each == each[usable].max()))


@selector("borda", needs=("answer", "value"))
def borda(candidates: Candidates, /, *, power: float = 1.0) -> FloatArray:
    """The answer whose samples have the best ranks by value together, as weights of its samples.

    The sample ranked r among the m with a value gives (m - r + 1)^power votes to its answer; tied
    values share the mean of the votes of their ranks. Only the order of the values matters: unlike
    a weighted majority there is no scale to get wrong. At power 0 it is the majority, towards
    infinity best-of-n. Ties of answers share as in `majority`.

    Args:
        candidates: the samples of one problem.
        power: how much more the better ranks count, >= 0 and finite.

    Returns:
        Shape (n,); a sample without a value does not vote; all 0 when none has one.

    Raises:
        DomainError: if the power is negative or not finite.

    References:
        Kang et al. 2025 (arXiv 2502.18581): Borda voting by self-certainty, with the exponent p;
        here by any value.
    """
    if not (math.isfinite(power) and power >= 0):
        raise DomainError(f"power must be a finite number >= 0, not {power}.")
    voters = ranked(candidates)
    answered = voters & (candidates.answer >= 0)
    if not answered.any():
        return spread(voters)
    votes = np.zeros(candidates.n)
    votes[answered] = _rank_votes(candidates.value[answered], power)
    classes, members = np.unique(candidates.answer[answered], return_inverse=True)
    totals = np.bincount(members, votes[answered])
    winners = classes[totals >= totals.max() * (1 - TIE)]
    shares = [spread(answered & (candidates.answer == winner)) for winner in winners]
    whole: FloatArray = np.sum(shares, axis=0) / winners.size
    return whole


def _rank_votes(value: FloatArray, power: float) -> FloatArray:
    """Votes of each value by its rank, over those of the best rank."""
    _, block = np.unique(value, return_inverse=True)
    by_rank = (np.arange(1, value.size + 1) / value.size) ** power
    summed = np.bincount(np.sort(block), by_rank)
    votes: FloatArray = (summed / np.bincount(block))[block]
    return votes
