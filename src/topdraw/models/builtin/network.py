"""The Llama forward pass in NumPy: many continuations of one prompt at once, in float32.

Rotary pairs are stored side by side, so that one complex product turns a whole row of heads; norm
weights and the 1/sqrt(head width) are folded into the matrices that follow. The prompt's keys and
values are kept once for all rows, each row's own in a cache.

Not here: choosing tokens (`decoding.py`), who stands in which row (`rows.py`, `engine.py`).
Try it: `python -m pytest tests/models/builtin/test_network.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topdraw.models.builtin.rows import WIDTH, Plan, find_plan, holds
from topdraw.models.builtin.weights import Config, Float32Array, Weights

Tokens = NDArray[np.int64]


@dataclass(frozen=True)
class Layer:
    """One block's matrices, each to be multiplied from the left by rows.

    Attributes:
        attend: shape (width, (heads + 2 kv_heads) head_width): queries, keys, values.
        mix: shape (heads head_width, width).
        expand: shape (width, 2 inner): half the gate, then up.
        contract: shape (inner, width).
    """

    attend: Float32Array
    mix: Float32Array
    expand: Float32Array
    contract: Float32Array


@dataclass(frozen=True)
class Prompt:
    """A prompt that was read once.

    Attributes:
        keys: shape (layers, kv_heads, head_width, length).
        values: shape (layers, kv_heads, length, head_width).
        logits: shape (vocabulary,). For the first token after the prompt.
        hidden: shape (width,). Final hidden state of its last token.
        exact: whether one product over all rows keeps the plan's promise at this length.
    """

    keys: Float32Array
    values: Float32Array
    logits: Float32Array
    hidden: Float32Array
    exact: bool

    @property
    def length(self) -> int:
        """Tokens of the prompt."""
        return int(self.keys.shape[-1])


@dataclass
class Cache:
    """What a batch of rows has read so far, after a shared prompt.

    Attributes:
        prompt: what all rows share.
        keys: shape (layers, kv_heads, rows, room, head_width).
        values: likewise.
        length: tokens read by every row, at most room.
    """

    prompt: Prompt
    keys: Float32Array
    values: Float32Array
    length: int = 0

    def move(self, source: Tokens, target: Tokens, rows: int) -> None:
        """Copy some rows over others, then forget all but the first `rows`."""
        for array in (self.keys, self.values):
            array[:, :, target, : self.length] = array[:, :, source, : self.length]
        self.keys, self.values = self.keys[:, :, :rows], self.values[:, :, :rows]


class Network:
    """The network of one stage, ready to be run.

    Args:
        weights: as read from disk.
        plan: batch heights to use; by default what is found to be exact on this machine.
    """

    def __init__(self, weights: Weights, *, plan: Plan | None = None) -> None:
        self.config = config = weights.config
        tensors = weights.tensors
        self.embedding = np.ascontiguousarray(tensors["model.embed_tokens.weight"])
        self.final_norm = tensors["model.norm.weight"]
        self.head = np.ascontiguousarray((self.embedding * self.final_norm).T)
        self.layers = [_layer(weights, number) for number in range(config.layers)]
        first = self.layers[0]
        matrices = [first.attend, first.mix, first.expand, first.contract, self.head]
        self.plan = plan or find_plan(matrices)
        self._turns = _turns(config)
        self._exact: dict[int, bool] = {}

    def read(self, prompt: list[int]) -> Prompt:
        """Run the network over a prompt: a function of the prompt alone.

        Args:
            prompt: 1 to `config.context` token ids.
        """
        config = self.config
        nothing = np.zeros((config.layers, config.kv_heads, config.head_width, 0), np.float32)
        empty = Prompt(nothing, nothing.swapaxes(2, 3), self.head[0], self.head[0], True)
        cache = self.room(empty, 1, len(prompt))
        hidden = self.forward(np.array([prompt]), cache)[-1]
        tile = np.repeat(hidden[None], self.plan.tile, axis=0)
        return Prompt(
            keys=np.ascontiguousarray(cache.keys[:, :, 0].swapaxes(2, 3)),
            values=np.ascontiguousarray(cache.values[:, :, 0]),
            logits=self.logits(tile)[0],
            hidden=hidden * self.final_norm,
            exact=self._is_exact(len(prompt)),
        )

    def room(self, prompt: Prompt, rows: int, room: int) -> Cache:
        """An empty cache after a prompt."""
        config = self.config
        shape = (config.layers, config.kv_heads, rows, room, config.head_width)
        return Cache(prompt, np.empty(shape, np.float32), np.empty(shape, np.float32))

    def forward(self, tokens: Tokens, cache: Cache) -> Float32Array:
        """Read some tokens more in every row, and put them into the cache.

        Args:
            tokens: shape (rows, steps).
            cache: with room for `steps` more tokens.

        Returns:
            Shape (rows * steps, width): final hidden states, normed, without the norm's weight.
        """
        rows, steps = tokens.shape
        start = cache.prompt.length + cache.length
        turns = self._turns[start : start + steps]
        x = self.embedding[tokens.reshape(-1)]
        for number, layer in enumerate(self.layers):
            seen = self._attention(number, self._normed(x), (rows, steps), turns, cache)
            x += self._product(seen, layer.mix)
            x += self._expanded(self._normed(x), layer)
        cache.length += steps
        return self._normed(x)

    def logits(self, hidden: Float32Array) -> Float32Array:
        """Unnormalised log-probabilities, shape (rows, vocabulary), of what `forward` returned."""
        return self._product(hidden, self.head)

    def _attention(
        self,
        number: int,
        x: Float32Array,
        shape: tuple[int, int],
        turns: NDArray[np.complex64],
        cache: Cache,
    ) -> Float32Array:
        """Attention over prompt and own tokens; shape (rows * steps, heads * head_width)."""
        config, (rows, steps), layer = self.config, shape, self.layers[number]
        kv, group, wide = config.kv_heads, config.heads // config.kv_heads, config.head_width
        parts = self._product(x, layer.attend).reshape(rows, steps, config.heads + 2 * kv, wide)
        pairs = parts.view(np.complex64)
        queries = np.empty((kv, rows, steps, group, wide // 2), np.complex64)
        split = pairs[:, :, : config.heads].reshape(rows, steps, kv, group, wide // 2)
        np.multiply(split.transpose(2, 0, 1, 3, 4), turns[:, None], out=queries)
        begin, end = cache.length, cache.length + steps
        keys, values = cache.keys[number, :, :, :end], cache.values[number, :, :, :end]
        np.multiply(
            pairs[:, :, config.heads : config.heads + kv].transpose(2, 0, 1, 3),
            turns,
            out=keys[:, :, begin:].view(np.complex64),
        )
        values[:, :, begin:] = parts[:, :, config.heads + kv :].transpose(2, 0, 1, 3)
        mixed = self._mixed(number, queries.view(np.float32), keys, values, cache.prompt)
        mixed = mixed.reshape(kv, rows, steps, group, wide).transpose(1, 2, 0, 3, 4)
        return mixed.reshape(rows * steps, config.heads * wide)

    def _mixed(
        self,
        number: int,
        queries: Float32Array,
        keys: Float32Array,
        values: Float32Array,
        prompt: Prompt,
    ) -> Float32Array:
        """Softmax-weighted values, shape (kv_heads, rows, steps * group, head_width)."""
        kv, rows, steps, group, wide = queries.shape
        length, own = prompt.length, keys.shape[2]
        together = (kv, rows * steps * group) if prompt.exact else (kv, rows, steps * group)
        each = queries.reshape(kv, rows, steps * group, wide)
        scores = np.empty((kv, rows, steps * group, length + own), np.float32)
        shared_keys, shared_values = prompt.keys[number], prompt.values[number]
        if not prompt.exact:
            shared_keys, shared_values = shared_keys[:, None], shared_values[:, None]
        if length:
            flat = scores.reshape(*together, length + own)
            np.matmul(queries.reshape(*together, wide), shared_keys, out=flat[..., :length])
        np.matmul(each, keys.swapaxes(2, 3), out=scores[..., length:])
        if steps > 1:
            scores[..., length:] += _mask(steps, group, own)
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        mixed: Float32Array = np.matmul(scores[..., length:], values)
        if length:
            flat = scores.reshape(*together, length + own)
            mixed += np.matmul(flat[..., :length], shared_values).reshape(mixed.shape)
        mixed /= scores.sum(axis=-1, keepdims=True)
        return mixed

    def _expanded(self, x: Float32Array, layer: Layer) -> Float32Array:
        """SwiGLU; with h half the gate, silu(2h) = h + h tanh(h)."""
        both = self._product(x, layer.expand)
        inner = both.shape[1] // 2
        half, up = both[:, :inner], both[:, inner:]
        gate = np.tanh(half)
        gate += 1.0
        gate *= half
        gate *= up
        return self._product(gate, layer.contract)

    def _normed(self, x: Float32Array) -> Float32Array:
        """Rows over their root mean square."""
        square = np.einsum("ij,ij->i", x, x)
        square *= np.float32(1 / x.shape[1])
        square += np.float32(self.config.epsilon)
        scaled: Float32Array = x / np.sqrt(square)[:, None]
        return scaled

    def _product(self, x: Float32Array, matrix: Float32Array) -> Float32Array:
        """`x @ matrix`, in blocks of the plan's width when there are more rows."""
        width = self.plan.width
        if len(x) > width and len(x) % width == 0:
            blocks: Float32Array = np.matmul(x.reshape(-1, width, x.shape[1]), matrix)
            return blocks.reshape(len(x), -1)
        product: Float32Array = np.matmul(x, matrix)
        return product

    def _is_exact(self, length: int) -> bool:
        """Whether the plan holds for products with a prompt's keys and with its values."""
        if length not in self._exact:
            group, wide = self.config.heads // self.config.kv_heads, self.config.head_width
            rng = np.random.default_rng(length)
            keys = rng.standard_normal((wide, length), dtype=np.float32)
            values = rng.standard_normal((length, wide), dtype=np.float32)
            self._exact[length] = all(
                holds(self.plan, matrix, rows_each=group) for matrix in (keys, values)
            )
        return self._exact[length]


