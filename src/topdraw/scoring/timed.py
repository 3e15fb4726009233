"""Programs under a time limit that grows with the reference solution's own time.

Not here: what the limits do (`sandbox.jobs`). Origin: evalplus, at most max(4 s, 4 x reference)
per input; here for all tests of a program together, and in processor time, so that a busy machine
costs nobody a verdict. The reference is timed only when a program did not make it in 4 seconds.
Try it: `python -m pytest tests/scoring/test_timed.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from topdraw.scoring.checking import check
from topdraw.scoring.sandbox.jobs import MIB, Job, Limits
from topdraw.scoring.sandbox.outcome import Case, Outcome, Verdict

FLOOR_SECONDS = 4.0
FACTOR = 4.0
REFERENCE_SECONDS = 60.0
MEMORY_BYTES = 2048 * MIB
TIMEOUTS = (Verdict.CPU_TIMEOUT, Verdict.WALL_TIMEOUT)


def limits(cpu_seconds: float = 0.0) -> Limits:
    """The limits of a program: processor time, and twice as much by the clock.

    Args:
        cpu_seconds: asked for; at least 4 are given.

    Examples:
        >>> limits().cpu_seconds, limits().wall, limits(10.0).wall
        (4.0, 8.0, 20.0)
    """
    seconds = max(cpu_seconds, FLOOR_SECONDS)
    return Limits(cpu_seconds=seconds, wall_seconds=2 * seconds, memory_bytes=MEMORY_BYTES)


def check_timed(
    programs: Sequence[str],
    job: Callable[[str, Limits], Job],
    reference_seconds: Callable[[], float],
) -> list[Outcome]:
    """What became of each program; those out of time are run again when the reference is slow.

    Args:
        programs: sources.
        job: makes the job of a program under limits.
        reference_seconds: processor time of the reference solution; called at most once, and 0
            when there is none.
    """
    outcomes = check([job(program, limits()) for program in programs])
    late = [i for i, outcome in enumerate(outcomes) if _is_late(outcome)]
    allowed = FACTOR * reference_seconds() if late else 0.0
    if allowed > FLOOR_SECONDS:
        again = check([job(programs[i], limits(allowed)) for i in late])
        for i, outcome in zip(late, again, strict=True):
            outcomes[i] = outcome
    return outcomes


def _is_late(outcome: Outcome) -> bool:
    said = (outcome.verdict, *(case.verdict for case in outcome.cases))
    return any(verdict in TIMEOUTS for verdict in said)


def reached(outcome: Outcome, count: int) -> list[Case]:
    """The cases of an outcome, so many; of those not reached, the first is where it ended.

    Args:
        outcome: of calls or runs; under a limit it says what was hit, and its cases do not.
        count: how many there should be.

    Examples:
        >>> ended = Outcome(Verdict.MEMORY, (Case(Verdict.RAN, 1),), "too much memory")
        >>> [str(case.verdict) for case in reached(ended, 3)]
        ['ran', 'memory', 'None']
    """
    cases = list(outcome.cases[:count]) + [Case(None)] * (count - len(outcome.cases))
    at = next((i for i, case in enumerate(cases) if case.verdict is None), None)
    fine = (Verdict.RAN, Verdict.PASSED)
    if (
        at is not None
        and outcome.verdict not in fine
        and not any(case.verdict not in (None, *fine) for case in cases)
    ):
        cases[at] = Case(outcome.verdict, message=outcome.message)
    return cases
