"""Runs model-written programs in a restricted child process and brings back plain values.

Not here: verdicts; whoever calls compares. A full sandbox (namespaces, system call filter) is
planned and will take this module's place behind the same function.
Try it: `python -c "from topdraw.scoring.runner import *; print(run_programs([['f=len']], ['ab']))"`

What it does: one `python -I -S` per batch with an empty environment, in an empty folder and a
session of its own; if we are root, it becomes a user nobody else is. It forks per program, so
that a program's tricks end with it. A program has limits on processor time, wall time, memory and
length of result; it can open no file, socket or library, start no process or thread, and see
no expected value: only the JSON of its results crosses, and only the parent reads it.

What it does not: it shares the kernel, the file system's names and the process table with you. A
program that defeats Python's own hooks (a flaw of the interpreter, a C library already loaded)
could signal processes or remove files of the same user, or spoil the rest of its batch.
Do not use it for programs that somebody wrote to attack you.
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
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from topdraw.core.records import Json

_CHILD = Path(__file__).with_name("child.py")
_START_SECONDS = 60.0
_GRACE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program may use.

    Attributes:
        cpu_seconds: processor time for all inputs together, > 0. A busy host does not count.
        wall_seconds: time by the clock, for programs that sleep; far above cpu_seconds.
        memory_bytes: address space of the interpreter and the program together.
        most_bytes: length of the JSON of its results.
    """

    cpu_seconds: float = 1.0
    wall_seconds: float = 6.0
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
        programs: for each program its alternative sources; the first that compiles is used.
        inputs: JSON values, taken in order; a program sees a fresh copy of each, and never an
            expected output. What it gave before it was stopped counts.
        entry: the function to call with one input.
        limits: per program.

    Returns:
        One outcome per program, in order. Whatever a program does is an error in its own
        outputs; only when no child could be started is an outcome missing.
    """
    limits = limits or Limits()
    job = _job(inputs, entry, limits)
    done: list[Outcome] = []
    suspect = -1
    while len(done) < len(programs):
        batch = _run_batch(job, programs[len(done) :], limits)
        done += [_outcome(line, len(inputs)) for line in batch.lines]
        if batch.refused:
            done += [Outcome(missing=batch.refused)] * (len(programs) - len(done))
        elif len(done) < len(programs) and suspect != len(done):
            # The child died over this program: perhaps not its fault, so it gets a second chance.
            suspect = len(done)
        elif len(done) < len(programs):
            done.append(_failed("ended the process that ran it", len(inputs)))
    return done


def _job(inputs: Sequence[Json], entry: str, limits: Limits) -> dict[str, Json]:
    return {
        "entry": entry,
        "inputs": [json.dumps(value) for value in inputs],
        "cpu_seconds": limits.cpu_seconds,
        "wall_seconds": limits.wall_seconds,
        "memory_bytes": limits.memory_bytes,
        "most_bytes": limits.most_bytes,
    }


@dataclass(frozen=True, slots=True)
class _Batch:
    lines: list[dict[str, Json]]
    refused: str = ""


def _run_batch(job: dict[str, Json], programs: Sequence[Sequence[str]], limits: Limits) -> _Batch:
    text = json.dumps({**job, "programs": [list(program) for program in programs]})
    try:
        # A file, not a pipe: a child that never reads must not hold us up.
        with tempfile.TemporaryFile() as told, tempfile.TemporaryDirectory(prefix="topdraw-") as f:
            told.write(text.encode() + b"\n")
            told.seek(0)
            child = _start(told, f)
            try:
                return _talk(child, len(programs), limits)
            finally:
                _end(child)
    except OSError as error:
        return _Batch([], f"the program runner could not be started: {error}")


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


def _talk(child: subprocess.Popen[bytes], count: int, limits: Limits) -> _Batch:
    # Escaped for JSON, a byte takes up to six.
    said = _lines(child, limits.wall_seconds + _GRACE_SECONDS, limits.most_bytes * 8 + 1000)
    first = next(said, None)
    if first is None or "ready" not in first:
        return _Batch([], str((first or {}).get("refused") or _last_words(child)))
    lines: list[dict[str, Json]] = []
    while len(lines) < count and (line := next(said, None)) is not None:
        lines.append(line)
    return _Batch(lines)


def _lines(child: subprocess.Popen[bytes], seconds: float, most: int) -> Iterator[dict[str, Json]]:
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
            data, deadline = rest, time.monotonic() + seconds
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


def _outcome(line: dict[str, Json], count: int) -> Outcome:
    why, data = line.get("why"), line.get("data")
    rest = Output(error=why if isinstance(why, str) and why else "ended without a result")
    # Behind the last line end stands what was not finished.
    said = data.encode("latin-1").split(b"\n")[:-1] if isinstance(data, str) else []
    outputs = [_output(_load(piece)) for piece in said[:count]]
    return Outcome((*outputs, *[rest] * (count - len(outputs))))


def _output(item: Json) -> Output:
    match item:
        case ["value", value]:
            return Output(value)
        case ["error", str(why)]:
            return Output(error=why or "error")
    return Output(error="gave no result")


def _failed(why: str, count: int) -> Outcome:
    return Outcome(tuple(Output(error=why) for _ in range(count)))
