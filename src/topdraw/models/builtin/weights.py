"""The shipped weights: which stages there are, and how their files are read.

Not here: the forward pass (`network.py`) or the training that wrote the files (`tools/`).
Try it: `python -c "from topdraw.models.builtin.weights import load; print(load('small').digest)"`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from topdraw.core.registry import unknown_name
from topdraw.errors import FormatError

Float32Array: TypeAlias = NDArray[np.float32]
FOLDER = Path(__file__).parent / "weights"
STAGES = ("builtin", "small")


@dataclass(frozen=True)
class Config:
    """Shape of a Llama network and the texts around a user's turn.

    Attributes:
        vocabulary: number of tokens.
        width: of the residual stream.
        layers: number of blocks.
        heads: query heads.
        kv_heads: key and value heads; each serves heads / kv_heads query heads.
        head_width: of one head.
        epsilon: of the root-mean-square norms.
        theta: base of the rotary angles.
        context: most tokens of prompt and output together.
        end: the token that ends an output.
        before: token texts in front of the user's turn.
        after: token texts behind it.
    """

    vocabulary: int
    width: int
    layers: int
    heads: int
    kv_heads: int
    head_width: int
    epsilon: float
    theta: float
    context: int
    end: int
    before: str
    after: str


@dataclass(frozen=True)
class Weights:
    """One stage, read from disk.

    Attributes:
        config: its shape.
        tensors: Hugging Face Llama names to arrays, in float32.
        tokenizer: path of its `tokenizer.json`.
        digest: first 16 hex digits of the SHA-256 of the weights file.
    """

    config: Config
    tensors: Mapping[str, Float32Array]
    tokenizer: Path
    digest: str


def check_stage(stage: str) -> None:
    """Raise unless a stage exists.

    Raises:
        UnknownNameError: naming the stages there are.
    """
    if stage not in STAGES:
        raise unknown_name("stage of the built-in model", stage, list(STAGES))


def load(stage: str, *, folder: str | PathLike[str] = FOLDER) -> Weights:
    """Read one stage of the built-in model.

    Args:
        stage: "builtin", or "small", which was trained for a shorter time.
        folder: where `<stage>.safetensors`, `config.json` and `tokenizer.json` lie.

    Raises:
        UnknownNameError: for any other stage.
        FormatError: when a file is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as parse

    check_stage(stage)
    path = Path(folder) / f"{stage}.safetensors"
    try:
        data = path.read_bytes()
        tensors = {name: array.astype(np.float32) for name, array in parse(data).items()}
        config = read_config(Path(folder) / "config.json")
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise FormatError(
            f"The weights of the built-in model at {path} cannot be read: {error}.",
            hint="Install topdraw again.",
        ) from error
    digest = hashlib.sha256(data).hexdigest()[:16]
    return Weights(config, tensors, Path(folder) / "tokenizer.json", digest)


def digest_of(stage: str, *, folder: str | PathLike[str] = FOLDER) -> str:
    """First 16 hex digits of the SHA-256 of a stage's weights file, without parsing it.

    Raises:
        UnknownNameError: when there is no such stage.
    """
    check_stage(stage)
    return hashlib.sha256((Path(folder) / f"{stage}.safetensors").read_bytes()).hexdigest()[:16]


def read_config(path: Path) -> Config:
    """The fields of a Hugging Face `config.json` that the engine needs.

    Raises:
        KeyError: when one is missing.
    """
    data = json.loads(path.read_text(encoding="utf-8"))
    return Config(
        vocabulary=data["vocab_size"],
        width=data["hidden_size"],
        layers=data["num_hidden_layers"],
        heads=data["num_attention_heads"],
        kv_heads=data["num_key_value_heads"],
        head_width=data["head_dim"],
        epsilon=data["rms_norm_eps"],
        theta=data["rope_theta"],
        context=data["max_position_embeddings"],
        end=data["eos_token_id"],
        before=data["chat"]["before"],
        after=data["chat"]["after"],
    )
