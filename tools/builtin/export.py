"""Files of the built-in model: fp16 safetensors with Llama's names, config and tokenizer JSON.

Not here: reading them at run time (`topdraw.models.builtin.weights`).
Try it: `python -m tools.train_builtin --steps 0 --out /tmp/untrained`.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save
from tokenizers import Tokenizer
from tools.builtin.network import Llama, Shape
from tools.builtin.tokens import ASSISTANT, CHAT_TEMPLATE, END, PAD, SPECIALS, USER


def write_file(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(path)


def write_arrays(path: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write arrays as safetensors; equal arrays give equal bytes.

    One metadata entry only: safetensors writes several in an order that changes between runs.
    """
    tidy = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    write_file(path, save(tidy, metadata={"format": "pt"}))


def write_model(path: Path, model: Llama) -> None:
    """Write the weights in fp16 under Hugging Face's Llama names; the output head is tied."""
    arrays = {
        f"model.{name}": weight.detach().to(torch.float16).numpy()
        for name, weight in model.named_parameters()
    }
    write_arrays(path, arrays)


def read_model(path: Path) -> Llama:
    """The model of a file that `write_model` wrote."""
    model = Llama()
    tensors = {
        name.removeprefix("model."): torch.from_numpy(array.astype(np.float32))
        for name, array in load_file(path).items()
    }
    model.load_state_dict(tensors)
    return model


def write_config(path: Path, shape: Shape) -> None:
    """Write LlamaConfig's fields, and our chat form beside them."""
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        **dataclasses.asdict(shape),
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        "torch_dtype": "float16",
        "bos_token_id": USER,
        "eos_token_id": END,
        "pad_token_id": PAD,
        "special_tokens": {
            "end": END,
            "user": USER,
            "assistant": ASSISTANT,
            "pad": PAD,
        },
        "chat": {"before": SPECIALS[USER], "after": SPECIALS[END] + SPECIALS[ASSISTANT]},
        "chat_template": CHAT_TEMPLATE,
    }
    write_file(path, (json.dumps(config, indent=1) + "\n").encode())


def write_tokenizer(path: Path, tokenizer: Tokenizer) -> None:
    """Write the tokenizer as Hugging Face's `tokenizers` JSON."""
    write_file(path, tokenizer.to_str(pretty=False).encode())
