"""kill -9 half-way and the same command again: the samples of an uninterrupted run, bit for bit."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from topdraw.store.run import Run

RUN = [sys.executable, "-m", "topdraw.cli", "run", "countdown", "-n", "100", "--problems", "24"]
N_SAMPLES = 2400


def _finish(folder: Path, out: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RUN, "--out", out], cwd=folder, capture_output=True, text=True, check=True
    )


def _kill_after(folder: Path, out: str, samples: int) -> int:
    process = subprocess.Popen([*RUN, "--out", out], cwd=folder, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while _lines(folder / out) < samples and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return _lines(folder / out)


def _lines(run: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in run.glob("segments/*.jsonl"))


@pytest.mark.slow
def test_killed_twice_and_run_again_equals_an_uninterrupted_run(tmp_path: Path) -> None:
    _finish(tmp_path, "whole")
    first = _kill_after(tmp_path, "cut", 300)
    second = _kill_after(tmp_path, "cut", 1200)
    assert 300 <= first < N_SAMPLES
    assert first < second < N_SAMPLES
    _finish(tmp_path, "cut")

    whole, cut = Run.open(tmp_path / "whole"), Run.open(tmp_path / "cut")
    assert len(whole.samples()) == N_SAMPLES
    assert cut.samples() == whole.samples()
    assert cut.samples("greedy") == whole.samples("greedy")
    for scorer in ("countdown", "reward"):
        assert cut.scores(scorer) == whole.scores(scorer)
    assert _drawn_rows(tmp_path / "cut") == N_SAMPLES + 24


def _drawn_rows(run: Path) -> int:
    """Rows on disk, before any reader drops repeated keys: a sample drawn twice shows here."""
    import duckdb

    parts = f"{run}/samples/*.parquet"
    return int(duckdb.execute(f"select count(*) from read_parquet('{parts}')").fetchall()[0][0])
