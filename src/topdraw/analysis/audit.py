"""Verifies the verifier: known-correct solutions through a task's own scorer, several times.

Not here: the scorers. A suite that rejects a correct solution is broken, one that says this and
that of the same program is flaky; both bend every number made with it. Brown et al. 2024 (Large
Language Monkeys, arXiv 2407.21787), section 4.2, found both in SWE-bench Lite and CodeContests.
Try it: `topdraw audit-tests humaneval --problems 20`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from topdraw.analysis.proportion import share_estimate
from topdraw.core.estimate import Estimate
from topdraw.core.protocols import Scorer
from topdraw.core.records import Problem, Sample, Score, Task
from topdraw.errors import ConfigError, DomainError
from topdraw.scoring.apply import apply_scorer
from topdraw.scoring.marks import marks_of
from topdraw.scoring.resolve import NamedScorer, resolve_scorer
from topdraw.scoring.suites import known_solutions


@dataclass(frozen=True, slots=True)
class AuditedSuite:
    """What a problem's tests said of its known-correct solutions.

    Attributes:
        problem_id: the problem.
        solutions: how many were run.
        rejected: how many were called wrong every time.
        flaky: how many had another verdict, or other tests that held, in another repeat.
        missing: how many could not be judged every time; they are in neither of the two.
        note: what was said of the first that was rejected, flaky or missing; hostile text.
    """

    problem_id: str
    solutions: int
    rejected: int = 0
    flaky: int = 0
    missing: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Audit:
    """What became of a task's test suites.

    Attributes:
        suites: those with a known-correct solution, in the order of the task.
        repeats: how often each solution was judged.
        unknown: problems without a known-correct solution.
        broken: share of suites that reject a solution every time, with its interval.
        flaky: share of suites that do not say the same every time.
        missing: suites that could judge none of their solutions; left out of both shares.
    """

    suites: tuple[AuditedSuite, ...]
    repeats: int
    unknown: int
    broken: Estimate
    flaky: Estimate
    missing: int


def audit_tests(
    task: Task,
    *,
    by: str | Scorer = "",
    repeats: int = 3,
    exact: bool = False,
    level: float = 0.95,
    on_progress: Callable[[int, int], None] | None = None,
) -> Audit:
    """Run the known-correct solutions of a task through its tests.

    Args:
        task: whose problems' targets hold solutions (see `scoring.suites.known_solutions`).
        by: the scorer; the task's own by default.
        repeats: how often each solution is judged, >= 1; one finds no flaky suite.
        exact: Clopper and Pearson's intervals instead of Wilson's.
        level: confidence level of the shares.
        on_progress: called with (suites done, suites).

    Raises:
        ConfigError: when there is no scorer, or no problem has a known-correct solution.
        DomainError: when repeats < 1 or the level is outside (0, 1).
        UnknownNameError: when there is no such scorer.

    Examples:
        >>> def even(problem, samples):
        ...     return [len(sample.output) % 2 == 0 for sample in samples]
        >>> problems = [Problem(str(i), "", {"solution": "x" * i}) for i in range(1, 11)]
        >>> print(audit_tests(Task("t", "1", tuple(problems)), by=even).broken)
        0.50 [0.24, 0.76]
    """
    if repeats < 1:
        raise DomainError(f"repeats={repeats}: at least 1.")
    if not (by or task.scorer):
        raise ConfigError(f"The task {task.name!r} has no scorer.", hint="Name one with --by.")
    named = resolve_scorer(by or task.scorer)
    known = [problem for problem in task.problems if known_solutions(problem)]
    if not known:
        raise ConfigError(
            f"No problem of {task.name!r} has a known-correct solution to run.",
            hint="Code tasks keep them; CodeContests and APPS as many as -o solutions=N says.",
        )
    suites = []
    for suite in _audited(named, known, repeats):
        suites.append(suite)
        if on_progress is not None:
            on_progress(len(suites), len(known))
    judged = [suite for suite in suites if suite.missing < suite.solutions]
    missing = len(suites) - len(judged)

    def share(bad: int, what: str) -> Estimate:
        return share_estimate(
            bad, len(judged), level=level, exact=exact, missing=missing, method=what
        )

    return Audit(
        suites=tuple(suites),
        repeats=repeats,
        unknown=len(task.problems) - len(known),
        broken=share(sum(s.rejected > 0 for s in judged), "suites that reject a correct solution"),
        flaky=share(sum(s.flaky > 0 for s in judged), "suites that change their mind"),
        missing=missing,
    )


def _audited(
    named: NamedScorer, problems: Sequence[Problem], repeats: int
) -> Iterator[AuditedSuite]:
    threads = int(getattr(named.scorer, "workers", 1))
    with ThreadPoolExecutor(threads, thread_name_prefix="topdraw-audit") as pool:
        try:
            yield from pool.map(lambda problem: audit_suite(named, problem, repeats), problems)
        finally:
            pool.shutdown(cancel_futures=True)


def audit_suite(named: NamedScorer, problem: Problem, repeats: int) -> AuditedSuite:
    """What a problem's tests say of its known-correct solutions, so many times.

    Args:
        named: the scorer.
        problem: with known-correct solutions.
        repeats: >= 1.

    Raises:
        ConfigError: when the scorer does not return one score per sample.
    """
    outputs = known_solutions(problem)
    samples = [Sample(problem.id, index, output) for index, output in enumerate(outputs)]
    rounds = [apply_scorer(named, problem, samples) for _ in range(repeats)]
    found = {"rejected": 0, "flaky": 0, "missing": 0}
    note = ""
    for said in zip(*rounds, strict=True):
        what = _fault(said)
        if what:
            found[what] += 1
            note = note or _why(said)
    return AuditedSuite(problem.id, len(samples), note=note, **found)


def _fault(said: Sequence[Score]) -> str:
    """Which of the three faults the scores of one solution show; "" for none."""
    heard = [score for score in said if not score.is_missing]
    if not heard:
        return "missing"
    if len({(score.passed, str(marks_of(score.note))) for score in heard}) > 1:
        return "flaky"
    return "" if heard[0].passed else "rejected"


def _why(said: Sequence[Score]) -> str:
    bad = next((s for s in said if s.passed is False), said[0])
    return bad.note or bad.missing_reason or ""
