"""One run of Lean 4 on a file, with limits and an environment without secrets.

Not here: what goes into the file (`lean_text`).
Try it: `lean --version`, then `python -m pytest tests/scoring/test_lean_process.py`.

Lean runs as `lake env lean` in the project that TOPDRAW_LEAN_PROJECT names (a built one, with
Mathlib), else as `lean`. It is a plain process of yours, not in the sandbox: proofs that could run
code of their own are refused before (`lean_text.REFUSED`). Of your environment it sees PATH, HOME
and ELAN_HOME alone.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from topdraw.errors import MissingPackage

PROJECT = "TOPDRAW_LEAN_PROJECT"
CPU_SECONDS = 300
WALL_SECONDS = 900.0
_MOST_BYTES = 2**20
_FILE_BYTES = 2**24
_SEEN = ("PATH", "HOME", "ELAN_HOME")


@dataclass(frozen=True, slots=True)
class Checked:
    """What Lean said of a file.

    Attributes:
        code: its exit code; negative for a signal.
        printed: its messages, at most a mebibyte.
        late: "cpu" or "wall" when it ran out of time; "" when it did not.
    """

    code: int
    printed: str
    late: str = ""


def lean_command() -> list[str]:
    """The command that checks a file, without the file.

    Raises:
        MissingPackage: when Lean is not installed.
    """
    project = os.environ.get(PROJECT, "")
    if project and shutil.which("lake"):
        return ["lake", "env", "lean"]
    if shutil.which("lean"):
        return ["lean"]
    raise MissingPackage(
        "The scorer 'lean' needs Lean 4, and neither lake nor lean is on the PATH.",
        hint="Install it with elan (https://leanprover-community.github.io/get_started.html), and "
        f"set {PROJECT} to a built project that has Mathlib.",
    )


def run_lean(
    source: str, *, cpu_seconds: int = CPU_SECONDS, wall_seconds: float = WALL_SECONDS
) -> Checked:
    """What Lean says of a file.

    Args:
        source: of the file.
        cpu_seconds: processor time, >= 1.
        wall_seconds: time by the clock.

    Raises:
        MissingPackage: when Lean is not installed.
    """
    command = lean_command()
    folder = os.environ.get(PROJECT) or None
    with tempfile.TemporaryDirectory(prefix="topdraw-lean-") as place:
        file = Path(place, "Check.lean")
        file.write_text(source, encoding="utf-8", errors="replace")
        with Path(place, "printed").open("w+b") as printed:
            process = subprocess.Popen(  # noqa: S603  Lean, as the user installed it
                [*command, str(file)],
                cwd=folder if command[0] == "lake" else place,
                env={name: os.environ[name] for name in _SEEN if name in os.environ},
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: _limit(cpu_seconds),
            )
            late = _wait(process, wall_seconds)
            printed.seek(0)
            text = printed.read(_MOST_BYTES).decode("utf-8", "replace")
    by_limit = process.returncode in (-signal.SIGXCPU, 128 + signal.SIGXCPU)
    return Checked(process.returncode, text, late or ("cpu" if by_limit else ""))


def _wait(process: subprocess.Popen[bytes], seconds: float) -> str:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return "wall"
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it and all its children have gone
        process.wait()
    return ""


def _limit(cpu_seconds: int) -> None:
    for what, most in (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, _FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (soft, hard))
