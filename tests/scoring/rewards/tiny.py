"""Checkpoints of a few thousand weights, saved as transformers saves them.

Not here: expectations; each test computes its own.
Try it: `python -c "from tests.scoring.rewards.tiny import *; print(tokenizer().vocab_size)"`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    DebertaV2Config,
    DebertaV2Model,
    GemmaConfig,
    GemmaForSequenceClassification,
    LlamaConfig,
    LlamaForCausalLM,
    LlamaForSequenceClassification,
    LlamaForTokenClassification,
    LlamaModel,
    PreTrainedTokenizerFast,
)
from transformers.utils import logging

#: What torch and transformers give and take.
Loose: TypeAlias = Any

logging.disable_progress_bar()

SPECIAL = ["<s>", "</s>", "<pad>", "<|start|>", "<|end|>", "<extra_0>"]
PAIRS = ["<|source|>", "<|candidate1|>", "<|candidate2|>"]
#: As Llama 3's: it writes BOS itself.
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|start|>{{ m['role'] }}\n{{ m['content'] }}<|end|>"
    "{% endfor %}{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)
CONTEXT = 160
_SIZES = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": CONTEXT,
    # Noise of this size gives outputs that differ visibly.
    "initializer_range": 0.5,
}


def tokenizer(
    *, template: str | None = TEMPLATE, pad: bool = False, pair: str = "", named: bool = True
) -> Loose:
    """Bytes and a few control tokens; `pair` is the template of two texts."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pairs = PAIRS if named else []
    vocabulary = {token: at for at, token in enumerate([*SPECIAL, *pairs, *alphabet])}
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.post_processor = processors.TemplateProcessing(
        single="<s> $A" if not pair else "<s> $A </s>",
        pair=pair or "<s> $A $B:0",
        special_tokens=[("<s>", 0), ("</s>", 1)],
    )
    found = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        bos_token=SPECIAL[0],
        eos_token=SPECIAL[1],
        additional_special_tokens=["<|start|>", "<|end|>", "<extra_0>", *pairs],
        **({"pad_token": "<pad>"} if pad else {}),
    )
    found.chat_template = template
    return found


def vocabulary_size() -> int:
    return len(tokenizer())


def _sizes(**more: object) -> dict[str, Loose]:
    return {**_SIZES, "vocab_size": vocabulary_size(), **more}


def _saved(network: Loose, folder: Path, kept: Loose) -> str:
    network.eval().save_pretrained(folder)
    kept.save_pretrained(folder)
    return str(folder)


def classifier(
    folder: Path, *, labels: int = 1, pad: bool = False, seed: int = 0, **options: Loose
) -> str:
    """A Llama classifier; without `pad` its padding token is not known, as in many checkpoints."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        **_sizes(num_key_value_heads=1), num_labels=labels, pad_token_id=2 if pad else None
    )
    return _saved(LlamaForSequenceClassification(config), folder, tokenizer(pad=pad, **options))


def gemma_classifier(folder: Path) -> str:
    torch.manual_seed(1)
    config = GemmaConfig(**_sizes(num_key_value_heads=1, head_dim=8), num_labels=1, pad_token_id=2)
    return _saved(GemmaForSequenceClassification(config), folder, tokenizer(pad=True))


def cross_encoder(folder: Path) -> str:
    from transformers import DebertaV2ForSequenceClassification

    torch.manual_seed(2)
    config = DebertaV2Config(**_deberta(), num_labels=1, pad_token_id=2)
    kept = tokenizer(template=None, pad=True, pair="<s> $A </s> $B:1 </s>:1")
    return _saved(DebertaV2ForSequenceClassification(config), folder, kept)


def _deberta() -> dict[str, Loose]:
    return _sizes(
        type_vocab_size=2,
        relative_attention=True,
        pos_att_type=["p2c", "c2p"],
        pooler_hidden_size=16,
    )


def token_classifier(folder: Path, *, labels: int = 2) -> str:
    torch.manual_seed(3)
    config = LlamaConfig(**_sizes(num_key_value_heads=1), num_labels=labels)
    return _saved(LlamaForTokenClassification(config), folder, tokenizer(template=None))


def causal(folder: Path, *, template: str | None = TEMPLATE) -> str:
    torch.manual_seed(4)
    config = LlamaConfig(**_sizes(num_key_value_heads=1))
    return _saved(LlamaForCausalLM(config), folder, tokenizer(template=template))


def causal_with_bias(folder: Path) -> str:
    """A Phi: the words have a bias."""
    from transformers import PhiConfig, PhiForCausalLM

    torch.manual_seed(12)
    network = PhiForCausalLM(PhiConfig(**_sizes()))
    torch.nn.init.normal_(network.lm_head.bias)
    return _saved(network, folder, tokenizer())


def backbone_with(folder: Path, heads: dict[str, Loose], **config: Loose) -> str:
    """A Llama with further tensors beside it, whose class transformers does not know."""
    torch.manual_seed(5)
    settings = LlamaConfig(**_sizes(num_key_value_heads=1), **config)
    network = LlamaModel(settings).eval()
    tensors = {f"model.{name}": value for name, value in network.state_dict().items()}
    return _written(folder, settings, tensors | heads, tokenizer())


def armo_heads(objectives: int = 3, hidden: int = 8) -> dict[str, Loose]:
    torch.manual_seed(6)
    width = _SIZES["hidden_size"]
    sizes = [(hidden, width), (hidden, hidden), (objectives, hidden)]
    heads = {
        "regression_layer.weight": torch.randn(objectives, width),
        "reward_transform_matrix": torch.randn(objectives, objectives),
        "gating.logit_scale": torch.tensor([1.5]),
    }
    for at, (out, into) in enumerate(sizes):
        heads[f"gating.layers.{at}.weight"] = torch.randn(out, into)
        heads[f"gating.layers.{at}.bias"] = torch.randn(out)
    return heads


def pair_ranker_checkpoint(folder: Path, **more: Loose) -> str:
    """As llm-blender/PairRM-hf: a DeBERTa under another name, and a head."""
    torch.manual_seed(7)
    config = DebertaV2Config(**_deberta(), **more, pad_token_id=2, n_tasks=2)
    network = DebertaV2Model(config).eval()
    tensors = {f"pretrained_model.{name}": v for name, v in network.state_dict().items()}
    width = config.hidden_size
    tensors |= {
        "head_layer.1.weight": torch.randn(width, 2 * width),
        "head_layer.1.bias": torch.randn(width),
        "head_layer.4.weight": torch.randn(2, width),
        "head_layer.4.bias": torch.randn(2),
    }
    kept = tokenizer(template=None, pad=True, pair="<s> $A </s> $B:1 </s>:1")
    return _written(folder, config, tensors, kept)


def _written(folder: Path, config: Loose, tensors: dict[str, Loose], kept: Loose) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(folder)
    kept.save_pretrained(folder)
    save_file(
        {name: value.detach().contiguous().clone() for name, value in tensors.items()},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )
    return str(folder)
