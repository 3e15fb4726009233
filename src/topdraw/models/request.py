"""The JSON of an OpenAI-compatible request, as a pure function.

Not here: what comes back (`reply`), what a server turned out to refuse (`dialect`).
Try it: `python -m pytest tests/models/test_request.py`.
"""

from __future__ import annotations

import functools
from typing import Literal

from topdraw.core.records import Decoding, Json
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
) -> dict[str, Json]:
    """The JSON body that asks for n samples, every sampling setting said explicitly."""
    body: dict[str, Json] = {"model": model}
    if api == "chat":
        body["messages"] = [{"role": "user", "content": prompt}]
    else:
        body["prompt"] = prompt
    if n > 1:
        body["n"] = n
    if "seed" not in dialect.refused:
        body["seed"] = seed
    if logprobs and "logprobs" not in dialect.refused:
        body["logprobs"] = True if api == "chat" else 1
    return body | _settings(decoding, dialect.refused)


@functools.lru_cache(maxsize=64)
def _settings(decoding: Decoding, refused: frozenset[str]) -> dict[str, Json]:
    body: dict[str, Json] = {
        "temperature": decoding.temperature,
        "top_p": decoding.top_p,
        "stream": False,
    }
    if decoding.max_tokens is not None:
        name = "max_completion_tokens" if "max_tokens" in refused else "max_tokens"
        body[name] = decoding.max_tokens
    if decoding.stop:
        body["stop"] = list(decoding.stop)
    return body | _extras(decoding, refused)


def _extras(decoding: Decoding, refused: frozenset[str]) -> dict[str, Json]:
    penalty = decoding.repetition_penalty
    off: dict[str, Json] = {"min_p": 0.0}
    # Two names for one setting: vLLM, SGLang and transformers say the first, llama.cpp and Ollama
    # the second, which looks back 64 tokens only unless told otherwise.
    off |= {"repetition_penalty": penalty, "repeat_penalty": penalty}
    if penalty != 1.0:
        off["repeat_last_n"] = _LOOK_BACK_TOKENS
    extras = {key: value for key, value in off.items() if key not in refused}
    top_ks = [decoding.top_k] if decoding.top_k else [0, -1]
    usable = [k for k in top_ks if not {"top_k", f"top_k={k}"} & refused]
    return extras | ({"top_k": usable[0]} if usable else {})
