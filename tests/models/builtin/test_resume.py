"""A run with the built-in model that is killed at any moment and resumed has the same bits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import topdraw as td

SCRIPT = """
import sys
import topdraw as td

def tell(progress):
    print(progress.done, flush=True)

problems = td.load("countdown").problems[:6]
td.sample(problems, "builtin", n=130, out=sys.argv[1], on_progress=tell)
"""


def draw(out: Path, *, kill_after: int | None = None) -> None:
    """Draw in a process of its own, which is killed once that many samples are reported."""
    command = [sys.executable, "-c", SCRIPT, str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if kill_after is not None and int(line) >= kill_after:
                process.kill()
                break
        process.stdout.read()


@pytest.mark.slow
def test_killed_and_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    draw(tmp_path / "whole")
    expected = td.Run.open(tmp_path / "whole").samples()
    assert len(expected) == 6 * 130
    for kill_after in (1, 130, 300):
        draw(tmp_path / "killed", kill_after=kill_after)
    assert 0 < len(td.Run.open(tmp_path / "killed").samples()) < len(expected)
    draw(tmp_path / "killed")
    assert td.Run.open(tmp_path / "killed").samples() == expected
