"""Runs a test function's job: a program's process and a warm checker, introduced to each other.

Not here: the checker itself (`topdraw.scoring.sandbox.inside.checker`).
Try it: `topdraw sandbox check`.
"""

from __future__ import annotations

import json
import secrets
import socket
import time
from typing import Any

from topdraw.scoring.sandbox import reading
from topdraw.scoring.sandbox.inside import wire
from topdraw.scoring.sandbox.inside.checker import Report
from topdraw.scoring.sandbox.jobs import FunctionTests
from topdraw.scoring.sandbox.line import Broken, End, Line, wait
from topdraw.scoring.sandbox.outcome import Outcome

_LONGEST_REPORT = 1 << 28


class Checker:
    """The process that runs tests for one worker; started when first needed, then kept.

    Args:
        line: of the worker.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._control: socket.socket | None = None

    def close(self) -> None:
        """Hang up; the next `connection` starts another."""
        if self._control is not None:
            self._control.close()
            self._control = None

    def connection(self) -> socket.socket:
        """The connection to it."""
        if self._control is None:
            ours, theirs = socket.socketpair()
            with theirs:
                self._line.order([theirs.fileno()], do="checker")
            self._control = ours
        return self._control


def judge(line: Line, checker: Checker, job: FunctionTests) -> Outcome:
    """What the tests say of the program.

    Raises:
        Broken: when the sandbox did not do its part.
    """
    started = time.monotonic()
    nonce = secrets.token_hex(16)
    told: dict[str, Any] = {"program": job.program, "entry": job.entry, "setup": job.setup}
    told |= {"test": job.test, "most": job.limits.output_bytes, "nonce": nonce}
    control = checker.connection()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        deadline = line.start("calls", [theirs.fileno()], job.limits)
        socket.send_fds(control, [b"+"], [ours.fileno()])
    wire.send(control.fileno(), json.dumps(told).encode())
    report, end = _both(line, control, nonce, deadline, grace_seconds=job.limits.wall)
    if report is None:
        checker.close()
    return reading.of_report(report, end, job.limits, time.monotonic() - started)


def _both(
    line: Line, control: socket.socket, nonce: str, deadline: float, *, grace_seconds: float
) -> tuple[Report | None, End]:
    """The checker's report and the program's end, whichever comes first.

    The report is None when the checker goes on for `grace_seconds` after its program's end.
    """
    ready = wait([line.link, control], deadline)
    if control.fileno() in ready:
        report = _report(control, nonce)
        line.stop(hung_up=report.why == "gone")
        return report, line.end(deadline)
    end = line.end(deadline)
    if wait([control], time.monotonic() + grace_seconds):
        return _report(control, nonce), end
    return None, end


def _report(control: socket.socket, nonce: str) -> Report:
    said: dict[str, Any] = json.loads(wire.receive(control.fileno(), _LONGEST_REPORT))
    if said.pop("nonce") != nonce:
        raise Broken("the checker answered another job")
    said["cases"] = [(verdict, message) for verdict, message in said["cases"]]
    return Report(**said)
