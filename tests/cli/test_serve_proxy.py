"""`topdraw serve proxy` as a process: where it listens, what it refuses, how it ends."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Topdraw
from tests.models.scripted_server import ScriptedServer

from topdraw.store.run import Run

BODY = {
    "model": "best-of-4/tiny",
    "messages": [{"role": "user", "content": "hi"}],
    "temperature": 1,
}


@contextlib.contextmanager
def process(*args: str, cwd: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "topdraw.cli", "serve", "proxy", "--port", "0", *args]
    command[1:3] = ["-c", "from topdraw.cli.__main__ import main; main()"]
    with subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        try:
            yield started, started.stdout.readline().strip()
        finally:
            started.kill()


def post(url: str, body: object) -> dict[str, object]:
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{url}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as reply:  # noqa: S310 - our own address
        found: dict[str, object] = json.load(reply)
        return found


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_under_way_is_answered_before_it_ends(tmp_path: Path, number: int) -> None:
    (tmp_path / "mine.py").write_text("def score(p, s): return [len(x.output) for x in s]\n")
    with (
        ScriptedServer(seconds=0.5) as up,
        process("--endpoint", up.url, "--with", "mine.py:score", "--record", "served",
                cwd=tmp_path) as (started, url),
    ):  # fmt: skip
        found: list[dict[str, object]] = []
        asking = threading.Thread(target=lambda: found.append(post(url, BODY)))
        asking.start()
        while up.counts.now == 0:
            threading.Event().wait(0.01)
        started.send_signal(number)
        asking.join()
        _, err = started.communicate(timeout=20)
    assert started.returncode == 0, err
    assert found[0]["choices"]
    assert "Stopped" in err
    assert "Traceback" not in err
    run = Run.open(tmp_path / "served")
    assert len(run.samples()) == 4
    assert run.scorers() == ["score"]
    assert run.verify().problems == []


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ((), 2, "--endpoint"),
        (("--endpoint", "nowhere"), 3, "is no address"),
        (("--endpoint", "http://x/v1", "--host", "0.0.0.0"), 3, "--allow-anybody"),
        (("--endpoint", "http://x/v1", "--select", "best_of_m"), 3, "no selector named"),
        (("--endpoint", "http://x/v1", "--with", "none.py:f"), 3, "There is no file"),
        (("--endpoint", "http://x/v1", "--port", "70000"), 2, "70000"),
        (("--endpoint", "http://x/v1", "--host", "999.1.1.1", "--allow-anybody"), 3, "cannot be"),
    ],
)
def test_what_cannot_be_served_is_said_at_once(
    topdraw: Topdraw, args: tuple[str, ...], code: int, said: str
) -> None:
    done = topdraw("serve", "proxy", *args)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_taken_port_is_said(topdraw: Topdraw) -> None:
    with ScriptedServer() as up:
        port = up.url.split(":")[2].split("/")[0]
        done = topdraw("serve", "proxy", "--endpoint", up.url, "--port", port)
    assert done.code == 3
    assert "Name another: --port" in done.err


def test_the_servers_are_listed(topdraw: Topdraw) -> None:
    assert "proxy" in topdraw("serve", "--help").out
    assert "--keys" in topdraw("serve", "proxy", "--help").out
    assert topdraw("serve", "nothing").code == 2
