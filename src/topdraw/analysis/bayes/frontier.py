"""How much reward a KL budget buys: the optimum, best-of-n, and the beta of a budget.

Not here: the posterior of one problem at a given beta (`.tilt`).
Try it: `python -m pytest tests/analysis/bayes/test_frontier.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.bayes.law import best_of_n_law, kl_of_best_of_n, levels
from topdraw.core.records import FloatArray
from topdraw.errors import DomainError

_NOTHING = 1e-12
_FARTHEST = 600.0
_LARGEST = 1e290


@dataclass(frozen=True, slots=True)
class Frontier:
    """Best-of-n against the best that the same KL could buy, within the samples.

    The N samples of each problem stand for the model: KL and reward of best-of-n are those of n
    draws from them with replacement, so that the optimum is never beaten.

    Attributes:
        n: shape (ns,). Draws.
        kl: shape (ns, problems). KL(best of n || one draw), in nats.
        reward: shape (ns, problems). Mean reward of the best of n.
        beta: shape (ns,). The one beta for all problems at which the posterior has the same mean
            KL; infinite at KL 0, 0 at the largest KL there can be.
        optimum: shape (ns, problems). What that posterior would reach, each problem's tangent at
            its own KL; the mean over problems is the largest mean reward at this mean KL.
        draw: shape (problems,). Mean reward of one draw.
    """

    n: tuple[int, ...]
    kl: FloatArray
    reward: FloatArray
    beta: FloatArray
    optimum: FloatArray
    draw: FloatArray

    @property
    def share(self) -> FloatArray:
        """Shape (ns,): gain of best-of-n over one draw over that of the optimum; NaN at KL 0."""
        gained = (self.reward - self.draw).mean(axis=1)
        possible = (self.optimum - self.draw).mean(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(np.isfinite(self.beta), gained / possible, np.nan))


def frontier(rewards: Sequence[ArrayLike], ns: Sequence[int]) -> Frontier:
    """The reward-KL frontier of some problems, and best-of-n beneath it.

    Maximising the mean reward over problems under a budget of mean KL gives every problem the same
    beta (the multiplier), so the frontier is the curve of the posteriors softmax(r/beta).

    Args:
        rewards: one array of shape (N,) per problem, N may differ; NaN is left out.
        ns: draws, each >= 1; may exceed N, since draws are with replacement here.

    Returns:
        The frontier.

    Raises:
        DomainError: if a problem has no reward or an infinite one, or an n is < 1.

    The KL of best-of-n from one draw of the model is estimated in `.law`; here it is that from one
    draw of the samples, as for the optimum it is compared with. For n near N the optimum is held
    back by the largest reward drawn, and the share is too high.

    Examples:
        >>> frontier([[0.0, 1.0]], [2]).share.round(3)
        array([1.])
    """
    table = _Table.of(rewards)
    found = [levels(each) for each in rewards]
    masses = [one.samples / one.samples.sum() for one in found]
    kl = np.array([kl_of_best_of_n(mass, ns) for mass in masses]).T
    reward = np.array(
        [best_of_n_law(mass, ns) @ one.reward for mass, one in zip(masses, found, strict=True)]
    ).T
    solved = [_optimum(table, row) for row in kl]
    beta = np.array([one for one, _ in solved])
    best = np.array([row for _, row in solved])
    # Rounding must not put best-of-n above the optimum.
    return Frontier(tuple(ns), kl, reward, beta, np.maximum(best, reward), table.draw)


def soft_curve(rewards: Sequence[ArrayLike], betas: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Mean KL and mean reward over problems of the posterior at each beta.

    Args:
        rewards: as `frontier`.
        betas: shape (betas,), each > 0 and finite.

    Returns:
        Two arrays of shape (betas,): KL in nats, reward.

    Raises:
        DomainError: as `frontier`.
    """
    table = _Table.of(rewards)
    points = [table.at(1 / float(beta)) for beta in np.atleast_1d(np.asarray(betas, dtype=float))]
    return np.array([kl.mean() for kl, _ in points]), np.array([r.mean() for _, r in points])


def largest_kl(rewards: Sequence[ArrayLike]) -> float:
    """The mean KL that no posterior on these samples reaches: mean of log(N / samples at the top).

    Args:
        rewards: as `frontier`.

    Raises:
        DomainError: as `frontier`.
    """
    return float(_Table.of(rewards).cap.mean())


