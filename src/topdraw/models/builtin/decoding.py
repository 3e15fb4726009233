"""From logits to a token: penalties, temperature, top-k, top-p and an inverse-CDF draw.

The rules and their order are those of `transformers`: repetition penalty, temperature, top-k,
top-p; OpenAI's presence and frequency penalties come second, as in vLLM. Every function works row
by row: a row's result does not depend on the others. Equal logits are kept or dropped together, so
that the order of the vocabulary never matters.

Not here: which rows there are, and when they end (`engine.py`).
Try it: `python -m pytest tests/models/builtin/test_decoding.py`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topdraw.core.records import BoolArray, Decoding, IntArray
from topdraw.errors import ConfigError, DomainError
from topdraw.models.builtin.weights import Float32Array

_GOLDEN = 0x9E3779B97F4A7C15
_MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def check(decoding: Decoding) -> None:
    """Raise unless every setting is in its range.

    Raises:
        DomainError: naming the setting, its value and its range.
        ConfigError: for an extra_body, since there is no request that it could be part of, and
            for a system prompt, which it has not learnt to read.
    """
    if decoding.system:
        raise ConfigError(
            "The built-in model reads no system prompt.", hint="Leave it out: it is for servers."
        )
    if decoding.extra_body:
        raise ConfigError(
            f"The built-in model knows no extra_body; got {', '.join(decoding.extra_body)}.",
            hint="Leave it out: it is for servers.",
        )
    presence, frequency = decoding.presence_penalty, decoding.frequency_penalty
    rules = (
        ("temperature", decoding.temperature, decoding.temperature >= 0, ">= 0"),
        ("top_p", decoding.top_p, 0 < decoding.top_p <= 1, "in (0, 1]"),
        ("top_k", decoding.top_k, decoding.top_k >= 0, ">= 0"),
        ("repetition_penalty", decoding.repetition_penalty, decoding.repetition_penalty > 0, "> 0"),
        (
            "max_tokens",
            decoding.max_tokens,
            decoding.max_tokens is None or decoding.max_tokens > 0,
            ">= 1",
        ),
        ("stop", "", "" not in decoding.stop, "texts that are not empty"),
        ("presence_penalty", presence, -2 <= presence <= 2, "in [-2, 2]"),
        ("frequency_penalty", frequency, -2 <= frequency <= 2, "in [-2, 2]"),
    )
    for name, value, good, allowed in rules:
        if not good or (isinstance(value, float) and not np.isfinite(value)):
            raise DomainError(f"{name} must be {allowed}; got {value!r}.")


def uniforms(seeds: NDArray[np.uint64], position: int) -> Float32Array:
    """One number in [0, 1) per sample: a function of its seed and the position in its output.

    SplitMix64 as a counter, so that a sample needs no state of its own and the stream is the same
    with every version of NumPy. 24 bits: a token with probability below 6e-8 may never be drawn.

    Args:
        seeds: shape (rows,).
        position: of the token in the output, >= 0.

    References:
        Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators".
    """
    state = _mixed(seeds + np.uint64(_GOLDEN))
    bits = _mixed(state + np.uint64((position + 1) * _GOLDEN % 2**64))
    return (bits >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)


def _mixed(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    for shift, factor in _MIX:
        z = (z ^ (z >> np.uint64(shift))) * np.uint64(factor)
    return z ^ (z >> np.uint64(31))


def choose(
    logits: Float32Array,
    decoding: Decoding,
    draws: Float32Array,
    seen: BoolArray | None,
    counts: Float32Array | None = None,
) -> IntArray:
    """One token per row.

    Args:
        logits: shape (rows, vocabulary); finite.
        decoding: its settings; only those about a single token are read.
        draws: shape (rows,), in [0, 1). Not used when greedy.
        seen: shape (rows, vocabulary). Tokens in prompt or output so far; None without a repetition
            penalty.
        counts: shape (rows, vocabulary). How often each token is in the output so far; None without
            a presence or frequency penalty.

    Returns:
        Shape (rows,). When greedy the first of the most likely tokens.
    """
    if seen is not None:
        logits = penalised(logits, seen, decoding.repetition_penalty)
    if counts is not None:
        logits = lowered(logits, counts, decoding.presence_penalty, decoding.frequency_penalty)
    if decoding.greedy:
        best: IntArray = np.argmax(logits, axis=1)
        return best
    weights = filtered(logits, decoding)
    totals = np.cumsum(weights, axis=1, out=weights)
    # Strict: a token of weight 0 adds nothing to the total, hence is never the first above.
    chosen: IntArray = np.argmax(totals > (draws * totals[:, -1])[:, None], axis=1)
    return chosen


def penalised(logits: Float32Array, seen: BoolArray, penalty: float) -> Float32Array:
    """Logits with those of seen tokens divided by the penalty if positive, else multiplied.

    References:
        Keskar et al. 2019 (CTRL, arXiv 1909.05858), section 4.1, with the sign rule of
        `transformers`.
    """
    factor = np.float32(penalty)
    return np.where(seen, np.where(logits > 0, logits / factor, logits * factor), logits)


def lowered(
    logits: Float32Array, counts: Float32Array, presence: float, frequency: float
) -> Float32Array:
    """Logits less frequency x count, and less presence where the count is not 0.

    References:
        OpenAI's API reference, "presence_penalty" and "frequency_penalty": of generated tokens
        alone, the prompt's do not count.
    """
    lower: Float32Array = logits - np.float32(frequency) * counts
    return np.where(counts > 0, lower - np.float32(presence), lower)


def filtered(logits: Float32Array, decoding: Decoding) -> Float32Array:
    """Unnormalised probabilities after temperature, top-k and top-p; dropped tokens have 0.

    Args:
        logits: shape (rows, vocabulary).
        decoding: temperature > 0, top_k, top_p.

    Returns:
        Shape (rows, vocabulary), in [0, 1], the most likely token at 1.
    """
    weights: Float32Array = logits - logits.max(axis=1, keepdims=True)
    if decoding.temperature != 1.0:
        with np.errstate(over="ignore"):  # a tiny temperature sends unlikely tokens to -inf
            weights /= np.float32(decoding.temperature)
    np.exp(weights, out=weights)
    count = weights.shape[1]
    if 0 < decoding.top_k < count:
        place = count - decoding.top_k
        weights[weights < np.partition(weights, place, axis=1)[:, place, None]] = 0.0
    if decoding.top_p < 1.0:
        weights[weights < _least_kept(weights, decoding.top_p)] = 0.0
    return weights


def _least_kept(weights: Float32Array, top_p: float) -> Float32Array:
    """The smallest weight among the fewest tokens that reach top_p; shape (rows, 1)."""
    rising = np.sort(weights, axis=1)
    below = np.cumsum(rising, axis=1)
    kept = below > np.float32(1 - top_p) * below[:, -1:]
    kept[:, -1] = True  # where 1 - top_p rounds to 1
    least: Float32Array = np.take_along_axis(rising, np.argmax(kept, axis=1)[:, None], axis=1)
    return least


def log_probabilities(logits: Float32Array, tokens: IntArray) -> Float32Array:
    """Log-probability of one token per row under the untempered model, shape (rows,), nats."""
    top = logits.max(axis=1)
    chosen = logits[np.arange(len(tokens)), tokens] - top
    result: Float32Array = chosen - np.log(np.exp(logits - top[:, None]).sum(axis=1))
    return result
