"""What came of an untrusted program: a verdict, what each case gave, and what it cost.

Not here: scores; whoever asked decides what a verdict is worth. `Outcome.missing` says when it is
none. Try it: `python -c "from topdraw.scoring.sandbox.outcome import Verdict; print(*Verdict)"`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How it ended. All but the last two are the program's doing."""

    PASSED = "passed"  # every test held
    RAN = "ran"  # calls and stdio cases: it ran to its end; the caller compares
    FAILED = "failed"  # a test did not hold
    ERROR = "error"  # it raised, exited or died where it should have answered
    CPU_TIMEOUT = "cpu-timeout"
    WALL_TIMEOUT = "wall-timeout"
    MEMORY = "memory"
    OUTPUT_LIMIT = "output-limit"
    SYNTAX = "refused-syntax"  # no Python, or the compiler refused it
    HARNESS_OVERLOAD = "harness-overload"  # ours: the host had no processor to spare, twice
    CRASH = "crash"  # ours: the sandbox, or the test itself, broke

    @property
    def ours(self) -> bool:
        """Whether nothing is said about the program; its score is missing, not wrong."""
        return self in (Verdict.HARNESS_OVERLOAD, Verdict.CRASH)


@dataclass(frozen=True, slots=True)
class Case:
    """One test, call or run of a program.

    Attributes:
        verdict: None when it was not reached. A call that gave a value, and a run that ended with
            code 0, is `RAN`.
        value: of a call, plain data with its exact types; None otherwise.
        stdout: of a run, at most `output_bytes` of it; bytes that are no UTF-8 as surrogates
            (`errors="surrogateescape"`).
        message: why there is no value, or which test did not hold; hostile text, cut short.
        exit_code: of a run; negative for a signal; None otherwise.
        cpu_seconds: of a run, its children that were waited for included.
    """

    verdict: Verdict | None
    value: object = None
    stdout: str = ""
    message: str = ""
    exit_code: int | None = None
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one job.

    Attributes:
        verdict: how it ended. `RAN` for calls and runs, whatever they gave, unless a limit was
            hit or nothing could be run at all.
        cases: one per test, call or run, in order, those not reached included. Test functions
            (`check`) have a case per `assert` that stands directly in their body.
        message: one line for people; hostile text, cut short.
        cpu_seconds: processor time of the program's processes.
        wall_seconds: by the clock, from start to end.
    """

    verdict: Verdict
    cases: tuple[Case, ...] = ()
    message: str = ""
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0

    @property
    def passed(self) -> bool | None:
        """Whether all tests held; None when that is missing, or for the caller to say."""
        return (
            None
            if self.verdict.ours or self.verdict == Verdict.RAN
            else self.verdict == Verdict.PASSED
        )

    @property
    def missing(self) -> str:
        """Why there is nothing to score; "" when there is."""
        return f"{self.verdict}: {self.message}" if self.verdict.ours else ""
