"""Real processes beside each other on one run; `test_fault_matrix` kills them by the hundred."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.store.strategies import HASH, MODEL

from topdraw.core.records import Decoding, Problem, Task
from topdraw.store import parquet
from topdraw.store.run import Run, Sampler
from topdraw.store.segments import scan, segments

WORKER = """
import os, sys
from topdraw.core.records import Sample
from topdraw.store.run import Run

run = Run.open(sys.argv[1])
problem, first, sampler = sys.argv[2], int(sys.argv[3]), sys.argv[4]
with run.writer() as writer:
    for index in range(first, 10**9):
        text = f"{problem}/{index} " + "x" * (index * 7919 % 1500)
        writer.append(Sample(problem, index, text, sampler=sampler))
        os.write(1, b"%d\\n" % index)
"""


def create(path: Path) -> Run:
    task = Task("t", "1", tuple(Problem(f"p{at}", "?") for at in range(2)))
    samplers = [Sampler(HASH, "sampled", Decoding(), 10**9)]
    return Run.create(path, task=task, model=MODEL, samplers=samplers, seed=0)


def start(run: Run, worker: int, first: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", WORKER, str(run.path), f"p{worker}", str(first), HASH]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


@pytest.mark.slow
def test_a_reader_beside_a_living_writer_sees_whole_records_only(tmp_path: Path) -> None:
    run = create(tmp_path / "run")
    process = start(run, 0, 0)
    assert process.stdout is not None
    process.stdout.readline()
    seen = 0
    for _ in range(20):
        again = Run.open(run.path)
        assert again.recovered == []
        samples = again.samples()
        assert [one.index for one in samples] == list(range(len(samples)))
        assert len(samples) >= seen
        seen = len(samples)
    assert seen > 0
    (path,) = segments(run.path / "segments")
    assert path.name.endswith(".open.jsonl")
    process.send_signal(signal.SIGKILL)
    process.stdout.read()
    process.wait()
    process.stdout.close()
    assert not scan(path.read_bytes()).damaged or Run.open(run.path).recovered


@pytest.mark.slow
def test_processes_that_make_the_same_run_at_once_make_one(tmp_path: Path) -> None:
    code = """
import sys
from topdraw.store.run import Run, Sampler
from topdraw.core.records import *
d = Decoding()
m = {"name": "tiny"}
t = Task("t", "1", tuple(Problem(str(i), "?") for i in range(500)))
n = int(sys.argv[2])
s = Sampler(sampler_hash(m, d), "sampled", d, n)
run = Run.create(sys.argv[1], task=t, model=m, samplers=[s], seed=0)
with run.writer() as writer:
    for i in range(n):
        writer.append(Sample("0", i, str(i), sampler=s.hash))
run.seal()
"""
    path = tmp_path / "run"
    command = [sys.executable, "-c", code, str(path)]
    running = [subprocess.Popen([*command, str(10 * at)]) for at in range(1, 5)]
    assert [process.wait() for process in running] == [0] * 4
    run = Run.open(path)
    assert [one.n for one in run.manifest.samplers] == [40]
    assert len(run.problems) == 500
    run.seal()
    assert [one.index for one in run.samples()] == list(range(40))
    rows = sum(1 for _ in parquet.select(path / "samples", run.sample_ledger().kind))
    assert rows == 40
    assert {name for name in os.listdir(path) if not name.startswith(".")} == {
        *("manifest.json", "problems.jsonl", "segments", "samples")
    }
