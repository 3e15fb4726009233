"""Workers: from threads, after a fork, under spawn, killed, hung, out of limits, no zombie left."""

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from topdraw.errors import MissingPackage
from topdraw.scoring.equality import pool as module
from topdraw.scoring.equality.pool import Pool, Worker, ask, pool, require_math

pytestmark = pytest.mark.slow


@pytest.fixture
def small() -> Iterator[Pool]:
    made = Pool(at_once=2, cpu_seconds=1.0)
    yield made
    made.close()


def _alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_from_many_threads_with_few_workers(small: Pool) -> None:
    questions = [(f"\\frac{{{i}}}{{6}}", f"\\frac{{{2 * i}}}{{12}}") for i in range(12)]
    with ThreadPoolExecutor(6) as threads:
        said = list(threads.map(lambda pair: small.ask(*pair), questions))
    assert said == ["equal"] * 12
    assert 1 <= len(small._idle) <= 2


def test_what_was_said_is_remembered(small: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert small.ask("2x", "x+x") == "equal"
    monkeypatch.setattr(small, "_asked", lambda gold, answer: "crashed")
    assert small.ask("2x", "x+x") == "equal"
    assert small.ask("x", "y") == "crashed"
    monkeypatch.setattr(module, "REMEMBERED", 0)
    monkeypatch.setattr(small, "_asked", lambda gold, answer: "different")
    assert small.ask("x", "y") == "different"
    assert not small._known


def test_a_killed_worker_is_replaced_and_the_question_asked_again(small: Pool) -> None:
    assert small.ask("1/2", "0.5") == "equal"
    first = small._idle[0].pid
    os.kill(first, signal.SIGKILL)
    assert small.ask("1/3", "2/6") == "equal"
    assert small._idle[0].pid != first
    assert not _alive(first)


def test_out_of_time_in_python_and_in_c(small: Pool) -> None:
    # The first is stopped by a timer, the second by the kernel: one power in C.
    assert small.ask("9^{9^{9^9}}", "3") == "slow"
    assert small.ask("2^{10000000000}", "3") in ("slow", "memory")
    assert small._idle == []
    assert small.ask("1", "1.0") == "equal"


def test_a_worker_that_says_nothing_in_time_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker(5.0)
    assert worker.ask("1", "1") == "equal"
    os.kill(worker.pid, signal.SIGSTOP)
    monkeypatch.setattr(module, "WALL_SECONDS", 0.05)
    assert worker.ask("1", "2") == "slow"
    worker.close()
    assert not _alive(worker.pid)


def test_a_worker_that_cannot_start_is_a_crash(
    small: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert small.ask("1", "2") == "crashed"
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    assert small.ask("1", "2") == "crashed"


def test_an_interrupt_leaves_no_worker_behind(small: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Worker] = []

    def interrupted(self: Worker, gold: str, answer: str) -> str:
        started.append(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(Worker, "ask", interrupted)
    with pytest.raises(KeyboardInterrupt):
        small.ask("1", "2")
    assert not _alive(started[0].pid)


def test_no_key_of_ours_is_in_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    worker = Worker(5.0)
    assert worker.ask("1", "1") == "equal"
    assert b"sk-secret" not in Path(f"/proc/{worker.pid}/environ").read_bytes()
    worker.close()


_CHILD = """
    import multiprocessing, os, sys
    from topdraw.scoring.equality.pool import ask, pool

    def child(queue):
        queue.put((ask("1/2", "0.5"), pool()._idle[0].pid))

    if __name__ == "__main__":
        said = ask("1/3", "2/6")
        mine = pool()._idle[0].pid
        context = multiprocessing.get_context(sys.argv[1])
        queue = context.Queue()
        process = context.Process(target=child, args=(queue,))
        process.start()
        theirs = queue.get(timeout=100)
        process.join()
        print(said, theirs[0], mine != theirs[1], ask("1/4", "2/8"), pool()._idle[0].pid == mine)
        print(mine, theirs[1])
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_under_fork_and_spawn_and_nothing_is_left(method: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(_CHILD))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), method],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    words, pids = done.stdout.splitlines()
    assert words == "equal equal True equal True"
    assert not any(_alive(int(pid)) for pid in pids.split())
    assert method in multiprocessing.get_all_start_methods()


def test_ask_cleans_and_refuses_what_is_too_long() -> None:
    assert ask("$90^\\circ$", "90") == "equal"
    assert ask("1" * 600, "1") == "no gold"
    assert ask("1", "1" * 600) == "no answer"


def test_a_forked_child_forgets_its_parents_pool() -> None:
    before = pool()
    assert pool() is before
    module._forget()
    assert pool() is not before
    before.close()
    assert isinstance(module._lock, type(threading.Lock()))


def test_the_end_of_a_worker_is_its_owners() -> None:
    worker = Worker(5.0)
    process = worker._process
    module._end(process, os.getpid() + 1)
    assert _alive(worker.pid)
    assert process.returncode == 0
    process.returncode = None
    worker.close()
    assert not _alive(worker.pid)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    require_math.cache_clear()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingPackage, match=r"pip install 'topdraw\[math\]'"):
        require_math()
    require_math.cache_clear()
