"""What a program's end and its tests' report amount to: the verdict, in one place.

Not here: getting them (`topdraw.scoring.sandbox.judging`, `.calling`, `.running`).
Try it: `python -m pytest tests/scoring/sandbox/test_reading.py`.

A limit counts before an exit, and an exit before what a test made of it. What says nothing about
the program (it could not be confined, was ended from outside, had no processor) is ours.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence

from topdraw.scoring.sandbox.inside import checker, watch
from topdraw.scoring.sandbox.inside.candidate import NOT_FOUND
from topdraw.scoring.sandbox.inside.checker import Report
from topdraw.scoring.sandbox.jobs import Limits
from topdraw.scoring.sandbox.line import End
from topdraw.scoring.sandbox.outcome import Case, Outcome, Verdict

_CPU_SIGNALS = (-signal.SIGXCPU, -signal.SIGKILL)


def of_process(
    end: End,
    limits: Limits,
    *,
    begun: bool,
    too_long: bool = False,
    said: tuple[str, str] = ("", ""),
) -> Case:
    """The verdict on a process by its end alone: `RAN` when it ended by itself with code 0.

    Args:
        end: how it ended.
        limits: what it was allowed.
        begun: whether it got as far as the program.
        too_long: whether it was ended for printing too much.
        said: kind and text of the error it says it had.
    """
    kind, text = said
    if not begun and end.code == NOT_FOUND:
        return Case(Verdict.CRASH, message="its command is not in /usr/bin")
    if not begun:
        return Case(Verdict.CRASH, message=f"it could not be confined (code {end.code})")
    limit = _limit(end, limits, too_long=too_long)
    if limit is not None:
        return limit
    if end.code == 0:
        return Case(Verdict.RAN)
    if end.why == watch.OUTSIDE:
        return Case(Verdict.CRASH, message="the host ran out of memory")
    if kind == "MemoryError":
        return Case(Verdict.MEMORY, message="the program ran out of memory")
    verdict = Verdict.SYNTAX if kind == "syntax" else Verdict.ERROR
    return Case(verdict, message=_short(f"{kind}: {text}" if kind else _ended(end)))


def _limit(end: End, limits: Limits, *, too_long: bool) -> Case | None:
    if too_long:
        most = f"{limits.output_bytes:,} bytes"
        return Case(Verdict.OUTPUT_LIMIT, message=f"its output is longer than {most}")
    if end.why == watch.CPU or (
        end.code in _CPU_SIGNALS and not end.why and end.cpu_seconds >= limits.cpu_seconds
    ):
        message = f"used up its {limits.cpu_seconds:g} s of processor time"
        return Case(Verdict.CPU_TIMEOUT, message=message)
    if end.why == watch.WALL:
        return Case(Verdict.WALL_TIMEOUT, message=f"took longer than {limits.wall:g} s")
    if end.why == watch.MEMORY:
        return Case(Verdict.MEMORY, message=f"used more than {limits.memory_bytes:,} bytes")
    if end.why == watch.STARVED:
        message = "the host had too little processor time to spare"
        return Case(Verdict.HARNESS_OVERLOAD, message=message)
    return None


def _ended(end: End) -> str:
    if end.code >= 0:
        return f"ended with exit code {end.code}"
    try:
        return f"died of {signal.Signals(-end.code).name}"
    except ValueError:
        return f"died of signal {-end.code}"


def _short(text: str) -> str:
    return text.replace("\n", " ")[:300]


def of_lost(lost: str, end: End, limits: Limits) -> Case:
    """The verdict on a program that stopped answering.

    Args:
        lost: why, as `inside.peer.Peer.lost` has it.
        end: how it ended.
        limits: what it was allowed.
    """
    if lost == "odd":
        return Case(Verdict.ERROR, message="it answered with what is no value")
    if end.why == watch.STOPPED and lost == "gone":
        return Case(Verdict.ERROR, message="it stopped answering")
    case = of_process(end, limits, begun=lost != "unborn", too_long=lost == "long")
    if case.verdict == Verdict.RAN or (case.verdict == Verdict.ERROR and end.code >= 0):
        return Case(Verdict.ERROR, message=f"{_ended(end)} before it answered")
    return case


def of_report(report: Report | None, end: End, limits: Limits, wall_seconds: float) -> Outcome:
    """The outcome of tests.

    Args:
        report: of the checker; None when it did not come to an end in time.
        end: of the program.
        limits: of the program.
        wall_seconds: from start to end.
    """
    if report is None:
        verdict, message = Verdict.WALL_TIMEOUT, "the test did not come to an end"
        if end.why:
            case = of_process(end, limits, begun=True)
            verdict, message = case.verdict or verdict, case.message
        return Outcome(verdict, (), message, end.cpu_seconds, wall_seconds)
    fate = Case(None)
    if report.verdict == checker.LOST:
        fate = of_lost(report.why, end, limits)
    else:
        fate = Case(Verdict(report.verdict), message=_short(report.message))
    cases = tuple(
        Case(fate.verdict, message=fate.message)
        if verdict == checker.LOST
        else Case(Verdict(verdict) if verdict else None, message=message)
        for verdict, message in report.cases
    )
    assert fate.verdict is not None  # noqa: S101  all of the above give one
    return Outcome(fate.verdict, cases, fate.message, end.cpu_seconds, wall_seconds)


def of_calls(
    fault: Case | None,
    cases: Sequence[Case],
    lost: str,
    end: End,
    limits: Limits,
    wall_seconds: float,
) -> Outcome:
    """The outcome of calls: `RAN` when every one was answered, by a value or an error.

    Args:
        fault: why nothing could be called.
        cases: of the calls.
        lost: why it stopped answering, "" when it did not.
        end: of the program.
        limits: of the program.
        wall_seconds: from start to end.
    """
    fate = of_lost(lost, end, limits) if lost else fault or Case(Verdict.RAN)
    assert fate.verdict is not None  # noqa: S101  a fault without a verdict is a loss
    return Outcome(fate.verdict, tuple(cases), fate.message, end.cpu_seconds, wall_seconds)


def of_build(case: Case, count: int, wall_seconds: float) -> Outcome:
    """The outcome of a program that could not be built."""
    verdict = case.verdict or Verdict.CRASH
    return Outcome(verdict, (Case(None),) * count, case.message, 0.0, wall_seconds)


def of_runs(cases: Sequence[Case], wall_seconds: float) -> Outcome:
    """The outcome of runs: `RAN`, but `SYNTAX` when it is no program, and ours when any is ours."""
    seconds = sum(case.cpu_seconds for case in cases)
    for case in cases:
        if case.verdict is not None and (case.verdict.ours or case.verdict == Verdict.SYNTAX):
            return Outcome(case.verdict, tuple(cases), case.message, seconds, wall_seconds)
    return Outcome(Verdict.RAN, tuple(cases), "", seconds, wall_seconds)
