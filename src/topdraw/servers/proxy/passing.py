"""One request passed through: sent once, as it is, and its reply relayed byte for byte.

Not here: strategies (`serving`). Tokens are read from what goes by, for metrics and budgets.
Try it: `python -m pytest tests/servers/proxy/test_passing.py`.
"""

from __future__ import annotations

import json
import re

import msgspec

from topdraw.core.records import Json
from topdraw.models.charge import CHARACTERS_PER_TOKEN
from topdraw.models.request import Api
from topdraw.models.transport import Relayed
from topdraw.servers.proxy.candidates import Upstream
from topdraw.servers.proxy.tally import Tally
from topdraw.servers.proxy.wire import Reply

# Of a long reply only the end is kept: usage stands in the last event of a stream.
_KEPT_BYTES = 2**22
_TAIL_BYTES = 2**16
_PASSED_ON = ("content-type", "retry-after", "retry-after-ms", "x-request-id", "cache-control")
_USAGE = re.compile(rb'"usage"\s*:\s*(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})')


async def pass_through(
    upstream: Upstream, data: bytes, api: Api, reply: Reply, tally: Tally, prompt: str
) -> None:
    """Send a request and relay its reply as it comes, whatever its status.

    Args:
        upstream: asked once; what it says is not judged.
        data: the body.
        api: the route.
        reply: takes what comes.
        tally: told the tokens.
        prompt: to guess its tokens when nobody counts.

    Raises:
        EndpointError: when no reply came, or when it broke off.
    """
    async with upstream.relayed(data, api) as relayed:
        await reply.start(relayed.status, _headers(relayed))
        kept = _Kept()
        async for piece in relayed.pieces:
            kept.add(piece)
            await reply.piece(piece)
    await reply.end()
    fine = 200 <= relayed.status < 300
    fate = "delivered" if fine else "refused"
    tally.fates[fate] = tally.fates.get(fate, 0) + 1
    if fine:
        kept.charge(tally, prompt)


def _headers(relayed: Relayed) -> dict[str, str]:
    known = {name: relayed.headers.get(name) for name in _PASSED_ON}
    return {name: value for name, value in known.items() if value is not None}


class _Kept:
    """The reply as far as tokens may be read from it."""

    def __init__(self) -> None:
        self._parts = bytearray()
        self._events = self._bytes = 0

    def add(self, piece: bytes) -> None:
        self._parts += piece
        self._bytes += len(piece)
        self._events += piece.count(b"data:")
        if len(self._parts) > _KEPT_BYTES:
            del self._parts[:-_TAIL_BYTES]

    def charge(self, tally: Tally, prompt: str) -> None:
        for found in reversed(_USAGE.findall(bytes(self._parts[-_TAIL_BYTES:]))):
            usage = _read(found)
            counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
            if all(isinstance(count, int) and 0 <= count < 2**31 for count in counts):
                tally.charge(int(counts[0] or 0), int(counts[1] or 0))  # type: ignore[arg-type]  # checked
                return
        # An event of a stream is about a token; else the bytes are about the text.
        output = self._events or self._bytes // CHARACTERS_PER_TOKEN
        tally.charge(len(prompt) // CHARACTERS_PER_TOKEN, output)
        tally.estimated = True


def _read(raw: bytes) -> dict[str, Json]:
    try:
        value: Json = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def body_to_pass(raw: bytes, body: dict[str, Json], model: str) -> bytes:
    """The bytes to send: those that came, unless our own words in them have to go.

    Args:
        raw: as they came.
        body: what they say.
        model: as the upstream knows it.
    """
    if "topdraw" not in body and body.get("model") == model:
        return raw
    sent = {name: value for name, value in body.items() if name != "topdraw"}
    return json.dumps(sent | {"model": model}).encode()
