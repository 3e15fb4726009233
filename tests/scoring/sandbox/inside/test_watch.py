"""What a process uses is read from outside, and the first limit that is used up is named."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from topdraw.scoring.sandbox.inside import watch
from topdraw.scoring.sandbox.inside.prison import Terms
from topdraw.scoring.sandbox.inside.watch import Watched

_EVER = Terms(1e9, 1e9, 1 << 40, 1 << 30, 32)


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    code = (
        "import subprocess, sys\n"
        "inner = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(99)'])\n"
        "print(flush=True)\n"
        "sys.stdin.read(); inner.kill(); inner.wait()\n"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-S", "-c", code], stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.communicate()


def test_time_and_memory_of_a_process_and_its_children(child: subprocess.Popen[bytes]) -> None:
    assert 0 < watch.cpu_seconds(child.pid) < 60
    [inner] = watch.descendants(child.pid)
    assert inner != child.pid
    assert watch.resident_bytes(child.pid) > 1 << 16
    assert watch.waited_seconds(child.pid) is None or watch.waited_seconds(child.pid) != -1


def test_the_first_limit_that_is_used_up(child: subprocess.Popen[bytes]) -> None:
    watched = Watched(child.pid, os.getpid())
    assert watched.over(_EVER) == ""
    assert watched.over(_EVER._replace(cpu_seconds=1e-9, memory_bytes=1)) == watch.CPU
    assert watched.over(_EVER._replace(memory_bytes=1, wall_seconds=0)) == watch.MEMORY


def test_waiting_for_a_processor_is_not_held_against_it(
    child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(watch, "waited_seconds", lambda pid: now[0] - 100.0)
    others = [1]
    monkeypatch.setattr(watch, "descendants", lambda pid: others)
    watched, terms = Watched(child.pid, 0), _EVER._replace(wall_seconds=10.0)
    now[0] = 115.0
    assert watched.over(terms) == watch.WALL  # it may have kept the processor busy by itself
    others.clear()
    assert watched.over(terms) == ""
    now[0] = 100.0 + watch.PATIENCE * 10.0
    assert watched.over(terms) == watch.STARVED
    watched.checker, watched.checker_cpu = os.getpid(), -1e10
    assert watched.over(terms) == watch.WALL
    watched.checker = 0
    monkeypatch.setattr(watch, "waited_seconds", lambda pid: None)
    assert watched.over(terms) == watch.WALL


def test_a_process_that_is_gone_uses_nothing() -> None:
    gone = 2**22 + 1
    assert watch.cpu_seconds(gone) == 0.0
    assert watch.waited_seconds(gone) is None
    assert watch.descendants(gone) == []
    assert watch.resident_bytes(gone) == 0


def test_the_kernel_counts_what_it_kills_for_memory() -> None:
    assert watch.oom_kills() >= 0
