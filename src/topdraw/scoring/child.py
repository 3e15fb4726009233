"""The process that runs model-written programs: stdlib only, started with `python -I -S`.

Not here: any expected value or verdict; those stay with `topdraw.scoring.runner`, which starts
this file with a job as its standard input and reads what each program gave, as JSON lines.
Try it: `python -I -S src/topdraw/scoring/child.py < /dev/null` (prints why it refuses).

It gives up root, raises its limits for good, then forks once per program, a few at a time. It
never holds a program, an input or a result while it forks: it passes them on in pieces, from the
job's file to the fork and from the fork to the runner, so that no fork inherits anything of
another program. Inputs go to a fork one by one, each after the result of the one before.
"""

from __future__ import annotations

import builtins
import gc
import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NoReturn

if __name__ == "__main__":  # pragma: no cover  only as a child
    # There is no topdraw for an interpreter without site-packages: only the file next to this.
    from importlib.machinery import SourceFileLoader

    _path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "confine.py")
    SourceFileLoader("topdraw.scoring.confine", _path).load_module()

from topdraw.scoring.confine import (
    INPUTS,
    RESULTS,
    Swap,
    confine,
    disarming,
    drop_root,
    set_limits,
    system_call_filter,
)

# Imported before the limits fall: afterwards no file, so no module, can be opened.
PRELOADED = (
    *("array", "base64", "binascii", "bisect", "cmath", "collections", "contextlib", "copy"),
    *("dataclasses", "datetime", "decimal", "enum", "json", "math", "struct", "types"),
    *("fractions", "functools", "hashlib", "heapq", "itertools", "numbers", "operator"),
    *("random", "re", "statistics", "string", "textwrap", "typing"),
)
# Before a source: it is the body of the function, not the definition.
BODY = "#topdraw: body\n"
_ONLY_TREE = 0x400
# Signals that limits of processor time end in; below half of it they came from elsewhere.
_OUR_SIGNALS = (signal.SIGPROF, signal.SIGXCPU, signal.SIGKILL)
_USED_UP = 0.5
_BEGUN = b"!"
_OWN_FAULTS = (
    *(signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT),
    signal.SIGSYS,
)
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
            code = _compile(source, entry)
        except (SyntaxError, ValueError, RecursionError) as error:
            problem = problem or SyntaxError(str(error))
            continue
        space: dict[str, Any] = {"__name__": "program", "__builtins__": builtins}
        exec(code, space)  # noqa: S102  running the program is what this process is for
        if not callable(space.get(entry)):
            raise NameError(f"no function {entry}")
        return space[entry]  # type: ignore[no-any-return]  # checked by callable()
    raise problem or SyntaxError("empty")


def _compile(source: str, entry: str) -> Any:  # noqa: ANN401  a code object, as exec takes it
    if not source.startswith(BODY):
        return compile(source, "<program>", "exec", dont_inherit=True)
    # By the tree, not by indenting: lines inside a literal must stay as they are.
    tree: Any = compile(f"def {entry}(x): pass", "<program>", "exec", _ONLY_TREE, True)
    body: Any = compile(source, "<program>", "exec", _ONLY_TREE, True)
    tree.body[0].body = body.body
    return compile(tree, "<program>", "exec", dont_inherit=True)


def outcomes(
    spellings: list[str], entry: str, inputs: Iterable[str | bytes]
) -> Iterator[list[object]]:
    """What the program gives on each input, in turn: `["value", v]` or `["error", why]`.

    Args:
        spellings: alternative sources of one program.
        entry: name of the function to call.
        inputs: JSON text of each input; every call gets a fresh copy.
    """
    try:
        function = define(spellings, entry)
    except BaseException as error:  # noqa: BLE001  SystemExit and all else: the program's own end
        why = _why(error)
        for _ in inputs:
            yield ["error", why]
        return
    for text in inputs:
        yield _call(function, text)


def _call(function: Callable[..., object], text: str | bytes) -> list[object]:
    try:
        return ["value", plain(function(json.loads(text)))]
    except BaseException as error:  # noqa: BLE001  as above
        return ["error", _why(error)]


def _why(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:200]
    except BaseException:  # noqa: BLE001  its own __str__ raised
        return "an error that cannot be shown"


def _line(found: list[object]) -> bytes:
    try:
        return json.dumps(found).encode() + b"\n"
    except ValueError:
        # A whole number of more digits than Python writes.
        return b'["error", "a value that cannot be written"]\n'


def _lines() -> Iterator[bytes]:  # pragma: no cover  runs in a fork
    data = b""
    while piece := os.read(INPUTS, 65536):
        data += piece
        while b"\n" in data:
            line, _, data = data.partition(b"\n")
            yield line


