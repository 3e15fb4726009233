"""Ctrl-C and SIGTERM on a real process that draws from a slow server."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.models.scripted_server import ScriptedServer

from topdraw.sampling.interrupts import ours
from topdraw.store.run import Run

CHILD = """
import sys, time
from tests.sampling.test_engine import endpoint, task
from topdraw.sampling.engine import sample
began = []
try:
    sample(task(30), endpoint(sys.argv[1]), 5, out=sys.argv[2], concurrency=8,
           on_interrupt=lambda: began.append(time.monotonic()))
except KeyboardInterrupt:
    print("interrupted after", time.monotonic() - began[0])
    sys.exit(130)
"""


def start(url: str, out: Path) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, url, str(out)],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_until_asked(server: ScriptedServer, requests: int) -> None:
    end = time.monotonic() + 30
    while server.counts.requests < requests:
        assert time.monotonic() < end, "the child does not get on"
        time.sleep(0.005)


@pytest.fixture
def slow_server() -> Iterator[ScriptedServer]:
    with ScriptedServer(seconds=0.6) as server:
        yield server


def stored(out: Path) -> int:
    return len(Run.open(out).samples())


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_interrupt_lets_requests_under_way_finish_and_seals(
    slow_server: ScriptedServer, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    child = start(slow_server.url, tmp_path / "run")
    wait_until_asked(slow_server, 12)
    child.send_signal(number)
    assert child.wait(5) == code
    assert child.stdout is not None
    child.stdout.close()
    assert not list((tmp_path / "run").rglob("*.open.jsonl"))
    assert stored(tmp_path / "run") == slow_server.counts.paid == slow_server.counts.delivered
    bill = Run.open(tmp_path / "run").bill()
    assert (bill.requests, bill.paid_unused, bill.unknown) == (slow_server.counts.requests, 0, 0)


@pytest.mark.slow
def test_the_second_interrupt_stops_at_once(tmp_path: Path) -> None:
    with ScriptedServer(seconds=30) as server:
        child = start(server.url, tmp_path / "run")
        wait_until_asked(server, 8)
        child.send_signal(signal.SIGINT)
        assert child.stdout is not None
        time.sleep(0.2)
        child.send_signal(signal.SIGINT)
        said, _ = child.communicate(timeout=3)
    assert child.returncode == 130
    assert float(said.split()[-1]) < 2.5, "it waited for the grace of the first"
    bill = Run.open(tmp_path / "run").bill()
    assert (bill.requests, bill.unknown, bill.delivered) == (8, 8, 0)


@pytest.mark.slow
def test_a_request_that_never_ends_is_dropped_within_five_seconds(tmp_path: Path) -> None:
    with ScriptedServer(seconds=60) as server:
        child = start(server.url, tmp_path / "run")
        wait_until_asked(server, 8)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=5)
    assert child.returncode == 130
    assert not list((tmp_path / "run").rglob("*.open.jsonl"))


def test_handlers_of_others_are_left_alone() -> None:
    assert signal.SIGINT in ours()
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        assert ours() == (signal.SIGINT,)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_thread_handles_no_signals() -> None:
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(ours()))
    thread.start()
    thread.join()
    assert found == [()]
