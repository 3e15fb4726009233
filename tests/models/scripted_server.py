"""A real HTTP server on localhost that does what a script says, request by request.

Not here: expectations. It counts requests, choices paid (generated) and delivered (sent whole), so
that a test can say what the client cost. A script is a function of the body and of how often that
very body was seen before, so faults are the same at any concurrency.
Try it: `python -m pytest tests/models/test_endpoint.py`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request.

    `kind`: "status" (with status, body, headers), "reset", "reset_mid_body", "cut_json", "empty",
    "slow" (seconds before the first byte), "drip" (byte by byte), "raw" (any body with 200),
    "choices" (the choices given, as they are), "fewer" (that many choices), "hang".
    """

    kind: str
    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    choices: object = None
    fewer: int = 1


Script = Callable[[Mapping[str, Any], int], Fault | None]


def text_of(body: Mapping[str, Any], choice: int) -> str:
    """The text that this server gives: choice j has the seed s + j, as on vLLM."""
    prompt = body["messages"][0]["content"] if "messages" in body else body["prompt"]
    key = json.dumps([prompt, body.get("seed", 0) + choice, body.get("temperature", 1.0)])
    return "answer " + hashlib.sha256(key.encode()).hexdigest()[:16]


def never(body: Mapping[str, Any], attempt: int) -> Fault | None:
    return None


def first(*faults: Fault) -> Script:
    """Each body meets these faults in turn, then none."""

    def script(body: Mapping[str, Any], attempt: int) -> Fault | None:
        return faults[attempt] if attempt < len(faults) else None

    return script


def always(fault: Fault) -> Script:
    return lambda body, attempt: fault


def mixed(seed: int, faults: list[Fault], share: float, most: int = 3) -> Script:
    """A seeded mix: a share of the attempts fails, at most `most` times for one body."""

    def script(body: Mapping[str, Any], attempt: int) -> Fault | None:
        if attempt >= most:
            return None
        key = json.dumps([seed, attempt, body], sort_keys=True)
        chance = random.Random(key)
        return chance.choice(faults) if chance.random() < share else None

    return script


@dataclass
class Counts:
    requests: int = 0
    paid: int = 0
    delivered: int = 0
    lists: int = 0
    now: int = 0
    most_at_once: int = 0
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)


