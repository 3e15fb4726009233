"""From a program's end to a verdict: limits first, then its own doing, and what is ours."""

import signal

import pytest

from topdraw.scoring.sandbox import reading
from topdraw.scoring.sandbox.inside.checker import Report
from topdraw.scoring.sandbox.jobs import Limits
from topdraw.scoring.sandbox.line import End
from topdraw.scoring.sandbox.outcome import Case, Verdict

_LIMITS = Limits(cpu_seconds=2.0)


def _end(code: int = 0, cpu: float = 0.1, why: str = "") -> End:
    return End(code, cpu, why)


@pytest.mark.parametrize(
    ("end", "verdict", "words"),
    [
        (_end(), Verdict.RAN, ""),
        (_end(3), Verdict.ERROR, "exit code 3"),
        (_end(-signal.SIGSEGV), Verdict.ERROR, "SIGSEGV"),
        (_end(-99), Verdict.ERROR, "signal 99"),
        (_end(-9, why="cpu-timeout"), Verdict.CPU_TIMEOUT, "2 s of processor"),
        (_end(-9, cpu=2.5), Verdict.CPU_TIMEOUT, "processor"),
        (_end(-9), Verdict.ERROR, "SIGKILL"),
        (_end(-9, why="wall-timeout"), Verdict.WALL_TIMEOUT, "7 s"),
        (_end(-9, why="memory"), Verdict.MEMORY, "bytes"),
        (_end(-9, why="starved"), Verdict.HARNESS_OVERLOAD, "host"),
        (_end(-9, why="outside"), Verdict.CRASH, "memory"),
    ],
)
def test_the_end_of_a_process(end: End, verdict: Verdict, words: str) -> None:
    case = reading.of_process(end, _LIMITS, begun=True)
    assert case.verdict == verdict
    assert words in case.message


def test_a_process_that_never_began_is_ours() -> None:
    assert reading.of_process(_end(125), _LIMITS, begun=False).verdict == Verdict.CRASH


def test_too_much_output_counts_before_all_else() -> None:
    case = reading.of_process(_end(-9, cpu=9.0), _LIMITS, begun=True, too_long=True)
    assert case.verdict == Verdict.OUTPUT_LIMIT


def test_what_a_script_says_of_its_error() -> None:
    said = {"syntax": Verdict.SYNTAX, "MemoryError": Verdict.MEMORY, "KeyError": Verdict.ERROR}
    for kind, verdict in said.items():
        case = reading.of_process(_end(1), _LIMITS, begun=True, said=(kind, "a\nb"))
        assert case.verdict == verdict
        assert "\n" not in case.message


@pytest.mark.parametrize(
    ("lost", "end", "verdict"),
    [
        ("gone", _end(0), Verdict.ERROR),
        ("gone", _end(-9, why="stopped"), Verdict.ERROR),
        ("gone", _end(-9, why="cpu-timeout"), Verdict.CPU_TIMEOUT),
        ("gone", _end(-9, why="starved"), Verdict.HARNESS_OVERLOAD),
        ("long", _end(-9, why="stopped"), Verdict.OUTPUT_LIMIT),
        ("odd", _end(-9, why="stopped"), Verdict.ERROR),
        ("unborn", _end(125), Verdict.CRASH),
    ],
)
def test_a_program_that_stopped_answering(lost: str, end: End, verdict: Verdict) -> None:
    case = reading.of_lost(lost, end, _LIMITS)
    assert case.verdict == verdict
    assert case.message
    report = Report("lost", why=lost, cases=[("passed", "a"), ("lost", ""), ("", "c")])
    outcome = reading.of_report(report, end, _LIMITS, 1.0)
    assert [case.verdict for case in outcome.cases] == [Verdict.PASSED, verdict, None]
    assert outcome.verdict == verdict


def test_a_test_without_an_end_is_a_timeout_or_the_program_s_limit() -> None:
    assert reading.of_report(None, _end(), _LIMITS, 1.0).verdict == Verdict.WALL_TIMEOUT
    starved = _end(-9, why="starved")
    assert reading.of_report(None, starved, _LIMITS, 1.0).verdict == Verdict.HARNESS_OVERLOAD


def test_runs_are_ours_when_any_is() -> None:
    ran, crash = Case(Verdict.RAN, cpu_seconds=0.5), Case(Verdict.CRASH, message="x")
    assert reading.of_runs([ran, ran], 2.0).verdict == Verdict.RAN
    assert reading.of_runs([ran, ran], 2.0).cpu_seconds == 1.0
    assert reading.of_runs([ran, crash], 2.0).missing == "crash: x"
    assert reading.of_build(Case(Verdict.SYNTAX), 2, 1.0).cases == (Case(None), Case(None))
