"""What comes back from an OpenAI-compatible server: choices, their usage, names of models.

Not here: sending and retrying (`endpoint`). A reply that cannot be used raises `Trouble`; a reply
in which the *model* failed (empty, refused, cut off) is an ordinary choice.
Try it: `python -m pytest tests/models/test_reply.py`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from topdraw.core.records import Json, Usage
from topdraw.models.retry import Trouble, error_message, status_trouble

_REASONS = {"eos": "stop", "eos_token": "stop", "stop_sequence": "stop", "max_tokens": "length"}
_CHARACTERS_PER_TOKEN = 4
# More characters than this per token means that `usage` counted one choice of several.
_MOST_CHARACTERS_PER_TOKEN = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a reply.

    Attributes:
        text: the output; "" when there is none.
        finish_reason: normalised; "unknown" when the server gave none.
        logprob: sum over the output tokens in nats; NaN when unknown.
        tokens: output tokens, counted in the log-probabilities; None when there are none.
        reasoning: what a reasoning server returns beside the answer.
    """

    text: str
    finish_reason: str
    logprob: float = math.nan
    tokens: int | None = None
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one request.

    Attributes:
        choices: in the order of their indices.
        usage: one per choice.
        model: the name the server says it used; "" when it did not say.
    """

    choices: tuple[Choice, ...]
    usage: tuple[Usage, ...]
    model: str = ""


def decode(raw: bytes) -> Json:
    """The JSON of a body; bad UTF-8 is replaced, a byte order mark dropped.

    Raises:
        ValueError: when it is not JSON.
    """
    try:
        value: Json = json.loads(raw.decode(errors="replace").removeprefix("\ufeff"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def read_reply(status: int, headers: Mapping[str, str], raw: bytes, prompt: str) -> Reply:
    """The choices in a reply.

    Args:
        status: HTTP status.
        headers: a mapping that finds lower-case names.
        raw: the body.
        prompt: what was asked, to estimate its tokens when the server does not count.

    Raises:
        Trouble: when there is no usable choice in it.
    """
    fine = 200 <= status < 300
    plain = _plain_reply(raw) if fine else None
    if plain is not None:
        return plain
    try:
        payload = decode(raw)
    except ValueError:
        text = raw[:2000].decode(errors="replace")
        if not fine:
            raise status_trouble(status, headers, None, text) from None
        what = "the answer is empty" if not raw.strip() else "the answer is cut off or not JSON"
        raise Trouble(f"HTTP {status}, but {what}", status=status) from None
    fields = payload if isinstance(payload, dict) else {}
    error = fields.get("error")
    if not fine or error:
        raise status_trouble(_code(status, error), headers, payload, "")
    choices = _choices(payload)
    model, usage = fields.get("model"), fields.get("usage")
    counted = _usage(choices, usage if isinstance(usage, dict) else {}, prompt)
    return Reply(choices, counted, model if isinstance(model, str) else "")


class _PlainMessage(msgspec.Struct):
    content: str
    refusal: None = None
    reasoning: None = None
    reasoning_content: None = None


class _PlainChoice(msgspec.Struct):
    message: _PlainMessage
    finish_reason: Literal["stop", "length", "content_filter"]
    logprobs: None = None


class _PlainUsage(msgspec.Struct):
    prompt_tokens: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
    completion_tokens: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


class _PlainReply(msgspec.Struct):
    choices: Annotated[list[_PlainChoice], msgspec.Meta(min_length=1, max_length=1)]
    usage: _PlainUsage
    model: str = ""
    error: None = None


_plain_decoder = msgspec.json.Decoder(_PlainReply)


def _plain_reply(raw: bytes) -> Reply | None:
    """The usual reply, one sound choice with its usage, in a tenth of the time; None for others."""
    try:
        reply = _plain_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    choice, usage = reply.choices[0], reply.usage
    return Reply(
        (Choice(choice.message.content, choice.finish_reason),),
        (Usage(usage.prompt_tokens, usage.completion_tokens),),
        reply.model,
    )


def _code(status: int, error: Json) -> int:
    code = error.get("code") if isinstance(error, dict) else None
    if not 200 <= status < 300:
        return status
    # An error inside a 200 without a status of its own is the server's failure: worth retrying.
    return code if isinstance(code, int) and 400 <= code <= 599 else 500


def _choices(payload: Json) -> tuple[Choice, ...]:
    raw = payload.get("choices") if isinstance(payload, dict) else None
    if not isinstance(raw, list):
        said = error_message(payload)
        raise Trouble(f"HTTP 200, but there are no choices in it{said and ': ' + said}", status=200)
    # A choice that is null, or that failed upstream, was not delivered: it is asked for again.
    usable = [c for c in raw if isinstance(c, dict) and c.get("finish_reason") != "error"]
    if not usable:
        raise Trouble("HTTP 200, but the list of choices is empty", status=200)
    return tuple(_choice(c) for c in _in_order(usable))


def _in_order(choices: Sequence[Mapping[str, Json]]) -> Sequence[Mapping[str, Json]]:
    if len(choices) == 1:
        return choices
    indices = [c.get("index") for c in choices]
    if sorted(i for i in indices if isinstance(i, int)) == list(range(len(choices))):
        return sorted(choices, key=lambda c: c["index"])  # type: ignore[arg-type, return-value]  # all are integers here
    return choices


def _choice(choice: Mapping[str, Json]) -> Choice:
    message = choice.get("message")
    message = message if isinstance(message, dict) else {"content": choice.get("text")}
    reason = choice.get("finish_reason")
    reason = _REASONS.get(reason, reason) if isinstance(reason, str) and reason else "unknown"
    text, refusal = _text(message.get("content")), message.get("refusal")
    if isinstance(refusal, str) and refusal and not text:
        text, reason = refusal, "refusal"
    logprobs = _token_logprobs(choice.get("logprobs"))
    return Choice(
        text,
        reason,
        logprob=math.nan if logprobs is None else math.fsum(logprobs),
        tokens=None if logprobs is None else len(logprobs),
        reasoning=_text(message.get("reasoning_content") or message.get("reasoning")),
    )


def _text(content: Json) -> str:
    if isinstance(content, list):  # parts: [{"type": "text", "text": "..."}]
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _token_logprobs(logprobs: Json) -> list[float] | None:
    if not isinstance(logprobs, dict):
        return None
    content = logprobs.get("content")
    if isinstance(content, list):
        values = [t.get("logprob") if isinstance(t, dict) else None for t in content]
    else:
        tokens = logprobs.get("token_logprobs")
        values = list(tokens) if isinstance(tokens, list) else []
    if not values:
        return None
    return [_finite(value) for value in values]


def _finite(value: Json) -> float:
    # An integer of 400 digits is valid JSON and no float; infinities would poison the sum.
    return float(value) if isinstance(value, int | float) and abs(value) < 1e300 else math.nan


def _usage(choices: Sequence[Choice], usage: Mapping[str, Json], prompt: str) -> tuple[Usage, ...]:
    prompt_tokens = _count(usage.get("prompt_tokens"))
    completion_tokens = _count(usage.get("completion_tokens"))
    guessed = prompt_tokens if prompt_tokens is not None else _estimate(prompt)
    if len(choices) == 1 and completion_tokens is not None:
        return (Usage(guessed, completion_tokens, estimated=prompt_tokens is None),)
    rate = _tokens_per_character(choices, completion_tokens)
    return tuple(
        Usage(
            guessed,
            c.tokens if c.tokens is not None else math.ceil(len(c.text) * rate),
            estimated=c.tokens is None or prompt_tokens is None,
        )
        for c in choices
    )


def _tokens_per_character(choices: Sequence[Choice], tokens: int | None) -> float:
    # llama.cpp counts one choice of n (its PR 27318), others all: a total too small for the text
    # is not trusted.
    characters = sum(len(c.text) for c in choices)
    if tokens and characters and characters / tokens <= _MOST_CHARACTERS_PER_TOKEN:
        return tokens / characters
    return 1 / _CHARACTERS_PER_TOKEN


def _estimate(text: str) -> int:
    return math.ceil(len(text) / _CHARACTERS_PER_TOKEN)


def _count(value: Json) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
        return value
    return None


def model_names(payload: Json) -> list[str]:
    """The names in the answer of the models route; empty when it has another shape."""
    data = payload.get("data") if isinstance(payload, dict) else None
    entries = data if isinstance(data, list) else []
    names = [entry.get("id") for entry in entries if isinstance(entry, dict)]
    return [name for name in names if isinstance(name, str)]
