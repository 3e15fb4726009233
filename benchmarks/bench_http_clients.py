"""Wall and CPU time of aiohttp and httpx for 1,024 chat requests, 64 at a time, 20 ms server.

Not here: topdraw's own overhead; that is bench_engine.py. The anchor is httpx (what the official
OpenAI client is built on). Prints one JSON line; decision: docs/decisions/002-http-client.md.
Try it: `python benchmarks/bench_http_clients.py`, or with 8 at a time: `... 8`.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from slow_server import running

REQUESTS, SECONDS, ROUNDS = 1024, 0.02, 5
AT_ONCE = int(sys.argv[1]) if len(sys.argv) > 1 else 64
BODY = {
    "model": "m",
    "messages": [{"role": "user", "content": "How many nuts does Leo have now? " * 8}],
    "n": 1,
    "temperature": 1.0,
    "top_p": 1.0,
    "max_tokens": 96,
}


async def _storm(post: Callable[[], Awaitable[object]]) -> None:
    left = iter(range(REQUESTS))

    async def worker() -> None:
        for _ in left:
            await post()

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))


async def with_aiohttp(url: str) -> None:
    """All requests with one pooled aiohttp session."""
    import aiohttp

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def post() -> object:
            async with session.post(f"{url}/chat/completions", json=BODY) as reply:
                return json.loads(await reply.read())

        await _storm(post)


async def with_httpx(url: str) -> None:
    """All requests with one pooled httpx client."""
    import httpx

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=AT_ONCE)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:

        async def post() -> object:
            return (await client.post(f"{url}/chat/completions", json=BODY)).json()

        await _storm(post)


CLIENTS = {"aiohttp": with_aiohttp, "httpx": with_httpx}


def main() -> None:
    """Best of five, the clients taking turns."""
    best = {name: {"wall_seconds": 9e9, "cpu_seconds": 9e9} for name in CLIENTS}
    with running(SECONDS) as url:
        for _ in range(ROUNDS):
            for name, client in CLIENTS.items():
                wall, cpu = time.perf_counter(), time.process_time()
                asyncio.run(client(url))
                row = best[name]
                row["wall_seconds"] = min(row["wall_seconds"], time.perf_counter() - wall)
                row["cpu_seconds"] = min(row["cpu_seconds"], time.process_time() - cpu)
    imports = {}
    for name in CLIENTS:
        code = f"import time; t = time.process_time(); import {name}; print(time.process_time()-t)"
        times = [
            float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(ROUNDS)
        ]
        imports[name] = min(times)
    result: dict[str, object] = {"requests": REQUESTS, "at_once": AT_ONCE, "server_ms": 20}
    for name, row in best.items():
        result[name] = {key: round(value, 3) for key, value in row.items()}
    result["import_cpu_seconds"] = {name: round(value, 3) for name, value in imports.items()}
    ratio = best["httpx"]["cpu_seconds"] / best["aiohttp"]["cpu_seconds"]
    result["cpu_ratio_httpx_over_aiohttp"] = round(ratio, 2)
    result["ideal_wall_seconds"] = REQUESTS / AT_ONCE * SECONDS
    print(json.dumps(result))


if __name__ == "__main__":
    main()
