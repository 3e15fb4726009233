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
_NOTHING = Usage()
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
        place: which of the choices asked for it is, >= 0.
    """

    text: str
    finish_reason: str
    logprob: float = math.nan
    tokens: int | None = None
    reasoning: str = ""
    place: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one request.

    Attributes:
        choices: in the order of their places, which are distinct.
        usage: one per choice.
        charged: tokens of the whole request.
        model: the name the server says it used; "" when it did not say.
    """

    choices: tuple[Choice, ...]
    usage: tuple[Usage, ...]
    charged: Usage = _NOTHING
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


def read_reply(
    status: int, headers: Mapping[str, str], raw: bytes, prompt: str, n: int = 1
) -> Reply:
    """The choices in a reply.

    Args:
        status: HTTP status.
        headers: a mapping that finds lower-case names.
        raw: the body.
        prompt: what was asked, to estimate its tokens when the server does not count.
        n: choices asked for.

    Raises:
        Trouble: when there is no usable choice in it.
    """
    fine = 200 <= status < 300
    plain = _plain_reply(raw, prompt) if fine else None
    if plain is not None:
        return plain
    try:
        payload = decode(raw)
    except ValueError:
        text = raw[:2000].decode(errors="replace")
        if not fine:
            raise status_trouble(status, headers, None, text) from None
        what = "the answer is empty" if not raw.strip() else "the answer is cut off or not JSON"
        raise Trouble(f"HTTP {status}, but {what}", status=status, fate="unused") from None
    return read_payload(status, headers, payload, prompt, n)


def read_payload(
    status: int, headers: Mapping[str, str], payload: Json, prompt: str, n: int = 1
) -> Reply:
    """The choices in a decoded reply; see `read_reply`.

    Raises:
        Trouble: when there is no usable choice in it.
    """
    fields = payload if isinstance(payload, dict) else {}
    error = fields.get("error")
    if not 200 <= status < 300 or error:
        raise status_trouble(_code(status, error), headers, payload, "")
    model, said = fields.get("model"), fields.get("usage")
    usage = said if isinstance(said, dict) else {}
    choices = _choices(payload, n, usage)
    if len(choices) > 1 and _speaks_of_one(fields.get("timings"), usage):
        usage = _of_all(choices, usage)
    counted = _usage(choices, usage, prompt)
    charged = _charged(choices, counted, usage)
    return Reply(choices, counted, charged, model if isinstance(model, str) else "")


class _PlainMessage(msgspec.Struct):
    content: str
    refusal: None = None
    reasoning: None = None
    reasoning_content: None = None


class _PlainChoice(msgspec.Struct):
    message: _PlainMessage
    finish_reason: Literal["stop", "length", "content_filter"]
    index: int = 0
    logprobs: None = None


class _PlainUsage(msgspec.Struct):
    prompt_tokens: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
    completion_tokens: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


class _PlainReply(msgspec.Struct):
    choices: Annotated[list[_PlainChoice], msgspec.Meta(min_length=1)]
    usage: _PlainUsage
    model: str = ""
    timings: msgspec.Raw = msgspec.Raw()
    error: None = None


_plain_decoder = msgspec.json.Decoder(_PlainReply)


def _plain_reply(raw: bytes, prompt: str) -> Reply | None:
    """The usual reply, sound choices with their usage, in a tenth of the time; None for others."""
    try:
        reply = _plain_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if [choice.index for choice in reply.choices] != list(range(len(reply.choices))):
        return None
    if len(reply.choices) == 1:
        choice, usage = reply.choices[0], reply.usage
        counted = Usage(usage.prompt_tokens, usage.completion_tokens)
        one = Choice(choice.message.content, choice.finish_reason)
        return Reply((one,), (counted,), counted, reply.model)
    if reply.timings:
        return None
    choices = tuple(
        Choice(choice.message.content, choice.finish_reason, place=place)
        for place, choice in enumerate(reply.choices)
    )
    usages = msgspec.structs.asdict(reply.usage)
    counts = _usage(choices, usages, prompt)
    return Reply(choices, counts, _charged(choices, counts, usages), reply.model)


