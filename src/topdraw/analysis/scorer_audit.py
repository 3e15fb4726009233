"""How good a scorer is at choosing, held against a verifier's verdicts: every number an estimate.

Not here: how it looks (`reports.scorer_audit_panel`).
Try it: `topdraw audit-scorer RUN --scorer reward --scorer logprob`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.accuracy import SELF_JUDGED
from topdraw.analysis.agreement import auc, rank_correlation, right_over_wrong
from topdraw.analysis.calibration import (
    Link,
    are_probabilities,
    brier_score,
    calibration_error,
    linked,
)
from topdraw.analysis.clusters import Clusters, labels
from topdraw.analysis.comparison import ClusterBy, cluster_labels, flip_seed, holm
from topdraw.analysis.curves import at_ks, scored
from topdraw.analysis.estimates import judge
from topdraw.analysis.intervals import mean_estimate, paired_difference
from topdraw.analysis.ks import default_ks
from topdraw.analysis.ratios import ratio_estimate
from topdraw.analysis.scorer_audited import Audit, AuditDifference, ScorerAudit
from topdraw.analysis.stopped import stopped
from topdraw.core.estimate import Estimate
from topdraw.core.records import Candidates, FloatArray
from topdraw.core.seeds import Rng
from topdraw.errors import ConfigError, DomainError
from topdraw.selection.candidates import candidates
from topdraw.selection.ensemble import resolve_value
from topdraw.selection.resolve import resolve_selector
from topdraw.store.evidence import Evidence, EvidenceOrPath, open_evidence

#: A curve that rises by less than this from k on to its end is saturated at k.
SATURATED = 0.01


def audit(
    run: EvidenceOrPath,
    scorers: Sequence[str],
    *,
    gold: str | None = None,
    ks: Sequence[int] | None = None,
    link: Link = "none",
    level: float = 0.95,
    clusters: ClusterBy = None,
    rng: Rng = 0,
) -> Audit:
    """How well scorers choose among the samples of a run, by a verifier's verdicts.

    Args:
        run: a run or a table with both scored, or its path.
        scorers: one or more; "logprob" and ensembles ("worst(a,b)") too.
        gold: the verifier; default the task's own.
        ks: of the curves, up to the fewest scored samples of a problem; default 1, 2, 3, 5, 10 ...
        link: how values become probabilities for calibration, see `calibration.linked`.
        level: confidence level of each interval.
        clusters: a metadata key or labels: problems that vary together.
        rng: seed or generator of sign flips, halves and bootstraps.

    Raises:
        ConfigError: if there is no scorer or one twice, no verdict, one of the scorers is the
            gold, has no value at all, or the run was drawn until the gold passed.
        DomainError: if a k is out of range.
        UnknownNameError: if the run has no scores by one of them.
    """
    run = open_evidence(run)
    gold = judge(run, gold)
    _require_scorers(scorers, gold)
    found, basis = _found(run, scorers, gold)
    first = found[scorers[0]]
    keys = [key for key, one in first.items() if not one.missing.all()]
    if not keys:
        raise ConfigError(f"{run.path} has no sample scored by {gold!r}.")
    for name, each in found.items():
        _require_values(run, name, gold, each)
    made = _Maker(cluster_labels(run, keys, clusters), level, flip_seed(rng), link)
    plain = [scored(first[key]) for key in keys]
    used = _checked(ks, min(one.n for one in plain), run)
    audits = {
        name: _audited(name, [scored(each[key]) for key in keys], used, made)
        for name, each in found.items()
    }
    right = np.array([one.passed.mean() for one in plain])
    return Audit(
        gold=gold,
        scorers=tuple(one.audit for one in audits.values()),
        differences=_differences(audits, made),
        random=made.mean(right, "mean sample"),
        oracle=made.mean(right > 0, "any sample"),
        gold_length=made.correlation([one.passed for one in plain], plain, "verdict"),
        problems=len(keys),
        mixed=int(((right > 0) & (right < 1)).sum()),
        n=max(used),
        link=link,
        level=level,
        basis=basis,
    )


def _found(
    run: Evidence, scorers: Sequence[str], gold: str
) -> tuple[dict[str, Mapping[str, Candidates]], str]:
    """The candidates by each scorer, and what a stopping rule left of them."""
    samples = run.samples()
    rule = stopped(run, samples)
    if rule is not None and rule.corrects(gold):
        raise ConfigError(
            f"{run.path} was drawn {rule.until}: its samples were selected by {gold!r} itself.",
            hint="Audit a run that was drawn without --until.",
        )
    found: dict[str, Mapping[str, Candidates]] = {}
    for name in scorers:
        each = candidates(run, by=gold, value=name, samples=samples)
        found[name] = each if rule is None else rule.start(each)
    return found, "" if rule is None else rule.about_start()


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes estimates over the problems of one audit, all with the same settings."""

    clusters: Clusters
    level: float
    seed: int
    link: Link

    def mean(self, values: ArrayLike, method: str) -> Estimate:
        return mean_estimate(values, clusters=self.clusters, level=self.level, method=method)

    def ratio(self, sums: ArrayLike, sizes: ArrayLike, method: str) -> Estimate:
        return ratio_estimate(sums, sizes, clusters=self.clusters, level=self.level, method=method)

    def paired(
        self, a: ArrayLike, b: ArrayLike, method: str = "", *, ordered: bool = False
    ) -> Estimate:
        return paired_difference(
            a,
            b,
            clusters=self.clusters,
            level=self.level,
            rng=self.seed,
            ordered=ordered,
            method=method,
        )

    def correlation(
        self, values: Sequence[np.ndarray], problems: Sequence[Candidates], what: str
    ) -> Estimate:
        """Spearman's correlation with length; in [-1, 1], as a difference of shares is."""
        lengths = [np.where(one.length_tokens > 0, one.length_tokens, np.nan) for one in problems]
        each = [rank_correlation(a, b) for a, b in zip(values, lengths, strict=True)]
        method = f"Spearman's correlation of {what} and output tokens within problems"
        return self.paired(each, np.zeros(len(each)), method)


