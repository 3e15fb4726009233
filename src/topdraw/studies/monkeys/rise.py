"""How coverage rises along log k: decade by decade, against a straight line, against the law.

Not here: coverage and the law themselves (`analysis.scaling`), what it means (`claims`).
Try it: `python -m pytest tests/studies/monkeys/test_rise.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.coverage import coverage_curve
from topdraw.analysis.intervals import paired_difference, resamples
from topdraw.analysis.scaling.fitted import CoverageLaw
from topdraw.analysis.scaling.law import law
from topdraw.analysis.scaling.of_run import MeasuredCoverage
from topdraw.analysis.scaling.values import FEWEST_PROBLEMS
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray
from topdraw.core.seeds import Rng


@dataclass(frozen=True, slots=True)
class Decade:
    """What one decade of samples brings.

    Attributes:
        start: k at its start.
        end: k at its end; ten times that, or less in the last one.
        gain: coverage at the end less that at the start, paired over problems.
    """

    start: int
    end: int
    gain: Estimate


@dataclass(frozen=True, slots=True)
class Rise:
    """How coverage rises along log k.

    Attributes:
        decades: from k = 1 on.
        middle: the k in the middle of log k.
        bend: coverage there less the middle of its two ends, paired over problems: 0 for a
            straight line, above 0 where coverage rises early and flattens.
        line_error: mean distance of the best straight line over log k from coverage, with its
            interval.
        law_error: the same of the law c = exp(a k^b), with its interval; NaN without one.
        less: line_error less law_error, with its interval over resampled problems.
    """

    decades: tuple[Decade, ...]
    middle: int
    bend: Estimate
    line_error: Estimate
    law_error: Estimate
    less: Estimate


def rise(
    known: MeasuredCoverage, fitted: CoverageLaw | None, *, level: float = 0.95, rng: Rng = 0
) -> Rise:
    """How coverage rises along log k.

    Args:
        known: coverage of each problem at log-spaced k.
        fitted: the law of the same, made with the same `rng`; None where there is none.
        level: level of all intervals.
        rng: seed of sign flips and resamples; a seed, so that the resamples are those of the law.
    """
    most = int(known.ks[-1])
    middle = round(math.sqrt(most))
    steps = [10**power for power in range(len(str(most))) if 10**power < most] + [most]
    table = at(known, [*steps, middle])
    decades = tuple(
        Decade(
            steps[i],
            steps[i + 1],
            paired_difference(
                table[:, i + 1], table[:, i], ordered=True, level=level, rng=rng, method="pass@k"
            ),
        )
        for i in range(len(steps) - 1)
    )
    ends = (table[:, 0] + table[:, -2]) / 2
    bend = paired_difference(
        table[:, -1],
        ends,
        level=level,
        rng=rng,
        method=f"pass@{middle} less the middle of its ends",
    )
    weights = resamples(len(known.table), 200 if fitted is None else len(fitted.draws), rng)
    means = np.vstack([known.table.mean(axis=0), weights @ known.table])
    lines = _line_errors(np.log(known.ks), means)

    def estimate(value: float, again: FloatArray) -> Estimate:
        low, high = np.quantile(again, [(1 - level) / 2, (1 + level) / 2]).tolist()
        if len(known.table) < FEWEST_PROBLEMS:
            low = high = math.nan
        method = f"mean distance over {known.ks.size} k; {len(again)} resamples of problems"
        return Estimate(value, min(low, value), max(high, value), level, method, len(known.table))

    line = estimate(float(lines[0]), lines[1:])
    if fitted is None:
        unknown = Estimate(math.nan, level=level)
        return Rise(decades, middle, bend, line, unknown, unknown)
    curves = law(fitted.draws[:, :1], fitted.draws[:, 1:], known.ks)
    errors: FloatArray = np.abs(curves - means[1:]).mean(axis=1)
    own = estimate(fitted.residual, errors)
    less = estimate(line.value - fitted.residual, lines[1:] - errors)
    return Rise(decades, middle, bend, line, own, less)


def at(known: MeasuredCoverage, ks: list[int]) -> FloatArray:
    """Coverage of each problem at some k.

    Args:
        known: coverage at log-spaced k.
        ks: each from 1 to the last of these.

    Returns:
        Shape (problems, ks). Of a run that a rule stopped, read between the k that are known,
        linearly in log k.
    """
    if known.solved is None:
        return coverage_curve(known.counts.n, known.counts.c, ks)
    places, wanted = np.log(known.ks), np.log(ks)
    return np.array([np.interp(wanted, places, row) for row in known.table])


def _line_errors(log_k: FloatArray, means: FloatArray) -> FloatArray:
    """Mean distance of the least-squares straight line from each row."""
    design = np.column_stack([np.ones_like(log_k), log_k])
    found = np.linalg.lstsq(design, means.T, rcond=None)[0]
    errors: FloatArray = np.abs(design @ found - means.T).mean(axis=0)
    return errors
