"""Heads that transformers does not know, evaluated in float32 on the states of a network.

Not here: where their tensors come from (`checkpoint`).
Try it: `python -m pytest tests/scoring/rewards/test_heads.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from topdraw.scoring.rewards.checkpoint import Checkpoint, Foreign

_LAYERS = ("score.0.weight", "score.2.weight")


def has_two_layers(checkpoint: Checkpoint) -> bool:
    """Whether a checkpoint has Qwen's head of two layers (Qwen2.5-Math-RM, -PRM)."""
    return all(name in checkpoint.tensors for name in _LAYERS)


def linear(torch: Foreign, states: Foreign, read: Mapping[str, Foreign], name: str) -> Foreign:
    """W x + b of each state.

    Args:
        torch: the module.
        states: shape (..., hidden).
        read: tensors by name.
        name: of the layer.
    """
    weight, bias = read[f"{name}.weight"], read.get(f"{name}.bias")
    return torch.nn.functional.linear(states.float(), weight, bias)


def two_layers(torch: Foreign, states: Foreign, read: Mapping[str, Foreign]) -> Foreign:
    """W2 relu(W1 x + b1) + b2 of each state.

    Args:
        torch: the module.
        states: shape (..., hidden).
        read: tensors by name: score.0 and score.2.
    """
    return linear(torch, torch.relu(linear(torch, states, read, "score.0")), read, "score.2")
