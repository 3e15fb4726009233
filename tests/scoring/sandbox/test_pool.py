"""A pool keeps order, runs equal jobs once, serves many threads, and survives its server."""

import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from topdraw.errors import DomainError
from topdraw.scoring.sandbox.jobs import Calls, FunctionTests, Limits
from topdraw.scoring.sandbox.outcome import Outcome, Verdict
from topdraw.scoring.sandbox.pool import Sandbox

_SQUARE = "def f(x): return x * x"


def test_order_is_kept_and_equal_jobs_are_run_once(sandbox: Sandbox) -> None:
    program = "import os\ndef f(x): return os.urandom(8)"
    same, other = Calls(program, "f", (([1],),)), Calls(program, "f", (([2],),))
    first, second, third = sandbox.check([same, other, same])
    assert first is third
    assert first.cases[0].value != second.cases[0].value


def test_many_threads_may_check_at_once(sandbox: Sandbox) -> None:
    found: dict[int, list[Outcome]] = {}

    def check(n: int) -> None:
        found[n] = sandbox.check([Calls(_SQUARE, "f", ((n * 10 + i,),)) for i in range(5)])

    threads = [threading.Thread(target=check, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n, outcomes in found.items():
        values = [outcome.cases[0].value for outcome in outcomes]
        assert values == [(n * 10 + i) ** 2 for i in range(5)]


def _below(pid: int) -> list[int]:
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def test_it_goes_on_after_its_server_died_and_leaves_nothing(sandbox: Sandbox) -> None:
    ours = set(_below(os.getpid()))
    with Sandbox(workers=1) as own:
        job = FunctionTests(_SQUARE, "assert f(3) == 9", "f")
        assert own.check([job])[0].passed
        started = set(_below(os.getpid())) - ours
        assert len(started) >= 3
        for pid in started:
            os.kill(pid, signal.SIGKILL)
        assert own.check([job])[0].passed
        watched = [os.pidfd_open(pid) for pid in set(_below(os.getpid())) - ours]
    assert watched
    for pidfd in watched:
        assert select.select([pidfd], [], [], 10)[0], "it outlives its sandbox"
        os.close(pidfd)


def test_a_host_that_is_killed_leaves_nothing(sandbox: Sandbox) -> None:
    script = (
        "from topdraw.scoring.sandbox.pool import Sandbox\n"
        "from topdraw.scoring.sandbox.jobs import Calls, Limits\n"
        "with Sandbox(workers=1) as s:\n"
        "    print('started', flush=True)\n"
        "    limits = Limits(cpu_seconds=99)\n"
        "    s.check([Calls('import time\\ndef f(): time.sleep(99)', 'f', ((),), limits)])\n"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as host:
        assert host.stdout is not None
        host.stdout.readline()
        watched = [os.pidfd_open(pid) for pid in _below(host.pid)]
        host.kill()
    assert watched
    for pidfd in watched:
        assert select.select([pidfd], [], [], 10)[0], "it outlives its host"
        os.close(pidfd)


def test_it_is_used_in_a_block_with_at_least_one_worker() -> None:
    with pytest.raises(DomainError, match="at least one"):
        Sandbox(workers=0)
    with pytest.raises(RuntimeError, match="with"):
        Sandbox().check([])


def test_closing_ends_what_runs_elsewhere_as_a_crash(sandbox: Sandbox) -> None:
    own = Sandbox(workers=1)
    found: list[Outcome] = []
    with own:
        before = set(_below(os.getpid()))
        job = Calls("import time\ndef f(): time.sleep(99)", "f", ((),), Limits(cpu_seconds=99))
        thread = threading.Thread(target=lambda: found.extend(own.check([job])))
        thread.start()
        while not set(_below(os.getpid())) - before:
            continue
    thread.join()
    assert [outcome.verdict for outcome in found] == [Verdict.CRASH]
