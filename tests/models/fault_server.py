"""A raw HTTP server on localhost that breaks whatever it is told to, HTTP itself included.

It runs in a thread (`with FaultServer(plan)`), or in a process of its own that ends with its
standard input. Its record of all requests is `log`; another process gets it with `Log.of`.
Not here: what goes wrong (`fault_kinds`), and when (`fault_plans`).
Try it: `python -m tests.models.fault_server --plan mix --seed 3`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from tests.models.fault_kinds import NAMES
from tests.models.fault_log import Log, Seen
from tests.models.fault_plans import Plan, mix, quiet
from tests.models.fault_wire import Ask, Ending, Key, Script, dumps, head

ROOT = Path(__file__).resolve().parents[2]
_LINGER_0 = struct.pack("ii", 1, 0)


class FaultServer:
    """The server in a thread of its own; a context manager.

    Args:
        plan: which request meets which fault.
        odd: share of the choices that are odd, see `fault_wire`.
        models: names that GET /models lists; None for a 404.
        seconds: before the first byte of every reply.
    """

    def __init__(
        self,
        plan: Plan = quiet,
        *,
        odd: float = 0.0,
        models: tuple[str, ...] | None = ("tiny",),
        seconds: float = 0.0,
        port: int = 0,
    ) -> None:
        self.plan = plan
        self.odd = odd
        self.models = models
        self.seconds = seconds
        self.log = Log()
        self.url = ""
        self._port = port
        self._attempts: Counter[Key] = Counter()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._listener: asyncio.Server | None = None
        self._open: set[_Connection] = set()

    def __enter__(self) -> FaultServer:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def die(self) -> None:
        """Refuse every connection from now on, and reset those that stand."""
        done = threading.Event()

        def now() -> None:
            self._close()
            done.set()

        self._loop.call_soon_threadsafe(now)
        done.wait()

    def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()
        for connection in list(self._open):
            connection.reset()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        start = self._loop.create_server(lambda: _Connection(self), "127.0.0.1", self._port)
        self._listener = self._loop.run_until_complete(start)
        port = self._listener.sockets[0].getsockname()[1]
        # A host name, so that name resolution is part of every test.
        self.url = f"http://localhost:{port}/v1"
        self._ready.set()
        self._loop.run_forever()
        self._close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    def opened(self, connection: _Connection) -> None:
        self._open.add(connection)
        self.log.connections += 1

    def closed(self, connection: _Connection) -> None:
        self._open.discard(connection)

    def take(
        self, path: str, headers: dict[str, str], raw: bytes, *, reused: bool
    ) -> tuple[Seen, Script]:
        """Note a request, and decide what it meets."""
        body, log = json.loads(raw), self.log
        key = Ask(body, headers).key
        ask = Ask(
            body,
            headers,
            attempt=self._attempts[key],
            number=log.requests,
            odd=self.odd,
            moved=path.startswith("/moved/"),
            reused=reused,
        )
        self._attempts[key] += 1
        fault = self.plan(ask)
        seen = Seen(*key, ask.n, ask.attempt, NAMES.get(fault, ""))
        seen.at, seen.headers, seen.body = time.monotonic(), headers, body
        log.seen.append(seen)
        log.open += 1
        log.most_at_once = max(log.most_at_once, log.open)
        return seen, fault(ask)

    def answer_get(self, path: str) -> bytes:
        if path == "/_seen":
            rows = [vars(one) | {"headers": {}, "body": {}} for one in self.log.seen]
            said: object = {
                "seen": rows,
                "open": self.log.open,
                "most_at_once": self.log.most_at_once,
                "connections": self.log.connections,
            }
        elif self.models is None or not path.endswith("/models"):
            return head(404, length=0)
        else:
            said = {"object": "list", "data": [{"id": name} for name in self.models]}
        body = dumps(said)
        return head(length=len(body)) + body


class _Connection(asyncio.Protocol):
    def __init__(self, server: FaultServer) -> None:
        self._server = server
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._data = b""
        self._task: asyncio.Task[None] | None = None
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._left = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._server.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.closed(self)
        self._left.set()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def data_received(self, data: bytes) -> None:
        self._data += data
        top, found, rest = self._data.partition(b"\r\n\r\n")
        if not found:
            return
        first, *lines = top.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self._data = rest[length:]
        method, path, _ = first.split(" ")
        if method == "GET":
            self._transport.write(self._server.answer_get(path))
            return
        seen, script = self._server.take(
            path, headers, rest[:length], reused=self._task is not None
        )
        self._task = asyncio.get_running_loop().create_task(self._perform(seen, script))

    async def _perform(self, seen: Seen, script: Script) -> None:
        try:
            if self._server.seconds:
                await asyncio.sleep(self._server.seconds)
            await self._carry_out(seen, script)
            seen.came = tuple(script.came)
            seen.tokens = script.tokens
            seen.fate = script.fate
        finally:
            # The client went away: from a reply that was never to be of use, or from a good one.
            seen.fate = seen.fate or ("left" if script.fate == "delivered" else script.fate)
            self._server.log.open -= 1

    async def _carry_out(self, seen: Seen, script: Script) -> None:
        for step in script.steps:
            if isinstance(step, float):
                await asyncio.sleep(step)
            elif isinstance(step, bytes):
                seen.paid = script.paid
                seen.blind = script.fate == "unknown"
                self._transport.write(step)
                seen.sent += len(step)
                await self._may_write.wait()
                await asyncio.sleep(
                    0
                )  # an event that is set lets nobody else run, not even the end
            elif step is Ending.CLOSE:
                self._transport.close()
            elif step is Ending.RESET:
                self.reset()
            else:
                await self._left.wait()

    def reset(self) -> None:
        """End the connection with an RST: the other side sees an error, no orderly end."""
        plug = self._transport.get_extra_info("socket")
        if plug is not None and plug.fileno() >= 0:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
        self._transport.abort()


@contextmanager
def served_apart(*options: str) -> Iterator[str]:
    """The base URL of a fault server in a process of its own."""
    command = [sys.executable, "-m", "tests.models.fault_server", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http"), "the fault server did not start"
        yield url
        process.stdin.close()


def main(arguments: Sequence[str]) -> None:
    """Serve until standard input ends; the first line of output is the URL."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", choices=("quiet", "mix"), default="quiet")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--share", type=float, default=0.5)
    parser.add_argument("--most", type=int, default=4)
    parser.add_argument("--rare", type=float, default=0.01)
    parser.add_argument("--odd", type=float, default=0.0)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--port", type=int, default=0)
    said = parser.parse_args(arguments)
    mixed = mix(said.seed, share=said.share, most=said.most, rare_share=said.rare)
    plan = quiet if said.plan == "quiet" else mixed
    with FaultServer(plan, odd=said.odd, seconds=said.seconds, port=said.port) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1:])
