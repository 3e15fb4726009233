"""The process that runs model-written programs: stdlib only, started with `python -I -S`.

Not here: any expected value or verdict; those stay with `topdraw.scoring.runner`, which starts
this file, writes one JSON line to its standard input and reads one JSON line per program.
Try it: `python -I -S src/topdraw/scoring/child.py < /dev/null` (prints why it refuses).

It gives up root, raises its limits for good, then forks once per program. A program can no longer
open a file or socket, start a process or thread, or write more than its result; what it prints is
thrown away. See `runner` for what that does and does not protect against.
"""

from __future__ import annotations

import builtins
import gc
import json
import math
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

# Imported before the limits fall: afterwards no file, so no module, can be opened.
PRELOADED = (
    *("bisect", "cmath", "collections", "copy", "dataclasses", "datetime", "decimal", "enum"),
    *("fractions", "functools", "hashlib", "heapq", "itertools", "numbers", "operator"),
    *("random", "re", "statistics", "string", "textwrap", "typing"),
)
DENIED = ("open", "os.", "socket.", "subprocess.", "shutil.", "ctypes.", "signal.", "mmap.")
DEEPEST = 50


class NotPlain(TypeError):
    """A value that JSON cannot carry without changing its type."""


def plain(value: object, depth: int = 0) -> object:
    """The value itself if it is made of None, bool, int, float, str, list and str-keyed dict.

    Raises:
        NotPlain: for any other type, subclasses of these included, or nesting deeper than 50.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if depth < DEEPEST and type(value) is list:
        return [plain(item, depth + 1) for item in value]
    if depth < DEEPEST and type(value) is dict and all(type(key) is str for key in value):
        return {key: plain(item, depth + 1) for key, item in value.items()}
    raise NotPlain(type(value).__name__)


def define(spellings: list[str], entry: str) -> Callable[..., object]:
    """The function a program defines, by the first of its spellings that is Python.

    Raises:
        SyntaxError: of the first spelling, when none compiles.
        NameError: when it defines no function of that name.
    """
    problem: SyntaxError | None = None
    for source in spellings:
        try:
            code = compile(source, "<program>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            problem = problem or SyntaxError(str(error))
            continue
        space: dict[str, Any] = {"__name__": "program", "__builtins__": builtins}
        exec(code, space)  # noqa: S102  running the program is what this process is for
        if not callable(space.get(entry)):
            raise NameError(f"no function {entry}")
        return space[entry]  # type: ignore[no-any-return]  # checked by callable()
    raise problem or SyntaxError("empty")


def outcomes(spellings: list[str], entry: str, inputs: list[str]) -> Iterator[list[object]]:
    """What the program gives on each input, in turn: `["value", v]` or `["error", why]`.

    Args:
        spellings: alternative sources of one program.
        entry: name of the function to call.
        inputs: JSON text of each input; every call gets a fresh copy.
    """
    try:
        function = define(spellings, entry)
    except BaseException as error:  # noqa: BLE001  SystemExit and all else: the program's own end
        for _ in inputs:
            yield ["error", _why(error)]
        return
    for text in inputs:
        yield _call(function, text)


def _call(function: Callable[..., object], text: str) -> list[object]:
    try:
        return ["value", plain(function(json.loads(text)))]
    except BaseException as error:  # noqa: BLE001  as above
        return ["error", _why(error)]


def _why(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:200]
    except BaseException:  # noqa: BLE001  its own __str__ raised
        return "an error that cannot be shown"


def drop_root() -> None:
    """Become a user nobody else is, so that limits count and files of others are out of reach.

    Raises:
        OSError: when started as root and no such user can be taken.
    """
    if os.geteuid() != 0:
        return
    os.setgroups([])
    for uid in (2_000_000_000 + os.getpid(), 65534):
        try:
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        except OSError:
            continue
        return
    raise OSError("started as root and cannot give it up")


def set_limits(memory_bytes: int) -> None:
    """Limits that a process without root cannot raise again."""
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def _refuse(event: str, _: tuple[object, ...]) -> None:
    if event.startswith(DENIED):
        raise PermissionError(f"{event} is not allowed here")


def _confine(result: int, cpu_seconds: float) -> int:  # pragma: no cover  runs in a fork
    """Inside the fork: keep one descriptor to write the result to; nothing new can be opened."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.dup2(result, 3)
    os.closerange(4, 256)
    whole = math.ceil(cpu_seconds)
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (whole + 1, whole + 1))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    sys.addaudithook(_refuse)
    return 3


def _line(found: list[object]) -> bytes:
    try:
        return json.dumps(found).encode() + b"\n"
    except ValueError:
        # A whole number of more digits than Python writes.
        return b'["error", "a value that cannot be written"]\n'


def _program(
    result: int, job: dict[str, Any], program: list[str]
) -> NoReturn:  # pragma: no cover  runs in a fork
    try:
        pipe = _confine(result, job["cpu_seconds"])
        # Written one by one: what it gave before it was stopped counts.
        for found in outcomes(program, job["entry"], job["inputs"]):
            line = _line(found)
            while line:
                line = line[os.write(pipe, line) :]
    finally:
        os._exit(0)


def _collect(pipe: int, pid: int, wall_seconds: float, most_bytes: int) -> tuple[bytes, str]:
    """What the program wrote, and why it was stopped ("" when it ended by itself)."""
    deadline = time.monotonic() + wall_seconds
    data, why = bytearray(), ""
    while not why:
        if not select.select([pipe], [], [], max(deadline - time.monotonic(), 0))[0]:
            why = f"took longer than {wall_seconds:g} s"
            break
        piece = os.read(pipe, 65536)
        if not piece:
            break
        data += piece
        if len(data) > most_bytes:
            why = f"its outputs are longer than {most_bytes} bytes"
    os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    if not why and os.WIFSIGNALED(status) and os.WTERMSIG(status) != signal.SIGKILL:
        why = _signal_words(os.WTERMSIG(status))
    return bytes(data[:most_bytes]), why


def _signal_words(number: int) -> str:
    if number in (signal.SIGPROF, signal.SIGXCPU):
        return "used up its processor time"
    return f"was ended by {signal.Signals(number).name}"


def _run(job: dict[str, Any], program: list[str]) -> tuple[bytes, str]:
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:  # pragma: no cover  only in the fork
        os.close(read)
        _program(write, job, program)
    os.close(write)
    try:
        return _collect(read, pid, job["wall_seconds"], job["most_bytes"])
    finally:
        os.close(read)


def _say(line: object) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Read one job, run its programs one after the other, write one line for each."""
    text = sys.stdin.readline()
    if not text:
        _say({"refused": "no job"})
        return
    job = json.loads(text)
    for name in PRELOADED:
        __import__(name)
    try:
        drop_root()
        set_limits(job["memory_bytes"])
    except (OSError, ValueError) as error:
        _say({"refused": str(error)})
        return
    gc.freeze()
    _say({"ready": True})
    for program in job["programs"]:
        data, why = _run(job, program)
        _say({"data": data.decode("latin-1"), "why": why})


if __name__ == "__main__":  # pragma: no cover  only as a child
    main()
