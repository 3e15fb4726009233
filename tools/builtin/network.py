"""The built-in model in PyTorch: a Llama of 943,232 parameters, for training only.

Not here: drawing (NumPy, `topdraw.models.builtin.engine`) and files (`builtin.export`).
Try it: `python -c "from tools.builtin.network import Llama; print(Llama())"`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes, named as in Hugging Face's LlamaConfig; all widths are multiples of 32."""

    vocab_size: int = 448
    hidden_size: int = 128
    num_hidden_layers: int = 4
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    head_dim: int = 32
    intermediate_size: int = 448
    rms_norm_eps: float = 1e-5
    rope_theta: float = 10000.0
    max_position_embeddings: int = 512


class RmsNorm(nn.Module):  # type: ignore[misc]  # torch is not followed by mypy
    """x / rms(x) * weight, computed in float32."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Shape kept."""
        return functional.rms_norm(x.float(), (x.shape[-1],), self.weight, self.eps)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding in the half-split order of Hugging Face's Llama.

    Args:
        x: shape (rows, heads, length, head_dim).
        cos: shape (length, head_dim / 2).
        sin: likewise.
    """
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


class Attention(nn.Module):  # type: ignore[misc]  # torch is not followed by mypy
    """Causal attention with shared key-value heads."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        width, inner = shape.hidden_size, shape.num_attention_heads * shape.head_dim
        shared = shape.num_key_value_heads * shape.head_dim
        self.q_proj = nn.Linear(width, inner, bias=False)
        self.k_proj = nn.Linear(width, shared, bias=False)
        self.v_proj = nn.Linear(width, shared, bias=False)
        self.o_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Shape (rows, length, width) to the same."""
        rows, length, _ = x.shape
        q, k, v = (
            project(x).view(rows, length, -1, self.shape.head_dim).transpose(1, 2)
            for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        q = (rotate(q, cos, sin) / math.sqrt(self.shape.head_dim)).to(v.dtype)
        k = rotate(k, cos, sin).to(v.dtype)
        share = self.shape.num_attention_heads // self.shape.num_key_value_heads
        k, v = k.repeat_interleave(share, 1), v.repeat_interleave(share, 1)
        # Plain products: torch's CPU flash kernel spent 36 % of a step in its backward pass.
        future = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
        scores = (q @ k.transpose(2, 3)).float()
        mixed = scores.masked_fill_(future, -math.inf).softmax(-1).to(v.dtype) @ v
        out: Tensor = self.o_proj(mixed.transpose(1, 2).reshape(rows, length, -1))
        return out


class Mlp(nn.Module):  # type: ignore[misc]  # torch is not followed by mypy
    """SwiGLU."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden_size, shape.intermediate_size, bias=False)
        self.up_proj = nn.Linear(shape.hidden_size, shape.intermediate_size, bias=False)
        self.down_proj = nn.Linear(shape.intermediate_size, shape.hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Shape kept."""
        out: Tensor = self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))
        return out


class Block(nn.Module):  # type: ignore[misc]  # torch is not followed by mypy
    """One pre-norm layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm = RmsNorm(shape.hidden_size, shape.rms_norm_eps)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = RmsNorm(shape.hidden_size, shape.rms_norm_eps)
        self.mlp = Mlp(shape)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Shape kept."""
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        mixed: Tensor = x + self.mlp(self.post_attention_layernorm(x))
        return mixed


class Llama(nn.Module):  # type: ignore[misc]  # torch is not followed by mypy
    """Logits of the next token at every position; input and output embeddings are tied."""

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        self.shape = shape or Shape()
        self.embed_tokens = nn.Embedding(self.shape.vocab_size, self.shape.hidden_size)
        self.layers = nn.ModuleList(Block(self.shape) for _ in range(self.shape.num_hidden_layers))
        self.norm = RmsNorm(self.shape.hidden_size, self.shape.rms_norm_eps)
        self._initialise()

    def _initialise(self) -> None:
        nn.init.normal_(self.embed_tokens.weight, std=0.02)
        residual = 1 / math.sqrt(2 * self.shape.num_hidden_layers)
        for name, weight in self.named_parameters():
            if name.endswith("_proj.weight"):
                out = name.endswith(("o_proj.weight", "down_proj.weight"))
                scale = residual if out else 1.0
                nn.init.normal_(weight, std=0.5 * scale / math.sqrt(weight.shape[1]))

    def hidden(self, tokens: Tensor) -> Tensor:
        """Final normed states, shape (rows, length, width), of tokens of shape (rows, length)."""
        half = self.shape.head_dim // 2
        rate = self.shape.rope_theta ** (-torch.arange(half) / half)
        angle = torch.arange(tokens.shape[1])[:, None] * rate[None]
        cos, sin = angle.cos(), angle.sin()
        x = self.embed_tokens(tokens)
        for layer in self.layers:
            x = layer(x, cos, sin)
        out: Tensor = self.norm(x)
        return out

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits, shape (rows, length, vocabulary)."""
        return functional.linear(self.hidden(tokens), self.embed_tokens.weight)
