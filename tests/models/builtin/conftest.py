"""A network with random weights, in our engine and in transformers, for the tests beside this file.

Not here: the shipped weights, which change when the model is trained again.
Try it: `python -m pytest tests/models/builtin`.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from transformers import LlamaConfig, LlamaForCausalLM

from topdraw.models.builtin.engine import Engine
from topdraw.models.builtin.model import BuiltinModel
from topdraw.models.builtin.weights import FOLDER, Weights, load

INNER, CONTEXT = 448, 512


def random_tensors(seed: int) -> dict[str, np.ndarray]:
    """Llama tensors with lively outputs: wide logits, and an end token that comes up often."""
    rng = np.random.default_rng(seed)

    def matrix(rows: int, columns: int, scale: float) -> np.ndarray:
        return (rng.standard_normal((rows, columns)) * scale).astype(np.float16)

    tensors = {"model.embed_tokens.weight": matrix(448, 128, 0.25)}
    tensors["model.embed_tokens.weight"][0] *= 2
    tensors["model.norm.weight"] = (1 + 0.1 * rng.standard_normal(128)).astype(np.float16)
    for number in range(4):
        shapes = {
            "self_attn.q_proj": (128, 128),
            "self_attn.k_proj": (64, 128),
            "self_attn.v_proj": (64, 128),
            "self_attn.o_proj": (128, 128),
            "mlp.gate_proj": (INNER, 128),
            "mlp.up_proj": (INNER, 128),
            "mlp.down_proj": (128, INNER),
        }
        for name, (rows, columns) in shapes.items():
            tensors[f"model.layers.{number}.{name}.weight"] = matrix(rows, columns, 0.12)
        for name in ("input_layernorm", "post_attention_layernorm"):
            norm = 1 + 0.1 * rng.standard_normal(128)
            tensors[f"model.layers.{number}.{name}.weight"] = norm.astype(np.float16)
    return tensors


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights folder like the shipped one, with random numbers."""
    path = tmp_path_factory.mktemp("weights")
    for name in ("tokenizer.json", "config.json"):
        shutil.copyfile(FOLDER / name, path / name)
    for seed, stage in enumerate(("builtin", "small")):
        save_file(random_tensors(seed), path / f"{stage}.safetensors")
    return path


@pytest.fixture(scope="session")
def weights(folder: Path) -> Weights:
    """The random weights, as read by us."""
    return load("builtin", folder=folder)


@pytest.fixture(scope="session")
def engine(weights: Weights) -> Engine:
    """Our engine on the random weights."""
    return Engine(weights)


@pytest.fixture(scope="session")
def reference(weights: Weights, folder: Path) -> LlamaForCausalLM:
    """The random weights in transformers."""
    torch.set_num_threads(1)
    fields = json.loads((folder / "config.json").read_text())
    for ours in ("chat", "chat_template", "special_tokens", "torch_dtype", "architectures"):
        fields.pop(ours, None)
    model = LlamaForCausalLM(LlamaConfig(**fields)).eval()
    tensors = {name: torch.from_numpy(array) for name, array in weights.tensors.items()}
    missing = model.load_state_dict(tensors, strict=False)
    assert list(missing.missing_keys) == ["lm_head.weight"]
    assert not missing.unexpected_keys
    return model


@pytest.fixture(scope="session")
def model() -> Iterator[BuiltinModel]:
    """The shipped model with one worker, shared since a start takes a while."""
    shipped = BuiltinModel(workers=1)
    yield shipped
    asyncio.run(shipped.aclose())
