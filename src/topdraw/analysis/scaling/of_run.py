"""The coverage law and forecasts of a run or of a table.

Not here: the same from counts (`fitted`, `forecast`). Try it: `topdraw fit RUN`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.coverage import coverage_curve
from topdraw.analysis.curves import scored
from topdraw.analysis.estimates import Counts, count_scored, judge
from topdraw.analysis.intervals import mean_estimate
from topdraw.analysis.scaling.difficulty import counted
from topdraw.analysis.scaling.fitted import CoverageLaw, fit_table
from topdraw.analysis.scaling.forecast import forecast_curve
from topdraw.analysis.scaling.law import FEWEST, spaced
from topdraw.analysis.scaling.values import ModelValue
from topdraw.analysis.stopped import stopped
from topdraw.core.records import BoolArray, FloatArray, IntArray
from topdraw.core.seeds import Rng
from topdraw.errors import DomainError
from topdraw.selection.candidates import candidates
from topdraw.store.evidence import Evidence, EvidenceOrPath, open_evidence


@dataclass(frozen=True, slots=True)
class MeasuredCoverage:
    """Coverage of each problem at log-spaced k, with the counts it comes from.

    Attributes:
        counts: scored and correct samples.
        ks: shape (k,). Where coverage is known, up to the smallest number of scored samples.
        table: shape (problems, k).
        solved: shape (problems,). Of a run drawn until a pass, whether one of the first ks[-1]
            scored samples passed: there n depends on what was drawn, and c of n is not binomial.
            None of any other.
    """

    counts: Counts
    ks: IntArray
    table: FloatArray
    solved: BoolArray | None = None


def measured(run: Evidence, *, by: str | None = None) -> MeasuredCoverage:
    """Coverage of the problems of a run at log-spaced k.

    Args:
        run: a scored run, or a table of counts or scored samples.
        by: the verifier; default the task's own.

    Returns:
        Of a run that a rule stopped: over the k for which `estimates.pass_at_k` has a number.

    Raises:
        ConfigError: if there is no verifier or no scored sample.
        UnknownNameError: if the run holds no scores by `by`.
        DomainError: if a problem has fewer than 3 scored samples, or if the rule that stopped the
            drawing does not guarantee the samples.
    """
    by, samples = judge(run, by), run.samples()
    found, rule = candidates(run, by=by, samples=samples), stopped(run, samples)
    if rule is not None and rule.corrects(by):
        counts = count_scored(run, rule.all_drawn(found))
        kept = {key: found[key] for key in counts.problem_ids}
        ks = spaced(rule.reach(kept))
        table = rule.coverage(kept, ks.tolist(), "A coverage law")
        heads = [scored(one).passed[: ks[-1]] for one in rule.all_drawn(kept).values()]
        return MeasuredCoverage(counts, ks, table, np.array([head.any() for head in heads]))
    if rule is not None:
        rule.require_start(FEWEST, f"A coverage law of {FEWEST} or more samples")
        found = rule.start(found)
    counts = count_scored(run, found)
    ks = spaced(int(counts.n.min()))
    return MeasuredCoverage(counts, ks, coverage_curve(counts.n, counts.c, ks.tolist()))


def fit_coverage(
    run: EvidenceOrPath,
    *,
    by: str | None = None,
    level: float = 0.95,
    rng: Rng = 0,
    draws: int = 200,
) -> CoverageLaw:
    """The coverage law of a run.

    Args:
        run: a scored run, a table of counts or scored samples, or the path of either.
        by: the verifier; default the task's own.
        level: confidence level of the intervals of a and b.
        rng: seed or generator of the resampling of problems.
        draws: how many resamples.

    Returns:
        The law over k = 1..n, n the smallest number of scored samples of a problem. Of a run that
        a rule stopped, over the k for which `estimates.pass_at_k` has a number.

    Raises:
        ConfigError: if there is no verifier or no scored sample.
        UnknownNameError: if the run holds no scores by `by`.
        DomainError: as `fit_counts`, or if the rule that stopped the drawing does not guarantee the
            samples.
    """
    known = measured(open_evidence(run), by=by)
    counts = known.counts
    return fit_table(
        known.ks,
        known.table,
        counts.n,
        counts.c,
        level=level,
        rng=rng,
        draws=draws,
        missing=counts.missing,
    )


def forecast_coverage(
    run: EvidenceOrPath,
    ks: Sequence[int],
    *,
    by: str | None = None,
    level: float = 0.95,
    rng: Rng = 0,
) -> tuple[ModelValue, ...]:
    """Coverage of a run at k beyond its samples: `forecast_counts` of its counts.

    Args:
        run: a scored run, a table of counts or scored samples, or the path of either.
        ks: samples, each above the smallest number of scored samples of a problem.
        by: the verifier; default the task's own.
        level: level of the intervals.
        rng: seed or generator.

    Raises:
        ConfigError: if there is no verifier or no scored sample.
        UnknownNameError: if the run holds no scores by `by`.
        DomainError: as `forecast_counts` and `measured`, or if decoding is greedy.
    """
    run = open_evidence(run)
    if refusal := no_forecast(run):
        raise DomainError(refusal)
    known = measured(run, by=by)
    # How drawing was stopped is no part of the likelihood of n and c.
    found = counted(known.counts.n, known.counts.c)
    last = mean_estimate(known.table[:, -1], level=level)
    mean = known.table.mean(axis=0)
    return forecast_curve(found, known.ks, mean, ks, level=level, rng=rng, measured=last)


def no_forecast(run: Evidence) -> str:
    """Why a run has no forecast, in a sentence; "" where it has one.

    Args:
        run: a run, or a table of one model.
    """
    sampler = run.manifest.sampler("sampled")
    if sampler is None or not sampler.decoding.greedy:
        return ""
    return (
        "Its samples are greedy (temperature 0), repeats of one output: more of them solve no "
        "more, so that there is no forecast."
    )
