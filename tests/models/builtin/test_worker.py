"""The worker process: what it is told and says, and how it ends."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Decoding
from topdraw.errors import DomainError, EndpointError
from topdraw.models.builtin.batch import Draw
from topdraw.models.builtin.engine import Engine
from topdraw.models.builtin.worker import Drawn, Worker, answer, read_answer, request

DRAWS = [Draw(0, 7), Draw(5, 9)]
SETTINGS = Decoding(temperature=0.9, top_k=100, max_tokens=8, stop=("~~", "\u2028"))


@pytest.fixture
def worker() -> Iterator[Worker]:
    started = Worker("builtin")
    yield started
    started.close()


def is_running(pid: int) -> bool:
    """Whether a process exists and is not a zombie that nobody has collected yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(pid: int, *, seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_running(pid)


def test_an_answer_is_what_the_engine_draws(engine: Engine) -> None:
    said = read_answer(answer(engine, request("1+1=", DRAWS, SETTINGS)))
    outputs = engine.generate("1+1=", DRAWS, SETTINGS)
    assert said == [
        Drawn(o.text, o.finish_reason, o.logprob, o.prompt_tokens, len(o.tokens)) for o in outputs
    ]


@given(st.text(st.characters()))
def test_a_request_is_one_line_whatever_the_text(text: str) -> None:
    line = request(text, DRAWS, Decoding(stop=(text,)))
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    line.decode("ascii")


def test_a_refusal_is_the_engines_error(engine: Engine) -> None:
    line = answer(engine, request("word " * 3000, DRAWS, SETTINGS))
    with pytest.raises(DomainError, match=r"at most 512\. Shorten the prompt\."):
        read_answer(line)


def test_a_process_answers_with_the_same_bits(worker: Worker) -> None:
    engine = Engine.load()
    for prompt in ("1+1=", "\ud800<|end|>\x00", "é" * 50):
        line = request(prompt, DRAWS, SETTINGS)
        assert read_answer(worker.ask(line)) == read_answer(answer(engine, line))


def test_a_dead_process_is_one_sentence(worker: Worker) -> None:
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(EndpointError, match=r"ended unexpectedly \(exit code -9"):
        worker.ask(request("1", DRAWS, SETTINGS))


def test_what_a_process_complained_of_is_told() -> None:
    broken = Worker("nonsense")
    with pytest.raises(EndpointError, match=r"exit code 1: .*no stage .* named 'nonsense'"):
        broken.ask(request("1", DRAWS, SETTINGS))
    broken.close()


def test_a_forgotten_worker_ends() -> None:
    forgotten = Worker("builtin")
    pid = forgotten.pid
    del forgotten
    gc.collect()
    assert not is_running(pid)


def test_closing_twice_is_harmless(worker: Worker) -> None:
    worker.close()
    worker.close()
    assert not is_running(worker.pid)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_a_killed_parent_leaves_no_orphan() -> None:
    code = (
        "from topdraw.models.builtin.worker import *; import sys\n"
        "worker = Worker('builtin')\n"
        "worker.ask(request('1', [], Decoding()))\n"
        "print(worker.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()
    assert wait_until_gone(pid)


def test_the_module_runs_by_hand() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "topdraw.models.builtin.worker", "builtin"],
        input=request("1", [Draw(0, 1)], Decoding(max_tokens=3)),
        capture_output=True,
        check=True,
    )
    (output,) = read_answer(process.stdout)
    assert 1 <= output.output_tokens <= 3