def beta_for_kl(rewards: Sequence[ArrayLike], kl: ArrayLike) -> FloatArray:
    """The beta at which the posterior's mean KL over problems is the budget.

    KL falls strictly in beta (its derivative is -Var(r)/beta^3), so there is one.

    Args:
        rewards: one array of shape (N,) per problem, N may differ; NaN is left out. One problem
            is `[reward]`.
        kl: shape (...). Budgets in nats, each > 0 and below `largest_kl`.

    Returns:
        Shape (...). beta, in units of reward per nat. The KL is the one within the samples; that
        of the model itself is larger (docs/bayes.md).

    Raises:
        DomainError: if no beta has this KL, or a problem has no reward or an infinite one (beyond
            1e290).

    Examples:
        >>> beta_for_kl([[0.0, 1.0, 2.0, 3.0]], 0.5).round(4)
        np.float64(0.9087)
    """
    table = _Table.of(rewards)
    cap = float(table.cap.mean())
    if cap == 0:
        raise DomainError("All samples of each problem have the same reward; no beta has a KL > 0.")
    budgets = np.asarray(kl, dtype=float)
    for budget in budgets.ravel().tolist():
        if not 0 < budget < cap:
            raise DomainError(
                f"A KL of {budget} nats cannot be had; with these samples it lies between 0 and "
                f"{cap:.4g}, the mean of log(N / samples with the largest reward).",
                hint="Ask for less, or draw more samples." if budget > 0 else "",
            )
    solved = np.array([_solved(table, budget) for budget in budgets.ravel().tolist()])
    return np.reshape(solved, budgets.shape)[()]


def _optimum(table: _Table, kl: FloatArray) -> tuple[float, FloatArray]:
    budget, cap = float(kl.mean()), float(table.cap.mean())
    if budget <= _NOTHING:
        return math.inf, table.draw
    if budget >= cap * (1 - 1e-12):
        return 0.0, table.top
    beta = _solved(table, budget)
    at, reward = table.at(1 / beta)
    return beta, reward + beta * (kl - at)


def _solved(table: _Table, kl: float) -> float:
    from scipy.optimize import brentq

    def over(log_t: float) -> float:
        return math.log(max(float(table.at(math.exp(log_t))[0].mean()), 1e-300) / kl)

    # KL is near t^2 var / 2 for small t = 1/beta: in logarithms almost a line.
    low = high = math.log(2 * kl) / 2 - math.log(table.spread)
    step = 0.25
    while over(low) > 0 and low > -_FARTHEST:
        low, step = max(low - step, -_FARTHEST), 2 * step
    while over(high) < 0 and high < _FARTHEST:
        high, step = min(high + step, _FARTHEST), 2 * step
    if over(high) < 0:  # rewards that nothing but rounding tells apart
        return math.exp(-high)
    return math.exp(-float(brentq(over, low, high, xtol=1e-11, rtol=1e-11)))


@dataclass(frozen=True, slots=True)
class _Table:
    """Rewards of all problems in one array, padded by what weighs nothing."""

    below: FloatArray
    known: FloatArray
    top: FloatArray
    draw: FloatArray
    cap: FloatArray
    spread: float

    @classmethod
    def of(cls, rewards: Sequence[ArrayLike]) -> _Table:
        kept = [_finite(each, at) for at, each in enumerate(rewards)]
        if not kept:
            raise DomainError("A frontier needs at least one problem.")
        below = np.full((len(kept), max(each.size for each in kept)), -np.inf)
        for row, each in zip(below, kept, strict=True):
            row[: each.size] = each - each.max()
        known = np.array([each.size for each in kept], dtype=float)
        cap = np.log(known / (below == 0).sum(axis=1))
        largest = max(float(np.abs(each - each.mean()).max()) for each in kept) or 1.0
        variance = np.mean([((each - each.mean()) / largest).var() for each in kept])
        return cls(
            below,
            known,
            top=np.array([each.max() for each in kept]),
            draw=np.array([each.mean() for each in kept]),
            cap=cap,
            spread=largest * math.sqrt(variance) or 1.0,
        )

    def at(self, t: float) -> tuple[FloatArray, FloatArray]:
        """KL and reward of each problem's posterior at beta = 1/t."""
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = self.below * t
            raw = np.exp(scaled)
            total = raw.sum(axis=1)
            weights = raw / total[:, None]
            lost = np.where(weights > 0, weights * self.below, 0.0).sum(axis=1)
            kl = np.where(weights > 0, weights * scaled, 0.0).sum(axis=1)
        return np.maximum(kl - np.log(total / self.known), 0.0), self.top + lost


def _finite(reward: ArrayLike, at: int) -> FloatArray:
    r = np.asarray(reward, dtype=float)
    kept: FloatArray = r[~np.isnan(r)]
    if not kept.size or float(np.abs(kept).max()) > _LARGEST:
        what = f"a reward beyond {_LARGEST:g}" if kept.size else "no reward"
        raise DomainError(f"Problem {at} has {what}; a frontier needs finite ones.")
    return kept
