"""Real writers killed by SIGKILL: no sample is lost after its acknowledgement.

A worker tells its parent each index after `append` has returned; what the parent heard of must be
in the run, and nothing may be there twice or torn.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.store.strategies import HASH, MODEL

from topdraw.core.records import Decoding, Problem, Task
from topdraw.store import parquet
from topdraw.store.run import Run, Sampler
from topdraw.store.segments import scan, segments

WORKERS = 2
TRIALS = 4
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
        if index % 40 == 39 and len(sys.argv) > 5:
            run.seal()
"""


def create(path: Path) -> Run:
    task = Task("t", "1", tuple(Problem(f"p{at}", "?") for at in range(WORKERS)))
    samplers = [Sampler(HASH, "sampled", Decoding(), 10**9)]
    return Run.create(path, task=task, model=MODEL, samplers=samplers, seed=0)


def start(run: Run, worker: int, first: int, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", WORKER, str(run.path), f"p{worker}", str(first), HASH, *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def kill(process: subprocess.Popen[bytes], seconds: float) -> list[int]:
    """Kill a worker some time after its first sample; returns what it acknowledged."""
    assert process.stdout is not None
    heard = process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    heard += process.stdout.read()
    process.wait()
    process.stdout.close()
    return [int(line) for line in heard.split(b"\n")[:-1]]


@pytest.mark.slow
@pytest.mark.parametrize("sealing", [(), ("seal",)], ids=["writing", "writing and sealing"])
def test_kill_nine_loses_no_acknowledged_sample(tmp_path: Path, sealing: tuple[str, ...]) -> None:
    run = create(tmp_path / "run")
    rng = random.Random(7)  # when to kill
    acked = [0] * WORKERS
    for trial in range(TRIALS):
        first = [(trial + 1) * 10**6] * WORKERS
        running = [start(run, worker, first[worker], *sealing) for worker in range(WORKERS)]
        heard = [kill(process, rng.uniform(0.0, 0.4)) for process in running]
        run = Run.open(run.path)
        found = run.drawn(HASH)
        for worker, indices in enumerate(heard):
            assert indices, "the worker stored nothing"
            assert {(f"p{worker}", index) for index in indices} <= found
            acked[worker] += len(indices)
    samples = run.samples()
    assert len({(one.problem_id, one.index) for one in samples}) == len(samples)
    assert all(
        one.output == f"{one.problem_id}/{one.index} " + "x" * (one.index * 7919 % 1500)
        for one in samples
    )
    # At most one sample per kill was stored and not heard of.
    assert sum(acked) <= len(samples) <= sum(acked) + TRIALS * WORKERS
    run.seal()
    assert run.samples() == samples
    assert segments(run.path / "segments") == []
    rows = sum(1 for _ in parquet.select(run.path / "samples", run.sample_ledger().kind))
    assert rows == len(samples)


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
    kill(process, 0.0)
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
