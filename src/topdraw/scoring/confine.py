"""What a process gives up, for good, before it runs a program: stdlib only, loaded by `child`.

Not here: running programs and judging them (`topdraw.scoring.child`, `topdraw.scoring.runner`).
Try it: `python -m pytest tests/scoring/test_runner.py -k attack`.

Four layers, each of which holds when the others fail: limits of the kernel (`set_limits`,
`confine`), a filter of system calls that lets through little but memory, clocks and writing
(`system_call_filter`; Linux on x86-64 and aarch64, where the kernel grants it), functions that
raise instead of acting (`disarm`), and an audit hook (`refusal`).
"""

from __future__ import annotations

import math
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple, NoReturn

# The worker's own descriptors: it writes results to one and reads its inputs from the other.
RESULTS, INPUTS = 3, 4

# Beginnings of audit events. The last keeps a program from rewriting the hook's own function.
_DENIED = (
    *("open", "os.", "socket.", "subprocess.", "shutil.", "ctypes.", "signal.", "mmap."),
    *("fcntl.", "resource.", "time.sleep", "_thread.start", "object.__setattr__"),
)
# Of `posix`, what a program keeps: nothing here reaches another process or a file's name.
_KEPT = {
    "posix": {
        *("_exit", "cpu_count", "fspath", "getpid", "getppid", "read", "strerror", "times"),
        *("urandom", "write"),
    },
    "_thread": {"allocate_lock", "allocate", "get_ident", "RLock", "LockType", "_local", "error"},
    # Without the rest it could make a second, untouched copy of a built-in module.
    "_imp": {
        *("acquire_lock", "find_frozen", "get_frozen_object", "init_frozen", "is_builtin"),
        *("is_frozen", "is_frozen_package", "lock_held", "release_lock", "extension_suffixes"),
    },
    "time": {
        *("asctime", "ctime", "get_clock_info", "gmtime", "localtime", "mktime", "monotonic"),
        *("monotonic_ns", "perf_counter", "perf_counter_ns", "process_time", "process_time_ns"),
        *("strftime", "strptime", "struct_time", "time", "time_ns", "clock_gettime"),
    },
}
# Nothing of these stays.
_DISARMED = (
    *("signal", "_signal", "resource", "select", "fcntl", "mmap", "_posixsubprocess"),
    *("_ctypes", "ctypes", "_socket", "socket", "faulthandler", "_multiprocessing", "syslog"),
    *("_posixshmem", "termios", "grp", "pwd", "spwd", "subprocess", "threading", "selectors"),
)

# Allowed system calls by machine: architecture of the audit interface, then numbers.
# read write mmap mprotect munmap brk rt_sigreturn mremap madvise sched_yield getpid exit
# exit_group gettimeofday futex clock_gettime clock_getres getrandom restart_syscall getrusage
# times gettid getppid, and on x86-64 time.
_ALLOWED = {
    "x86_64": (
        0xC000003E,
        (
            *(0, 1, 9, 10, 11, 12, 15, 25, 28, 24, 39, 60, 231, 96, 202, 228, 229, 318, 219, 98),
            *(100, 186, 110, 201),
        ),
    ),
    "aarch64": (
        0xC00000B7,
        (
            *(63, 64, 222, 226, 215, 214, 139, 216, 233, 124, 172, 93, 94, 169, 98, 113, 114, 278),
            *(128, 165, 153, 178, 173),
        ),
    ),
}
_NO_NEW_PRIVILEGES, _SET_FILTER, _FILTER_MODE = 38, 22, 2


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


