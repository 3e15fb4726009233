"""Exports are read by transformers, safetensors and gguf, and say what ours says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from tools.export_builtin import export
from transformers import AutoModelForCausalLM, AutoTokenizer

from topdraw.models.builtin.engine import Engine
from topdraw.models.builtin.weights import load

PROMPT = "Make 15 from the numbers 12, 1, 5, 8."


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("export")
    assert len(export("small", out)) == 5
    return out


@pytest.mark.parametrize(("kind", "dtype"), [("f16", np.float16), ("f32", np.float32)])
def test_safetensors_hold_the_weights(exported: Path, kind: str, dtype: type) -> None:
    tensors = load_file(exported / f"small-{kind}.safetensors")
    ours = load("small").tensors
    assert set(tensors) == set(ours)
    for name, array in ours.items():
        assert tensors[name].dtype == dtype
        np.testing.assert_array_equal(tensors[name], array)


@pytest.mark.slow
def test_transformers_loads_the_folder_and_agrees(exported: Path) -> None:
    folder = exported / "small-transformers"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    engine = Engine.load("small")
    messages = [{"role": "user", "content": PROMPT}]
    ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True)["input_ids"]
    assert list(ids) == engine.prompt_ids(PROMPT)
    with torch.inference_mode():
        logits = model(torch.tensor([list(ids)])).logits[0, -1].numpy()
    np.testing.assert_allclose(logits, engine.network.read(list(ids)).logits, atol=1e-4)
    assert model.generation_config.eos_token_id == engine.config.end
    assert tokenizer.eos_token == "<|end|>"  # noqa: S105  # a token of text, no secret


@pytest.mark.parametrize("kind", ["f16", "f32"])
def test_gguf_holds_every_tensor_and_the_vocabulary(exported: Path, kind: str) -> None:
    reader = gguf.GGUFReader(exported / f"small-{kind}.gguf")
    weights = load("small")
    assert len(reader.tensors) == len(weights.tensors)
    assert "output.weight" not in {tensor.name for tensor in reader.tensors}
    field = reader.get_field("tokenizer.ggml.tokens")
    assert field is not None
    assert len(field.data) == weights.config.vocabulary
    by_name = {tensor.name: tensor for tensor in reader.tensors}
    embedding = by_name["token_embd.weight"].data
    np.testing.assert_array_equal(
        embedding.astype(np.float32), weights.tensors["model.embed_tokens.weight"]
    )


@pytest.mark.slow
def test_the_command_line_writes_both_stages(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tools.export_builtin", "--out", str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    paths = [Path(line) for line in done.stdout.splitlines()]
    assert len(paths) == 10
    assert all(path.exists() for path in paths)
