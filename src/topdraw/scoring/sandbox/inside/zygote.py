"""The fork server: clones a process with its own namespaces per program, watches it, ends it.

Not here: what a clone gives up (`.prison`), what it runs (`.candidate`), the tests (`.checker`).
Stdlib only. Try it: `topdraw sandbox check`.

It never holds a program, an input, a test or a result: clones get theirs through descriptors that
are only passed on here. One thread, one poll; it ends when the host does.
"""

from __future__ import annotations

import array  # noqa: F401  for socket.recv_fds: loaded before any clone
import gc
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from topdraw.scoring.sandbox.inside import candidate, checker, kernel, prison, syscalls, watch
from topdraw.scoring.sandbox.inside.prison import Terms
from topdraw.scoring.sandbox.inside.wire import BEGUN

MASTER = 3
# Loaded once: most programs import some of these, and a fork gets them for nothing. Not `random`
# and `threading`: their hooks after each fork cost more than loading them where they are wanted.
PRELOADED = (
    *("bisect", "cmath", "collections", "copy", "datetime", "functools", "heapq", "io"),
    *("itertools", "json", "math", "operator", "re", "string", "typing"),
)
_CHECKER_MEMORY = 4 << 30
_LOOK_SECONDS = 0.05


@dataclass(slots=True)
class Running:
    """A clone that runs a program."""

    job: int
    clone: kernel.Clone
    terms: Terms
    watched: watch.Watched
    look_at: float
    why: str = ""


@dataclass(slots=True)
class Line:
    """A worker of the host: its connection, its program if one runs, its checker."""

    link: socket.socket
    running: Running | None = None
    checker: int = 0


