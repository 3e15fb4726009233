"""A server that answers every request with the same bytes, sound HTTP or not.

Not here: anything that reads the request (`scripted_server`).
Try it: `python -m pytest tests/models/test_transport.py`.
"""

from __future__ import annotations

import asyncio
from typing import Literal


class RawServer:
    """An async context manager; runs in the event loop of the test.

    Args:
        pieces: sent one after the other, each flushed.
        seconds: between two pieces.
        after: what follows the last piece: the end of the connection, nothing ("wait"), or the
            same answer to the next request ("serve").
    """

    def __init__(
        self,
        *pieces: bytes,
        seconds: float = 0.0,
        after: Literal["close", "wait", "serve"] = "close",
    ) -> None:
        self._pieces = pieces
        self._seconds = seconds
        self._after = after
        self.requests: list[bytes] = []
        self.connections = 0
        self.url = ""
        self._handlers: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> RawServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**26)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for handler in self._handlers:
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        self.connections += 1
        try:
            while True:
                await self._request(reader)
                for piece in self._pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(self._seconds)
                if self._after == "wait":
                    await asyncio.Event().wait()
                if self._after == "close":
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r")[0]
        self.requests.append(head + await reader.readexactly(int(length or 0)))
