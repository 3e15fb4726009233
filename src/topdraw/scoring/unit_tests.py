"""Verifier of written functions: runs the benchmark's own unit tests in the sandbox.

Not here: the sandbox, programs of standard input and output (`io_tests`), one-line functions of
the built-in task (`functions`). Try it: `topdraw run humaneval --problems 3 --model builtin -n 2`.

Target: see `suites`. Tests are run unchanged (HumanEval's `check`, MBPP's assertions), or inputs
are compared with a reference solution (evalplus). The note says how many tests held, which ones
(`marks`), how the program was found in the output (`programs`) and what the first failed test
said. Out of time is wrong; what the sandbox could not run is missing.

The answer (for votes) is the function's behaviour on the examples that the prompt shows
(`behaviour`), never on hidden tests; no answer where it shows none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from topdraw.core.records import Problem, Sample, Score
from topdraw.core.registry import scorer
from topdraw.scoring.behaviour import answer, shown_inputs
from topdraw.scoring.checking import check
from topdraw.scoring.differential import Judged, judge_by_inputs
from topdraw.scoring.marks import ONLY, mark, note
from topdraw.scoring.programs import LONGEST, Program, function
from topdraw.scoring.sandbox.jobs import Calls, FunctionTests, Limits
from topdraw.scoring.sandbox.outcome import Outcome, Verdict
from topdraw.scoring.suites import Suite, read_suite
from topdraw.scoring.timed import REFERENCE_SECONDS, check_timed, limits


@scorer("unit_tests")
def score_unit_tests(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    """A verdict per sample: does the function it writes pass all of the problem's unit tests?

    Equal programs are run once. A program that hangs, exits, forks or eats memory is wrong.

    Args:
        problem: its target holds the tests (see the module).
        samples: of this problem.

    Returns:
        Verdicts with per-test results in the note and the behaviour as answer. Missing scores
        when the target has no tests, its reference solution fails, or the sandbox broke or had no
        processor to spare.

    Raises:
        SandboxUnavailable: where this machine does not allow what the sandbox takes.
    """
    suite = read_suite(problem)
    if isinstance(suite, str):
        return [Score.missing(suite) for _ in samples]
    outputs = dict.fromkeys(sample.output for sample in samples)
    found = {o: function(o, entry=suite.entry, head=suite.head) for o in outputs}
    sources = list(
        dict.fromkeys(one.source for one in found.values() if len(one.source) <= LONGEST)
    )
    judged = dict(zip(sources, _judge(suite, sources), strict=True))
    answers = _answers(problem, suite, judged)
    return [_score(found[sample.output], judged, answers) for sample in samples]


# Threads that may score different problems at once: they wait for the sandbox.
score_unit_tests.workers = 4  # type: ignore[attr-defined]  # read by scoring.engine


def _score(
    found: Program, judged: Mapping[str, Judged], answers: Mapping[str, str | None]
) -> Score:
    if found.source not in judged:
        return Score.verdict(False, note=f"longer than {LONGEST} characters")
    what = judged[found.source]
    if what.missing:
        return Score.missing(what.missing)
    text = note(what.marks, rule=found.rule, reason=what.reason)
    return Score.verdict(not what.reason, answer=answers.get(found.source), note=text)


def _judge(suite: Suite, sources: Sequence[str]) -> list[Judged]:
    if not suite.test:
        return judge_by_inputs(suite, sources)

    def job(source: str, allowed: Limits) -> FunctionTests:
        return FunctionTests(source, suite.test, suite.entry, setup=suite.setup, limits=allowed)

    def reference_seconds() -> float:
        if not suite.solution:
            return 0.0
        solution = function(suite.solution, entry=suite.entry, head=suite.head)
        (outcome,) = check([job(solution.source, limits(REFERENCE_SECONDS))])
        return outcome.cpu_seconds if outcome.passed else 0.0

    return [_judged(outcome) for outcome in check_timed(sources, job, reference_seconds)]


def _judged(outcome: Outcome) -> Judged:
    if outcome.missing:
        return Judged(missing=outcome.missing)
    marks = "".join(mark(case.verdict) for case in outcome.cases)
    if outcome.passed:
        return Judged({ONLY: marks})
    failed = (case.message for case in outcome.cases if case.verdict not in _FINE)
    reason = next((message for message in failed if message), outcome.message)
    return Judged({ONLY: marks}, reason or str(outcome.verdict))


_FINE = (Verdict.PASSED, Verdict.RAN, None)


def _answers(problem: Problem, suite: Suite, judged: Mapping[str, Judged]) -> dict[str, str | None]:
    inputs = shown_inputs(problem.prompt, suite.entry)
    if not inputs:
        return {}
    outcomes = check([Calls(source, suite.entry, inputs, limits()) for source in judged])
    found = {}
    for source, outcome in zip(judged, outcomes, strict=True):
        try:
            found[source] = answer(outcome)
        except Exception as error:  # noqa: BLE001  ours, and this program's alone
            judged[source].missing = f"{type(error).__name__}: {error}"
    return found
