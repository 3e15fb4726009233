"""What the fault server is asked, and the bytes it would answer with if nothing went wrong.

The text of choice j is a function of (prompt, seed + j) alone, as vLLM seeds its children: cut into
requests however one likes, the samples are the same. `odd` makes a share of the choices odd (null,
empty, refused, cut off, ...). That, too, is a function of (prompt, seed + j): an odd choice
is an *outcome* of the model, the same in a run without faults, and not something that goes wrong.
Not here: what goes wrong (`fault_kinds`).
Try it: `python -m pytest tests/models/test_fault_matrix.py`.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from topdraw.core.billing import Fate

Key: TypeAlias = tuple[str, int]
"""A choice, or a request by its first choice: the prompt and the seed, 0 when none was sent."""

MODULUS = 2**31
PROMPT_TOKENS = 7

# In the JSON of a reply these stand for what no encoder writes.
_BAD_BYTES = "\ue000"
_AGAIN = "content again"
# Asked for again a few times: an outcome only for a server that always says it.
_GARBLED = frozenset({"bad bytes"})


class Ending(enum.Enum):
    """How a script ends other than with a connection kept open."""

    CLOSE = enum.auto()  # an orderly end of the stream
    RESET = enum.auto()  # RST
    HANG = enum.auto()  # nothing more, until the client leaves


Step: TypeAlias = "bytes | float | Ending"


@dataclass(frozen=True)
class Ask:
    """One request: its body, and how often this prompt and seed were asked for before.

    `number` counts all requests of the server from 0; `moved` says that a redirect was followed,
    and `reused` that the connection has carried a request before.
    """

    body: Mapping[str, Any]
    headers: Mapping[str, str]
    attempt: int = 0
    number: int = 0
    odd: float = 0.0
    moved: bool = False
    reused: bool = False

    @property
    def chat(self) -> bool:
        return "messages" in self.body

    @property
    def prompt(self) -> str:
        return str(self.body["messages"][0]["content"] if self.chat else self.body["prompt"])

    @property
    def seed(self) -> int | None:
        return self.body.get("seed")

    @property
    def key(self) -> Key:
        return self.prompt, self.seed or 0

    @property
    def n(self) -> int:
        return int(self.body.get("n", 1))

    @property
    def stream(self) -> bool:
        return bool(self.body.get("stream"))

    def chance(self, *salt: object) -> float:
        """In [0, 1), a function of the prompt, the seed and the salt."""
        return _chance(self.prompt, self.seed, *salt)


@dataclass(frozen=True)
class Script:
    """What goes over the wire for one request, and what that is worth.

    Attributes:
        steps: bytes to write, seconds to wait, and perhaps an ending.
        fate: what a client that keeps exact books calls it.
        paid: choices generated; they count when the first byte of the reply leaves.
        came: numbers of the choices that are usable once all steps are done.
        tokens: prompt and output tokens that the usage in the reply says; None for none.
    """

    steps: Iterable[Step]
    fate: Fate
    paid: int = 0
    came: Sequence[int] = ()
    tokens: tuple[int, int] | None = None


def _chance(*key: object) -> float:
    digest = hashlib.blake2b(json.dumps(key).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2.0**64


def child_seed(ask: Ask, j: int) -> int:
    return ((ask.seed or 0) + j) % MODULUS


def text_of(prompt: str, seed: int) -> str:
    """The text of a choice that is not odd."""
    return "answer " + hashlib.sha256(json.dumps([prompt, seed]).encode()).hexdigest()[:16]


_TOOL = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
Message: TypeAlias = "dict[str, Any]"
ODD: dict[str, tuple[Message, str | None]] = {
    "null": ({"content": None}, "stop"),
    "empty": ({"content": ""}, "stop"),
    "absent": ({}, "stop"),
    "tool call": ({"content": None, "tool_calls": [_TOOL]}, "tool_calls"),
    "refusal": ({"content": None, "refusal": "I cannot help."}, "stop"),
    "filtered": ({"content": ""}, "content_filter"),
    "partly filtered": ({"content": "As I was say"}, "content_filter"),
    "cut off": ({"content": "To begin at the begin"}, "length"),
    "no reason": ({"content": "so it is"}, None),
    "odd reason": ({"content": "so it is"}, "banana"),
    "bad bytes": ({"content": f"caf{_BAD_BYTES} noir"}, "stop"),
    "surrogate": ({"content": "half \ud83d of a smile"}, "stop"),
    "control": ({"content": "nul \x00 line \u2028 next \u0085 bell \x07"}, "stop"),
    "right to left": ({"content": "\u202eevil\u202c \u05e9\u05dc\u05d5\u05dd \U0001f600"}, "stop"),
    "repeated key": ({_AGAIN: "the first one loses", "content": "the last one wins"}, "stop"),
    "parts": ({"content": [{"text": "in "}, {"text": "two"}]}, "stop"),
    "reasoning": ({"content": "42", "reasoning_content": "six times seven"}, "stop"),
    "long": ({"content": "lorem ipsum " * 1000}, "stop"),
}  # fmt: skip


def message_of(ask: Ask, j: int) -> tuple[Message, str | None]:
    """The message and the finish reason of choice j."""
    seed = child_seed(ask, j)
    if _chance("odd", ask.prompt, seed) < ask.odd:
        kinds = [kind for name, kind in ODD.items() if name not in _GARBLED]
        return kinds[int(_chance("which", ask.prompt, seed) * len(kinds))]
    return {"content": text_of(ask.prompt, seed)}, "stop"


def tokens_of(ask: Ask, j: int) -> int:
    """Its output tokens: between 4 and 8 characters each, or clients would not believe it."""
    characters = len(str(message_of(ask, j)[0].get("content") or ""))
    return 1 + characters // 8 + int(_chance("tokens", ask.prompt, child_seed(ask, j)) * 4)


def choice(ask: Ask, j: int, *, index: object = None) -> dict[str, Any]:
    """Choice j of a request as JSON values; `index` says another index than j."""
    return dressed(ask, j, *message_of(ask, j), index=index)


def dressed(
    ask: Ask, j: int, message: Message, reason: str | None, *, index: object = None
) -> dict[str, Any]:
    """A choice with this message, in the shape that the route wants."""
    made: dict[str, Any] = {"index": j if index is None else index, "finish_reason": reason}
    if ask.chat:
        made["message"] = {"role": "assistant"} | message
        logprobs: object = {"content": [{"token": "x", "logprob": -0.5}] * tokens_of(ask, j)}
    else:
        content = message.get("content")
        parts = content if isinstance(content, list) else []
        made["text"] = "".join(part["text"] for part in parts) if parts else content
        logprobs = {"token_logprobs": [-0.5] * tokens_of(ask, j)}
    made["logprobs"] = logprobs if ask.body.get("logprobs") else None
    return made


def usage(ask: Ask, n: int) -> dict[str, int]:
    output = sum(tokens_of(ask, j) for j in range(n))
    return {
        "prompt_tokens": PROMPT_TOKENS,
        "completion_tokens": output,
        "total_tokens": PROMPT_TOKENS + output,
    }


def reply(ask: Ask, n: int) -> dict[str, Any]:
    """An ordinary reply with n choices, as JSON values."""
    return {
        "id": f"cmpl-{ask.number}",
        "object": "chat.completion" if ask.chat else "text_completion",
        "created": 1700000000,
        "model": ask.body["model"],
        "choices": [choice(ask, j) for j in range(n)],
        "usage": usage(ask, n),
    }


def dumps(value: object) -> bytes:
    text = json.dumps(value, separators=(",", ":"))
    raw = text.replace(json.dumps(_AGAIN), '"content"').encode()
    return raw.replace(json.dumps(_BAD_BYTES)[1:-1].encode(), b"\xff\xfe")


def events(ask: Ask, whole: Mapping[str, Any]) -> list[bytes]:
    """The same reply as the data of server-sent events, "[DONE]" last."""
    frame = {key: whole[key] for key in ("id", "object", "created", "model")}
    with_usage = (ask.body.get("stream_options") or {}).get("include_usage")
    lists = [_deltas(ask, made) for made in whole["choices"] if made is not None]
    rounds = [deltas[i] for i in range(max(map(len, lists), default=0)) for deltas in lists
              if i < len(deltas)]  # fmt: skip
    data = [dumps(frame | {"choices": [delta]}) for delta in rounds]
    if with_usage and whole.get("usage") is not None:
        data.append(dumps(frame | {"choices": [], "usage": whole["usage"]}))
    return [*data, b"[DONE]"]


def _deltas(ask: Ask, made: Mapping[str, Any]) -> list[dict[str, Any]]:
    index = made["index"]
    if made["finish_reason"] == "error":
        return [{"index": index, "delta": {}, "finish_reason": "error"}]
    if not ask.chat:
        pieces = [{"index": index, "text": piece} for piece in _pieces(made["text"])]
        pieces[0]["logprobs"] = made["logprobs"]
        return [*pieces, {"index": index, "text": "", "finish_reason": made["finish_reason"]}]
    message = dict(made["message"])
    content = message.pop("content", None)
    message.pop(_AGAIN, None)
    for number, call in enumerate(message.get("tool_calls", [])):
        message["tool_calls"] = [call | {"index": number}]
    first: dict[str, Any] = {"index": index, "delta": message, "logprobs": made["logprobs"]}
    if isinstance(content, list):
        content = "".join(part["text"] for part in content)
    middle = [{"index": index, "delta": {"content": piece}} for piece in _pieces(content)]
    return [first, *middle, {"index": index, "delta": {}, "finish_reason": made["finish_reason"]}]


def _pieces(text: str | None) -> list[str | None]:
    if not text:
        return [text]
    size = max(5, len(text) // 8)
    return [text[at : at + size] for at in range(0, len(text), size)]


def body_of(ask: Ask, whole: Mapping[str, Any]) -> bytes:
    """The body of a reply: JSON, or events when it was asked for as a stream."""
    if not ask.stream:
        return dumps(whole)
    return b"".join(b"data: " + data + b"\n\n" for data in events(ask, whole))


def content_type(ask: Ask) -> str:
    return "text/event-stream" if ask.stream else "application/json"


def head(
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    length: int | None = None,
    kind: str = "application/json",
    version: str = "1.1",
) -> bytes:
    """A status line and headers; without a length the body must say itself where it ends."""
    lines = [f"HTTP/{version} {status} Whatever", f"Content-Type: {kind}"]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunked(parts: Iterable[bytes]) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts if part) + b"0\r\n\r\n"