def _work(results: int, inputs: int, job: Job) -> NoReturn:  # pragma: no cover  runs in a fork
    try:
        confine(results, inputs, cpu_seconds=job.cpu_seconds, install=job.install, swaps=job.swaps)
        lines = _lines()
        program = json.loads(next(lines))
        # From here on, an end is the program's; before, it is ours.
        os.write(RESULTS, _BEGUN)
        # Written one by one: what it gave before it was stopped counts.
        for found in outcomes(program, job.entry, islice(lines, len(job.inputs))):
            line = _line(found)
            while line:
                line = line[os.write(RESULTS, line) :]
    finally:
        os._exit(0)


@dataclass(slots=True)
class Span:
    """Where a piece of text lies in the job's file; the text itself is never kept."""

    start: int
    end: int


@dataclass(slots=True)
class Job:
    """What is to be done, by place: no program and no input is in it."""

    entry: str
    cpu_seconds: float
    wall_seconds: float
    memory_bytes: int
    most_bytes: int
    at_once: int
    inputs: list[Span]
    programs: list[Span]
    install: Callable[[], bool] | None = None
    swaps: list[Swap] = field(default_factory=list)


def read_job(told: int) -> Job | None:
    """The job in a file: a line of JSON, then inputs and programs, a line each.

    Args:
        told: descriptor of a file one can seek in. The first line has the fields of `Job`, but
            for inputs and programs their lengths in bytes, line ends included.
    """
    head = bytearray()
    while b"\n" not in head and (piece := os.pread(told, 65536, len(head))):
        head += piece
    if b"\n" not in head:
        return None
    place = head.index(b"\n") + 1
    fields = json.loads(head[:place])
    for name in ("inputs", "programs"):
        spans = []
        for length in fields[name]:
            spans.append(Span(place, place + length))
            place += length
        fields[name] = spans
    return Job(**fields)


@dataclass(slots=True)
class Fork:
    """A running program: its pipes, what it is still to be told, what it has cost."""

    index: int
    pid: int
    to: int
    back: int
    telling: Span
    started: float
    held_seconds: float
    inputs_told: int = 0
    answers: int = 0
    size: int = 0
    begun: bool = False
    why: str = ""
    over: bool = False


