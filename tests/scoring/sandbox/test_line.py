"""A server that is silent, gone or says it could not is *broken*, never a verdict."""

import json
import socket
import time
from collections.abc import Iterator

import pytest

from topdraw.scoring.sandbox.inside import wire
from topdraw.scoring.sandbox.jobs import Limits
from topdraw.scoring.sandbox.judging import _report
from topdraw.scoring.sandbox.line import Broken, End, Line

Ends = tuple[Line, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        yield Line(ours), theirs


def test_a_start_is_an_order_with_the_limits(ends: Ends) -> None:
    line, server = ends
    deadline = line.start("calls", [], Limits(cpu_seconds=2), product="x")
    order = json.loads(server.recv(1 << 16))
    assert (order["do"], order["role"], order["job"], order["product"]) == ("run", "calls", 1, "x")
    assert order["terms"]["wall_seconds"] == 7.0
    assert deadline > time.monotonic() + 21
    server.send(b'{"ended": 1, "code": 3, "cpu": 0.5, "why": ""}')
    assert line.end(deadline) == End(3, 0.5, "")


@pytest.mark.parametrize("said", [b'{"ended": 7}', b'{"ended": 0, "broken": "no room"}', None])
def test_what_is_no_end_is_broken(ends: Ends, said: bytes | None) -> None:
    line, server = ends
    if said is None:
        server.close()
    else:
        server.send(said)
    with pytest.raises(Broken, match=r"gone|no room"):
        line.end(time.monotonic() + 9)


def test_silence_is_broken(ends: Ends) -> None:
    with pytest.raises(Broken, match="silent"):
        ends[0].end(time.monotonic())


def test_a_report_without_the_nonce_is_none() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        wire.send(theirs.fileno(), b'{"nonce": "guessed", "verdict": "passed", "cases": []}')
        with pytest.raises(Broken, match="another job"):
            _report(ours, "secret")
