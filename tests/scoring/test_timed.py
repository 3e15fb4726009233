"""Time limits: when the reference is timed, who is run again; where programs ended."""

import pytest

from topdraw.scoring import timed
from topdraw.scoring.sandbox.jobs import Calls, Limits
from topdraw.scoring.sandbox.outcome import Case, Outcome, Verdict
from topdraw.scoring.timed import check_timed, limits, reached


class _Bench:
    """A sandbox whose programs need as many seconds as their text says."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, float]] = []

    def check(self, jobs: list[Calls]) -> list[Outcome]:
        found = []
        for job in jobs:
            allowed = job.limits.cpu_seconds
            self.ran.append((job.program, allowed))
            late = float(job.program) > allowed
            found.append(Outcome(Verdict.CPU_TIMEOUT if late else Verdict.RAN))
        return found


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> _Bench:
    made = _Bench()
    monkeypatch.setattr(timed, "check", made.check)
    return made


def _job(program: str, allowed: Limits) -> Calls:
    return Calls(program, "f", ((1,),), allowed)


def _never() -> float:
    raise AssertionError("the reference was timed")


def test_the_reference_is_not_timed_while_everybody_is_in_time(bench: _Bench) -> None:
    outcomes = check_timed(["1", "3.9"], _job, _never)
    assert [outcome.verdict for outcome in outcomes] == [Verdict.RAN, Verdict.RAN]
    assert bench.ran == [("1", 4.0), ("3.9", 4.0)]


@pytest.mark.parametrize(
    ("reference", "last"),
    [(0.5, Verdict.CPU_TIMEOUT), (2.0, Verdict.RAN), (0, Verdict.CPU_TIMEOUT)],
)
def test_a_slow_reference_gives_more_time(bench: _Bench, reference: float, last: Verdict) -> None:
    outcomes = check_timed(["1", "7"], _job, lambda: reference)
    assert [outcome.verdict for outcome in outcomes] == [Verdict.RAN, last]
    assert bench.ran[2:] == ([("7", 8.0)] if reference == 2.0 else [])


def test_a_case_out_of_time_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    late = Outcome(Verdict.RAN, (Case(Verdict.RAN), Case(Verdict.WALL_TIMEOUT)))
    asked: list[int] = []

    def reference() -> float:
        asked.append(1)
        return 0.0

    monkeypatch.setattr(timed, "check", lambda jobs: [late for _ in jobs])
    check_timed(["1"], _job, reference)
    assert asked == [1]


def test_limits_by_the_clock_are_twice_those_of_the_processor() -> None:
    assert limits().wall == 8.0
    assert limits(10.0).wall == 20.0


def test_where_a_program_ended() -> None:
    ran, failed = Case(Verdict.RAN, 1), Case(Verdict.ERROR)
    assert reached(Outcome(Verdict.RAN, (ran, ran)), 2) == [ran, ran]
    assert reached(Outcome(Verdict.RAN, (ran, Case(None))), 2)[1].verdict is None
    assert reached(Outcome(Verdict.ERROR, (failed, Case(None))), 2)[1].verdict is None
    (first, second) = reached(Outcome(Verdict.SYNTAX, (), "no Python"), 2)
    assert (first.verdict, first.message, second.verdict) == (Verdict.SYNTAX, "no Python", None)
