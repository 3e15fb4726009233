"""Runs a job of calls: asks a program's function for each input in turn, from the host.

Not here: comparing what it gives, which is the caller's.
Try it: `topdraw sandbox check`.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

from topdraw.scoring.sandbox import reading
from topdraw.scoring.sandbox.inside.checker import shown
from topdraw.scoring.sandbox.inside.peer import Lost, Peer
from topdraw.scoring.sandbox.inside.plain import NotPlain
from topdraw.scoring.sandbox.jobs import Calls
from topdraw.scoring.sandbox.line import Line
from topdraw.scoring.sandbox.outcome import Case, Outcome, Verdict


def call(line: Line, job: Calls) -> Outcome:
    """What the function gives for each input.

    Raises:
        Broken: when the sandbox did not do its part.
        DomainError: for an input that cannot cross.
    """
    started = time.monotonic()
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            deadline = line.start("calls", [theirs.fileno()], job.limits)
        peer = Peer(ours.fileno(), job.limits.output_bytes, handles=False)
        fault = _fault(peer, job)
        cases = [] if fault else list(_cases(peer, job))
        line.stop(hung_up=peer.lost == "gone")
    end = line.end(deadline)
    cases += [Case(None)] * (len(job.inputs) - len(cases))
    return reading.of_calls(fault, cases, peer.lost, end, job.limits, time.monotonic() - started)


def _fault(peer: Peer, job: Calls) -> Case | None:
    """Why nothing can be called; None when all is well."""
    try:
        peer.define(job.program, job.entry)
    except Lost:
        return Case(None)
    except Exception as error:  # noqa: BLE001  whatever the program raised
        return _case(error, defining=True)
    return None


def _cases(peer: Peer, job: Calls) -> Iterator[Case]:
    for arguments in job.inputs:
        try:
            yield Case(Verdict.RAN, peer.ask("call", job.entry, list(arguments), {}))
        except Lost:
            return
        except NotPlain as error:
            yield Case(Verdict.CRASH, message=shown(error))
        except Exception as error:  # noqa: BLE001  whatever the program raised
            yield _case(error)


def _case(error: Exception, *, defining: bool = False) -> Case:
    verdict = Verdict.ERROR
    if isinstance(error, MemoryError):
        verdict = Verdict.MEMORY
    elif defining and isinstance(error, SyntaxError):
        verdict = Verdict.SYNTAX
    return Case(verdict, message=shown(error))
