"""What comes back from an OpenAI-compatible server: choices, their usage, names of models.

Not here: sending and retrying (`endpoint`). A reply that cannot be used raises `Trouble`; a reply
in which the *model* failed (empty, refused, cut off) is an ordinary choice.
Try it: `python -m pytest tests/models/test_reply.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from topdraw.core.records import Json, Usage
from topdraw.models import charge
from topdraw.models.choices import Choice, read_choices
from topdraw.models.retry import Trouble, error_message, status_trouble

_NOTHING = Usage()


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


def decode(raw: bytes, *, lenient: bool = True) -> Json:
    """The JSON of a body; a byte order mark is dropped.

    Args:
        raw: the body.
        lenient: whether bad UTF-8 is replaced.

    Raises:
        UnicodeDecodeError: when it is not UTF-8, and that matters.
        ValueError: when it is not JSON.
    """
    errors = "replace" if lenient else "strict"
    try:
        value: Json = json.loads(raw.decode(errors=errors).removeprefix("\ufeff"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def read_reply(
    status: int,
    headers: Mapping[str, str],
    raw: bytes,
    prompt: str,
    n: int = 1,
    *,
    lenient: bool = True,
    whole: bool = False,
) -> Reply:
    """The choices in a reply.

    Args:
        status: HTTP status.
        headers: a mapping that finds lower-case names.
        raw: the body.
        prompt: what was asked, to estimate its tokens when the server does not count.
        n: choices asked for.
        lenient: whether bad UTF-8 in a good reply is replaced; else it is a reply that was garbled
            on its way.
        whole: whether each choice is kept as the server wrote it, too.

    Raises:
        Trouble: when there is no usable choice in it.
    """
    fine = 200 <= status < 300
    plain = _plain_reply(raw, prompt) if fine and not whole else None
    if plain is not None:
        return plain
    try:
        payload = decode(raw, lenient=lenient or not fine)
    except UnicodeDecodeError:
        raise garbled(status) from None
    except ValueError:
        text = raw[:2000].decode(errors="replace")
        if not fine:
            raise status_trouble(status, headers, None, text) from None
        raise _no_json(status, text) from None
    return read_payload(status, headers, payload, prompt, n, whole=whole)


def garbled(status: int) -> Trouble:
    """What bytes that are no UTF-8 amount to."""
    what = f"HTTP {status}, but the answer is not UTF-8"
    return Trouble(what, status=status, fate="unused", garbled=True)


def _no_json(status: int, text: str) -> Trouble:
    if text.lstrip("\ufeff \r\n\t").startswith("<"):
        what = "the answer is a web page; is the address right? It often ends in /v1"
    elif text.strip():
        what = "the answer is cut off or not JSON"
    else:
        what = "the answer is empty"
    return Trouble(f"HTTP {status}, but {what}", status=status, fate="unused")


def read_payload(
    status: int,
    headers: Mapping[str, str],
    payload: Json,
    prompt: str,
    n: int = 1,
    *,
    whole: bool = False,
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
    usage: Mapping[str, Json] = said if isinstance(said, dict) else {}
    raw = fields.get("choices")
    if not isinstance(raw, list):
        words = error_message(payload)
        raise _unusable(f"there are no choices in it{words and ': ' + words}", usage)
    choices = read_choices(raw, n, whole=whole)
    if not choices:
        raise _unusable("the list of choices is empty", usage)
    if choices[0].place >= n:
        raise _unusable("there are none of the choices asked for in it", usage)
    if len(choices) > 1 and charge.speaks_of_one(fields.get("timings"), usage):
        usage = charge.of_all(choices, usage)
    counted = charge.of_choices(choices, usage, prompt)
    charged = charge.of_request(choices, counted, usage)
    return Reply(choices, counted, charged, model if isinstance(model, str) else "")


def _unusable(why: str, usage: Mapping[str, Json]) -> Trouble:
    what = f"HTTP 200, but {why}"
    return Trouble(what, status=200, fate="unused", usage=charge.of_nothing(usage))


class _PlainMessage(msgspec.Struct, gc=False):
    content: str
    refusal: None = None
    reasoning: None = None
    reasoning_content: None = None


class _PlainChoice(msgspec.Struct, gc=False):
    message: _PlainMessage
    finish_reason: Literal["stop", "length", "content_filter"]
    index: int = 0
    logprobs: None = None


class _PlainUsage(msgspec.Struct, gc=False):
    prompt_tokens: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
    completion_tokens: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


class _PlainReply(msgspec.Struct, gc=False):
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
        [
            Choice(choice.message.content, choice.finish_reason, place=place)
            for place, choice in enumerate(reply.choices)
        ]
    )
    usages = msgspec.structs.asdict(reply.usage)
    counted_each = charge.of_choices(choices, usages, prompt)
    charged = charge.of_request(choices, counted_each, usages)
    return Reply(choices, counted_each, charged, reply.model)


def _code(status: int, error: Json) -> int:
    code = error.get("code") if isinstance(error, dict) else None
    if not 200 <= status < 300:
        return status
    # An error inside a 200 without a status of its own is the server's failure: worth retrying.
    return code if isinstance(code, int) and 400 <= code <= 599 else 500


def model_names(payload: Json) -> list[str]:
    """The names in the answer of the models route; empty when it has another shape."""
    data = payload.get("data") if isinstance(payload, dict) else None
    entries = data if isinstance(data, list) else []
    names = [entry.get("id") for entry in entries if isinstance(entry, dict)]
    return [name for name in names if isinstance(name, str)]
