"""The fork server, in a process of its own: its children are real, only namespaces are missing."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from topdraw.scoring.sandbox.inside import kernel, watch, zygote

_TERMS = {
    "cpu_seconds": 9.0,
    "wall_seconds": 99.0,
    "memory_bytes": 1 << 30,
    "disk_bytes": 1 << 20,
    "processes": 9,
}


class Host:
    """The other end: one master connection, one line; see `serve_here` for the mode."""

    def __init__(self, mode: str = "wait") -> None:
        self.master, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.line, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.line.settimeout(60)
        self.counted = tempfile.TemporaryFile()
        self.count_kills(5)
        given = (theirs.fileno(), self.counted.fileno())
        words = [str(Path(__file__).with_name("serve_here.py")), str(given[0]), mode, str(given[1])]
        with theirs, other:
            self.server = subprocess.Popen([sys.executable, *words], pass_fds=given)
            socket.send_fds(self.master, [b"+"], [other.fileno()])

    def count_kills(self, number: int) -> None:
        os.pwrite(self.counted.fileno(), b"%d" % number, 0)

    def order(self, given: tuple[int, ...] = (), **order: object) -> None:
        socket.send_fds(self.line, [json.dumps(order).encode()], given)

    def run(self, **terms: float) -> None:
        self.order(do="run", job=1, role="calls", terms=_TERMS | terms, most=99)

    def answer(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.line.recv(1 << 16))
        return found

    def children(self) -> list[int]:
        """Processes of the server: programs and checkers."""
        return watch.descendants(self.server.pid)

    def running(self) -> int:
        """The process of the program the server runs, once it does."""
        while not (found := self.children()):
            assert self.server.poll() is None
        [pid] = found
        return pid

    def close(self) -> None:
        self.line.close()
        self.master.close()
        self.counted.close()
        assert self.server.wait(60) == 0


@pytest.fixture
def start() -> Iterator[Callable[[str], Host]]:
    with ExitStack() as stack:

        def started(mode: str) -> Host:
            host = Host(mode)
            stack.callback(host.close)
            return host

        yield started


@pytest.fixture
def host(start: Callable[[str], Host]) -> Host:
    return start("wait")


def test_an_end_is_told_with_its_code_and_cost(start: Callable[[str], Host]) -> None:
    host = start("seven")
    host.run()
    said = host.answer()
    assert (said["ended"], said["code"], said["why"]) == (1, 7, "")
    assert said["cpu"] >= 0


def test_a_program_is_stopped_when_told_and_only_that_one(host: Host) -> None:
    host.run()
    host.order(do="stop", job=99)
    host.order(do="stop", job=1)
    said = host.answer()
    assert (said["code"], said["why"]) == (-signal.SIGKILL, watch.STOPPED)
    host.order(do="stop", job=1)
    host.run()
    host.order(do="stop", job=1)
    assert host.answer()["ended"] == 1


def test_a_limit_that_is_used_up_ends_it(host: Host) -> None:
    host.run(wall_seconds=0.01)
    assert host.answer()["why"] == watch.WALL


def test_a_kill_by_nobody_here_is_its_own_unless_the_kernel_says_otherwise(host: Host) -> None:
    for counted, why in ((5, ""), (6, watch.OUTSIDE), (6, "")):
        host.run()
        pid = host.running()  # the server has counted by now
        host.count_kills(counted)
        os.kill(pid, signal.SIGKILL)
        assert host.answer()["why"] == why


def test_a_clone_that_is_refused_is_told(start: Callable[[str], Host]) -> None:
    host = start("refuse")
    host.run()
    assert "no namespaces left" in host.answer()["broken"]


def test_a_checker_is_started_renewed_and_ended(host: Host) -> None:
    first, second = socket.socketpair()
    with first, second:
        host.order((first.fileno(),), do="checker")
        host.order((second.fileno(),), do="checker")
        host.run()
        while len(host.children()) != 2:  # the program and the second checker
            assert host.server.poll() is None
        host.order(do="checker")
        host.order(do="stop", job=1)
        host.answer()
    assert host.children() == []


def test_a_worker_that_leaves_takes_its_program_along(host: Host) -> None:
    host.run()
    pidfd = os.pidfd_open(host.running())
    host.line.close()
    assert select.select([pidfd], [], [], 60)[0]
    os.close(pidfd)


def test_without_root_there_is_nothing_to_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    zygote.drop_root(2_000_000_123)


def test_root_that_cannot_be_given_up_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "setgroups", refuse)
    with pytest.raises(OSError, match="started as root"):
        zygote.drop_root(2_000_000_123)


def test_root_becomes_a_user_nobody_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "setgroups", lambda groups: None)
    monkeypatch.setattr(os, "setresgid", lambda *uids: None)
    monkeypatch.setattr(os, "setresuid", lambda *uids: taken.extend(uids))
    monkeypatch.setattr(kernel, "be_dumpable", lambda: None)
    zygote.drop_root(2_000_000_123)
    assert taken == [2_000_000_123] * 3
