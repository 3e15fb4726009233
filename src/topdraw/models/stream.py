"""Streamed answers: bytes to events, events to what an ordinary reply would have said.

Not here: reading the bytes (`transport`), what the reply means (`reply`). A stream is one answer or
none: text is never kept from one that did not end well.
Try it: `python -m pytest tests/models/test_stream.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from topdraw.core.records import Json
from topdraw.models.reply import decode, garbled
from topdraw.models.retry import Trouble

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Events:
    """Server-sent events out of bytes that may be cut anywhere; gives the data of each.

    References:
        WHATWG HTML, section 9.2.6. Only the data of an event matters here: its name, id and retry
        time are left out, and an event that lacks its last empty line counts at the end.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._after_return = False
        self._data: list[bytes] = []
        self._began = False

    def feed(self, data: bytes) -> list[bytes]:
        """The data of the events that these bytes complete."""
        if self._after_return and data:
            # The line feed of a line end that was cut in two.
            data = data.removeprefix(b"\n")
            self._after_return = False
        if not data:
            return []
        self._after_return = data.endswith(b"\r")
        first, *rest = _LINE_END.split(data)
        self._pieces.append(first)
        if not rest:
            return []
        lines = [b"".join(self._pieces), *rest[:-1]]
        self._pieces = [rest[-1]]
        return self._events(lines)

    def close(self) -> list[bytes]:
        """The data of an event that the end of the bytes completes."""
        return self._events([b"".join(self._pieces), b""])

    def _events(self, lines: Iterable[bytes]) -> list[bytes]:
        events: list[bytes] = []
        for line in lines:
            if not self._began:
                line = line.removeprefix(_BYTE_ORDER_MARK)
                self._began = True
            if line:
                name, _, value = line.partition(b":")
                if name == b"data":
                    self._data.append(value.removeprefix(b" "))
            elif self._data:
                events.append(b"\n".join(self._data))
                self._data = []
        return events


@dataclass(slots=True)
class _Choice:
    content: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    finish_reason: Json = None
    logprobs: list[Json] = field(default_factory=list)
    token_logprobs: list[Json] = field(default_factory=list)

    def add(self, choice: Mapping[str, Json]) -> None:
        delta = choice.get("delta")
        delta = delta if isinstance(delta, dict) else {"content": choice.get("text")}
        _extend(self.content, delta.get("content"))
        _extend(self.refusal, delta.get("refusal"))
        _extend(self.reasoning, delta.get("reasoning_content") or delta.get("reasoning"))
        self.finish_reason = choice.get("finish_reason") or self.finish_reason
        logprobs = choice.get("logprobs")
        if isinstance(logprobs, dict):
            for kept, name in ((self.logprobs, "content"), (self.token_logprobs, "token_logprobs")):
                values = logprobs.get(name)
                kept.extend(values if isinstance(values, list) else [])

    def whole(self, index: int) -> dict[str, Json]:
        message: dict[str, Json] = {"content": _joined(self.content)}
        if self.refusal:
            message["refusal"] = _joined(self.refusal)
        if self.reasoning:
            message["reasoning_content"] = _joined(self.reasoning)
        logprobs: Json = None
        if self.logprobs or self.token_logprobs:
            logprobs = {"content": self.logprobs or None, "token_logprobs": self.token_logprobs}
        return {
            "index": index,
            "message": message,
            "finish_reason": self.finish_reason,
            "logprobs": logprobs,
        }


class Assembly:
    """Takes the bytes of an answer that was asked for as a stream; `payload` is all of it.

    A server that does not stream answers with one JSON object instead: that is taken too.

    Args:
        n: choices asked for; when so many have ended, so has the stream.
        lenient: whether bad UTF-8 is replaced.
    """

    def __init__(self, n: int, *, lenient: bool = True) -> None:
        self._n = n
        self._lenient = lenient
        self._events = Events()
        self._undecided: bytes | None = b""
        self._whole: list[bytes] | None = None
        self._choices: dict[int, _Choice] = {}
        self._rest: dict[str, Json] = {}
        self._usages: list[Json] = []
        self._done = False

    def feed(self, piece: bytes) -> bool:
        """Take the next bytes; gives whether the last event has come.

        Raises:
            Trouble: for an event that is no JSON.
        """
        if self._undecided is not None:
            self._undecided += piece
            start = self._undecided.removeprefix(_BYTE_ORDER_MARK).lstrip()
            if not start or _BYTE_ORDER_MARK.startswith(self._undecided):
                return False
            piece, self._undecided = self._undecided, None
            self._whole = [] if start.startswith((b"{", b"[")) else None
        if self._whole is not None:
            self._whole.append(piece)
            return False
        self._take(self._events.feed(piece))
        return self._done

    def payload(self) -> Json:
        """What an ordinary reply would have said.

        Raises:
            Trouble: when the stream has not come to its end, or cannot be read.
        """
        if self._whole is not None:
            return _read(b"".join(self._whole), "the answer", self._lenient)
        self._take(self._events.close())
        if not (self._done or self._ended()):
            what = "the stream ended before its last event" if self._choices else "it is empty"
            raise Trouble(f"HTTP 200, but {what}", status=200, fate="unused")
        choices: list[Json] = [c.whole(i) for i, c in sorted(self._choices.items())]
        return {**self._rest, "usage": self._usage(), "choices": choices}

    def _usage(self) -> Json:
        # llama.cpp counts each choice by itself, in an event of its own at the end of each.
        counts = [u.get("completion_tokens") for u in self._usages if isinstance(u, dict)]
        known = [count for count in counts if isinstance(count, int)]
        last = self._rest.get("usage")
        if isinstance(last, dict) and 1 < len(self._choices) == len(known):
            return {**last, "completion_tokens": sum(known)}
        return last

    @property
    def paid(self) -> bool:
        """Whether any text has come: an error after it does not undo what was generated."""
        return any(c.content or c.reasoning for c in self._choices.values())

    def _ended(self) -> bool:
        ended = sum(choice.finish_reason is not None for choice in self._choices.values())
        return ended >= self._n

    def _take(self, events: Iterable[bytes]) -> None:
        for event in events:
            if self._done:
                return
            if event.strip() == b"[DONE]":
                self._done = True
            else:
                self._add(_read(event, "an event of the stream", self._lenient))

    def _add(self, event: Json) -> None:
        if not isinstance(event, dict):
            return
        for name in ("model", "usage", "error"):
            if event.get(name):
                self._rest[name] = event[name]
        if event.get("usage") and not event.get("choices"):
            self._usages.append(event["usage"])
        self._done = "error" in self._rest
        choices = event.get("choices")
        for choice in choices if isinstance(choices, list) else []:
            if isinstance(choice, dict):
                index = choice.get("index")
                place = index if isinstance(index, int) else 0
                self._choices.setdefault(place, _Choice()).add(choice)


def _read(raw: bytes, what: str, lenient: bool) -> Json:
    try:
        value: Json = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            value = decode(raw, lenient=lenient)
        except UnicodeDecodeError:
            raise garbled(200) from None
        except ValueError:
            raise Trouble(
                f"HTTP 200, but {what} is cut off or not JSON", status=200, fate="unused"
            ) from None
    return value


def _extend(parts: list[str], value: Json) -> None:
    if isinstance(value, str) and value:
        parts.append(value)


def _joined(parts: Iterable[str]) -> str:
    text = "".join(parts)
    try:
        text.encode()
    except UnicodeEncodeError:  # the halves of a surrogate pair may have come in two events
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    return text
