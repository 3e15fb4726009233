"""The command line as a user meets it: arguments in; exit code, stdout and stderr out."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from topdraw.cli.__main__ import main


@dataclass(frozen=True)
class Outcome:
    """What one call of the command left behind."""

    code: int
    out: str
    err: str


Topdraw = Callable[..., Outcome]


@pytest.fixture
def topdraw(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> Topdraw:
    """Call `topdraw ARGS` inside an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*args: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["topdraw", *args])
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capfd.readouterr()
        return Outcome(code, out, err)

    return call
