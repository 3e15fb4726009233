"""The built-in model in other people's formats: safetensors, a transformers folder, GGUF.

Not here: the command line (`tools/export_builtin.py`), or the training that writes the weights.
Try it: `python -m pytest tests/tools/test_export_builtin.py`.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Literal

import gguf
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from topdraw.models.builtin.tokenizer import Tokenizer
from topdraw.models.builtin.weights import FOLDER, Weights, load

Kind = Literal["f16", "f32"]
KINDS: tuple[Kind, ...] = ("f16", "f32")
TYPES = {"f16": np.float16, "f32": np.float32}
GGUF_NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def write_safetensors(path: Path, weights: Weights, kind: Kind) -> None:
    """Write the tensors under their Hugging Face names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: array.astype(TYPES[kind]) for name, array in weights.tensors.items()}
    save_file(tensors, path, metadata={"format": "pt"})


def write_transformers(out: Path, stage: str, *, folder: Path = FOLDER) -> None:
    """Write a folder that `AutoModelForCausalLM` and `AutoTokenizer` load.

    Args:
        out: the folder to make.
        stage: which weights.
        folder: where they lie.
    """
    weights = load(stage, folder=folder)
    write_safetensors(out / "model.safetensors", weights, "f32")
    ours = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    template = ours.pop("chat_template")
    config = {k: v for k, v in ours.items() if k not in ("chat", "special_tokens")}
    end, pad = config["eos_token_id"], config["pad_token_id"]
    special = {token: text for text, token in Tokenizer(weights.tokenizer).special.items()}
    _write_json(out / "config.json", {**config, "torch_dtype": "float32", "dtype": "float32"})
    _write_json(
        out / "generation_config.json",
        {"do_sample": True, "eos_token_id": end, "pad_token_id": pad},
    )
    _write_json(
        out / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": special[end],
            "pad_token": special[pad],
            "model_max_length": config["max_position_embeddings"],
            "chat_template": template,
            "clean_up_tokenization_spaces": False,
        },
    )
    shutil.copyfile(weights.tokenizer, out / "tokenizer.json")


def write_gguf(path: Path, stage: str, kind: Kind, *, folder: Path = FOLDER) -> None:
    """Write a GGUF file for llama.cpp and its relatives.

    Args:
        path: the file to make.
        stage: which weights.
        kind: type of the matrices; norms stay f32.
        folder: where the weights lie.
    """
    weights = load(stage, folder=folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, "llama")
    _write_shape(writer, weights, stage, kind)
    _write_vocabulary(writer, json.loads((folder / "config.json").read_text()), weights)
    for name, array in weights.tensors.items():
        # llama.cpp keeps vectors in f32 and reads no others.
        dtype = TYPES[kind] if array.ndim > 1 else np.float32
        writer.add_tensor(_gguf_name(name), _interleaved(name, array, weights).astype(dtype))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_shape(writer: gguf.GGUFWriter, weights: Weights, stage: str, kind: Kind) -> None:
    config = weights.config
    writer.add_name(f"topdraw-{stage}")
    writer.add_context_length(config.context)
    writer.add_embedding_length(config.width)
    writer.add_block_count(config.layers)
    writer.add_feed_forward_length(weights.tensors["model.layers.0.mlp.up_proj.weight"].shape[0])
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.kv_heads)
    writer.add_rope_dimension_count(config.head_width)
    writer.add_rope_freq_base(config.theta)
    writer.add_layer_norm_rms_eps(config.epsilon)
    writer.add_vocab_size(config.vocabulary)
    types = {"f16": gguf.LlamaFileType.MOSTLY_F16, "f32": gguf.LlamaFileType.ALL_F32}
    writer.add_file_type(types[kind])


def _write_vocabulary(writer: gguf.GGUFWriter, config: dict[str, object], weights: Weights) -> None:
    data = json.loads(weights.tokenizer.read_text(encoding="utf-8"))
    by_id = {token: text for text, token in data["model"]["vocab"].items()}
    special = {entry["id"]: entry["content"] for entry in data["added_tokens"]}
    texts = [special.get(token) or by_id[token] for token in range(weights.config.vocabulary)]
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(texts)
    writer.add_token_types([control if t in special else normal for t in range(len(texts))])
    writer.add_token_merges([" ".join(pair) for pair in data["model"]["merges"]])
    writer.add_eos_token_id(weights.config.end)
    writer.add_pad_token_id(int(str(config["pad_token_id"])))
    writer.add_add_bos_token(False)
    writer.add_chat_template(str(config["chat_template"]))


def _gguf_name(name: str) -> str:
    if name == "model.embed_tokens.weight":
        return "token_embd.weight"
    if name == "model.norm.weight":
        return "output_norm.weight"
    _, _, number, part = name.removesuffix(".weight").split(".", 3)
    return f"blk.{number}.{GGUF_NAMES[part]}.weight"


def _interleaved(name: str, array: NDArray[np.float32], weights: Weights) -> NDArray[np.float32]:
    """Rows of query and key heads from half-split to interleaved rotary order."""
    if not name.endswith(("q_proj.weight", "k_proj.weight")):
        return array
    half = weights.config.head_width // 2
    return array.reshape(-1, 2, half, array.shape[1]).swapaxes(1, 2).reshape(array.shape)


def _write_json(path: Path, data: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
