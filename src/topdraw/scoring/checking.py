"""One sandbox for all scorers of this process: started at the first program, ended at exit.

Not here: the sandbox itself (`topdraw.scoring.sandbox`).
Try it: `topdraw sandbox check`.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Sequence

from topdraw.scoring.sandbox.jobs import Job
from topdraw.scoring.sandbox.outcome import Outcome
from topdraw.scoring.sandbox.pool import Sandbox

_opening = threading.Lock()
_opened: list[Sandbox] = []


def check(jobs: Sequence[Job]) -> list[Outcome]:
    """One outcome per job, in order; may be called from many threads.

    Raises:
        SandboxUnavailable: where this machine does not allow what the sandbox takes.
    """
    return _sandbox().check(jobs) if jobs else []


def _sandbox() -> Sandbox:
    with _opening:
        if not _opened:
            sandbox = Sandbox()
            sandbox.__enter__()
            atexit.register(_close)
            _opened.append(sandbox)
        return _opened[0]


def _close() -> None:
    with _opening:
        while _opened:
            _opened.pop().close()
