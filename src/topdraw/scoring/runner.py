"""Runs model-written programs in restricted child processes and brings back plain values.

Not here: verdicts; whoever calls compares. The sandbox for programs that may attack, which needs
namespaces, is `topdraw.scoring.sandbox`; this one runs everywhere.
Try it: `python -c "from topdraw.scoring.runner import *; print(run_programs([['f=len']], ['ab']))"`

What it does: one `python -I -S` per batch with an empty environment, in an empty folder and a
session of its own; if we are root, it becomes a user nobody else is. It forks per program, four
at a time, and passes each fork its own program and one input after the other: no other program,
result, later input or expected value is in the fork's memory. A fork has limits on processor
time, idle time, memory and length of result. Functions of Python that open, signal, wait, start
or create anything raise; the originals are gone. On Linux (x86-64, aarch64) where the kernel
grants a seccomp filter, a fork may only make system calls for memory, clocks, reading and writing
what is open: its own two pipes. Where it is refused, nothing is said and the rest must do.

A program that dies of something that is neither its own fault nor its limits (another program, the
host's memory) is run again alone; if that is no clearer, its outcome is missing, not wrong.

What it does not: without the filter, a program that defeats Python's own hooks (a flaw of the
interpreter, a C library already loaded) could signal processes or remove files of the same user.
With or without it, it shares kernel and hardware with you: flaws of the kernel, timing, and up to
four times the memory limit at once for each batch remain. Do not use it for programs that somebody
wrote to attack you.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from topdraw.core.records import Json
from topdraw.scoring.child import BODY as BODY

_CHILD = Path(__file__).with_name("child.py")
_START_SECONDS = 60.0
# Limits end any program that gets a processor at all; a child silent for longer is in trouble.
_SILENT_SECONDS = 120.0
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program may use.

    Attributes:
        cpu_seconds: processor time for all inputs together, > 0. A busy host does not count.
        wall_seconds: time by the clock in which it neither runs nor waits for a processor, for
            programs that hang. Where the kernel does not tell (no schedstat), all time counts.
        memory_bytes: address space of the interpreter and the program together.
        most_bytes: length of the JSON of its results.
    """

    cpu_seconds: float = 1.0
    wall_seconds: float = 1.5
    memory_bytes: int = 512 * 2**20
    most_bytes: int = 2**18


