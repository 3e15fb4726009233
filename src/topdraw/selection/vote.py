"""Selectors that vote: the answer given most often, and the answer with the most weight.

Not here: what makes two answers equal; a scorer decides that and `candidates` numbers the classes.
Try it: `topdraw select RUN --selector "weighted_majority(weight=exp, value=mean_logprob)"`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from topdraw.core.records import BoolArray, Candidates, FloatArray, IntArray
from topdraw.core.registry import selector
from topdraw.errors import ConfigError, DomainError
from topdraw.selection.pick import below_top, spread

VoteWeight = Literal["sigmoid", "exp", "identity"]
VoteValue = Literal["value", "logprob", "mean_logprob"]
Pool = Literal["sum", "mean", "max"]

_FIELDS: dict[str, tuple[str, ...]] = {
    "value": ("value",),
    "logprob": ("logprob",),
    "mean_logprob": ("logprob", "length_tokens"),
}

#: Sums within this share of the largest are ties: adding weights in another order moves the last
#: bits, and a tie must not be decided by them.
TIE = 1e-12


@selector("majority", needs=("answer",))
def majority(candidates: Candidates, /) -> FloatArray:
    """The answer given most often (self-consistency, maj@k), as a weight for each sample.

    Tied answers share the weight equally, and inside an answer its samples do. A sample without
    an answer never wins, unless no sample has one: then all share, as wrong as each other.

    Returns:
        Shape (n,); all 0 when every sample is missing.

    References:
        Wang et al. 2022 (arXiv 2203.11171), eq. 1, which leaves ties open.
    """
    return _vote(candidates.answer, np.zeros(candidates.n), ~candidates.missing)


@selector("weighted_majority", needs=("answer", "value"))
def weighted_majority(
    candidates: Candidates,
    /,
    *,
    weight: VoteWeight = "sigmoid",
    value: VoteValue = "value",
    pool: Pool = "sum",
) -> FloatArray:
    """The answer whose samples weigh most together, as a weight for each sample.

    A raw value becomes a positive weight by `weight`, and each choice of it is blind to something:

    - "sigmoid" (default) reads the value r as the log-odds of being right, 1/(1+e^-r), which is
      what verifiers and Bradley-Terry rewards trained by logistic loss give. It depends on the
      zero and on the scale of r; far below zero it equals "exp".
    - "exp" reads it as a log-probability, e^r. Adding a constant to all values changes nothing;
      scaling them does.
    - "identity" takes it as it is, for scores that are probabilities already. Scaling changes
      nothing; adding a constant does.

    With `weight="exp"`, the votes of self-consistency weighted by the model itself are
    `value="logprob"` (unnormalised: the probability of the output) and `value="mean_logprob"`
    (normalised: its geometric mean per token). A sample without a value does not vote. Ties share
    as in `majority`.

    Args:
        candidates: the samples of one problem.
        weight: how a value becomes a weight.
        value: what is weighed by: the ranking scorer's value, the log-probability of the output in
            nats, or that by output token (none where the number of tokens is unknown).
        pool: an answer weighs the "sum", the "mean" or the "max" of the weights of its samples.

    Returns:
        Shape (n,); all 0 when no sample has a value.

    Raises:
        ConfigError: if `weight`, `value` or `pool` is not one of those.
        DomainError: if a value is negative and `weight` is "identity".

    References:
        Li et al. 2022 (arXiv 2206.02336), eq. 3: the sum of a verifier's probabilities by answer.
        Wang et al. 2022 (arXiv 2203.11171), table 1: weighted sum and weighted average,
        unnormalised and normalised.
    """
    _check("pool of weights", pool, get_args(Pool))
    cast = ballots(candidates, weight=weight, value=value)
    return _vote(candidates.answer, cast.log, cast.voters, pool)


def _needs_with(*, value: str = "value", **_: object) -> tuple[str, ...]:
    """What `weighted_majority` looks at when it weighs by this; see `selection.resolve`."""
    return ("answer", *_FIELDS.get(value, ()))


weighted_majority.needs_with = _needs_with  # type: ignore[attr-defined]  # read when resolved


@dataclass(frozen=True, slots=True)
class Ballots:
    """What each sample puts into a weighted vote.

    Attributes:
        log: shape (n,). Logarithm of its weight; -inf for those that do not vote.
        voters: shape (n,). Whether it votes: not missing, and with a number to weigh by.
    """

    log: FloatArray
    voters: BoolArray


def ballots(
    candidates: Candidates, *, weight: VoteWeight = "sigmoid", value: VoteValue = "value"
) -> Ballots:
    """The weights that `weighted_majority` adds up.

    Args:
        candidates: the samples of one problem.
        weight: see `weighted_majority`.
        value: see `weighted_majority`.

    Raises:
        ConfigError: if `weight` or `value` is unknown.
        DomainError: if "identity" meets a negative value.
    """
    _check("value of a vote", value, get_args(VoteValue))
    values = _weighed(candidates, value)
    voters = ~candidates.missing & ~np.isnan(values)
    log = np.full(candidates.n, -np.inf)
    log[voters] = log_weights(values[voters], weight)
    return Ballots(log, voters)


def _weighed(candidates: Candidates, value: VoteValue) -> FloatArray:
    if value == "value":
        return candidates.value
    if value == "logprob":
        return candidates.logprob
    return per_token(candidates)


def per_token(candidates: Candidates) -> FloatArray:
    """Shape (n,). Nats per output token; NaN where unknown, or without a token."""
    tokens = candidates.length_tokens
    return np.where(tokens > 0, candidates.logprob / np.where(tokens > 0, tokens, 1), np.nan)


def _check(what: str, given: str, allowed: tuple[str, ...]) -> None:
    if given not in allowed:
        raise ConfigError(f"There is no {what} {given!r}; there are {', '.join(allowed)}.")


def relative(log: FloatArray) -> FloatArray:
    """exp(log), divided by the largest along the last axis, which becomes 1 (as do its ties).

    By logs, because log-probabilities of long outputs are near -1000, where every plain exp or
    sigmoid is 0 and all votes would tie.

    Args:
        log: shape (..., n), without NaN; infinities are allowed.

    Returns:
        Shape (..., n), in [0, 1].
    """
    weights: FloatArray = np.exp(below_top(log))
    return weights


def log_weights(value: FloatArray, weight: VoteWeight = "sigmoid") -> FloatArray:
    """Logarithms of the weights of votes with these values.

    Args:
        value: shape (n,), without NaN; infinities are allowed.
        weight: see `weighted_majority`.

    Returns:
        Shape (n,).

    Raises:
        ConfigError: if `weight` is unknown.
        DomainError: if "identity" meets a negative value.
    """
    _check("vote weight", weight, get_args(VoteWeight))
    return _LOG_WEIGHT[weight](value)


def _log_sigmoid(value: FloatArray) -> FloatArray:
    return -np.logaddexp(0.0, -value)


def _log_identity(value: FloatArray) -> FloatArray:
    if (value < 0).any():
        raise DomainError(
            f"Votes weighted by the value itself need values >= 0; one is {value.min()}.",
            hint="Use weight=sigmoid for rewards and log-odds, weight=exp for log-probabilities.",
        )
    with np.errstate(divide="ignore"):
        return np.log(value)


def _log_exp(value: FloatArray) -> FloatArray:
    return value


_LOG_WEIGHT: dict[str, Callable[[FloatArray], FloatArray]] = {
    "sigmoid": _log_sigmoid,
    "exp": _log_exp,
    "identity": _log_identity,
}


def _vote(answer: IntArray, log: FloatArray, voters: BoolArray, pool: Pool = "sum") -> FloatArray:
    answered = voters & (answer >= 0)
    if not answered.any():
        return spread(voters)
    classes, members = np.unique(answer[answered], return_inverse=True)
    totals = _pooled(relative(log[answered]), members, pool)
    winners = classes[totals >= totals.max() * (1 - TIE)]
    shares = np.zeros(answer.shape[0])
    for winner in winners:
        shares += spread(answered & (answer == winner)) / winners.size
    return shares


def _pooled(weights: FloatArray, members: IntArray, pool: Pool) -> FloatArray:
    if pool == "max":
        largest = np.zeros(int(members.max()) + 1)
        np.maximum.at(largest, members, weights)
        return largest
    totals: FloatArray = np.bincount(members, weights=weights).astype(np.float64)
    return totals / np.bincount(members) if pool == "mean" else totals