class Zygote:
    """Forks programs, a few at a time, and passes on what they are told and what they say."""

    def __init__(self, job: Job, told: int, said: int) -> None:
        self.job, self.told, self.said = job, told, said
        self.running: dict[int, Fork] = {}
        self.blocked_seconds = 0.0

    def serve(self) -> None:
        """Run all programs of the job."""
        waiting = list(range(len(self.job.programs)))[::-1]
        while waiting or self.running:
            while waiting and len(self.running) < self.job.at_once:
                self.start(waiting.pop())
            self.pass_on()
            for fork in [f for f in self.running.values() if self.is_over(f)]:
                self.end(fork)

    def start(self, index: int) -> None:
        """Fork for one program; it gets the program afterwards, through its pipe."""
        inputs, to = os.pipe()
        back, results = os.pipe()
        pid = os.fork()
        if pid == 0:  # pragma: no cover  only in the fork
            _work(results, inputs, self.job)
        os.close(inputs)
        os.close(results)
        os.set_blocking(to, False)
        place = self.job.programs[index]
        telling, now = Span(place.start, place.end), time.monotonic()
        fork = Fork(index, pid, to, back, telling, now, self.held_seconds())
        self.running[back] = fork
        self.tell(fork)
        self.tell(fork)

    def pass_on(self) -> None:
        """Wait a little for something to do, and do it."""
        poll = select.poll()
        for fork in self.running.values():
            poll.register(fork.back, select.POLLIN)
            if fork.telling.start < fork.telling.end:
                poll.register(fork.to, select.POLLOUT)
        ready = {fd for fd, _ in poll.poll(50)}
        for fork in list(self.running.values()):
            if fork.back in ready:
                self.hear(fork)
            if fork.to in ready:
                self.tell(fork)

    def tell(self, fork: Fork) -> None:
        """Pass a piece of what it is being told from the job's file to its pipe.

        The first input follows the program, each other the answer to the one before.
        """
        if fork.telling.start == fork.telling.end and fork.inputs_told <= fork.answers:
            if fork.inputs_told == len(self.job.inputs):
                return
            place = self.job.inputs[fork.inputs_told]
            fork.telling = Span(place.start, place.end)
            fork.inputs_told += 1
        left = fork.telling
        try:
            piece = os.pread(self.told, min(left.end - left.start, 65536), left.start)
            left.start += os.write(fork.to, piece)
        except BlockingIOError:
            return
        except BrokenPipeError:
            # It is gone; the end of its results says so, too.
            left.start = left.end

    def hear(self, fork: Fork) -> None:
        """Pass what it says to the runner; after each answer it is told the next input."""
        piece = os.read(fork.back, 65536)
        if not piece:
            fork.over = True
            return
        if not fork.begun:
            fork.begun, piece = True, piece[len(_BEGUN) :]
        room = self.job.most_bytes - fork.size
        fork.size += len(piece)
        self.say({"index": fork.index, "data": piece[:room].decode("latin-1")})
        if len(piece) > room:
            fork.why, fork.over = f"its outputs are longer than {self.job.most_bytes} bytes", True
        fork.answers += piece.count(b"\n")
        self.tell(fork)

    def say(self, line: object) -> None:
        """Write a line for the runner; time it does not read is nobody's."""
        started = time.monotonic()
        _say(self.said, line)
        self.blocked_seconds += time.monotonic() - started

    def held_seconds(self) -> float:
        """How long this process itself was kept from work: no program shall pay for that."""
        delay = schedule("self")
        return self.blocked_seconds + (delay.waited_seconds if delay else 0.0)

    def is_over(self, fork: Fork) -> bool:
        """Whether it has ended, or has idled too long (waiting for a processor is not idling)."""
        if fork.over:
            return True
        limit = self.job.wall_seconds
        passed = time.monotonic() - fork.started
        if passed < limit:
            return False
        spent = schedule(str(fork.pid))
        if spent is not None:
            passed -= spent.ran_seconds + spent.waited_seconds
            passed -= self.held_seconds() - fork.held_seconds
        if passed >= limit:
            fork.why = f"took longer than {limit:g} s"
        return bool(fork.why)

    def end(self, fork: Fork) -> None:
        """Reap it and say what became of it."""
        del self.running[fork.back]
        os.kill(fork.pid, signal.SIGKILL)
        _, status, used = os.wait4(fork.pid, 0)
        os.close(fork.to)
        os.close(fork.back)
        said = {"index": fork.index, "why": fork.why, "unclear": ""}
        if not fork.begun:
            said["unclear"] = "could not be begun"
        elif not fork.why and fork.answers < len(self.job.inputs):
            seconds = used.ru_utime + used.ru_stime
            said |= ending(status, seconds / self.job.cpu_seconds)
        self.say(said)


def ending(status: int, used: float) -> dict[str, str]:
    """Why a program ended before its last answer, or why that is unclear.

    Args:
        status: as wait() gives it.
        used: the share it used of the processor time it was allowed.
    """
    if not os.WIFSIGNALED(status):
        return {"why": ""}
    number = os.WTERMSIG(status)
    if number in _OUR_SIGNALS and used > _USED_UP:
        return {"why": "used up its processor time"}
    why = f"was ended by {signal.Signals(number).name}"
    # Anything but its own fault came from outside: from us, the host or another program.
    return {"why": why} if number in _OWN_FAULTS else {"why": why, "unclear": why}


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long a process ran, and how long it waited for a processor."""

    ran_seconds: float
    waited_seconds: float


def schedule(process: str) -> Schedule | None:
    """What the kernel counted for a process ("self" or its number); None if it does not tell."""
    try:
        with open(f"/proc/{process}/schedstat", "rb") as file:
            ran, waited, _ = file.read().split()
        return Schedule(int(ran) / 1e9, int(waited) / 1e9)
    except (OSError, ValueError):
        return None


def _say(said: int, line: object) -> None:
    data = json.dumps(line).encode() + b"\n"
    while data:
        data = data[os.write(said, data) :]


def main(told: int = 0, said: int = 1) -> None:
    """Read a job from one descriptor, run its programs, write what they say to the other.

    Args:
        told: a file as `read_job` takes it.
        said: gets a line of JSON for each piece of a result, and one for each program's end.
    """
    job = read_job(told)
    if job is None:
        _say(said, {"refused": "no job"})
        return
    for name in PRELOADED:
        __import__(name)
    try:
        # First: the libraries it needs may lie where only root can read.
        job.install = system_call_filter()
        drop_root()
        set_limits(job.memory_bytes)
    except (OSError, ValueError) as error:
        _say(said, {"refused": str(error)})
        return
    job.swaps = disarming()
    gc.freeze()
    _say(said, {"ready": True, "filter": job.install is not None})
    Zygote(job, told, said).serve()


if __name__ == "__main__":  # pragma: no cover  only as a child
    main()
