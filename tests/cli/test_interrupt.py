"""Ctrl-C and SIGTERM at the terminal: drained, said, resumable; twice stops now."""

import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.models.scripted_server import Fault, ScriptedServer

from topdraw.store.run import Run

DRAW = ("sample", "countdown", "--problems", "4", "-n", "4", "--no-greedy", "--chunk", "1")
TOPDRAW = (sys.executable, "-m", "topdraw.cli")


class Held:
    """A script by which the first requests are answered, and all later ones hang."""

    def __init__(self, answered: int) -> None:
        self.asked = 0
        self.hanging = threading.Event()
        self._answered = answered

    def __call__(self, body: Any, attempt: int) -> Fault | None:  # noqa: ANN401 - a JSON object
        self.asked += 1
        if self.asked <= self._answered:
            return None
        self.hanging.set()
        return Fault("hang", seconds=60)


@contextmanager
def _hanging(folder: Path, answered: int = 6) -> Iterator[subprocess.Popen[str]]:
    """The command, with some samples drawn and a request under way that will never be answered."""
    script = Held(answered)
    with ScriptedServer(script) as server:
        command = [*TOPDRAW, *DRAW, "--endpoint", server.url, "--concurrency", "1", "--out", "x"]
        with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
            assert script.hanging.wait(60)
            yield process
            process.kill()


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_once_drains_says_so_and_the_same_command_goes_on(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with _hanging(tmp_path) as process:
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Stopping: waiting up to 3 s for 1 request under way; Ctrl-C again stops now." in err
    assert "the same command goes on" in err
    assert "1 request under way was dropped; it may be charged." in err
    assert "Traceback" not in err
    run = Run.open(tmp_path / "x")
    assert len(run.samples()) == 6
    assert run.recovered == []
    assert run.bill().unknown == 1
    with ScriptedServer() as server:
        command = [*TOPDRAW, *DRAW, "--endpoint", server.url, "--out", "x"]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        assert server.counts.delivered == 10
    assert len(Run.open(tmp_path / "x").samples()) == 16


@pytest.mark.slow
def test_twice_stops_now(tmp_path: Path) -> None:
    with _hanging(tmp_path) as process:
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        for told in process.stderr:
            if told.startswith("Stopping"):
                break
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert len(Run.open(tmp_path / "x").samples()) == 6


@pytest.mark.slow
@pytest.mark.parametrize("columns", [80, 40])
def test_a_terminal_is_left_as_it_was_and_never_overrun(tmp_path: Path, columns: int) -> None:
    script = Held(6)
    leader, follower = pty.openpty()
    with ScriptedServer(script) as server:
        command = [*TOPDRAW, *DRAW, "--endpoint", server.url, "--concurrency", "1", "--out", "x"]
        size = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm"}
        with subprocess.Popen(command, cwd=tmp_path, stderr=follower, env=size) as process:
            os.close(follower)
            assert script.hanging.wait(60)
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGINT)
            shown = b"".join(iter(lambda: _read(leader), b"")).decode()
    assert process.returncode == 130
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l") >= 0, "the cursor stays hidden"
    bars = [line for line in re.split(r"[\r\n]+", _plain(shown)) if "Drawing" in line]
    assert bars
    assert all(len(bar) <= columns for bar in bars)
    assert any("/16 samples" in bar for bar in bars)


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
