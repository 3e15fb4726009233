"""What the kernel offers and Python's library does not: clone, mounts, capabilities, filters.

Not here: when to use them (`topdraw.scoring.sandbox.inside.prison`). Linux, stdlib only.
Try it: `topdraw sandbox check`.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct

NEWNS, NEWUTS, NEWIPC = 0x00020000, 0x04000000, 0x08000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
BIND, TIGHT = 4096, 2 | 4  # MS_BIND; MS_NOSUID | MS_NODEV
_PIDFD = 0x1000
_CLONE, _CAPSET = {"aarch64": (220, 91)}.get(os.uname().machine, (56, 126))
_SET_DUMPABLE, _SET_SECCOMP, _NO_NEW_PRIVILEGES = 4, 22, 38

# PyDLL keeps the interpreter's lock: nothing may run between its fork handlers.
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.mount.argtypes = [*[ctypes.c_char_p] * 3, ctypes.c_ulong, ctypes.c_char_p]
_libc.prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]


class Clone:
    """A child process: its number, and a descriptor that becomes readable when it ends."""

    __slots__ = ("pid", "pidfd")

    def __init__(self, pid: int, pidfd: int) -> None:
        self.pid, self.pidfd = pid, pidfd


def _checked(result: int) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def clone(namespaces: int) -> Clone | None:
    """Fork into new namespaces; None in the child.

    `unshare` then `fork` would need rights in the outer user namespace, which nobody has here.

    Raises:
        OSError: when the kernel refuses.
    """
    pidfd = ctypes.c_int(-1)
    flags = ctypes.c_ulong(namespaces | _PIDFD | signal.SIGCHLD)
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = _libc.syscall(_CLONE, flags, None, ctypes.byref(pidfd), None, None)
    if pid == 0:  # pragma: no cover  only in the child
        ctypes.pythonapi.PyOS_AfterFork_Child()
        return None
    number = ctypes.get_errno()
    ctypes.pythonapi.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(number, f"a program cannot be given namespaces: {os.strerror(number)}")
    return Clone(pid, pidfd.value)


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """Mount a file system, or bind a folder (kind None, flags BIND).

    Raises:
        OSError: when the kernel refuses.
    """
    as_bytes = [text.encode() if text is not None else None for text in (kind, data)]
    _checked(_libc.mount(source.encode(), target.encode(), as_bytes[0], flags, as_bytes[1]))


def be_dumpable() -> None:
    """Own our own /proc files again, which a process that changed its user does not."""
    _checked(_libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0))


def drop_capabilities() -> None:  # pragma: no cover  runs in a clone
    """Give up every capability, in a way that no program started later gets one back.

    Raises:
        OSError: when the kernel refuses.
    """
    head = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0))
    none = ctypes.create_string_buffer(24)
    _checked(_libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _checked(_libc.syscall(_CAPSET, head, none))


class Filter:
    """A filter of system calls, laid out once and put on in each child.

    Args:
        code: as `syscalls.program` makes it, not empty.
    """

    def __init__(self, code: bytes) -> None:
        self._code = ctypes.create_string_buffer(code, len(code))
        address = ctypes.addressof(self._code)
        self._head = ctypes.create_string_buffer(struct.pack("@HP", len(code) // 8, address))

    def install(self) -> None:  # pragma: no cover  runs in a clone
        """Put the calling process behind it for good; `drop_capabilities` goes first.

        Raises:
            OSError: when the kernel refuses.
        """
        _checked(_libc.prctl(_SET_SECCOMP, 2, ctypes.addressof(self._head), 0, 0))
