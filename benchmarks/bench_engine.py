"""Overhead of the sampling engine over raw concurrent requests of the same shape.

64 problems x 16 samples from a local server that answers after 20 ms, in two shapes: one request
per sample, and one request for all 16. The anchor is a bare loop over one pooled aiohttp session in
the same process and minute that parses each reply and keeps the texts in memory; topdraw also draws
seeds, builds bodies, checks replies, writes the bill and each sample to disk, and seals.

Not here: the choice of client (bench_http_clients.py), faults (tests/sampling/test_faults.py).
The bars are 1.25 and 0.5 ms of CPU per sample. Prints one JSON line per shape.
Try it: `python benchmarks/bench_engine.py`.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import aiohttp

sys.path.insert(0, str(Path(__file__).parent))
from slow_server import running
from topdraw.core.records import Problem, Task
from topdraw.core.seeds import sample_seed
from topdraw.models.endpoint import connect_endpoint
from topdraw.sampling.engine import sample

PROBLEMS, N, SECONDS, ROUNDS = 64, 16, 0.02, 7
TASK = Task(
    "bench",
    "1",
    tuple(Problem(f"bench/{i}", "How many nuts does Leo have now? " * 8) for i in range(PROBLEMS)),
)


class Times(NamedTuple):
    """Seconds of the wall and of the CPU."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> Times:
        """As the clocks stand."""
        return cls(time.perf_counter(), time.process_time())

    def since(self) -> Times:
        """What has gone by."""
        now = Times.now()
        return Times(now.wall - self.wall, now.cpu - self.cpu)


async def _raw(url: str, chunk: int, at_once: int) -> list[str]:
    left = ((p, i) for p in TASK.problems for i in range(0, N, chunk))
    texts: list[str] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def worker() -> None:
            for problem, index in left:
                body = {
                    "model": "m",
                    "messages": [{"role": "user", "content": problem.prompt}],
                    "temperature": 1.0,
                    "top_p": 1.0,
                    "n": chunk,
                    "seed": sample_seed(0, problem.id, index),
                }
                async with session.post(f"{url}/chat/completions", json=body) as reply:
                    answer = json.loads(await reply.read())
                texts.extend(choice["message"]["content"] for choice in answer["choices"])

        await asyncio.gather(*(worker() for _ in range(at_once)))
    return texts


def raw(url: str, chunk: int, at_once: int) -> Times:
    """The anchor."""
    began = Times.now()
    texts = asyncio.run(_raw(url, chunk, at_once))
    taken = began.since()
    assert len(texts) == PROBLEMS * N
    return taken


def engine(url: str, chunk: int, at_once: int) -> Times:
    """One run of 1,024 samples on disk."""
    model = connect_endpoint(url, model="m", chunk=chunk)
    with tempfile.TemporaryDirectory() as folder:
        began = Times.now()
        run = sample(TASK, model, N, out=Path(folder) / "run", concurrency=at_once)
        taken = began.since()
        bill = run.bill()
    assert bill.kept_samples == PROBLEMS * N == bill.requests * chunk
    return taken


def compare(url: str, chunk: int, at_once: int) -> None:
    """Best of seven, the two taking turns; the ratio of the best walls, and the median ratio."""
    times: dict[str, list[Times]] = {"raw": [], "engine": []}
    contestants = {"raw": raw, "engine": engine}
    for work in contestants.values():
        work(url, chunk, at_once)
    for _ in range(ROUNDS):
        for name, work in contestants.items():
            times[name].append(work(url, chunk, at_once))
    best = {name: min(taken.wall for taken in rows) for name, rows in times.items()}
    cpu = {name: min(taken.cpu for taken in rows) for name, rows in times.items()}
    pairs = zip(times["engine"], times["raw"], strict=True)
    result = {
        "bench": "engine over raw requests",
        "samples": PROBLEMS * N,
        "samples_per_request": chunk,
        "at_once": at_once,
        "server_ms": 1000 * SECONDS,
        "overhead": round(best["engine"] / best["raw"], 3),
        "overhead_median_of_pairs": round(statistics.median(e.wall / r.wall for e, r in pairs), 3),
        "wall_seconds": {name: round(value, 3) for name, value in best.items()},
        "cpu_ms_per_sample": {
            name: round(1000 * value / (PROBLEMS * N), 3) for name, value in cpu.items()
        },
        "load_average": os.getloadavg()[0],
    }
    print(json.dumps(result))


def main() -> None:
    """Both shapes; n = 16 also at 8 and 32 at once, the client's default: 64 are one round trip."""
    with running(SECONDS) as url:
        for chunk, at_once in ((1, 64), (16, 8), (16, 32), (16, 64)):
            compare(url, chunk, at_once)


if __name__ == "__main__":
    main()
