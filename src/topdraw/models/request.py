"""The JSON of an OpenAI-compatible request, as a pure function.

Not here: what comes back (`reply`), what a server turned out to refuse (`dialect`).
Try it: `python -m pytest tests/models/test_request.py`.
"""

from __future__ import annotations

import functools
from typing import Literal

from topdraw.core.records import Decoding, Json
from topdraw.errors import ConfigError
from topdraw.models.dialect import Dialect

Api = Literal["chat", "completions"]

# llama.cpp keeps a buffer of this many tokens, and no longer takes -1 for "all".
_LOOK_BACK_TOKENS = 131_072


def request_body(
    prompt: str,
    *,
    model: str,
    api: Api,
    n: int,
    decoding: Decoding,
    seed: int,
    dialect: Dialect,
    logprobs: bool = False,
    stream: bool = False,
) -> dict[str, Json]:
    """The JSON body that asks for n samples, every sampling setting said explicitly.

    A system prompt goes before the prompt, as a message of its own.

    Args:
        prompt: one user turn, or the text to continue.
        model: name of the model on the server.
        api: the route the body is for.
        n: choices asked for, >= 1.
        decoding: settings of the draw; its extra_body has the last word.
        seed: of the first choice.
        dialect: what the server turned out to refuse; that is left out.
        logprobs: ask for log-probabilities.
        stream: ask for events instead of one JSON object, with the token counts at their end.

    Raises:
        ConfigError: for a system prompt on the route for plain completions.
    """
    body: dict[str, Json] = {"model": model}
    if api == "chat":
        told: list[Json] = [{"role": "system", "content": decoding.system}]
        asked: Json = {"role": "user", "content": prompt}
        body["messages"] = [*(told if decoding.system else []), asked]
    elif decoding.system:
        raise ConfigError(
            "Plain completions take no system prompt.",
            hint="Leave out --api completions, or write it into the prompt.",
        )
    else:
        body["prompt"] = prompt
    if n > 1:
        body["n"] = n
    if "seed" not in dialect.refused:
        body["seed"] = seed
    if logprobs and "logprobs" not in dialect.refused:
        body["logprobs"] = True if api == "chat" else 1
    body["stream"] = stream
    if stream and "stream_options" not in dialect.refused:
        body["stream_options"] = {"include_usage": True}
    return body | _settings(decoding, dialect.refused) | dict(decoding.extra_body)


@functools.lru_cache(maxsize=64)
def _settings(decoding: Decoding, refused: frozenset[str]) -> dict[str, Json]:
    body: dict[str, Json] = {"temperature": decoding.temperature, "top_p": decoding.top_p}
    if decoding.max_tokens is not None:
        name = "max_completion_tokens" if "max_tokens" in refused else "max_tokens"
        body[name] = decoding.max_tokens
    if decoding.stop:
        body["stop"] = list(decoding.stop)
    # Every server has these off by default, and some know no such field.
    for name in ("presence_penalty", "frequency_penalty"):
        if getattr(decoding, name):
            body[name] = getattr(decoding, name)
    return body | _extras(decoding, refused)


def _extras(decoding: Decoding, refused: frozenset[str]) -> dict[str, Json]:
    penalty = decoding.repetition_penalty
    off: dict[str, Json] = {"min_p": 0.0}
    # Two names for one setting: vLLM, SGLang and transformers say the first, llama.cpp and Ollama
    # the second. For all penalties these two look back 64 tokens only unless told otherwise, and
    # into the prompt too.
    off |= {"repetition_penalty": penalty, "repeat_penalty": penalty}
    if penalty != 1.0 or decoding.presence_penalty or decoding.frequency_penalty:
        off["repeat_last_n"] = _LOOK_BACK_TOKENS
    extras = {key: value for key, value in off.items() if key not in refused}
    top_ks = [decoding.top_k] if decoding.top_k else [0, -1]
    usable = [k for k in top_ks if not {"top_k", f"top_k={k}"} & refused]
    return extras | ({"top_k": usable[0]} if usable else {})