def _code(status: int, error: Json) -> int:
    code = error.get("code") if isinstance(error, dict) else None
    if not 200 <= status < 300:
        return status
    # An error inside a 200 without a status of its own is the server's failure: worth retrying.
    return code if isinstance(code, int) and 400 <= code <= 599 else 500


def _choices(payload: Json, n: int, usage: Mapping[str, Json]) -> tuple[Choice, ...]:
    raw = payload.get("choices") if isinstance(payload, dict) else None
    if not isinstance(raw, list):
        said = error_message(payload)
        raise _unusable(f"there are no choices in it{said and ': ' + said}", usage)
    # A choice that is null, or that failed upstream, was not delivered: it is asked for again.
    usable = {
        place: choice
        for place, choice in enumerate(raw)
        if isinstance(choice, dict) and choice.get("finish_reason") != "error"
    }
    if not usable:
        raise _unusable("the list of choices is empty", usage)
    placed = _by_index(usable, max(n, len(raw)))
    return tuple(_choice(placed[place], place) for place in sorted(placed))


def _unusable(why: str, usage: Mapping[str, Json]) -> Trouble:
    prompt, output = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    counted = None if prompt is None or output is None else Usage(prompt, output)
    return Trouble(f"HTTP 200, but {why}", status=200, fate="unused", usage=counted)


def _by_index(
    usable: Mapping[int, Mapping[str, Json]], places: int
) -> Mapping[int, Mapping[str, Json]]:
    """The choices by the index each gives itself, if no two give the same or one too large.

    Some servers give all of them the index 0, or count from 1: then the order tells them apart.
    """
    indexed: dict[int, Mapping[str, Json]] = {}
    for choice in usable.values():
        index = choice.get("index")
        if isinstance(index, int) and not isinstance(index, bool) and 0 <= index < places:
            indexed[index] = choice
    return indexed if len(indexed) == len(usable) else usable


def _choice(choice: Mapping[str, Json], place: int) -> Choice:
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
        place=place,
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


def _speaks_of_one(timings: Json, usage: Mapping[str, Json]) -> bool:
    """Whether a total is that of the first choice alone, as llama.cpp counts (its PR 27318)."""
    tokens = _count(usage.get("completion_tokens"))
    return isinstance(timings, dict) and tokens is not None and timings.get("predicted_n") == tokens


def _of_all(choices: Sequence[Choice], usage: Mapping[str, Json]) -> Mapping[str, Json]:
    """The usage of all choices, theirs guessed from the length of the first; unknown if empty."""
    tokens, characters = _count(usage.get("completion_tokens")) or 0, len(choices[0].text)
    known = {"prompt_tokens": usage.get("prompt_tokens")}
    if not characters:
        return known
    total = math.ceil(tokens * sum(len(c.text) for c in choices) / characters)
    return {**known, "completion_tokens": total, "estimated": True}


def _charged(
    choices: Sequence[Choice], counted: Sequence[Usage], usage: Mapping[str, Json]
) -> Usage:
    """Tokens of the whole request: the server's count where it counts all choices, else ours."""
    told = _count(usage.get("completion_tokens"))
    ours = sum(c.output_tokens for c in counted)
    unsure = any(c.estimated for c in counted)
    prompt = counted[0].prompt_tokens
    if told is None or (len(choices) > 1 and told < ours and _counts_one(choices, told)):
        return Usage(prompt, ours, estimated=unsure)
    guessed = _count(usage.get("prompt_tokens")) is None or bool(usage.get("estimated"))
    if guessed and not unsure:  # log-probabilities have counted what is a guess here
        return Usage(prompt, ours)
    return Usage(prompt, told, estimated=guessed)


def _counts_one(choices: Sequence[Choice], tokens: int) -> bool:
    """Whether a total is too small to be that of all choices."""
    if all(choice.tokens is not None for choice in choices):
        return True
    characters = sum(len(choice.text) for choice in choices)
    return characters > _MOST_CHARACTERS_PER_TOKEN * tokens


def _tokens_per_character(choices: Sequence[Choice], tokens: int | None) -> float:
    # Some servers count one choice of n: a total too small for the text is not trusted.
    characters = sum(len(c.text) for c in choices)
    if tokens and characters and not _counts_one(choices, tokens):
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
