"""What a clone does to itself before it runs a program: its own files, limits, no way back.

Not here: the namespaces, which it is born into (`topdraw.scoring.sandbox.inside.zygote`). Stdlib.
Try it: `topdraw sandbox check`.
"""

from __future__ import annotations

import fcntl
import math
import os
import resource
from typing import NamedTuple

from topdraw.scoring.sandbox.inside import kernel

HOME, EMPTY = "/box", "/empty"
WORK = f"{HOME}/work"
NAMESPACES = (
    kernel.NEWUSER | kernel.NEWPID | kernel.NEWNS | kernel.NEWIPC | kernel.NEWNET | kernel.NEWUTS
)
CHANNEL = 3
# Of the fork server, so that a clone knows what there may be to close.
MOST_DESCRIPTORS = 4096
_OPEN_FILES, _INODES = 256, 4096


class Terms(NamedTuple):
    """What a program may use, as `topdraw.scoring.sandbox.jobs.Limits` has it."""

    cpu_seconds: float
    wall_seconds: float
    memory_bytes: int
    disk_bytes: int
    processes: int


def enter(
    terms: Terms, descriptors: list[int], uid: int, barrier: kernel.Filter | None
) -> None:  # pragma: no cover  runs in a clone
    """Give up all but four descriptors, a folder in memory, and what the terms allow.

    Args:
        terms: of this program.
        descriptors: what becomes 0, 1, 2, the channel 3, and so on.
        uid: who we are outside; we keep the number, as nobody else here can be that user.
        barrier: the filter of system calls; None on a machine we have none for.

    Raises:
        OSError: when any of it is refused; no program may run then.
    """
    os.setsid()
    _be_only(uid)
    _own_files(terms.disk_bytes)
    # First out of each other's way: a source may stand where another is to go.
    above = [fcntl.fcntl(one, fcntl.F_DUPFD, len(descriptors)) for one in descriptors]
    for place, descriptor in enumerate(above):
        os.dup2(descriptor, place)
    os.closerange(len(descriptors), MOST_DESCRIPTORS)
    _set_limits(terms)
    kernel.drop_capabilities()
    if barrier is not None:
        barrier.install()


def _be_only(uid: int) -> None:  # pragma: no cover  runs in a clone
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{uid} {uid} 1"),
    ):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(descriptor, text.encode())
        os.close(descriptor)


def _own_files(disk_bytes: int) -> None:  # pragma: no cover  runs in a clone
    size = f"size={disk_bytes},nr_inodes={_INODES},mode=700"
    kernel.mount("program", HOME, "tmpfs", kernel.TIGHT, size)
    for name in ("work", "tmp", "shm"):
        os.mkdir(f"{HOME}/{name}")
    kernel.mount(f"{HOME}/tmp", "/tmp", None, kernel.BIND)  # noqa: S108  its own, bound there
    kernel.mount(f"{HOME}/shm", "/dev/shm", None, kernel.BIND)  # noqa: S108  likewise
    kernel.mount(EMPTY, "/proc", None, kernel.BIND)
    os.chdir(WORK)


def _set_limits(terms: Terms) -> None:  # pragma: no cover  runs in a clone
    # The zygote stops it at t; this is for its children, and should the zygote be late.
    seconds = math.ceil(terms.cpu_seconds) + 1
    for limit, value in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, terms.memory_bytes),
        (resource.RLIMIT_FSIZE, terms.disk_bytes),
        (resource.RLIMIT_NPROC, terms.processes),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
    ):
        resource.setrlimit(limit, (value, value))
