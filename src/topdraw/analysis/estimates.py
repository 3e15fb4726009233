"""pass@k and pass^k of a run: counts from its verdicts, means over its problems, intervals.

Not here: the formulas (`analysis.coverage`); strategies that choose (`analysis.accuracy`).
Try it: `python -m pytest tests/analysis/test_estimates.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis import coverage
from topdraw.analysis.intervals import mean_estimate
from topdraw.analysis.samples_used import Source, require_samples, whole_k
from topdraw.analysis.stopped import stopped
from topdraw.core.estimate import Estimate
from topdraw.core.records import Candidates, FloatArray, IntArray
from topdraw.errors import ConfigError
from topdraw.selection.candidates import candidates
from topdraw.store.evidence import Evidence, EvidenceOrPath, open_evidence
from topdraw.store.plain import PlainTable
from topdraw.store.run import Run


@dataclass(frozen=True, slots=True)
class Counts:
    """Samples of each problem, counted.

    Attributes:
        problem_ids: problems with at least one scored sample, in order.
        n: shape (problems,). Scored samples.
        c: shape (problems,). Samples that passed.
        drawn: shape (problems,). All samples, those without a score included.
        missing: samples left out because they have no score, those of unanswered problems included.
        unanswered: problems without any scored sample; left out of n and c.
    """

    problem_ids: tuple[str, ...]
    n: IntArray
    c: IntArray
    drawn: IntArray
    missing: int
    unanswered: tuple[str, ...]


def count(by_problem: Mapping[str, Candidates]) -> Counts:
    """Scored and correct samples of each problem.

    Args:
        by_problem: candidates with verdicts.
    """
    scored = {key: int((~one.missing).sum()) for key, one in by_problem.items()}
    kept = tuple(key for key, number in scored.items() if number)
    right = [int((by_problem[key].passed & ~by_problem[key].missing).sum()) for key in kept]
    return Counts(
        problem_ids=kept,
        n=np.array([scored[key] for key in kept], np.int64),
        c=np.array(right, np.int64),
        drawn=np.array([by_problem[key].n for key in kept], np.int64),
        missing=sum(int(one.missing.sum()) for one in by_problem.values()),
        unanswered=tuple(key for key in by_problem if not scored[key]),
    )


def count_scored(run: Evidence, by_problem: Mapping[str, Candidates]) -> Counts:
    """`count` of a run's problems, or of those of their samples that a number may look at.

    Args:
        run: the run, or the table.
        by_problem: candidates with verdicts.

    Raises:
        ConfigError: if nothing was scored.
    """
    counts = count(by_problem)
    if not counts.problem_ids:
        raise ConfigError(f"{run.path} has no scored sample.")
    return counts


def judge(run: Evidence, by: str | None) -> str:
    """The verifier asked for, or the task's own.

    Raises:
        ConfigError: if neither is there.
    """
    chosen = by or run.manifest.scorer
    if not chosen and isinstance(run, PlainTable):
        has = ", ".join(repr(one[:60]) for one in run.header[:30]) or "none that is named"
        raise ConfigError(
            f"{run.path} has no column of verdicts; it has {has}.",
            hint="Name it with --map correct=COLUMN.",
        )
    if not chosen:
        raise ConfigError(
            f"The task of {run.path} names no verifier.",
            hint="Say whose verdicts count with --by SCORER.",
        )
    return chosen


@overload
def pass_at_k(n: ArrayLike, c: ArrayLike, k: int) -> FloatArray: ...
@overload
def pass_at_k(
    n: EvidenceOrPath, k: int, /, *, by: str | None = ..., level: float = ...
) -> Estimate: ...
@overload
def pass_at_k(
    n: EvidenceOrPath, /, *, k: int, by: str | None = ..., level: float = ...
) -> Estimate: ...
def pass_at_k(
    n: ArrayLike | EvidenceOrPath,
    c: ArrayLike | int | None = None,
    k: int | None = None,
    *,
    by: str | None = None,
    level: float = 0.95,
) -> FloatArray | Estimate:
    """Probability that at least one of k samples is correct: of a run, or from counts.

    `pass_at_k(run, k, by="gsm8k")` is the mean over the problems of the run, as an `Estimate`;
    `pass_at_k(n, c, k)` on counts is `analysis.coverage.pass_at_k`, one number per problem. In
    both, pass@k = 1 - C(n-c, k) / C(n, k), the average over all subsets of k samples. Of a run that
    was drawn until the first pass by this verifier it is `analysis.stopping.stopped_coverage`, and
    of one that another rule stopped the same over the first samples, which no rule can prevent.

    Args:
        n: a run, a table of counts or scored samples, or the path of either; or shape
            (problems,), scored samples per problem.
        c: k, when the first is one of these; or shape (problems,), correct samples.
        k: samples used, 1 <= k <= the scored samples of every problem.
        by: of these, the verifier whose verdicts count; default the task's own.
        level: of these, confidence level of the interval.

    Returns:
        The estimate over the problems that have a scored sample; the others are counted in its
        `method`, missing samples in its `missing`. From counts: shape (problems,), in [0, 1].

    Raises:
        DomainError: if k is not whole or < 1, or a problem has fewer than k scored samples (never
            silently 1.0), or the rule that stopped the drawing leaves no unbiased number.
        UnknownNameError: if the run holds no scores by `by`.
        ConfigError: if there is no verifier, no scored sample, no such path, or several models.
        FormatError: if a file is no table.
        TypeError: if the arguments fit neither form.

    Examples:
        >>> pass_at_k(5, 2, 3).round(3)
        np.float64(0.9)

    References:
        Chen et al. 2021 (arXiv 2107.03374), eq. 1.
    """
    return _either(coverage.pass_at_k, "pass@", n, c, k, by, level)


@overload
def pass_hat_k(n: ArrayLike, c: ArrayLike, k: int) -> FloatArray: ...
@overload
def pass_hat_k(
    n: EvidenceOrPath, k: int, /, *, by: str | None = ..., level: float = ...
) -> Estimate: ...
@overload
def pass_hat_k(
    n: EvidenceOrPath, /, *, k: int, by: str | None = ..., level: float = ...
) -> Estimate: ...
def pass_hat_k(
    n: ArrayLike | EvidenceOrPath,
    c: ArrayLike | int | None = None,
    k: int | None = None,
    *,
    by: str | None = None,
    level: float = 0.95,
) -> FloatArray | Estimate:
    """Probability that all of k samples are correct: of a run, or from counts.

    pass^k = C(c, k) / C(n, k). Forms, arguments and errors are those of `pass_at_k`; of a run that
    a rule stopped, over the first samples alone, which no rule can have prevented.

    Args:
        n: a run, a table of counts or scored samples, or the path of either; or shape
            (problems,), scored samples per problem.
        c: k, when the first is one of these; or shape (problems,), correct samples.
        k: samples used, 1 <= k <= the scored samples of every problem.
        by: of these, the verifier whose verdicts count; default the task's own.
        level: of these, confidence level of the interval.

    Returns:
        The estimate over problems; from counts, shape (problems,), in [0, 1].

    Raises:
        DomainError: if k is not whole or < 1, or a problem has fewer than k scored samples, or the
            rule that stopped the drawing does not guarantee k samples of each.
        UnknownNameError: if the run holds no scores by `by`.
        ConfigError: if there is no verifier, no scored sample, no such path, or several models.
        FormatError: if a file is no table.
        TypeError: if the arguments fit neither form.

    Examples:
        >>> pass_hat_k(5, 3, 2).round(3)
        np.float64(0.3)

    References:
        Yao et al. 2024 (arXiv 2406.12045), section 4.
    """
    return _either(coverage.pass_hat_k, "pass^", n, c, k, by, level)


def _either(
    formula: Callable[[ArrayLike, ArrayLike, int], FloatArray],
    name: str,
    n: ArrayLike | EvidenceOrPath,
    c: ArrayLike | int | None,
    k: int | None,
    by: str | None,
    level: float,
) -> FloatArray | Estimate:
    if not isinstance(n, Run | PlainTable | str | os.PathLike):
        if c is None or k is None:
            raise TypeError(f"{name}k takes (run, k) or (n, c, k).")
        return formula(n, c, k)
    if (c is None) == (k is None):
        raise TypeError(f"{name}k of a run takes one k, as in {name}k(run, 4).")
    return _of_run(formula, name, open_evidence(n), whole_k(c if k is None else k), by, level)


def _of_run(
    formula: Callable[[ArrayLike, ArrayLike, int], FloatArray],
    name: str,
    run: Evidence,
    k: int,
    by: str | None,
    level: float,
) -> Estimate:
    by, samples = judge(run, by), run.samples()
    what, basis = f"{name}{k}", "exact and unbiased"
    found, rule = candidates(run, by=by, samples=samples), stopped(run, samples)
    if rule is not None and rule.corrects(by) and formula is coverage.pass_at_k:
        counts = count_scored(run, rule.all_drawn(found))
        values = rule.coverage({key: found[key] for key in counts.problem_ids}, [k], what)[:, 0]
        basis += f", {rule.about_coverage()}"
    else:
        if rule is not None:
            rule.require_start(k, what)
            found, basis = rule.start(found), f"{basis}, {rule.about_start()}"
        counts = count_scored(run, found)
        require_samples(counts.problem_ids, counts.n, k, what, Source(run, by, counts.drawn))
        values = formula(counts.n, counts.c, k)
    skipped = f", {len(counts.unanswered)} unanswered problems left out"
    return mean_estimate(
        values,
        level=level,
        missing=counts.missing,
        method=f"{what}, {basis}" + (skipped if counts.unanswered else ""),
    )
