"""The fork server, in this process: its children are real, only their namespaces are missing."""

import json
import os
import select
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest

from topdraw.scoring.sandbox.inside import kernel, prison, watch, zygote
from topdraw.scoring.sandbox.inside.zygote import Zygote

_TERMS = {
    "cpu_seconds": 9.0,
    "wall_seconds": 99.0,
    "memory_bytes": 1 << 30,
    "disk_bytes": 1 << 20,
    "processes": 9,
}


def _wait_for_ever(*_: object) -> NoReturn:
    # As the real ones do: a copy of the host's end would keep the server from seeing it close.
    os.closerange(3, prison.MOST_DESCRIPTORS)
    while True:
        signal.pause()


def _end_with_seven(*_: object) -> NoReturn:
    os._exit(7)


class Host:
    """The other end: one master connection, one line."""

    def __init__(self) -> None:
        self.master, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.line, self.other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.line.settimeout(30)
        self.zygote = Zygote(theirs, None)
        self.theirs = theirs
        self.thread = threading.Thread(target=self.zygote.serve)
        self.thread.start()
        socket.send_fds(self.master, [b"+"], [self.other.fileno()])

    def order(self, given: tuple[int, ...] = (), **order: object) -> None:
        socket.send_fds(self.line, [json.dumps(order).encode()], given)

    def run(self, **terms: float) -> None:
        self.order(do="run", job=1, role="calls", terms=_TERMS | terms, most=99)

    def answer(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.line.recv(1 << 16))
        return found

    def close(self) -> None:
        self.line.close()
        self.master.close()
        self.thread.join()
        self.other.close()
        self.theirs.close()


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setattr(prison, "NAMESPACES", 0)
    monkeypatch.setattr(zygote, "_live", _wait_for_ever)
    started = Host()
    yield started
    started.close()


def _running(host: Host) -> int:
    """The process of the program the server runs, once it does."""
    while True:
        for line in list(host.zygote.lines.values()):
            if line.running is not None:
                return line.running.clone.pid


def test_an_end_is_told_with_its_code_and_cost(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zygote, "_live", _end_with_seven)
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


def test_a_kill_by_nobody_here_is_its_own_unless_the_kernel_says_otherwise(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills = [5]
    monkeypatch.setattr(watch, "oom_kills", lambda: kills[0])
    host.zygote.oom_kills = 5
    for counted, why in ((5, ""), (6, watch.OUTSIDE), (6, "")):
        kills[0] = counted
        host.run()
        os.kill(_running(host), signal.SIGKILL)
        assert host.answer()["why"] == why


def test_a_clone_that_is_refused_is_told(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> NoReturn:
        raise OSError("no namespaces left")

    monkeypatch.setattr(kernel, "clone", refuse)
    host.run()
    assert "no namespaces left" in host.answer()["broken"]


def test_a_checker_is_started_renewed_and_ended(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zygote, "_check", _wait_for_ever)
    first, second = socket.socketpair()
    with first, second:
        host.order((first.fileno(),), do="checker")
        host.order((second.fileno(),), do="checker")
        host.run()
        host.order(do="checker")
        host.order(do="stop", job=1)
        host.answer()
    assert [line.checker for line in host.zygote.lines.values()] == [0]


def test_a_worker_that_leaves_takes_its_program_along(host: Host) -> None:
    host.run()
    pidfd = os.pidfd_open(_running(host))
    host.line.close()
    assert select.select([pidfd], [], [], 10)[0]
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
