"""The head of two layers, against its formula in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.scoring.rewards import tiny
from transformers import AutoTokenizer, LlamaModel

from topdraw.core.records import Problem, Sample
from topdraw.scoring.contracts import check_scorer
from topdraw.scoring.rewards.classifier import score_reward_model

Checkpoint = Callable[[str, Callable[[Path], str]], str]
PROBLEM = Problem("p", "2+2?")


def _make(folder: Path) -> str:
    torch.manual_seed(10)
    sizes = {"score.0.weight": (8, 16), "score.0.bias": (8,), "score.2.weight": (1, 8)}
    heads = {name: torch.randn(*size) for name, size in sizes.items()}
    return tiny.backbone_with(folder, heads | {"score.2.bias": torch.randn(1)})


@pytest.mark.parametrize("batch_size", [1, 3])
def test_the_last_state_goes_through_two_layers(checkpoint: Checkpoint, batch_size: int) -> None:
    folder = checkpoint("layers", _make)
    tensors = {k: v.numpy() for k, v in load_file(Path(folder) / "model.safetensors").items()}
    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = LlamaModel.from_pretrained(folder, dtype=torch.float32).eval()
    outputs = ["4", "Five, I think.", ""]
    samples = [Sample("p", at, output) for at, output in enumerate(outputs)]
    scores = score_reward_model(PROBLEM, samples, model=folder, batch_size=batch_size)
    for output, score in zip(outputs, scores, strict=True):
        turns = [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": output}]
        ids = tokenizer.apply_chat_template(turns, return_tensors="pt", return_dict=True)
        with torch.inference_mode():
            state = network(ids["input_ids"]).last_hidden_state[0, -1].numpy()
        hidden = np.maximum(tensors["score.0.weight"] @ state + tensors["score.0.bias"], 0)
        expected = tensors["score.2.weight"] @ hidden + tensors["score.2.bias"]
        assert score.value == pytest.approx(float(expected[0]), abs=1e-5)


@pytest.mark.slow
def test_the_contract_of_scorers(checkpoint: Checkpoint) -> None:
    check_scorer(f"reward_model({checkpoint('layers', _make)!r}, batch_size=4)")