def _layer(weights: Weights, number: int) -> Layer:
    config = weights.config

    def get(name: str) -> Float32Array:
        return weights.tensors[f"model.layers.{number}.{name}.weight"]

    attention_norm, inner_norm = get("input_layernorm"), get("post_attention_layernorm")
    queries = _paired(get("self_attn.q_proj"), config.head_width) / np.sqrt(config.head_width)
    keys = _paired(get("self_attn.k_proj"), config.head_width)
    attend = np.concatenate([queries, keys, get("self_attn.v_proj")]) * attention_norm
    expand = np.concatenate([get("mlp.gate_proj") * 0.5, get("mlp.up_proj")]) * inner_norm
    matrices = (attend, get("self_attn.o_proj"), expand, get("mlp.down_proj"))
    return Layer(*(np.ascontiguousarray(matrix.T, dtype=np.float32) for matrix in matrices))


def _paired(matrix: Float32Array, wide: int) -> Float32Array:
    """Rows of each head reordered from (0, 1, ..) to (0, wide/2, 1, wide/2 + 1, ..)."""
    split = matrix.reshape(-1, 2, wide // 2, matrix.shape[1])
    return split.swapaxes(1, 2).reshape(matrix.shape)


def _turns(config: Config) -> NDArray[np.complex64]:
    """Rotary factors, shape (context, head_width / 2): exp(i p theta^(-2j / head_width))."""
    pairs = np.arange(config.head_width // 2)
    places = np.arange(config.context + 2 * WIDTH)[:, None]  # given outputs are padded (`trace`)
    angles = places * config.theta ** (-2 * pairs / config.head_width)
    turns: NDArray[np.complex64] = np.exp(1j * angles).astype(np.complex64)
    return turns


def _mask(steps: int, group: int, own: int) -> Float32Array:
    """0 where a step may look, -inf at later tokens; shape (steps * group, own)."""
    step = np.repeat(np.arange(own - steps, own), group)[:, None]
    return np.where(np.arange(own) <= step, np.float32(0), np.float32(-np.inf))
