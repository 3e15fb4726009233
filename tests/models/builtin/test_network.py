"""The forward pass equals transformers' on the same weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import LlamaForCausalLM

from topdraw.models.builtin.engine import Engine
from topdraw.models.builtin.network import Network
from topdraw.models.builtin.rows import Plan
from topdraw.models.builtin.weights import Weights

TOLERANCE = 1e-4
prompts = st.lists(st.integers(0, 447), min_size=1, max_size=90)


def theirs(reference: LlamaForCausalLM, tokens: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Logits and final hidden states of transformers, each shape (tokens, ..)."""
    with torch.inference_mode():
        out = reference(torch.tensor([tokens]), output_hidden_states=True)
    return out.logits[0].numpy(), out.hidden_states[-1][0].numpy()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(prompt=prompts)
def test_prompt_logits_equal_transformers(
    engine: Engine, reference: LlamaForCausalLM, prompt: list[int]
) -> None:
    logits, hidden = theirs(reference, prompt)
    read = engine.network.read(prompt)
    np.testing.assert_allclose(read.logits, logits[-1], atol=TOLERANCE)
    np.testing.assert_allclose(read.hidden, hidden[-1], atol=TOLERANCE)
    assert read.length == len(prompt)


@pytest.mark.slow
def test_a_prompt_that_fills_the_context_equals_transformers(
    engine: Engine, reference: LlamaForCausalLM
) -> None:
    prompt = np.random.default_rng(0).integers(0, 448, engine.config.context).tolist()
    np.testing.assert_allclose(
        engine.network.read(prompt).logits, theirs(reference, prompt)[0][-1], atol=TOLERANCE
    )


@pytest.mark.parametrize("steps", [1, 3])
def test_rows_after_a_prompt_equal_transformers(
    engine: Engine, reference: LlamaForCausalLM, steps: int
) -> None:
    rng = np.random.default_rng(steps)
    prompt, own = rng.integers(0, 448, 33).tolist(), rng.integers(0, 448, (8, 12))
    network = engine.network
    cache = network.room(network.read(prompt), 8, 12)
    found = [network.forward(own[:, i : i + steps], cache) for i in range(0, 12, steps)]
    logits = [network.logits(hidden).reshape(8, steps, -1) for hidden in found]
    expected = np.stack([theirs(reference, prompt + row.tolist())[0][33:] for row in own])
    np.testing.assert_allclose(np.concatenate(logits, axis=1), expected, atol=TOLERANCE)


def test_the_plan_changes_bits_at_most(weights: Weights, engine: Engine) -> None:
    prompt = list(range(40))
    fixed = Network(weights, plan=Plan(128, 128, 128))
    np.testing.assert_allclose(
        fixed.read(prompt).logits, engine.network.read(prompt).logits, atol=TOLERANCE
    )


def test_attention_row_by_row_equals_attention_together(engine: Engine) -> None:
    """The path for prompts at which one product over all rows is not exact."""
    network = engine.network
    read = network.read(list(range(50)))
    tokens = np.arange(16)[:, None]
    results = []
    for exact in (True, False):
        object.__setattr__(read, "exact", exact)
        results.append(network.forward(tokens, network.room(read, 16, 1)))
    np.testing.assert_allclose(results[0], results[1], atol=TOLERANCE)
