"""Tokens of a reply: of each choice, and of the whole request as it was charged.

Servers count all choices, one of them, or none; what they leave out is estimated and marked so.
Not here: prices (`topdraw.sampling.prices`).
Try it: `python -m pytest tests/models/test_reply.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from topdraw.core.records import Json, Usage
from topdraw.models.choices import Choice

CHARACTERS_PER_TOKEN = 4
# More characters than this per token means that `usage` counted one choice of several.
_MOST_CHARACTERS_PER_TOKEN = 8


def of_choices(
    choices: Sequence[Choice], usage: Mapping[str, Json], prompt: str
) -> tuple[Usage, ...]:
    """Tokens of each choice: counted by log-probabilities or alone, else by its length.

    Args:
        choices: at least one.
        usage: what the server says.
        prompt: what was asked, to estimate its tokens when the server does not count.
    """
    prompt_tokens = _count(usage.get("prompt_tokens"))
    completion_tokens = _count(usage.get("completion_tokens"))
    guessed = prompt_tokens if prompt_tokens is not None else _estimate(prompt)
    if len(choices) == 1 and completion_tokens is not None:
        return (Usage(guessed, completion_tokens, estimated=prompt_tokens is None),)
    rate = _tokens_per_character(choices, completion_tokens)
    unsure = prompt_tokens is None
    return tuple(
        [
            Usage(guessed, math.ceil(len(c.text) * rate), True)
            if c.tokens is None
            else Usage(guessed, c.tokens, unsure)
            for c in choices
        ]
    )


def speaks_of_one(timings: Json, usage: Mapping[str, Json]) -> bool:
    """Whether a total is that of the first choice alone, as llama.cpp counts (its PR 27318).

    Args:
        timings: llama.cpp's own, beside the usage.
        usage: what the server says.
    """
    tokens = _count(usage.get("completion_tokens"))
    return isinstance(timings, dict) and tokens is not None and timings.get("predicted_n") == tokens


def of_all(choices: Sequence[Choice], usage: Mapping[str, Json]) -> Mapping[str, Json]:
    """The usage of all choices, guessed from that of the first; without it when that is empty.

    Args:
        choices: at least one.
        usage: of the prompt and the first choice.
    """
    tokens, characters = _count(usage.get("completion_tokens")) or 0, len(choices[0].text)
    known = {"prompt_tokens": usage.get("prompt_tokens")}
    if not characters:
        return known
    total = math.ceil(tokens * _characters(choices) / characters)
    return {**known, "completion_tokens": total, "estimated": True}


def of_request(
    choices: Sequence[Choice], counted: Sequence[Usage], usage: Mapping[str, Json]
) -> Usage:
    """Tokens of the whole request: the server's count where it counts all choices, else ours.

    Args:
        choices: at least one.
        counted: tokens of each.
        usage: what the server says.
    """
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
    return _characters(choices) > _MOST_CHARACTERS_PER_TOKEN * tokens


def _characters(choices: Sequence[Choice]) -> int:
    return sum([len(choice.text) for choice in choices])


def _tokens_per_character(choices: Sequence[Choice], tokens: int | None) -> float:
    # Some servers count one choice of n: a total too small for the text is not trusted.
    characters = _characters(choices)
    if tokens and characters and not _counts_one(choices, tokens):
        return tokens / characters
    return 1 / CHARACTERS_PER_TOKEN


def of_nothing(usage: Mapping[str, Json]) -> Usage | None:
    """What an answer without a usable choice was charged; None when the server does not say."""
    prompt, output = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    return None if prompt is None or output is None else Usage(prompt, output)


def _estimate(text: str) -> int:
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def _count(value: Json) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
        return value
    return None
