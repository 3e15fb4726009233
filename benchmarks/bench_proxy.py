"""What the proxy costs: best-of-16 and pass-through, against the same requests sent directly.

A local server answers after a fixed time, in a process of its own; so does the proxy, and the two
take turns in the same minute. The anchor for best-of-16 is a direct request with n=16, its reply
parsed and scored by the same function in the client; that for a request passed through is the
request itself. 128 requests at each number of clients; the ratio is of the medians, p99 beside it.

Not here: faults (tests/servers/proxy). The bars are 1.5 for both.
Prints one JSON line per shape. Try it: `python benchmarks/bench_proxy.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import aiohttp
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from slow_server import running

REQUESTS, ROUNDS = 128, 2
SCORER = "def length(problem, samples):\n    return [float(len(s.output)) for s in samples]\n"
MESSAGES = [{"role": "user", "content": "How many nuts does Leo have now? " * 8}]


@contextlib.contextmanager
def proxy(upstream: str) -> Iterator[subprocess.Popen[str]]:
    """`topdraw serve proxy` in another process."""
    with tempfile.TemporaryDirectory() as folder:
        scorer = Path(folder) / "mine.py"
        scorer.write_text(SCORER)
        program = "from topdraw.cli.__main__ import main; main()"
        options = ["--endpoint", upstream, "--port", "0", "--with", f"{scorer}:length"]
        command = [sys.executable, "-c", program, "serve", "proxy", *options]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            yield process
        finally:
            process.terminate()
            process.communicate()


@contextlib.asynccontextmanager
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """One pool of connections."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as opened:
        yield opened


async def times(url: str, body: dict[str, object], clients: int, scored: bool) -> list[float]:
    """Seconds of each of the requests, so many clients at once."""
    left = iter(range(REQUESTS))
    taken: list[float] = []
    async with session() as pool:

        async def client() -> None:
            for _ in left:
                began = time.perf_counter()
                async with pool.post(f"{url}/chat/completions", json=body) as reply:
                    answer = json.loads(await reply.read())
                if scored:
                    best = max(len(c["message"]["content"]) for c in answer["choices"])
                    assert best > 0
                taken.append(time.perf_counter() - began)

        await asyncio.gather(*(client() for _ in range(clients)))
    return taken


def compare(what: str, direct: Callable[[], list[float]], ours: Callable[[], list[float]]) -> None:
    """Take turns, and print the ratio of the medians."""
    direct(), ours()
    found: dict[str, list[float]] = {"direct": [], "proxy": []}
    for _ in range(ROUNDS):
        found["direct"] += direct()
        found["proxy"] += ours()
    told = {
        name: {f"p{q}_ms": round(1000 * float(np.percentile(values, q)), 2) for q in (50, 99)}
        for name, values in found.items()
    }
    ratio = told["proxy"]["p50_ms"] / told["direct"]["p50_ms"]
    line = {"bench": what, "ratio": round(ratio, 3), **told, "load_average": os.getloadavg()[0]}
    print(json.dumps(line))


def main() -> None:
    """A server as fast as a small local model, and one as slow as a large one."""
    for seconds, numbers in ((0.02, (1, 4, 8)), (0.5, (32, 128))):
        with running(seconds) as upstream, proxy(upstream) as process:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            for clients in numbers:

                def ask(
                    where: str, *, n: int, name: str, scored: bool, clients: int = clients
                ) -> Callable[[], list[float]]:
                    more: dict[str, object] = {"n": n} if n > 1 else {}
                    body = {"model": name, "messages": MESSAGES, "temperature": 1.0, **more}
                    return lambda: asyncio.run(times(where, body, clients, scored))

                shape = f"{1000 * seconds:g} ms server, {clients} clients"
                compare(
                    f"best of 16, {shape}",
                    ask(upstream, n=16, name="m", scored=True),
                    ask(url, n=1, name="best-of-16/m", scored=False),
                )
                compare(
                    f"passed through, {shape}",
                    ask(upstream, n=1, name="m", scored=False),
                    ask(url, n=1, name="m", scored=False),
                )


if __name__ == "__main__":
    main()