class ScriptedServer:
    """Runs in a thread of its own; a context manager."""

    def __init__(
        self,
        script: Script = never,
        *,
        max_n: int | None = None,
        most_choices: int | None = None,
        known_fields: frozenset[str] | None = None,
        models: tuple[str, ...] | None = ("tiny",),
        logprobs: bool = True,
        total_usage: bool = True,
        seconds: float = 0.0,
        cancels: bool = False,
    ) -> None:
        self.script = script
        self.max_n = max_n  # above it: 400
        self.most_choices = most_choices  # above it: fewer, without a word
        self.known_fields = known_fields  # others: 422
        self.models = models
        self.logprobs = logprobs
        self.total_usage = total_usage
        self.seconds = seconds
        self.cancels = cancels  # stops generating when the client has gone
        self.models_faults: list[Fault] = []
        self.counts = Counts()
        self.url = ""
        self._seen: Counter[str] = Counter()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        app = web.Application(client_max_size=2**28)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_post("/v1/completions", self._complete)
        app.router.add_get("/v1/models", self._models)
        runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handler_cancellation=self.cancels
        )
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0)
        self._loop.run_until_complete(site.start())
        # A host name, so that name resolution is part of every test.
        self.url = f"http://localhost:{runner.addresses[0][1]}/v1"
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        left = asyncio.all_tasks(self._loop)  # those of requests that hang
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _models(self, request: web.Request) -> web.StreamResponse:
        self.counts.lists += 1
        if self.models_faults:
            fault = self.models_faults.pop(0)
            return web.Response(status=fault.status, text=str(fault.body or ""))
        if self.models is None:
            return web.Response(status=404)
        return web.json_response({"data": [{"id": name} for name in self.models]})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        counts = self.counts
        counts.requests += 1
        counts.bodies.append(body)
        counts.headers.append(request.headers)
        counts.keys.append(request.headers.get("Authorization"))
        counts.times.append(self._loop.time())
        counts.now += 1
        counts.most_at_once = max(counts.most_at_once, counts.now)
        try:
            return await self._answer(request, body)
        finally:
            counts.now -= 1

    async def _answer(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        n = body.get("n", 1)
        refusal = self._refusal(body, n)
        if refusal is not None:
            return refusal
        key = json.dumps(body, sort_keys=True)
        fault = self.script(body, self._seen[key])
        self._seen[key] += 1
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if fault is None:
            return self._whole(request, body, min(n, self.most_choices or n))
        return await self._faulty(request, body, fault)

    def _refusal(self, body: dict[str, Any], n: int) -> web.Response | None:
        unknown = set(body) - self.known_fields if self.known_fields is not None else set()
        if unknown:
            detail = [
                {"type": "extra_forbidden", "loc": ["body", name], "input": body}
                for name in sorted(unknown)
            ]
            return web.json_response({"detail": detail}, status=422)
        if self.max_n is not None and n > self.max_n:
            # llama.cpp's own words.
            limits = f"Value must be between 1 <= value <= {self.max_n}, but got {n}"
            error = {"code": 400, "message": f"Field 'n': {limits}"}
            return web.json_response({"error": error}, status=400)
        return None

    def _reply(self, body: dict[str, Any], n: int) -> dict[str, Any]:
        choices = [self._choice(body, i) for i in range(n)]
        self.counts.paid += n
        return {
            "model": body["model"],
            "choices": choices,
            "usage": {"prompt_tokens": 7, "completion_tokens": 3 * (n if self.total_usage else 1)},
        }

    def _choice(self, body: dict[str, Any], i: int) -> dict[str, Any]:
        text = text_of(body, i)
        wanted = self.logprobs and body.get("logprobs")
        if "messages" in body:
            content = [{"token": t, "logprob": -0.5} for t in ("a", "b", "c")]
            logprobs: object = {"content": content} if wanted else None
            message = {"role": "assistant", "content": text}
            return {"index": i, "message": message, "finish_reason": "stop", "logprobs": logprobs}
        logprobs = {"token_logprobs": [-0.5, -0.25]} if wanted else None
        return {"index": i, "text": text, "finish_reason": "stop", "logprobs": logprobs}

    def _whole(self, request: web.Request, body: dict[str, Any], n: int) -> web.Response:
        reply = self._reply(body, n)
        self.counts.delivered += n
        return web.json_response(reply)

    async def _faulty(
        self, request: web.Request, body: dict[str, Any], fault: Fault
    ) -> web.StreamResponse:
        n = body.get("n", 1)
        if fault.kind == "status":
            text = fault.body if isinstance(fault.body, str) else json.dumps(fault.body)
            return web.Response(status=fault.status, text=text, headers=fault.headers)
        if fault.kind == "reset":
            return self._abort(request)
        if fault.kind in ("slow", "hang"):
            await asyncio.sleep(fault.seconds)
            return self._whole(request, body, n)
        if fault.kind == "fewer":
            return self._whole(request, body, min(n, fault.fewer))
        if fault.kind == "choices":
            reply = self._reply(body, n) | {"choices": fault.choices}
            return web.json_response(reply)
        if fault.kind == "raw":
            data = fault.body if isinstance(fault.body, bytes) else json.dumps(fault.body).encode()
            return web.Response(body=data, content_type="application/json", headers=fault.headers)
        whole = json.dumps(self._reply(body, n)).encode()
        if fault.kind == "cut_json":
            return web.Response(body=whole[: len(whole) // 2], content_type="application/json")
        return await self._partial(request, whole, fault)

    async def _partial(
        self, request: web.Request, whole: bytes, fault: Fault
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(whole))})
        await response.prepare(request)
        if fault.kind == "drip":
            for byte in whole:
                await response.write(bytes([byte]))
                await asyncio.sleep(fault.seconds)
            return response
        await response.write(whole[: len(whole) // 2])
        return self._abort(request)

    @staticmethod
    def _abort(request: web.Request) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        transport.abort()
        return web.Response()
