"""A seal killed by SIGKILL at each step that changes the disk, in a process of its own.

Not here: what must hold afterwards; `test_fault_matrix`.
Try it: `python -m tests.store.kill_steps RUN FOLDER` makes copies, each killed one step later.

Between two steps nothing on the disk changes, so that a kill before each is a kill at any moment
but within a single write(), which tests of torn files cover.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb  # noqa: F401  # once, before the forks

from topdraw.store import replacing
from topdraw.store.run import Run


def main() -> None:
    """Kill at the first step, at the second, and so on, until a seal comes through."""
    run, folder = Path(sys.argv[1]), Path(sys.argv[2])
    at, status = 0, -1
    while status:
        at += 1
        copy = folder / f"{at:03d}"
        shutil.copytree(run, copy)
        if pid := os.fork():
            _, status = os.waitpid(pid, 0)
            if status and not os.WIFSIGNALED(status):
                sys.exit(f"The seal of {copy} failed instead of being killed.")
            continue
        killing(at)
        try:
            Run.open(copy).seal()
        except BaseException:  # noqa: BLE001  # a child must not go on with its parent's loop
            os._exit(1)
        os._exit(0)


def killing(at: int) -> None:
    """Make the at-th step from now the end of this process."""
    left = [at]

    def step(real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **named: object) -> object:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **named)

        return call

    os.rename, os.replace = step(os.rename), step(os.replace)  # type: ignore[assignment]  # same calls
    os.unlink = os.remove = step(os.unlink)  # type: ignore[assignment]  # same calls
    for name in ("unlink", "write_bytes"):
        setattr(Path, name, step(getattr(Path, name)))
    replacing.write_draft = step(replacing.write_draft)  # type: ignore[assignment]  # same calls


if __name__ == "__main__":
    main()
