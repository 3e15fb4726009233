"""What a running program has used: processor, memory, time by the clock, read from outside it.

Not here: ending it (`topdraw.scoring.sandbox.inside.zygote`). Linux, stdlib only.
Try it: `python -m pytest tests/scoring/sandbox/inside/test_watch.py`.
"""

from __future__ import annotations

import os
import time

from topdraw.scoring.sandbox.inside.prison import Terms

# Time a program waits for a processor is not held against it, up to this many times its limit.
PATIENCE = 3.0
_PAGE = os.sysconf("SC_PAGE_SIZE")
CPU, WALL, MEMORY, STARVED = "cpu-timeout", "wall-timeout", "memory", "starved"
# It was told to stop by the host; it was killed by neither it nor us.
STOPPED, OUTSIDE = "stopped", "outside"


def cpu_seconds(pid: int) -> float:
    """Processor time of all threads of a process; 0.0 when it is gone."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def waited_seconds(pid: int) -> float | None:
    """Time in which a process was ready but had no processor; None where that is not counted.

    Of its threads, that of the one that waited longest: they wait at the same time.
    """
    longest = None
    for thread in _threads(pid):
        try:
            with open(f"/proc/{pid}/task/{thread}/schedstat", "rb") as file:
                longest = max(longest or 0.0, int(file.read().split()[1]) / 1e9)
        except (OSError, ValueError, IndexError):
            continue
    return longest


def _threads(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def descendants(pid: int) -> list[int]:
    """Every process below one, itself not included."""
    found, look_at = [], [pid]
    while look_at:
        children = _children(look_at.pop())
        found += children
        look_at += children
    return found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for thread in _threads(pid):
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += map(int, file.read().split())
        except OSError:
            continue
    return found


def resident_bytes(pid: int) -> int:
    """Memory of a process that is its own and really there; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            _, resident, shared, *_ = map(int, file.read().split())
        return (resident - shared) * _PAGE
    except (OSError, ValueError):
        return 0


def oom_kills() -> int:
    """Processes the kernel has killed for want of memory since it started; 0 if it does not say."""
    try:
        with open("/proc/vmstat", "rb") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(b"oom_kill "))
    except (OSError, ValueError, StopIteration):
        return 0


class Watched:
    """A program since its start.

    Args:
        pid: of its first process.
        checker: the process it waits for while it is not called; 0 for none.
    """

    def __init__(self, pid: int, checker: int) -> None:
        self.pid, self.checker = pid, checker
        self.started = time.monotonic()
        self.checker_waited = waited_seconds(checker) or 0.0 if checker else 0.0
        self.checker_cpu = cpu_seconds(checker) if checker else 0.0

    def over(self, terms: Terms) -> str:
        """Which limit is used up: "cpu-timeout", "wall-timeout", "memory", "starved"; "" for none.

        Processor time comes first: that of the first process at all times, that of the others
        when there are any.
        """
        passed = time.monotonic() - self.started
        others = descendants(self.pid)
        used = cpu_seconds(self.pid) + sum(cpu_seconds(pid) for pid in others)
        if used >= terms.cpu_seconds:
            return CPU
        if others and sum(map(resident_bytes, [self.pid, *others])) > terms.memory_bytes:
            return MEMORY
        if passed < terms.wall_seconds:
            return ""
        # With other processes it can make itself wait, and would be missing instead of wrong.
        if others or passed - self.waited() >= terms.wall_seconds:
            return WALL
        # A test that works for as long as its program may is not waiting either.
        if self.checker and cpu_seconds(self.checker) - self.checker_cpu >= terms.cpu_seconds:
            return WALL
        return STARVED if passed >= PATIENCE * terms.wall_seconds else ""

    def waited(self) -> float:
        """Seconds in which it, or the test that was to call it, waited for a processor."""
        checker = waited_seconds(self.checker) or 0.0 if self.checker else 0.0
        return (waited_seconds(self.pid) or 0.0) + checker - self.checker_waited