@dataclass(frozen=True, slots=True)
class Output:
    """What a program gave on one input.

    Attributes:
        value: plain JSON values with their exact types; None when there is an error.
        error: why there is no value; "" when there is one.
    """

    value: Json = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one program.

    Attributes:
        outputs: one per input.
        missing: why *we* could not run it; "" when it ran, however badly.
    """

    outputs: tuple[Output, ...] = ()
    missing: str = ""


def run_programs(
    programs: Sequence[Sequence[str]],
    inputs: Sequence[Json],
    *,
    entry: str = "f",
    limits: Limits | None = None,
) -> list[Outcome]:
    """What each program gives on each input.

    Args:
        programs: for each program its alternative sources; the first that compiles is used. One
            that begins with `BODY` is the body of the entry function of x, not its definition.
        inputs: JSON values, taken in order; a program sees a fresh copy of each, and never an
            expected output. What it gave before it was stopped counts.
        entry: the function to call with one input.
        limits: per program.

    Returns:
        One outcome per program, in order. Whatever a program does is an error in its own
        outputs. Missing is an outcome when no child could be started, or when a program was
        ended from outside twice, the second time alone in a child of its own.
    """
    limits = limits or Limits()
    if not programs:
        return []
    job = _Job([_packed(value) for value in inputs], entry, limits)
    packed = [json.dumps(list(program)).encode() + b"\n" for program in programs]
    batch = _run_batch(job, packed)
    outcomes = [_outcome(report, batch.refused, len(inputs)) for report in batch.reports]
    for index, outcome in enumerate(outcomes):
        if outcome.missing and not batch.refused:
            again = _run_batch(job, [packed[index]])
            outcomes[index] = _outcome(again.reports[0], again.refused, len(inputs))
    return outcomes


def _packed(value: Json) -> bytes:
    return json.dumps(value).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class _Job:
    inputs: list[bytes]
    entry: str
    limits: Limits

    def text(self, programs: Sequence[bytes]) -> bytes:
        head = {
            "entry": self.entry,
            "cpu_seconds": self.limits.cpu_seconds,
            "wall_seconds": self.limits.wall_seconds,
            "memory_bytes": self.limits.memory_bytes,
            "most_bytes": self.limits.most_bytes,
            "at_once": _AT_ONCE,
            "inputs": [len(text) for text in self.inputs],
            "programs": [len(text) for text in programs],
        }
        return b"".join([json.dumps(head).encode() + b"\n", *self.inputs, *programs])


@dataclass(slots=True)
class _Report:
    """What the child told of one program; ended is false while its last line has not come."""

    data: bytearray = field(default_factory=bytearray)
    why: str = ""
    unclear: str = ""
    ended: bool = False


@dataclass(frozen=True, slots=True)
class _Batch:
    reports: list[_Report]
    refused: str = ""


def _run_batch(job: _Job, programs: Sequence[bytes]) -> _Batch:
    reports = [_Report() for _ in programs]
    try:
        # A file, not a pipe: the child takes from it what is due, and keeps none of it.
        with tempfile.TemporaryFile() as told, tempfile.TemporaryDirectory(prefix="topdraw-") as f:
            told.write(job.text(programs))
            told.flush()
            told.seek(0)
            child = _start(told, f)
            try:
                return _Batch(reports, _talk(child, reports, job.limits))
            finally:
                _end(child)
    except OSError as error:
        return _Batch(reports, f"the program runner could not be started: {error}")


def _start(told: IO[bytes], folder: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  our own interpreter and our own file
        [sys.executable, "-I", "-S", "-X", "utf8", str(_CHILD)],
        stdin=told,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={},
        start_new_session=True,
    )


def _talk(child: subprocess.Popen[bytes], reports: list[_Report], limits: Limits) -> str:
    """Fill in the reports; why there are none, or ""."""
    # Escaped for JSON, a byte takes up to six.
    said = _lines(child, limits.most_bytes * 8 + 1000)
    first = next(said, None)
    if first is None or "ready" not in first:
        return str((first or {}).get("refused") or _last_words(child))
    left = len(reports)
    while left and (line := next(said, None)) is not None:
        match line:
            case {"index": int(index), "data": str(data)} if 0 <= index < len(reports):
                reports[index].data += data.encode("latin-1", "replace")
            case {"index": int(index), "why": str(why), "unclear": str(unclear)} if (
                0 <= index < len(reports) and not reports[index].ended
            ):
                report, left = reports[index], left - 1
                report.why, report.unclear, report.ended = why, unclear, True
            case _:
                break
    return ""


def _lines(child: subprocess.Popen[bytes], most: int) -> Iterator[dict[str, Json]]:
    """The JSON objects it says, until it ends, hangs or says anything else."""
    assert child.stdout is not None  # noqa: S101  it was asked for as a pipe
    pipe, data = child.stdout.fileno(), bytearray()
    deadline = time.monotonic() + _START_SECONDS
    while len(data) <= most:
        head, newline, rest = data.partition(b"\n")
        if newline:
            found = _load(bytes(head))
            if not isinstance(found, dict):
                return
            yield found
            data, deadline = rest, time.monotonic() + _SILENT_SECONDS
            continue
        if not select.select([pipe], [], [], max(deadline - time.monotonic(), 0))[0]:
            return
        piece = os.read(pipe, 65536)
        if not piece:
            return
        data += piece


def _last_words(child: subprocess.Popen[bytes]) -> str:
    _kill(child)
    words = child.communicate()[1].decode("utf-8", "replace").strip()
    last = words.rsplit("\n", 1)[-1][:200]
    return f"the program runner did not start: {last or 'it said nothing'}"


def _kill(child: subprocess.Popen[bytes]) -> None:
    try:
        # Its children are in its session too, and hold its pipes open.
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # Gone already, or not allowed for the whole session: the child itself, then.
        child.kill()


def _end(child: subprocess.Popen[bytes]) -> None:
    _kill(child)
    child.wait()
    for pipe in (child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()


def _load(data: bytes) -> Json:
    try:
        found: Json = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found


def _outcome(report: _Report, refused: str, count: int) -> Outcome:
    if refused:
        return Outcome(missing=refused)
    if not report.ended:
        return Outcome(missing="the program runner ended before the program did")
    if report.unclear:
        return Outcome(missing=f"the program {report.unclear}, and not by its limits")
    rest = Output(error=report.why or "ended without a result")
    # Behind the last line end stands what was not finished.
    said = bytes(report.data).split(b"\n")[:-1]
    outputs = [_output(_load(piece)) for piece in said[:count]]
    return Outcome((*outputs, *[rest] * (count - len(outputs))))


def _output(item: Json) -> Output:
    match item:
        case ["value", value]:
            return Output(value)
        case ["error", str(why)]:
            return Output(error=why or "error")
    return Output(error="gave no result")
