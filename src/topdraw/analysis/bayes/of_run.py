"""The Bayesian reading of a run: per problem first, then means and medians over problems.

Not here: the formulas (`.tilt`, `.law`, `.frontier`, `.gold_law`).
Try it: `python -m pytest tests/analysis/bayes/test_of_run.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.accuracy import SELF_JUDGED, default_value
from topdraw.analysis.bayes.averages import real_mean
from topdraw.analysis.bayes.frontier import beta_for_kl, largest_kl
from topdraw.analysis.bayes.gold_law import GoldLaw, fit_gold_law
from topdraw.analysis.bayes.law import estimated_kl
from topdraw.analysis.bayes.rows import BestRow, PosteriorRow, Scored, best_rows, posterior_rows
from topdraw.analysis.bayes.tilt import FEW
from topdraw.analysis.estimates import judge
from topdraw.analysis.intervals import paired_difference
from topdraw.analysis.ks import default_ks
from topdraw.analysis.samples_used import whole_k
from topdraw.analysis.selected import expected_of_best
from topdraw.analysis.stopped import stopped
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray
from topdraw.errors import ConfigError, DomainError
from topdraw.selection.candidates import candidates
from topdraw.selection.ensemble import resolve_value
from topdraw.store.evidence import Evidence
from topdraw.store.run import Run

#: KL budgets, in nats, at which the posterior is shown when nobody asks for others.
BUDGETS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
_REACHABLE = 0.95


@dataclass(frozen=True, slots=True)
class Reading:
    """What N scored samples say when rewards are read as evidence.

    Attributes:
        by: the verifier.
        value: the scorer whose values are the reward.
        gold: what choices are worth: the verifier's verdict, or the values of a scorer.
        problems: problems it stands on.
        n: the fewest samples of a problem that have a reward and a verdict.
        left_out: samples without both; an infinite reward is none.
        unusable: problems with fewer than two usable samples; in no number.
        largest_kl: KL that no choice among these samples reaches, in nats, mean over problems.
        posterior: one row per beta, from weak choice to strong.
        best: one row per n, rising.
        peak: the n with the most gold.
        loss: gold at the largest n less gold at the best n, which was picked on the other half of
            the problems (both ways), so that it is not flattered by having been picked.
        laws: the two laws of Gao et al., fitted to gold over KL; empty with too few points.
        warnings: what to beware of, a sentence each.
    """

    by: str
    value: str
    gold: str
    problems: int
    n: int
    left_out: int
    unusable: tuple[str, ...]
    largest_kl: float
    posterior: tuple[PosteriorRow, ...]
    best: tuple[BestRow, ...]
    peak: int
    loss: Estimate
    laws: tuple[GoldLaw, ...]
    warnings: tuple[str, ...]


def reading(
    evidence: Evidence,
    *,
    by: str | None = None,
    value: str | None = None,
    gold: str | None = None,
    betas: Iterable[float] | None = None,
    kls: Iterable[float] | None = None,
    ns: Iterable[int] | None = None,
    level: float = 0.95,
) -> Reading:
    """Posteriors, best-of-n and the frontier between them, of a scored run.

    Every quantity is made problem by problem and then averaged: a mean of exp(reward) pooled over
    problems would be the word of the easiest one.

    Args:
        evidence: a run or a table of scored samples.
        by: the verifier whose verdicts are gold; default the task's own.
        value: the scorer whose values are the reward; default "reward", else "logprob".
        gold: a scorer whose values are gold in place of the verdicts (a graded judge).
        betas: of the posterior, in units of reward per nat.
        kls: KL budgets in nats, in place of betas: each gets the one beta for all problems at
            which the mean KL is the budget. Default `BUDGETS`, as far as they go.
        ns: samples used by best-of-n; default 1, 2, 3, 5, 10, ... to the fewest of a problem.
        level: confidence level of each interval.

    Returns:
        The reading. Of a run that a rule stopped it is over the first samples, which no rule can
        have prevented.

    Raises:
        ConfigError: if there is no verifier, no ranking scorer, no problem with two samples that
            have a reward, or no two rewards differ.
        UnknownNameError: if the run holds no scores by one of the scorers.
        DomainError: if an n, beta or budget is outside its range.
    """
    by = judge(evidence, by)
    data = _gathered(evidence, by, value, gold)
    return read(data, by=by, gold=gold, betas=betas, kls=kls, ns=ns, level=level)


def read(
    data: Scored,
    *,
    by: str = "verdict",
    gold: str | None = None,
    betas: Iterable[float] | None = None,
    kls: Iterable[float] | None = None,
    ns: Iterable[int] | None = None,
    level: float = 0.95,
) -> Reading:
    """The reading of rewards and gold that are arrays already; see `reading`.

    Args:
        data: rewards and gold of some problems.
        by: what to call the verdicts.
        gold: what to call gold, where it is no verdict.
        betas: of the posterior.
        kls: KL budgets in place of betas.
        ns: samples used by best-of-n.
        level: confidence level of each interval.

    Raises:
        ConfigError: if no two rewards of a problem differ, or both betas and budgets are given.
        DomainError: if an n, beta or budget is outside its range.
    """
    if all(np.ptp(each) == 0 for each in data.rewards):
        raise ConfigError(f"{data.value!r} gives all samples of a problem the same value.")
    fewest = min(each.size for each in data.rewards)
    used = _ns(ns, fewest)
    posterior = posterior_rows(data, _betas(data.rewards, betas, kls), level)
    golds = np.array(
        [expected_of_best(r, g, used) for r, g in zip(data.rewards, data.golds, strict=True)]
    )
    kl = np.array([estimated_kl(r, used) for r in data.rewards])
    best = best_rows(data, used, golds, kl, level)
    draw = np.array([each.mean() for each in data.golds])
    return Reading(
        by=by,
        value=data.value,
        gold=gold or by,
        problems=len(data.rewards),
        n=fewest,
        left_out=data.left_out,
        unusable=data.unusable,
        largest_kl=largest_kl(data.rewards),
        posterior=posterior,
        best=best,
        peak=used[int(golds.mean(axis=0).argmax())],
        loss=_loss(golds, data, level),
        laws=_laws(kl.mean(axis=0), golds - draw[:, None], level),
        warnings=tuple(_warnings(data, by, posterior, best)),
    )


def _gathered(evidence: Evidence, by: str, value: str | None, gold: str | None) -> Scored:
    value = value or default_value(evidence, by)
    if value is None:
        raise ConfigError(
            f"{evidence.path} has no scorer that ranks, so there is no reward to read.",
            hint="Name one with --value (value=... in Python), or make its scores with "
            "`topdraw score`.",
        )
    samples = evidence.samples() if isinstance(evidence, Run) else None
    found = candidates(evidence, by=by, value=value, samples=samples)
    graded = candidates(evidence, by=by, value=gold, samples=samples) if gold else None
    rule, basis = stopped(evidence, samples), ""
    if rule is not None:
        rule.require_start(2, "The Bayesian reading")
        found, basis = rule.start(found), rule.about_start()
        graded = rule.start(graded) if graded else None
    rewards, golds, unusable, left_out = [], [], [], 0
    for key, one in found.items():
        worth = graded[key].value if graded else one.passed.astype(float)
        kept = ~one.missing & np.isfinite(one.value) & np.isfinite(worth)
        left_out += one.n - int(kept.sum())
        if kept.sum() < 2:
            unusable.append(key)
            continue
        rewards.append(one.value[kept])
        golds.append(worth[kept])
    if not rewards:
        raise ConfigError(
            f"No problem of {evidence.path} has two samples with a verdict by {by!r} and a finite "
            f"value by {value!r}."
        )
    return Scored(value, rewards, golds, gold is not None, left_out, tuple(unusable), basis)


def _ns(ns: Iterable[int] | None, fewest: int) -> tuple[int, ...]:
    if ns is None:
        return default_ks(fewest)
    used = tuple(sorted({whole_k(n) for n in ns}))
    if not used or used[0] < 1 or used[-1] > fewest:
        raise DomainError(
            f"Best of n needs 1 <= n <= {fewest}, the fewest samples with a reward of a problem; "
            f"got {list(used)}."
        )
    return used


def _betas(
    rewards: Sequence[FloatArray], betas: Iterable[float] | None, kls: Iterable[float] | None
) -> list[float]:
    if betas is not None and kls is not None:
        raise ConfigError("Give betas or KL budgets, not both.")
    if betas is not None:
        return sorted((float(beta) for beta in betas), reverse=True)
    if kls is None:
        reach = _REACHABLE * largest_kl(rewards)
        kls = [kl for kl in BUDGETS if kl < reach]
    found: list[float] = beta_for_kl(rewards, sorted(float(kl) for kl in kls)).tolist()
    return found


def _loss(golds: FloatArray, data: Scored, level: float) -> Estimate:
    """Gold at the largest n less gold at the best n, which the other half of the problems chose."""
    if len(golds) < 2:
        return Estimate(math.nan, level=level, method="one problem only")
    half = np.arange(len(golds)) % 2
    best = np.empty(len(golds))
    for fold in (0, 1):
        best[half == fold] = golds[half == fold, golds[half != fold].mean(axis=0).argmax()]
    method = "gold at the largest n less that at the best n, picked on the other half of problems"
    method += f", {data.basis}" if data.basis else ""
    if data.graded:
        return real_mean(golds[:, -1] - best, level=level, missing=data.left_out, method=method)
    return paired_difference(
        np.minimum(golds[:, -1], 1.0),
        np.minimum(best, 1.0),
        level=level,
        missing=data.left_out,
        method=method,
    )


def _laws(kl: FloatArray, gain: FloatArray, level: float) -> tuple[GoldLaw, ...]:
    try:
        return (
            fit_gold_law(kl, gain, form="linear", level=level),
            fit_gold_law(kl, gain, form="log", level=level),
        )
    except DomainError:  # fewer than three different KLs
        return ()


def _warnings(
    data: Scored, by: str, posterior: Sequence[PosteriorRow], best: Sequence[BestRow]
) -> Iterable[str]:
    if by in resolve_value(data.value).members:
        yield SELF_JUDGED.format(by) + "."
    thin = [row for row in posterior if row.effective_median.value < FEW]
    if thin:
        yield (
            f"From beta = {thin[0].beta:.3g} downwards (KL {thin[0].kl.value:.2g} nats) half of "
            f"the problems stand on fewer than {FEW:g} effective samples: reward, KL and log Z of "
            f"the posterior are too small there."
        )
    if any(row.kl.value < 0.95 * row.kl_bound for row in best if row.n > 1):
        yield (
            "Rewards tie, so that log n - (n-1)/n overstates how far best of n is from one draw; "
            "the KL shown counts the ties."
        )
    if data.left_out:
        problems = f" and {len(data.unusable)} whole problems" if data.unusable else ""
        yield f"{data.left_out} samples{problems} without a verdict or a value are left out."
