"""A real HTTP server that speaks like vLLM and text-embeddings-inference, and fails on demand.

The value of an output is its length. Outputs that hold "long" are refused as too long, "broken" is
a server error, "null" has no value; `fail_first` answers that many requests by 503, and
`busy` that many with an output that holds "busy" by 429.
Not here: expectations.
Try it: `python -m pytest tests/scoring/rewards/test_server.py`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import web
from tests.scoring.rewards.tiny import Loose


@dataclass
class Seen:
    """What the server saw, and how it is to behave."""

    url: str = ""
    bodies: list[dict[str, Loose]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    fail_first: int = 0
    busy: int = 0
    status: int = 0
    raw: str = ""
    under_way: int = 0
    most_under_way: int = 0


def _outputs(route: str, body: dict[str, Loose]) -> list[str]:
    if route in ("classify", "pooling"):
        return [body["messages"][-1]["content"]]
    if route == "predict":
        return [pair[1] for pair in body["inputs"]]
    return list(body["text_2"] if route == "score" else body["texts"])


def _reply(route: str, outputs: list[str]) -> Loose:
    values = [None if "null" in text else float(len(text)) for text in outputs]
    if route == "classify":
        return {"data": [{"index": 0, "label": "LABEL_0", "probs": values, "num_classes": 1}]}
    if route == "pooling":
        steps = outputs[0].split("#")[:-1]
        rows: Loose = [[1 - len(step) / 10, len(step) / 10] for step in steps] or [values]
        return {"data": [{"index": 0, "object": "pooling", "data": rows}]}
    if route == "predict":
        return [[{"label": "LABEL_0", "score": value}] for value in values]
    ranked = [{"index": at, "score": value} for at, value in enumerate(values)]
    return {"data": ranked} if route == "score" else ranked[::-1]


def _app(seen: Seen) -> web.Application:
    async def answer(request: web.Request) -> web.Response:
        seen.under_way += 1
        seen.most_under_way = max(seen.most_under_way, seen.under_way)
        try:
            return await respond(request)
        finally:
            seen.under_way -= 1

    async def respond(request: web.Request) -> web.Response:
        body, route = await request.json(), request.match_info["route"]
        seen.bodies.append(body)
        seen.keys.append(request.headers.get("Authorization"))
        await asyncio.sleep(0)
        if len(seen.bodies) <= seen.fail_first:
            return web.json_response({"error": {"message": "busy"}}, status=503)
        if seen.status:
            return web.json_response({"error": {"message": "no, key-12345678"}}, status=seen.status)
        if seen.raw:
            return web.Response(text=seen.raw)
        outputs = _outputs(route, body)
        if any("long" in text for text in outputs):
            return web.json_response({"error": "too long", "error_type": "validation"}, status=422)
        if any("broken" in text for text in outputs):
            return web.json_response({"error": "inference failed"}, status=500)
        if any("busy" in text for text in outputs) and seen.busy > 0:
            seen.busy -= 1
            return web.json_response({"error": "slow down"}, status=429)
        return web.json_response(_reply(route, outputs))

    app = web.Application()
    app.router.add_post("/{route}", answer)
    return app


@contextmanager
def score_server() -> Iterator[Seen]:
    """The server, in a thread of its own."""
    seen, ready, loop = Seen(), threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def main() -> None:
        runner = web.AppRunner(_app(seen))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert runner.addresses
        seen.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(30)
    yield seen
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()