class Zygote:
    """Serves the workers of one host.

    Args:
        master: connection on which the host hands over one connection per worker.
        barrier: the filter of system calls for programs; None where we have none.
    """

    def __init__(self, master: socket.socket, barrier: kernel.Filter | None) -> None:
        self.master, self.barrier = master, barrier
        self.uid, self.oom_kills = os.geteuid(), watch.oom_kills()
        self.lines: dict[int, Line] = {}
        self.poll = select.poll()
        self.poll.register(master, select.POLLIN)

    def serve(self) -> None:
        """Do what the host asks until it is gone."""
        while True:
            busy = [line for line in self.lines.values() if line.running is not None]
            ready = {fd for fd, _ in self.poll.poll(1000 * _LOOK_SECONDS if busy else None)}
            if self.master.fileno() in ready and not self.attach():
                for line in list(self.lines.values()):
                    self.leave(line)
                return
            for line in list(self.lines.values()):
                if line.running is not None:
                    self.look_after(line, line.running, ready)
                if line.link.fileno() in ready:
                    self.obey(line)

    def attach(self) -> bool:
        """Take over the connection of one more worker; whether there was one."""
        said, given, _, _ = socket.recv_fds(self.master, 1, 1)
        if not said:
            return False
        link = socket.socket(fileno=given[0])
        self.lines[link.fileno()] = Line(link)
        self.poll.register(link, select.POLLIN)
        return True

    def obey(self, line: Line) -> None:
        """Carry out one order of a worker."""
        said, given, _, _ = socket.recv_fds(line.link, 1 << 16, 16)
        order: dict[str, Any] = json.loads(said) if said else {"do": "leave"}
        try:
            if order["do"] == "run":
                self.run(line, order, given)
            elif order["do"] == "stop" and line.running and line.running.job == order["job"]:
                self.kill(line.running, watch.STOPPED)
            elif order["do"] == "checker":
                self.renew_checker(line, given)
            elif order["do"] == "leave":
                self.leave(line)
        finally:
            for descriptor in given:
                os.close(descriptor)

    def run(self, line: Line, order: dict[str, Any], given: list[int]) -> None:
        """Clone for a program."""
        terms = Terms(**order["terms"])
        try:
            clone = kernel.clone(prison.NAMESPACES)
        except OSError as error:
            self.say(line, {"ended": order["job"], "broken": str(error)})
            return
        if clone is None:  # pragma: no cover  only in the clone
            _live(order, given, self.uid, self.barrier)
        watched = watch.Watched(clone.pid, line.checker)
        line.running = Running(order["job"], clone, terms, watched, _next_look())
        self.poll.register(clone.pidfd, select.POLLIN)

    def look_after(self, line: Line, running: Running, ready: set[int]) -> None:
        """Reap a program that ended, stop one that has used up what it may."""
        if running.clone.pidfd in ready:
            self.bury(line, running)
        elif not running.why and time.monotonic() >= running.look_at:
            running.look_at = _next_look()
            why = running.watched.over(running.terms)
            if why:
                self.kill(running, why)

    def kill(self, running: Running, why: str) -> None:
        """End a program and everything in its namespaces."""
        running.why = running.why or why
        os.kill(running.clone.pid, signal.SIGKILL)

    def bury(self, line: Line, running: Running) -> None:
        """Collect what a program left, and tell the worker."""
        _, status, used = os.wait4(running.clone.pid, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL and not running.why:
            running.why = self.explained()
        self.poll.unregister(running.clone.pidfd)
        os.close(running.clone.pidfd)
        line.running = None
        code, seconds = os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime
        said = {"ended": running.job, "code": code, "cpu": seconds, "why": running.why}
        self.say(line, said)

    def explained(self) -> str:
        """Why a program was killed by nobody here: by a host short of memory, or by itself."""
        before, self.oom_kills = self.oom_kills, watch.oom_kills()
        return watch.OUTSIDE if self.oom_kills != before else ""

    def say(self, line: Line, said: dict[str, Any]) -> None:
        """Tell a worker; one that is gone is none of our worry."""
        try:
            line.link.send(json.dumps(said).encode())
        except OSError:
            self.leave(line)

    def renew_checker(self, line: Line, given: list[int]) -> None:
        """End the worker's checker, if it has one, and start it anew on a fresh connection."""
        self.end_checker(line)
        if not given:
            return
        pid = os.fork()
        if pid == 0:  # pragma: no cover  only in the fork
            _check(given[0])
        line.checker = pid

    def end_checker(self, line: Line) -> None:
        """End the worker's checker."""
        if line.checker:
            os.kill(line.checker, signal.SIGKILL)
            os.waitpid(line.checker, 0)
            line.checker = 0

    def leave(self, line: Line) -> None:
        """Forget a worker that is gone, and end what it had running."""
        if self.lines.pop(line.link.fileno(), None) is None:
            return
        self.poll.unregister(line.link)
        line.link.close()
        self.end_checker(line)
        if line.running is not None:
            self.kill(line.running, "")
            os.waitpid(line.running.clone.pid, 0)
            self.poll.unregister(line.running.clone.pidfd)
            os.close(line.running.clone.pidfd)


def _be_first_to_go() -> None:  # pragma: no cover  runs inside the namespaces
    """When the host runs out of memory, a program that eats it shall end, and nobody's work."""
    # Where it is higher already, as in some containers, it may not be lowered, and need not.
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("300")
    most = prison.MOST_DESCRIPTORS
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, hard), min(most, hard)))


def _next_look() -> float:
    return time.monotonic() + _LOOK_SECONDS


def _live(
    order: dict[str, Any], given: list[int], uid: int, barrier: kernel.Filter | None
) -> NoReturn:  # pragma: no cover  only in a clone
    code = 125
    try:
        null = os.open(os.devnull, os.O_RDWR)
        code = _ROLES[order["role"]](order, given, null, uid, barrier)
    finally:
        os._exit(code)


def _begin() -> None:  # pragma: no cover  only in a clone
    """From here on an end is the program's; before, it is ours."""
    os.write(prison.CHANNEL, BEGUN)


