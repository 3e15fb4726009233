"""Everything that the fault server can do to one request: each fault gives the script of it.

Not here: which request meets which fault (`fault_plans`), and carrying scripts out
(`fault_server`).
Try it: `python -c "from tests.models.fault_kinds import FAULTS; print(*FAULTS, sep=chr(10))"`.
"""

from __future__ import annotations

import gzip
import itertools
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, TypeAlias

from tests.models.fault_wire import (
    PROMPT_TOKENS,
    Ask,
    Ending,
    Script,
    Step,
    body_of,
    choice,
    chunked,
    content_type,
    dressed,
    dumps,
    events,
    head,
    reply,
    tokens_of,
)

Fault: TypeAlias = Callable[[Ask], Script]

HTML = "<html><head><title>502</title></head><body><h1>Bad Gateway</h1></body></html>"
HUGE_BYTES = 64 * 2**20
_BLOCK = b" " * 2**16


# --- Usable replies, however odd their wrapping ---


def whole(ask: Ask) -> Script:
    """What it answers when nothing goes wrong."""
    return delivered(ask, reply(ask, ask.n), range(ask.n))


def delivered(
    ask: Ask,
    value: Mapping[str, Any],
    came: Sequence[int],
    *,
    headers: Mapping[str, str] | None = None,
    kind: str = "",
    prefix: bytes = b"",
) -> Script:
    """These JSON values as a reply; the choices with the numbers in `came` are usable."""
    body = prefix + body_of(ask, value)
    top = head(200, headers, length=len(body), kind=kind or content_type(ask))
    return Script([top + body], "delivered", len(came), came, _tokens(value))


def _tokens(value: Mapping[str, Any]) -> tuple[int, int] | None:
    said = value.get("usage")
    if not isinstance(said, dict):
        return None
    pair = said.get("prompt_tokens"), said.get("completion_tokens")
    good = all(type(count) is int and count >= 0 for count in pair)
    return pair if good else None  # type: ignore[return-value]  # both are integers here


def _raw(ask: Ask, steps: Sequence[Step]) -> Script:
    return Script(steps, "delivered", ask.n, range(ask.n), _tokens(reply(ask, ask.n)))


def slow(seconds: float) -> Fault:
    """A first byte that takes its time."""

    def fault(ask: Ask) -> Script:
        script = whole(ask)
        return Script([seconds, *script.steps], "delivered", ask.n, range(ask.n), script.tokens)

    return fault


