"""What an attempt amounts to: a line on the bill, an outcome of the model, an error for people.

Not here: whether to ask again; that is `retry`.
Try it: `python -m pytest tests/models/test_endpoint.py`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from topdraw.core.billing import Answered
from topdraw.core.records import Decoding, Json, Usage
from topdraw.errors import EndpointError
from topdraw.models.choices import Choice
from topdraw.models.reply import Reply
from topdraw.models.retry import Refused, Trouble, error_words
from topdraw.models.served import nearest
from topdraw.models.transport import shown

if TYPE_CHECKING:
    import yarl

_MOST_NAMES = 12
_HINTS = {
    401: "Set the key in {key}, or another one if it is set.",
    402: "Top up the account, then run the same command again: nothing drawn is lost.",
    403: "The key in {key} may not use this model.",
    404: "Is the address right (it often ends in /v1), and is {model!r} a model of this server?",
}


def outcome_of(trouble: Trouble, decoding: Decoding, n: int) -> Reply | None:
    """The reply that a refusal of the *prompt* amounts to: the model fails on it, always.

    Args:
        trouble: what the server said.
        decoding: settings of the draw.
        n: choices asked for.

    Returns:
        n empty choices cut by the content filter or by the context; None for any other trouble.
    """
    words = set(error_words(trouble.payload))
    reason = ""
    if trouble.status == 400 and words & {"content_filter", "content_policy_violation"}:
        reason = "content_filter"
    # When we set max_tokens, it may be our number that does not fit: that is not the model's fault.
    too_long = {"exceed_context_size_error"} | (
        {"context_length_exceeded"} if decoding.max_tokens is None else set()
    )
    if trouble.status == 400 and words & too_long:
        reason = "length"
    if not reason:
        return None
    choices = tuple(Choice("", reason, place=place) for place in range(n))
    return Reply(choices, (Usage(estimated=True),) * n)


def without_key(text: str, key: str | None) -> str:
    """What a server said, less the key that it repeats.

    Args:
        text: what it said.
        key: the key it was sent; None for none.
    """
    return text.replace(key, "[key]") if key and len(key) >= 8 else text


def endpoint_error(
    trouble: Trouble,
    attempts: int,
    *,
    url: yarl.URL,
    model: str,
    key: str | None,
    name: str,
    served: Sequence[str] = (),
    alone: bool = False,
) -> EndpointError:
    """The error to raise when there is no point in asking again.

    Args:
        trouble: the last one.
        attempts: requests made.
        url: the base address.
        model: name of the model, for hints.
        key: taken out of whatever the server said; None for none.
        name: where the key comes from, in words, for hints.
        served: the models of the server, for a 404; none when it does not list them.
        alone: whether it is about one request and says nothing of others.
    """
    what = without_key(trouble.what, key)
    kind: type[EndpointError] = EndpointError
    hint = ""
    if trouble.unreachable:
        kind, hint = Refused, "Is the server running, and is the address right?"
    elif trouble.quota:
        kind, hint = Refused, _HINTS[402]
    elif trouble.hopeless:
        kind = Refused
        hint = _HINTS[trouble.status or 404].format(key=name, model=model)
        if served and model not in served:
            hint = f"It has no model {model!r}, but {_some(nearest(model, served))}."
    elif trouble.hint_seconds and trouble.retryable:
        hint = f"It asked us to wait {trouble.hint_seconds:.0f} s; run the same command later."
    times = f" after {attempts} attempts" if attempts > 1 else ""
    kind = EndpointError if alone else kind
    return kind(
        f"{shown(url)} did not answer{times}: {_ended(what)}",
        hint=hint,
        status=trouble.status,
        attempts=attempts,
        request_id=trouble.request_id,
        said=_payload_without_key(trouble.payload, key),
        retry_after_seconds=trouble.hint_seconds,
    )


def _payload_without_key(payload: Json, key: str | None) -> Json:
    if payload is None or not key:
        return payload
    value: Json = json.loads(without_key(json.dumps(payload), key))
    return value


def _ended(said: str) -> str:
    """The words of a server as the end of a sentence: it may have put its own full stop."""
    text = said.rstrip()
    return text if text.rstrip("\"')").endswith((".", "!", "?", "\u2026")) else f"{text}."


def _some(names: Sequence[str]) -> str:
    listed = ", ".join(names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{listed} and {more} more" if more > 0 else listed


def delivered(reply: Reply, seconds: float) -> Answered:
    """The line on the bill for a request that brought something.

    Args:
        reply: what it brought.
        seconds: how long it took.
    """
    charged = reply.charged
    return Answered(
        "delivered",
        len(reply.choices),
        charged.prompt_tokens,
        charged.output_tokens,
        charged.estimated,
        200,
        seconds,
    )


def in_vain(trouble: Trouble, outcome: Reply | None, seconds: float, key: str | None) -> Answered:
    """The line on the bill for a request that brought no answer.

    Args:
        trouble: why.
        outcome: what it amounts to all the same, see `outcome_of`.
        seconds: how long it took.
        key: taken out of whatever the server said; None for none.
    """
    used = trouble.usage
    return Answered(
        trouble.fate,
        len(outcome.choices) if outcome is not None else 0,
        None if used is None else used.prompt_tokens,
        None if used is None else used.output_tokens,
        status=trouble.status,
        seconds=seconds,
        note=without_key(trouble.what, key),
    )