@dataclass(frozen=True, slots=True)
class _Audited:
    """An audit with what its differences are made of, problem by problem."""

    audit: ScorerAudit
    auc: FloatArray
    top1: FloatArray


def _require_scorers(scorers: Sequence[str], gold: str) -> None:
    if not scorers:
        raise ConfigError("There is no scorer to audit; name one.")
    if len(set(scorers)) < len(scorers):
        raise ConfigError(f"A scorer is named twice among {', '.join(scorers)}.")
    for name in scorers:
        if gold in resolve_value(name).members:
            raise ConfigError(
                f"{name} has seen the verdicts that it is to be held against. "
                f"{SELF_JUDGED.format(gold)}.",
                hint="Name another verifier with --gold.",
            )


def _require_values(run: Evidence, name: str, gold: str, found: Mapping[str, Candidates]) -> None:
    if all(np.isnan(one.value[~one.missing]).all() for one in found.values()):
        raise ConfigError(
            f"{name} has no value for any sample of {run.path} that {gold} scored.",
            hint=f"Score the run with both: topdraw score {run.path} {name}",
        )


def _checked(ks: Sequence[int] | None, most: int, run: Evidence) -> tuple[int, ...]:
    if ks is None:
        return tuple(default_ks(most))
    if not ks or not all(1 <= k <= most for k in ks):
        raise DomainError(
            f"The curves of {run.path} go from k = 1 to {most}, the fewest scored samples of a "
            f"problem; asked for {', '.join(map(str, ks)) or 'none'}."
        )
    return tuple(sorted({*ks, most}))


def _audited(
    name: str, problems: Sequence[Candidates], ks: tuple[int, ...], made: _Maker
) -> _Audited:
    each = np.array([auc(one.value, one.passed) for one in problems])
    ordered, number = np.array([right_over_wrong(one.value, one.passed) for one in problems]).T
    # Of all samples, also where problems have different numbers of them; the curve is at equal k.
    whole = np.array([_top1(one) for one in problems])
    right = np.array([one.passed.mean() for one in problems])
    oracle = np.array([float(one.passed.any()) for one in problems])
    curve = at_ks(resolve_selector("best_of_n"), problems, ks).values
    at = _saturation(curve)
    ece, brier = _calibration(problems, made)
    blank = [int(np.isnan(one.value).sum()) for one in problems]
    found = ScorerAudit(
        scorer=name,
        auc=made.mean(each, "AUC within problems"),
        pairs=made.ratio(ordered, number, "pairs of a right and a wrong sample"),
        top1=made.mean(whole, "best of all, exact"),
        over_random=made.paired(whole, right, "best of all less mean sample"),
        below_oracle=made.paired(oracle, whole, "oracle less best of all", ordered=True),
        ks=ks,
        curve=tuple(made.mean(column, "best of k, exact") for column in curve.T),
        saturation=ks[at],
        after=made.paired(curve[:, -1], curve[:, at], f"best of {ks[-1]} less best of {ks[at]}"),
        peak=ks[int(np.nanmean(curve, axis=0).argmax())],
        ece=ece,
        brier=brier,
        length=made.correlation([one.value for one in problems], problems, "value"),
        missing=made.ratio(blank, [one.n for one in problems], "samples without a value"),
    )
    return _Audited(found, each, whole)


def _top1(one: Candidates) -> float:
    known = ~np.isnan(one.value)
    if not known.any():
        return math.nan
    return float(one.passed[known & (one.value == one.value[known].max())].mean())


def _saturation(curve: FloatArray) -> int:
    """Position of the first k from which the mean curve ends at most `SATURATED` higher."""
    mean = np.nanmean(curve, axis=0)
    # Whatever lies between must not be much higher than here, either.
    later = np.maximum.accumulate(mean[::-1])[::-1]
    return int(np.flatnonzero(later - mean <= SATURATED + 1e-12)[0])


def _calibration(problems: Sequence[Candidates], made: _Maker) -> tuple[Estimate, Estimate]:
    value = np.concatenate([one.value for one in problems])
    passed = np.concatenate([one.passed for one in problems])
    problem = np.repeat(np.arange(len(problems)), [one.n for one in problems])
    if made.link == "none" and not are_probabilities(value):
        nothing = Estimate(
            math.nan, level=made.level, method="values outside [0, 1], no link named"
        )
        return nothing, nothing
    label = labels(made.clusters, len(problems))
    unit = problem if label is None else label[problem]
    chance = linked(value, passed, unit, made.link, rng=made.seed)
    method = "" if made.link == "none" else f"{made.link} link, cross-fitted on halves"
    error = calibration_error(
        chance,
        passed,
        problem,
        clusters=made.clusters,
        level=made.level,
        rng=made.seed,
        method=method,
    )
    return error, brier_score(
        chance, passed, problem, clusters=made.clusters, level=made.level, method=method
    )


def _differences(audits: Mapping[str, _Audited], made: _Maker) -> tuple[AuditDifference, ...]:
    (name, first), *others = audits.items()
    found = [
        AuditDifference(name, other, measure, made.paired(a, b), math.nan)
        for other, second in others
        for measure, a, b in (
            ("AUC", first.auc, second.auc),
            ("top-1 accuracy", first.top1, second.top1),
        )
    ]
    adjusted = holm([one.estimate.p_value for one in found])
    return tuple(replace(one, adjusted_p=float(p)) for one, p in zip(found, adjusted, strict=True))