def drip(seconds: float, pieces: int | None = None) -> Fault:
    """The whole body in so many pieces, None for one for each byte, with a wait before each."""

    def fault(ask: Ask) -> Script:
        body = body_of(ask, reply(ask, ask.n))
        size = 1 if pieces is None else -(-len(body) // pieces)
        cuts = (body[at : at + size] for at in range(0, len(body), size))
        waits: list[Step] = list(itertools.chain.from_iterable((seconds, cut) for cut in cuts))
        return _raw(ask, [head(length=len(body), kind=content_type(ask)), *waits])

    return fault


def in_chunks(ask: Ask) -> Script:
    body = body_of(ask, reply(ask, ask.n))
    parts = [body[at : at + 7] for at in range(0, len(body), 7)]
    return _raw(ask, [head(200, {"Transfer-Encoding": "chunked"}), chunked(parts)])


def framed(frame: Callable[[bytes], bytes]) -> Fault:
    """The reply as it is, from the status line on, in a framing of one's own."""
    return lambda ask: _raw(ask, [frame(body_of(ask, reply(ask, ask.n)))])


def zipped(ask: Ask) -> Script:
    body = gzip.compress(body_of(ask, reply(ask, ask.n)))
    top = head(200, {"Content-Encoding": "gzip"}, length=len(body), kind=content_type(ask))
    return _raw(ask, [top + body])


def http_1_0(ask: Ask) -> Script:
    """No length: the end of the connection is the end of the body."""
    body = body_of(ask, reply(ask, ask.n))
    return _raw(ask, [head(kind=content_type(ask), version="1.0") + body, Ending.CLOSE])


def closed_at_once(ask: Ask) -> Script:
    """A whole reply without "Connection: close", and then the connection is closed all the same."""
    return _raw(ask, [*whole(ask).steps, Ending.CLOSE])


def marked(ask: Ask) -> Script:
    """With the mark that some editors put before UTF-8."""
    return delivered(ask, reply(ask, ask.n), range(ask.n), prefix=b"\xef\xbb\xbf")


def named(kind: str) -> Fault:
    """Under another content type."""
    return lambda ask: delivered(ask, reply(ask, ask.n), range(ask.n), kind=kind)


def with_headers(headers: Mapping[str, str]) -> Fault:
    return lambda ask: delivered(ask, reply(ask, ask.n), range(ask.n), headers=headers)


def another_model(ask: Ask) -> Script:
    return delivered(ask, reply(ask, ask.n) | {"model": "someone-else"}, range(ask.n))


def usage_is(value: object) -> Fault:
    """The usage replaced; `...` leaves it out."""

    def fault(ask: Ask) -> Script:
        made = reply(ask, ask.n) | {"usage": value}
        if value is ...:
            del made["usage"]
        return delivered(ask, made, range(ask.n))

    return fault


# --- Choices: fewer, more, in disorder, strange ---


def keeping(kept: Callable[[int], Sequence[int]]) -> Fault:
    """Only the choices with these numbers, which they keep; no fewer than one."""

    def fault(ask: Ask) -> Script:
        numbers = list(kept(ask.n)) or [0]
        made = reply(ask, ask.n)
        made["choices"] = [made["choices"][j] for j in numbers]
        made["usage"]["completion_tokens"] = sum(tokens_of(ask, j) for j in numbers)
        return delivered(ask, made, numbers)

    return fault


def more(ask: Ask) -> Script:
    """Two more than asked for."""
    return delivered(ask, reply(ask, ask.n + 2), range(ask.n + 2))


def reordered(ask: Ask) -> Script:
    made = reply(ask, ask.n)
    made["choices"].sort(key=lambda c: ask.chance("order", c["index"]))
    return delivered(ask, made, range(ask.n))


def indexed(index: Callable[[int], object]) -> Fault:
    """The choices in order, under other indices; `...` leaves the index out.

    Not in a stream: its pieces would belong to nobody.
    """

    def fault(ask: Ask) -> Script:
        if ask.stream:
            return whole(ask)
        choices = [choice(ask, j, index=index(j)) for j in range(ask.n)]
        for made in choices:
            if made["index"] is ...:
                del made["index"]
        return delivered(ask, reply(ask, ask.n) | {"choices": choices}, range(ask.n))

    return fault


def some_null(ask: Ask) -> Script:
    """Every second choice is null, or failed upstream; the others keep their indices."""
    made = reply(ask, ask.n)
    for j in range(1, ask.n, 2):
        failed = {"index": j, "finish_reason": "error", "message": {}}
        made["choices"][j] = failed if j % 4 == 3 else None
    made["usage"]["completion_tokens"] = sum(tokens_of(ask, j) for j in range(0, ask.n, 2))
    return delivered(ask, made, range(0, ask.n, 2))


def saying(message: Mapping[str, Any], reason: str | None = "stop", **others: object) -> Fault:
    """Every choice with this message and finish reason; `others` replace fields of the choice."""

    def fault(ask: Ask) -> Script:
        choices = [dressed(ask, j, dict(message), reason) | others for j in range(ask.n)]
        return delivered(ask, reply(ask, ask.n) | {"choices": choices}, range(ask.n))

    return fault


def strange_logprobs(values: Sequence[object]) -> Fault:
    return lambda ask: saying(
        {"content": "x"}, logprobs={"content": [{"token": "t", "logprob": v} for v in values]}
    )(ask)


# --- Refusals: an error status, or an error in a 200 ---


def status(code: int, body: object = HTML, headers: Mapping[str, str] | None = None) -> Fault:
    """An error status; a body that is no text is sent as JSON."""
    raw = body.encode() if isinstance(body, str) else dumps(body)
    kind = "text/html" if isinstance(body, str) else "application/json"
    return lambda ask: Script([head(code, headers, length=len(raw), kind=kind) + raw], "refused")


def error(status_code: int, message: str, **fields: object) -> Fault:
    """An error status with an error object as OpenAI writes it."""
    return status(status_code, {"error": {"message": message} | fields})


def throttled(**headers: str) -> Fault:
    named_ = {name.replace("_", "-"): value for name, value in headers.items()}
    return status(429, {"error": {"message": "Too many requests"}}, named_)


def throttled_until(seconds: float) -> Fault:
    """429 with an HTTP date that many seconds ahead, rounded up to a whole second."""

    def fault(ask: Ask) -> Script:
        date = datetime.now(UTC) + timedelta(seconds=seconds + 1)
        return throttled(Retry_After=format_datetime(date.replace(microsecond=0), usegmt=True))(ask)

    return fault


def too_many_choices(limit: int) -> Fault:
    """400 because of n, in the words of llama.cpp, when more than `limit` are asked for."""

    def fault(ask: Ask) -> Script:
        if ask.n <= limit:
            return whole(ask)
        allowed = f"Value must be between 1 <= value <= {limit}, but got {ask.n}"
        return error(400, f"Field 'n': {allowed}", code=400)(ask)

    return fault


def redirected(to: str, code: int = 307) -> Fault:
    """A redirect; what follows it on this server is answered whole."""

    def fault(ask: Ask) -> Script:
        return whole(ask) if ask.moved else status(code, "", {"Location": to})(ask)

    return fault


def fine_but(value: object) -> Fault:
    """An error object in a 200."""
    return lambda ask: Script([head(length=len(dumps(value))) + dumps(value)], "refused")


# --- Charged for nothing: a 200 that cannot be used ---


def unusable(body: bytes, headers: Mapping[str, str] | None = None, *, kind: str = "") -> Fault:
    """A 200 with this body."""

    def fault(ask: Ask) -> Script:
        top = head(200, headers, length=len(body), kind=kind or content_type(ask))
        return Script([top + body], "unused", ask.n)

    return fault


def without_choices(choices: object) -> Fault:
    """An ordinary 200 with this in place of the list of choices; `...` leaves it out."""

    def fault(ask: Ask) -> Script:
        made = reply(ask, ask.n) | {"choices": choices}
        if choices is ...:
            del made["choices"]
        body = dumps(made)
        return Script([head(length=len(body)) + body], "unused", ask.n, (), _tokens(made))

    return fault


def cut_json(share: float) -> Fault:
    """This share of the body, as if it were all."""

    def fault(ask: Ask) -> Script:
        body = body_of(ask, reply(ask, ask.n))
        part = body[: int(len(body) * share)]
        return Script([head(length=len(part), kind=content_type(ask)) + part], "unused", ask.n)

    return fault


def bad_byte(ask: Ask) -> Script:
    """A whole body with a byte in its first string that no UTF-8 has."""
    body = body_of(ask, reply(ask, ask.n)).replace(b'"', b'"\xff', 1)
    return Script([head(length=len(body), kind=content_type(ask)) + body], "unused", ask.n)


def cut_at(share: float, ending: Ending) -> Fault:
    """The head, this share of the body, and then the end."""

    def fault(ask: Ask) -> Script:
        body = body_of(ask, reply(ask, ask.n))
        top = head(length=len(body), kind=content_type(ask))
        return Script([top + body[: int(len(body) * share)], ending], "unused", ask.n)

    return fault


def cut_1_0(ask: Ask) -> Script:
    """Half a body without a length: for HTTP it is complete."""
    body = body_of(ask, reply(ask, ask.n))
    top = head(kind=content_type(ask), version="1.0")
    return Script([top + body[: len(body) // 2], Ending.CLOSE], "unused", ask.n)


def bad_chunks(tail: bytes) -> Fault:
    """A chunked body that breaks off with these bytes."""

    def fault(ask: Ask) -> Script:
        body = body_of(ask, reply(ask, ask.n))
        good = b"%x\r\n%b\r\n" % (len(body) // 2, body[: len(body) // 2])
        top = head(200, {"Transfer-Encoding": "chunked"}, kind=content_type(ask))
        return Script([top + good + tail, Ending.CLOSE], "unused", ask.n)

    return fault


def endless_drip(seconds: float) -> Fault:
    """Spaces before the reply, one by one, for ever: legal JSON, and always another byte."""

    def fault(ask: Ask) -> Script:
        top = head(length=HUGE_BYTES // 128, kind=content_type(ask))
        steps: Iterator[Step] = itertools.chain([top], itertools.cycle((b" ", seconds)))
        return Script(steps, "unused", ask.n)

    return fault


def huge(ask: Ask) -> Script:
    """64 MiB, announced."""
    return Script(_blocks(head(length=HUGE_BYTES)), "unused", ask.n)


def huge_chunked(ask: Ask) -> Script:
    """64 MiB, in chunks: nobody knows before."""
    blocks = (b"%x\r\n%b\r\n" % (len(b), b) for b in _blocks(b"") if b)
    top = head(200, {"Transfer-Encoding": "chunked"})
    return Script(itertools.chain([top], blocks, [b"0\r\n\r\n"]), "unused", ask.n)


def _blocks(top: bytes) -> Iterator[bytes]:
    yield top
    for _ in range(HUGE_BYTES // len(_BLOCK)):
        yield _BLOCK


def bomb(encoding: str) -> Fault:
    """64 MiB that travel as 64 KiB, packed before any request comes."""
    pack = gzip.compress if encoding == "gzip" else zlib.compress
    body = pack(b" " * HUGE_BYTES)
    top = head(200, {"Content-Encoding": encoding}, length=len(body))
    return lambda ask: Script([top + body], "unused", ask.n)


# --- Nobody knows: no status ever came ---


def reset(ask: Ask) -> Script:
    return Script([Ending.RESET], "unknown")


def close(ask: Ask) -> Script:
    return Script([Ending.CLOSE], "unknown")


def hang(ask: Ask) -> Script:
    return Script([Ending.HANG], "unknown")


def stale(ask: Ask) -> Script:
    """Reset when the connection has been used before: the server had given it up."""
    return reset(ask) if ask.reused else whole(ask)


def cut_in_headers(ending: Ending) -> Fault:
    """Half a status line and headers. It was generated, and the client cannot know it."""

    def fault(ask: Ask) -> Script:
        return Script([head(length=500)[:40], ending], "unknown", ask.n)

    return fault


# --- Streams ---


def streamed(framing: Callable[[bytes], bytes], *, count_usage: bool = True) -> Fault:
    """A whole stream, each event written by `framing`."""

    def fault(ask: Ask) -> Script:
        made = reply(ask, ask.n)
        data = events(ask, made | ({} if count_usage else {"usage": None}))
        body = b"".join(framing(event) for event in data)
        tokens = _tokens(made) if count_usage else None
        top = head(length=len(body), kind=content_type(ask))
        return Script([top + body], "delivered", ask.n, range(ask.n), tokens)

    return fault


def stream_until(kept: Callable[[int], int], *tail: Step) -> Fault:
    """So many of the events, then this, in chunks."""

    def fault(ask: Ask) -> Script:
        data = events(ask, reply(ask, ask.n))
        parts = [b"data: " + event + b"\n\n" for event in data[: kept(len(data))]]
        body = chunked(parts).removesuffix(b"0\r\n\r\n")
        top = head(200, {"Transfer-Encoding": "chunked"}, kind="text/event-stream")
        return Script([top + body, *tail], "unused", ask.n)

    return fault


def as_chunk(event: bytes) -> bytes:
    return chunked([b"data: " + event + b"\n\n"])


def crlf(event: bytes) -> bytes:
    return b"data: " + event + b"\r\n\r\n"


def chatty(event: bytes) -> bytes:
    """With comments, other fields and no space after the colon."""
    return b": keep-alive\n\nevent: message\nid: 7\nretry: 10\ndata:" + event + b"\n\n"


def many_lines(event: bytes) -> bytes:
    """The data in several lines, which a reader joins with newlines: legal between JSON tokens."""
    if not event.startswith(b"{"):
        return b"data: " + event + b"\n\n"
    return b"data: {\ndata: " + event[1:-1] + b"\ndata: }\n\n"


FAULTS: dict[str, Fault] = {
    "429 in seconds": throttled(Retry_After="0.02"),
    "429 in milliseconds": throttled(Retry_After_Ms="20"),
    "429 with a past date": throttled(Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"),
    "429 with a negative hint": throttled(Retry_After="-3"),
    "429 with an unreadable hint": throttled(Retry_After="soon"),
    "429 without a hint": throttled(),
    "529 overloaded": error(529, "Overloaded", type="overloaded_error"),
    "503 with a hint": status(503, HTML, {"Retry-After": "0.02"}),
    **{f"{code}": status(code) for code in (408, 409, 425, 500, 502, 503, 504, 529)},
    "error in a 200": fine_but({"error": {"message": "upstream died"}}),
    "error text in a 200": fine_but({"error": "upstream died"}),
    "reset": reset,
    "closed": close,
    "hang": hang,
    "reset in the headers": cut_in_headers(Ending.RESET),
    "closed in the headers": cut_in_headers(Ending.CLOSE),
    "reset after the headers": cut_at(0.0, Ending.RESET),
    "reset in the body": cut_at(0.5, Ending.RESET),
    "closed in the body": cut_at(0.7, Ending.CLOSE),
    "closed in a body without length": cut_1_0,
    "stall": cut_at(0.6, Ending.HANG),
    "drip for ever": endless_drip(0.05),
    "cut JSON": cut_json(0.5),
    "a bad byte": bad_byte,
    "empty": unusable(b""),
    "HTML": unusable(HTML.encode(), kind="text/html"),
    "a number": unusable(b"42"),
    "deep": unusable(b"[" * 200_000),
    "bad gzip": unusable(b"{}", {"Content-Encoding": "gzip"}),
    "bad chunk size": bad_chunks(b"zz\r\n"),
    "chunks without an end": bad_chunks(b""),
    "no choices": without_choices(...),
    "choices null": without_choices(None),
    "choices empty": without_choices([]),
    "choices of null": without_choices([None]),
    "slow": slow(0.02),
    "drip": drip(0.001, 40),
    "one choice": keeping(lambda n: [0]),
    "fewer choices": keeping(lambda n: range((n + 1) // 2)),
    "choices with gaps": keeping(lambda n: range(n - 1, -1, -2)),
    "some choices null": some_null,
    "more choices": more,
    "reordered": reordered,
    "no indices": indexed(lambda j: ...),
    "indices all 0": indexed(lambda j: 0),
    "indices from 1": indexed(lambda j: j + 1),
    "indices as text": indexed(str),
    "in chunks": in_chunks,
    "zipped": zipped,
    "HTTP/1.0": http_1_0,
    "with a byte order mark": marked,
    "as text": named("text/plain; charset=latin-1"),
    "with cookies": with_headers({"Set-Cookie": "session=secret; Path=/"}),
    "many headers": with_headers({f"X-Noise-{i}": "n" * 100 for i in range(60)}),
    "connection: close": with_headers({"Connection": "close"}),
    "usage missing": usage_is(...),
    "usage null": usage_is(None),
    "usage false": usage_is(False),
    "usage negative": usage_is({"prompt_tokens": -PROMPT_TOKENS, "completion_tokens": -1}),
    "another model": another_model,
}

NAMES = {fault: name for name, fault in FAULTS.items()}
