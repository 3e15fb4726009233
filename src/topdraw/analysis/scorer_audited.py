"""What an audit of scorers says: frozen values, every number an estimate.

Not here: how they are made (`analysis.scorer_audit`), how they look (`reports.scorer_audit_panel`).
Try it: `topdraw audit-scorer RUN --scorer reward --json`.
"""

from __future__ import annotations

from dataclasses import dataclass

from topdraw.analysis.calibration import Link
from topdraw.core.estimate import Estimate


@dataclass(frozen=True, slots=True)
class ScorerAudit:
    """One scorer against the gold verdicts.

    Attributes:
        scorer: its name, or the spec of an ensemble.
        auc: mean over problems of P(a right sample has the larger value than a wrong one), ties
            half; problems without both, with values, are left out and counted in its method.
        pairs: the same over all pairs of a right and a wrong sample, pooled: problems count by
            their pairs.
        top1: expected accuracy of the sample with the largest value, of all n.
        over_random: that less the mean sample, paired.
        below_oracle: the oracle less that, paired.
        ks: samples chosen among.
        curve: expected accuracy of the best of k, for each of them; exact.
        saturation: the smallest of these k from which the curve ends at most 0.01 higher.
        after: the curve at n less the curve there, paired; over-optimisation where it is below 0.
        peak: the k at which the curve is highest.
        ece: expected calibration error; NaN where values are no probabilities and no link is named.
        brier: Brier score, likewise.
        length: mean over problems of Spearman's correlation of value and output tokens.
        missing: share of samples without a value, pooled.
    """

    scorer: str
    auc: Estimate
    pairs: Estimate
    top1: Estimate
    over_random: Estimate
    below_oracle: Estimate
    ks: tuple[int, ...]
    curve: tuple[Estimate, ...]
    saturation: int
    after: Estimate
    peak: int
    ece: Estimate
    brier: Estimate
    length: Estimate
    missing: Estimate


@dataclass(frozen=True, slots=True)
class AuditDifference:
    """One scorer less another, paired over problems.

    Attributes:
        a: scorer.
        b: scorer taken off it.
        measure: "AUC" or "top-1 accuracy".
        estimate: mean of a - b over the problems that have both, with its p-value.
        adjusted_p: Holm's, over all differences of the audit.
    """

    a: str
    b: str
    measure: str
    estimate: Estimate
    adjusted_p: float


@dataclass(frozen=True, slots=True)
class Audit:
    """Several scorers of one run against its gold verdicts.

    Attributes:
        gold: the verifier.
        scorers: one audit for each, in the order asked for.
        differences: the first less each of the others.
        random: accuracy of the mean sample.
        oracle: share of problems with a right sample.
        gold_length: Spearman's correlation of verdict and output tokens: what length alone says.
        problems: with a scored sample.
        mixed: of these, those with a right and a wrong sample.
        n: fewest scored samples of a problem, to which the curves go.
        link: how values became probabilities.
        level: confidence level of each interval by itself.
        basis: which samples, where a rule stopped the drawing; else "".
    """

    gold: str
    scorers: tuple[ScorerAudit, ...]
    differences: tuple[AuditDifference, ...]
    random: Estimate
    oracle: Estimate
    gold_length: Estimate
    problems: int
    mixed: int
    n: int
    link: Link
    level: float
    basis: str = ""
