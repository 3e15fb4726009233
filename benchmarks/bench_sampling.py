"""Overhead of the sampling engine over raw concurrent requests: 1,024 samples, 20 ms server.

Not here: the choice of client (bench_http_clients.py). The anchor is a bare loop over one pooled
aiohttp session in the same process and minute that parses each reply and keeps the text in memory;
topdraw also draws seeds, builds bodies, checks replies and writes each sample to the journal.
The bar is 1.25, the goal 1.10. Prints one JSON line.
Try it: `python benchmarks/bench_sampling.py`.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).parent))
from slow_server import running
from topdraw.core.records import Problem, Task
from topdraw.core.seeds import sample_seed
from topdraw.models.endpoint import connect_endpoint
from topdraw.sampling.engine import sample

PROBLEMS, N, AT_ONCE, SECONDS, ROUNDS = 64, 16, 64, 0.02, 5
TASK = Task(
    "bench",
    "1",
    tuple(Problem(f"bench/{i}", "How many nuts does Leo have now? " * 8) for i in range(PROBLEMS)),
)


async def _raw(url: str) -> list[str]:
    left = ((p, i) for p in TASK.problems for i in range(N))
    texts: list[str] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def worker() -> None:
            for problem, index in left:
                body = {
                    "model": "m",
                    "messages": [{"role": "user", "content": problem.prompt}],
                    "temperature": 1.0,
                    "top_p": 1.0,
                    "seed": sample_seed(0, problem.id, index),
                }
                async with session.post(f"{url}/chat/completions", json=body) as reply:
                    answer = json.loads(await reply.read())
                texts.append(answer["choices"][0]["message"]["content"])

        await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return texts


def raw(url: str) -> None:
    """The anchor."""
    assert len(asyncio.run(_raw(url))) == PROBLEMS * N


def engine(url: str, chunk: int) -> None:
    """One run of 1,024 samples on disk."""
    model = connect_endpoint(url, model="m", chunk=chunk)
    with tempfile.TemporaryDirectory() as folder:
        run = sample(TASK, model, N, out=Path(folder) / "run", concurrency=AT_ONCE)
        assert len(list(run.path.glob("segments/*"))) + len(list(run.path.glob("samples/*"))) > 0


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """Best of five, the contestants taking turns; ratios of the best walls."""
    times: dict[str, list[tuple[float, float]]] = {"raw": [], "engine": [], "engine_n16": []}
    with running(SECONDS) as url:
        raw(url)
        engine(url, 1)
        for _ in range(ROUNDS):
            times["raw"].append(_timed(lambda: raw(url)))
            times["engine"].append(_timed(lambda: engine(url, 1)))
            times["engine_n16"].append(_timed(lambda: engine(url, 16)))
    best = {name: min(wall for wall, _ in rows) for name, rows in times.items()}
    cpu = {name: min(cpu for _, cpu in rows) for name, rows in times.items()}
    pairs = zip(times["engine"], times["raw"], strict=True)
    result = {
        "samples": PROBLEMS * N,
        "at_once": AT_ONCE,
        "server_ms": 20,
        "overhead": round(best["engine"] / best["raw"], 3),
        "overhead_median_of_pairs": round(statistics.median(e[0] / r[0] for e, r in pairs), 3),
        "wall_seconds": {name: round(value, 3) for name, value in best.items()},
        "cpu_seconds": {name: round(value, 3) for name, value in cpu.items()},
        "ideal_wall_seconds": PROBLEMS * N / AT_ONCE * SECONDS,
        "load_average": os.getloadavg()[0],
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
