"""The rows of a reading: the posterior at each beta, best-of-n at each n, over all problems.

Not here: where rewards and gold come from (`.of_run`), the formulas (`.tilt`, `.law`, `.frontier`).
Try it: `python -m pytest tests/analysis/bayes/test_of_run.py`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.bayes.averages import median_estimate, ratio_estimate, real_mean
from topdraw.analysis.bayes.frontier import Frontier, frontier
from topdraw.analysis.bayes.law import kl_bound, win_bound, win_rate
from topdraw.analysis.bayes.tilt import FEW, expectation, tilted
from topdraw.analysis.intervals import mean_estimate
from topdraw.analysis.selected import expected_of_best
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray


@dataclass(frozen=True, slots=True)
class Scored:
    """Rewards and gold of the usable samples of each usable problem.

    Attributes:
        value: the scorer whose values are the reward.
        rewards: one array of shape (N,) per problem, finite; N >= 2 may differ.
        golds: what each of these samples is worth.
        graded: whether gold is any real number; else a verdict, 0 or 1.
        left_out: samples that are not usable.
        unusable: problems with fewer than two usable samples.
        basis: which samples were looked at, in words; "" for all.
    """

    value: str
    rewards: Sequence[FloatArray]
    golds: Sequence[FloatArray]
    graded: bool
    left_out: int = 0
    unusable: tuple[str, ...] = ()
    basis: str = ""


@dataclass(frozen=True, slots=True)
class PosteriorRow:
    """The posterior of all problems at one beta. Means are over problems.

    Attributes:
        beta: units of reward per nat.
        reward: posterior mean of the reward.
        gold: posterior mean of gold: the share correct of posterior resampling.
        kl: KL(posterior || one draw) within the samples, in nats; too small where `effective` is.
        reverse_kl: KL(one draw || posterior), in nats.
        log_z: log of the mean of exp(reward / beta); biased low.
        effective: effective samples of a problem, mean.
        effective_median: the same, median.
        thin: share of problems with fewer than `FEW` effective samples.
    """

    beta: float
    reward: Estimate
    gold: Estimate
    kl: Estimate
    reverse_kl: Estimate
    log_z: Estimate
    effective: Estimate
    effective_median: Estimate
    thin: Estimate


@dataclass(frozen=True, slots=True)
class BestRow:
    """The best of n by the reward, over all problems. Means are over problems.

    Attributes:
        n: samples used.
        reward: expected largest reward, unbiased.
        gold: expected gold of the choice, unbiased.
        kl: KL(best of n || one draw), ties counted, in nats.
        kl_bound: log n - (n-1)/n, what it is without ties.
        win_rate: of the choice over a fresh draw, by the reward itself; NaN at n = N. Without
            interval where no rewards tie: it is n/(n+1) then.
        win_bound: n/(n+1), what that is without ties.
        kl_within: KL of the best of n draws from the samples, with replacement, mean over problems:
            what the optimum is compared at.
        reward_within: mean reward of it.
        optimum: the largest mean reward of any choice among the samples with that KL.
        share: gain of `reward_within` over one draw as a share of the optimum's; NaN at n = 1.
        beta: the beta of that optimum.
        effective: effective samples of it, median over problems; below `FEW`, share is too high.
    """

    n: int
    reward: Estimate
    gold: Estimate
    kl: Estimate
    kl_bound: float
    win_rate: Estimate
    win_bound: float
    kl_within: float
    reward_within: float
    optimum: Estimate
    share: Estimate
    beta: float
    effective: float


def posterior_rows(
    data: Scored, betas: Sequence[float], level: float = 0.95
) -> tuple[PosteriorRow, ...]:
    """The posterior of all problems at each beta.

    Args:
        data: rewards and gold.
        betas: units of reward per nat, each > 0 and finite.
        level: confidence level of each interval.

    Raises:
        DomainError: if a beta is not a positive finite number.
    """
    if not betas:
        return ()
    each = [tilted(reward, betas) for reward in data.rewards]
    worth = np.array([expectation(one.weights, g) for one, g in zip(each, data.golds, strict=True)])

    def row(at: int) -> PosteriorRow:
        mean = functools.partial(_mean, data, level, f"at beta = {betas[at]:.4g}")
        effective = np.array([one.effective[at] for one in each])
        about = _said(data, f"effective samples at beta = {betas[at]:.4g}")
        return PosteriorRow(
            beta=betas[at],
            reward=mean("posterior mean reward", [one.reward[at] for one in each]),
            gold=_gold(data, worth[:, at], level, f"posterior mean at beta = {betas[at]:.4g}"),
            kl=mean("KL of the posterior from one draw", [one.kl[at] for one in each], low=0.0),
            reverse_kl=mean(
                "KL of one draw from the posterior", [one.reverse_kl[at] for one in each], low=0.0
            ),
            log_z=mean("log Z, biased low,", [one.log_z[at] for one in each]),
            effective=mean("effective samples", effective, low=1.0),
            effective_median=median_estimate(
                effective, level=level, missing=data.left_out, method=about
            ),
            thin=mean_estimate(
                effective < FEW,
                level=level,
                missing=data.left_out,
                method=f"share of problems with fewer than {FEW:g} {about}",
            ),
        )

    return tuple(row(at) for at in range(len(betas)))


def best_rows(
    data: Scored,
    used: tuple[int, ...],
    golds: FloatArray,
    kl: FloatArray,
    level: float = 0.95,
) -> tuple[BestRow, ...]:
    """The best of n at each n.

    Args:
        data: rewards and gold.
        used: samples used, each 1 <= n <= the samples of every problem.
        golds: shape (problems, ns). Expected gold of the best of n.
        kl: shape (problems, ns). KL of the best of n from one draw.
        level: confidence level of each interval.

    Raises:
        DomainError: if an n is outside its range.
    """
    found = frontier(data.rewards, used)
    largest = np.array([expected_of_best(r, r, used) for r in data.rewards])
    wins = np.array([_wins(r, used) for r in data.rewards])
    effective = _median_effective(data.rewards, found.beta)

    def row(at: int) -> BestRow:
        n = used[at]
        mean = functools.partial(_mean, data, level, f"n = {n}")
        return BestRow(
            n=n,
            reward=mean("expected largest reward, unbiased,", largest[:, at]),
            gold=_gold(data, golds[:, at], level, f"best of {n} by {data.value}, exact"),
            kl=mean("KL of the best from one draw, with ties,", kl[:, at], low=0.0),
            kl_bound=float(kl_bound([n])[0]),
            win_rate=mean("win rate over a fresh draw, unbiased,", wins[:, at], low=0.0, high=1.0),
            win_bound=float(win_bound([n])[0]),
            kl_within=float(found.kl[at].mean()),
            reward_within=float(found.reward[at].mean()),
            optimum=mean("largest mean reward at the same KL within samples,", found.optimum[at]),
            share=_share(data, found, at, level),
            beta=float(found.beta[at]),
            effective=effective[at],
        )

    return tuple(row(at) for at in range(len(used)))


def _wins(reward: FloatArray, used: Sequence[int]) -> FloatArray:
    """NaN where n leaves no fresh draw."""
    wins = np.full(len(used), np.nan)
    fitting = [at for at, n in enumerate(used) if n < reward.size]
    if fitting:
        wins[fitting] = win_rate(reward, [used[at] for at in fitting])
    return wins


def _share(data: Scored, found: Frontier, at: int, level: float) -> Estimate:
    gained = found.reward[at] - found.draw
    return ratio_estimate(
        gained if math.isfinite(found.beta[at]) else np.full(gained.size, math.nan),
        found.optimum[at] - found.draw,
        level=level,
        low=0.0,
        high=1.0,
        missing=data.left_out,
        method=_said(data, f"gain of best of {found.n[at]} over the optimum's at the same KL"),
    )


def _median_effective(rewards: Sequence[FloatArray], betas: FloatArray) -> list[float]:
    """Effective samples of the optimum at each beta: all at infinity, the top ones at 0."""
    inner = np.isfinite(betas) & (betas > 0)
    each = np.empty((len(rewards), betas.size))
    for row, reward in zip(each, rewards, strict=True):
        row[betas == 0] = (reward == reward.max()).sum()
        row[np.isinf(betas)] = reward.size
        if inner.any():
            row[inner] = tilted(reward, betas[inner]).effective
    medians: list[float] = np.median(each, axis=0).tolist()
    return medians


def _mean(
    data: Scored,
    level: float,
    where: str,
    name: str,
    values: ArrayLike,
    *,
    low: float = -math.inf,
    high: float = math.inf,
) -> Estimate:
    return real_mean(
        values,
        level=level,
        low=low,
        high=high,
        missing=data.left_out,
        method=_said(data, f"{name} {where}"),
    )


def _gold(data: Scored, numbers: FloatArray, level: float, method: str) -> Estimate:
    said = _said(data, method)
    if data.graded:
        return real_mean(numbers, level=level, missing=data.left_out, method=said)
    return mean_estimate(np.minimum(numbers, 1.0), level=level, missing=data.left_out, method=said)


def _said(data: Scored, method: str) -> str:
    return f"{method}, {data.basis}" if data.basis else method