def _serve_calls(
    order: dict[str, Any], given: list[int], null: int, uid: int, barrier: kernel.Filter | None
) -> int:  # pragma: no cover  only in a clone
    # Python's own streams stand on 0, 1 and 2, unused so far: fresh ones would cost a tenth.
    prison.enter(Terms(**order["terms"]), [null, null, null, given[0]], uid, barrier)
    _begin()
    candidate.Server(prison.CHANNEL, order["most"]).serve()
    return 0


def _run_script(
    order: dict[str, Any], given: list[int], null: int, uid: int, barrier: kernel.Filter | None
) -> int:  # pragma: no cover  only in a clone
    channel, told, said = given
    prison.enter(Terms(**order["terms"]), [told, said, null, channel], uid, barrier)
    candidate.fresh_streams()
    _begin()
    return candidate.run_script(prison.CHANNEL)


def _run_command(
    order: dict[str, Any], given: list[int], null: int, uid: int, barrier: kernel.Filter | None
) -> int:  # pragma: no cover  only in a clone
    channel, told, said, *files = given
    errors = said if order["product"] else null
    prison.enter(Terms(**order["terms"]), [told, said, errors, channel, *files], uid, barrier)
    for place, (name, mode) in enumerate(order["files"], prison.CHANNEL + 1):
        _copy(place, name, mode)
    if not candidate.is_found(order["command"][0]):
        return candidate.NOT_FOUND
    _begin()
    if order["product"]:
        return candidate.build(order["command"], order["product"], prison.CHANNEL, order["most"])
    os.set_inheritable(prison.CHANNEL, False)
    candidate.run_command(order["command"])
    return 0


def _copy(source: int, name: str, mode: int) -> None:  # pragma: no cover  only in a clone
    target = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    place = 0
    while piece := os.pread(source, 1 << 20, place):
        place += len(piece)
        os.write(target, piece)
    os.close(target)
    os.close(source)


_ROLES = {"calls": _serve_calls, "script": _run_script, "command": _run_command}


def _check(descriptor: int) -> NoReturn:  # pragma: no cover  only in a fork
    try:
        control = os.dup2(descriptor, MASTER)
        os.closerange(MASTER + 1, prison.MOST_DESCRIPTORS)
        resource.setrlimit(resource.RLIMIT_AS, (_CHECKER_MEMORY, _CHECKER_MEMORY))
        checker.serve(socket.socket(fileno=control))
    finally:
        os._exit(0)


def drop_root(nobody_else: int) -> None:
    """Become an ordinary user for good: for root, the kernel counts no processes.

    Args:
        nobody_else: the user to become; the system's nobody if that cannot be.

    Raises:
        OSError: when we are root and cannot.
    """
    if os.geteuid() != 0:
        return
    for uid in (nobody_else, 65534):
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        except OSError:
            continue
        kernel.be_dumpable()
        return
    raise OSError("it was started as root and cannot become an ordinary user; start it as one")


def main(
    descriptor: int, folder: str, nobody_else: int
) -> None:  # pragma: no cover  runs inside the namespaces
    """Serve the host.

    Args:
        descriptor: the connection to it.
        folder: what was put on the module path for us, and is not for programs.
        nobody_else: a user number that nobody on this machine has, to become instead of root.
    """
    master = socket.socket(fileno=os.dup2(descriptor, MASTER))
    if descriptor != MASTER:
        os.close(descriptor)
    os.environ.clear()
    sys.path.remove(folder)
    _be_first_to_go()
    for name in PRELOADED:
        __import__(name)
    candidate.add_site_builtins()
    try:
        code = syscalls.program(os.uname().machine)
        barrier = kernel.Filter(code) if code else None
        drop_root(nobody_else)
        with open(os.__file__, "rb"):  # programs import from where this lies
            pass
    except OSError as error:
        master.send(json.dumps({"refused": str(error)}).encode())
        return
    gc.collect()
    gc.freeze()
    master.send(json.dumps({"ready": True, "filter": barrier is not None}).encode())
    Zygote(master, barrier).serve()
