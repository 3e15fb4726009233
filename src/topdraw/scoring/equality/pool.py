r"""Worker processes that ask math-verify, from any thread, before or after a fork.

Not here: what they do (`worker`), and what is made of their answers (`verdict`).
Try it: `python -c "from topdraw.scoring.equality.pool import *; print(ask('1/2', '0.5'))"`.

Workers start when they are first needed, at most one per processor and four in all, and end with
this process. One that dies, hangs, or runs out of time or memory is killed and replaced; a
forked child has its own. What was asked once in this process is not asked again, except after a
crash.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections import OrderedDict
from multiprocessing.util import Finalize
from typing import Literal, get_args

from topdraw.errors import MissingPackage
from topdraw.scoring.equality.clean import clean
from topdraw.scoring.equality.tree import Unreadable
from topdraw.scoring.equality.worker import Said

CPU_SECONDS = 5.0
WALL_SECONDS = 60.0
START_SECONDS = 120.0
REMEMBERED = 100_000
AT_ONCE = min(4, os.cpu_count() or 1)

Reply = Literal["equal", "different", "no gold", "no answer", "slow", "memory", "crashed"]
_BACK = str.maketrans({"\u00b0": r"^\circ ", "%": r"\%", "$": r"\$", "\n": " "})
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


class Worker:
    """One child process, asked by one thread at a time.

    Args:
        cpu_seconds: processor time for one question.

    Raises:
        OSError: when no process can be started.
    """

    def __init__(self, cpu_seconds: float) -> None:
        self._process = subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, "-P", "-m", "topdraw.scoring.equality.worker", str(cpu_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )
        self.close = weakref.finalize(self, _end, self._process, os.getpid())
        self._said = b""
        self._ready = False

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def ask(self, gold: str, answer: str) -> Reply:
        """Its answer; "slow" or "crashed" when it cannot be asked again."""
        assert self._process.stdin is not None  # noqa: S101  opened as a pipe above
        if not self._ready:
            if self._line(START_SECONDS) != "ready":
                return "crashed"
            self._ready = True
        try:
            self._process.stdin.write(json.dumps([gold, answer]).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            return "crashed"
        said = self._line(WALL_SECONDS)
        if said in get_args(Said):
            return said  # type: ignore[return-value]  # one of them, as just checked
        return self._death(hung=said is None)

    def _line(self, seconds: float) -> str | None:
        """Its next line, without the end; "" when it ended, None when it said nothing in time."""
        assert self._process.stdout is not None  # noqa: S101  opened as a pipe above
        pipe, deadline = self._process.stdout.fileno(), time.monotonic() + seconds
        while b"\n" not in self._said:
            if not select.select([pipe], [], [], max(deadline - time.monotonic(), 0))[0]:
                return None
            piece = os.read(pipe, 4096)
            if not piece:
                return ""
            self._said += piece
        line, _, self._said = self._said.partition(b"\n")
        return line.decode("ascii", "replace")

    def _death(self, *, hung: bool) -> Reply:
        if hung:
            return "slow"
        with contextlib.suppress(subprocess.TimeoutExpired):
            return "slow" if self._process.wait(10) == -signal.SIGXCPU else "crashed"
        return "crashed"


def _environment() -> dict[str, str]:
    """Little of ours: no keys. With our import path, however that was made."""
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "PYTHONPATH": path, "PYTHONHASHSEED": "0"}


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() == owner:
        process.kill()
        process.wait()
    else:
        process.returncode = 0  # a forked copy: the process is its parent's to wait for
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


class Pool:
    """Workers, lent one question at a time; what they said is remembered.

    Args:
        at_once: most workers.
        cpu_seconds: processor time for one question.
    """

    def __init__(self, at_once: int = AT_ONCE, cpu_seconds: float = CPU_SECONDS) -> None:
        self._slots = threading.Semaphore(at_once)
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._known: OrderedDict[tuple[str, str], Reply] = OrderedDict()
        self._cpu_seconds = cpu_seconds

    def ask(self, gold: str, answer: str) -> Reply:
        """What math-verify says of two texts, from memory or from a worker."""
        key = (gold, answer)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        with self._slots:
            said = self._asked(gold, answer)
            if said == "crashed":
                said = self._asked(gold, answer)
        with self._lock:
            if said != "crashed":
                self._known[key] = said
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return said

    def _asked(self, gold: str, answer: str) -> Reply:
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        try:
            worker = worker or Worker(self._cpu_seconds)
        except OSError:
            return "crashed"
        try:
            said = worker.ask(gold, answer)
        except BaseException:
            worker.close()
            raise
        if said in ("crashed", "memory", "slow"):
            worker.close()
        else:
            with self._lock:
                self._idle.append(worker)
        return said

    def close(self) -> None:
        """End all idle workers and wait for them."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()


_lock = threading.Lock()
_pool: list[Pool] = []


def pool() -> Pool:
    """The pool of this process."""
    with _lock:
        if not _pool:
            _pool.append(Pool())
            # Children of multiprocessing end without `atexit`, but not without this.
            Finalize(None, _pool[0].close, exitpriority=10)
        return _pool[0]


def _forget() -> None:
    """In a forked child: its parent's workers, and locks held at the fork, are not its own."""
    global _lock
    _lock = threading.Lock()
    _pool.clear()


os.register_at_fork(after_in_child=_forget)


@functools.cache
def require_math() -> None:
    """Make sure that math-verify is installed, without importing it into this process.

    Raises:
        MissingPackage: when it is not; a verifier without it would call right answers wrong.
    """
    for package in ("math_verify", "mpmath"):
        if importlib.util.find_spec(package) is None:
            raise MissingPackage(
                f"The math scorer needs {package}.",
                hint="Install it with: pip install 'topdraw[math]'",
            )


def ask(gold: str, answer: str) -> Reply:
    r"""What math-verify says of two answers as written.

    Args:
        gold: the right answer; first, because math-verify is not symmetric.
        answer: another.

    Returns:
        "no gold" and "no answer": it cannot read one; "slow", "memory", "crashed": it failed.

    Raises:
        MissingPackage: without the extra "math".

    Examples:
        >>> ask(r"\frac{1}{2}", "0.5")
        'equal'
    """
    require_math()
    texts = []
    for text in (gold, answer):
        try:
            texts.append(clean(text).translate(_BACK).encode("utf-8", "replace").decode())
        except Unreadable:
            return "no answer" if texts else "no gold"
    return pool().ask(*texts)