def filter_code(machine: str) -> bytes:
    """The program of the filter: listed system calls pass, all others fail with EPERM; b"" if none.

    Args:
        machine: as `os.uname().machine` has it.
    """
    if machine not in _ALLOWED:
        return b""
    architecture, numbers = _ALLOWED[machine]
    load, equal, give = 0x20, 0x15, 0x06
    steps = [(load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, 0x80000000)]
    steps.append((load, 0, 0, 0))
    steps += [(equal, len(numbers) - i, 0, number) for i, number in enumerate(numbers)]
    steps += [(give, 0, 0, 0x00050001), (give, 0, 0, 0x7FFF0000)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def system_call_filter() -> Callable[[], bool] | None:
    """A function that puts the calling process behind the filter; None where that cannot be.

    It was tried out in a fork before; the libraries it needs are loaded only if that went well.
    """
    code = filter_code(os.uname().machine)
    if not code or not sys.platform.startswith("linux"):
        return None
    pid = os.fork()
    if pid == 0:  # pragma: no cover  only in the fork
        _try_out(code)
    if os.waitpid(pid, 0)[1] != 0:
        return None
    return _filter(code)


def _try_out(code: bytes) -> NoReturn:  # pragma: no cover  runs in a fork
    held = False
    try:
        if _filter(code)():
            os.kill(os.getpid(), 0)
    except PermissionError:
        held = True
    finally:
        os._exit(0 if held else 1)


def _filter(code: bytes) -> Callable[[], bool]:
    import ctypes

    prctl = ctypes.CDLL(None).prctl
    prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    room = ctypes.create_string_buffer(code, len(code))
    head = ctypes.create_string_buffer(struct.pack("@HP", len(code) // 8, ctypes.addressof(room)))

    def install() -> bool:
        if prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
            return False
        # `room` must live until here: `head` holds its address.
        return bool(room) and prctl(_SET_FILTER, _FILTER_MODE, ctypes.addressof(head), 0, 0) == 0

    return install


def _barred(name: str) -> Callable[..., NoReturn]:
    def barred(*_: object, **__: object) -> NoReturn:
        raise PermissionError(f"{name} is not allowed here")

    return barred


class Swap(NamedTuple):
    """Names of a module and what is to stand there instead."""

    space: dict[str, Any]
    instead: dict[str, Any]


def disarming() -> list[Swap]:
    """What puts functions that raise in place of all that act on processes, files and waiting.

    Made once, as it takes longer than a short program; carried out in each fork by `disarm`.
    """
    swaps = []
    for name in (*_DISARMED, *_KEPT):
        module = sys.modules.get(name)
        if module is not None:
            swaps.append(Swap(vars(module), _instead(module, _KEPT.get(name, set()))))
    instead: dict[str, Any] = {}
    for name, value in vars(os).items():
        if name.startswith("supports_"):
            # Sets of the very functions that are to go.
            instead[name] = set()
        elif type(value) is type(len) and value.__name__ not in _KEPT["posix"]:
            instead[name] = _barred(f"os.{name}")
    return [*swaps, Swap(vars(os), instead)]


def disarm(swaps: list[Swap]) -> None:
    """Carry out what `disarming` prepared: the originals are gone, no module can be made anew."""
    for swap in swaps:
        swap.space.update(swap.instead)
    for name in (*_DISARMED, "posix"):
        sys.modules.pop(name, None)


def _instead(module: ModuleType, kept: set[str]) -> dict[str, Any]:
    shown = "os" if module.__name__ == "posix" else module.__name__
    return {
        name: _barred(f"{shown}.{name}")
        for name, value in vars(module).items()
        if name not in kept and callable(value) and not _is_error(value)
    }


def _is_error(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def refusal() -> Callable[[str, tuple[Any, ...]], None]:
    """An audit hook that looks nothing up which a program could change."""
    denied = _DENIED

    def refuse(event: str, _: tuple[Any, ...]) -> None:
        if event.startswith(denied):
            raise PermissionError(f"{event} is not allowed here")

    return refuse


def confine(
    results: int,
    inputs: int,
    *,
    cpu_seconds: float,
    install: Callable[[], bool] | None,
    swaps: list[Swap],
) -> None:  # pragma: no cover  runs in a fork
    """Inside the fork: keep a descriptor to write to and one to read; nothing new can be opened.

    Raises:
        OSError: when the filter, tried out before, is refused now.
    """
    _arrange(results, inputs)
    whole = math.ceil(cpu_seconds)
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (whole + 1, whole + 1))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    if install is not None and not install():
        raise OSError("the filter of system calls was refused")
    disarm(swaps)
    sys.addaudithook(refusal())


def _arrange(results: int, inputs: int) -> None:  # pragma: no cover  runs in a fork
    while results <= INPUTS:
        results = os.dup(results)
    while inputs <= INPUTS:
        inputs = os.dup(inputs)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.dup2(results, RESULTS)
    os.dup2(inputs, INPUTS)
    os.closerange(INPUTS + 1, 256)
