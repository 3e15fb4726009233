"""The choices of a reply: what each says, why it ended, and which of those asked for it is.

Not here: their tokens (`charge`) and the rest of the reply (`reply`).
Try it: `python -m pytest tests/models/test_reply.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from topdraw.core.records import Json

_REASONS = {"eos": "stop", "eos_token": "stop", "stop_sequence": "stop", "max_tokens": "length"}


class Choice(NamedTuple):
    """One choice of a reply.

    Attributes:
        text: the output; "" when there is none.
        finish_reason: normalised; "unknown" when the server gave none.
        logprob: sum over the output tokens in nats; NaN when unknown.
        tokens: output tokens, counted in the log-probabilities; None when there are none.
        reasoning: what a reasoning server returns beside the answer.
        place: which of the choices asked for it is, >= 0.
        said: the choice as the server wrote it; None when nobody asked for that.
    """

    text: str
    finish_reason: str
    logprob: float = math.nan
    tokens: int | None = None
    reasoning: str = ""
    place: int = 0
    said: Mapping[str, Json] | None = None


def read_choices(raw: Sequence[Json], n: int, *, whole: bool = False) -> tuple[Choice, ...]:
    """The usable choices, in the order of their places; a choice that failed is none.

    Args:
        raw: the list in the reply.
        n: choices asked for.
        whole: whether each is kept as the server wrote it, too.
    """
    # A choice that is null, or that failed upstream, was not delivered: it is asked for again.
    usable = {
        place: choice
        for place, choice in enumerate(raw)
        if isinstance(choice, dict) and choice.get("finish_reason") != "error"
    }
    placed = _by_index(usable, max(n, len(raw)))
    choices = tuple(_choice(placed[place], place) for place in sorted(placed))
    return tuple(c._replace(said=placed[c.place]) for c in choices) if whole else choices


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
