"""A model server that answers every chat request after a fixed time, in a process of its own.

Not here: faults; those are in tests/models/scripted_server.py. Written on bare asyncio protocols so
that the server is never what a client benchmark measures.
Try it: `python benchmarks/slow_server.py --port 8009 --seconds 0.02`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_TEXT = "7*49=343\n54+343=397\n397-84=313\n313-78=235\n235+89=324\n#### 324"


class _Answer(asyncio.Protocol):
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, gap, body = self._buffer.partition(b"\r\n\r\n")
        if not gap:
            return
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length":
                length = int(value)
        if len(body) >= length:
            self._buffer = body[length:]
            asyncio.get_running_loop().call_later(self._seconds, self._reply, body[:length])

    def _reply(self, body: bytes) -> None:
        request = json.loads(body or b"{}")
        n = request.get("n") or 1
        reply = json.dumps(
            {
                "id": "x",
                "object": "chat.completion",
                "model": request.get("model"),
                "choices": [
                    {
                        "index": i,
                        "finish_reason": "stop",
                        "message": {"role": "assistant", "content": _TEXT},
                    }
                    for i in range(n)
                ],
                "usage": {"prompt_tokens": 60, "completion_tokens": 33 * n, "total_tokens": 93},
            }
        ).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(reply)}"
        self._transport.write(head.encode() + b"\r\n\r\n" + reply)  # type: ignore[attr-defined]  # a stream


async def serve(port: int, seconds: float) -> None:
    """Serve until killed; prints the port once it listens."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Answer(seconds), "127.0.0.1", port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextlib.contextmanager
def running(seconds: float) -> Iterator[str]:
    """The server in another process; gives its base address."""
    command = [sys.executable, str(Path(__file__)), "--port", "0", "--seconds", str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
    finally:
        process.terminate()
        process.communicate()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.02)
    options = parser.parse_args()
    asyncio.run(serve(options.port, options.seconds))
