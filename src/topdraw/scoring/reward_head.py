"""Small heads on the built-in model: from what it thinks of an output's tokens to one number.

Not here: reading an output with the model (`scoring.reward`) and training (`tools/`).
Try it: `python -m pytest tests/scoring/test_reward.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

GLOBAL_FEATURES = (
    "sum of log-probabilities",
    "mean log-probability",
    "lowest log-probability",
    "second lowest",
    "log-probability of the end",
    "mean entropy",
    "highest entropy",
    "log of the length",
    "share of tokens below one half",
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the built-in model thinks while it reads an output of T tokens and the end token.

    Attributes:
        logprobs: shape (T+1,). Log-probability of each token and of the end, in nats.
        entropies: shape (T+1,). Entropy of the distribution each was drawn from, in nats.
        hidden: shape (T+1, width). Final state from which each was predicted; the last one is
            the state after the whole text. Zeros for the first.
    """

    logprobs: Floats
    entropies: Floats
    hidden: Floats


def token_features(reading: Reading) -> Floats:
    """Shape (T+1, width + 3): state, log-probability, entropy, the last log-probability."""
    before = np.concatenate([[0.0], reading.logprobs[:-1]])
    columns = np.stack([reading.logprobs, reading.entropies, before], axis=1)
    return np.concatenate([reading.hidden, np.clip(columns, -12.0, 12.0)], axis=1)


def global_features(reading: Reading) -> Floats:
    """The numbers of `GLOBAL_FEATURES`, in that order, clipped so that odd text stays finite."""
    logprobs = np.maximum(reading.logprobs, -30.0)
    lowest = np.sort(logprobs)
    return np.array(
        [
            max(float(logprobs.sum()), -200.0),
            logprobs.mean(),
            lowest[0],
            lowest[1] if lowest.size > 1 else 0.0,
            logprobs[-1],
            reading.entropies.mean(),
            reading.entropies.max(),
            np.log(logprobs.size),
            (logprobs < np.log(0.5)).mean(),
        ]
    )


def reward(head: Mapping[str, Floats], reading: Reading) -> float:
    """Score of the pairwise head: pooled token features and global features through a small net.

    z_t = W2 silu(W1 f_t + b1) + b2; s = v . silu(V [mean z, max z, min z, g] + c) + u . g, with
    g the standardised global features.

    Args:
        head: arrays of `reward.safetensors`.
        reading: of one output.
    """
    tokens = (token_features(reading) - head["token_mean"]) / head["token_sd"]
    z = _silu(tokens @ head["w1"].T + head["b1"]) @ head["w2"].T + head["b2"]
    g = (global_features(reading) - head["global_mean"]) / head["global_sd"]
    pooled = np.concatenate([z.mean(0), z.max(0), z.min(0), g])
    inner = _silu(head["v1"] @ pooled + head["c1"])
    return float(head["v2"] @ inner + head["u"] @ g)


def naive_reward(head: Mapping[str, Floats], reading: Reading) -> float:
    """Score of the naive head: the state after the last token through a small net.

    Args:
        head: arrays of `reward_naive.safetensors`.
        reading: of one output.
    """
    state = (reading.hidden[-1] - head["mean"]) / head["sd"]
    return float(head["v2"] @ _silu(head["w1"] @ state + head["b1"]))


def _silu(x: Floats) -> Floats:
    return x / (1.0 + np.exp(-np.clip(x, -60.0, 60.0)))
