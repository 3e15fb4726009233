"""Batched generation with the built-in network, and scoring of given outputs.

A sample is a function of (weights, prompt, decoding, its seed, its index modulo a small number of
the machine's BLAS): drawn alone, in any batch, in any order, it has the same bits.

Not here: processes (`worker.py`), the `Model` protocol (`model.py`), the sums (`network.py`).
Try it: `python -c "from topdraw.models.builtin.engine import Draw, Engine; e = Engine.load();
from topdraw.core.records import Decoding; print(e.generate('1+1=', [Draw(0, 7)], Decoding()))"`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Literal

import numpy as np

from topdraw.core.records import BoolArray, Decoding, IntArray
from topdraw.errors import DomainError
from topdraw.models.builtin.blas import one_thread
from topdraw.models.builtin.decoding import check, choose, log_probabilities, uniforms
from topdraw.models.builtin.network import Network, Prompt
from topdraw.models.builtin.rows import Plan
from topdraw.models.builtin.tokenizer import Tokenizer
from topdraw.models.builtin.weights import FOLDER, Float32Array, Weights, load


@dataclass(frozen=True, slots=True)
class Draw:
    """One sample to draw: its index among its siblings, and its seed (both >= 0)."""

    index: int
    seed: int


@dataclass(frozen=True)
class Output:
    """One drawn output.

    Attributes:
        text: without the end token and without the stop text.
        finish_reason: "stop" (end token or stop text) or "length".
        tokens: all that were generated, the end token or the stop text's included.
        logprob: sum of the tokens' log-probabilities under the untempered model, in nats.
        prompt_tokens: length of the prompt.
    """

    text: str
    finish_reason: Literal["stop", "length"]
    tokens: tuple[int, ...]
    logprob: float
    prompt_tokens: int


@dataclass(frozen=True)
class Trace:
    """What the network thinks of a given output.

    Attributes:
        logprobs: shape (tokens,). Untempered log-probability of each token, in nats.
        entropies: shape (tokens,). Entropy of the distribution it was chosen from, in nats.
        hidden: shape (tokens, width). Final hidden state (normed) after reading the token.
    """

    logprobs: Float32Array
    entropies: Float32Array
    hidden: Float32Array


class Engine:
    """Draws and scores outputs of single prompts.

    Args:
        weights: as read from disk.
        plan: batch heights; by default what is found to be exact on this machine.
    """

    def __init__(self, weights: Weights, *, plan: Plan | None = None) -> None:
        self.tokenizer = Tokenizer(weights.tokenizer)
        with one_thread():
            self.network = Network(weights, plan=plan)
        self.config = weights.config
        self.digest = weights.digest

    @classmethod
    def load(cls, stage: str = "builtin", *, folder: str | PathLike[str] = FOLDER) -> Engine:
        """The engine of a shipped stage.

        Raises:
            UnknownNameError: when there is no such stage.
            FormatError: when its files cannot be read.
        """
        return cls(load(stage, folder=folder))

    def prompt_ids(self, text: str) -> list[int]:
        """Token ids of one user turn with the chat form around it.

        Args:
            text: the user's words; never read as special tokens.
        """
        special = self.tokenizer.special
        before, after = self.config.before, self.config.after
        return [
            *_special_ids(before, special),
            *self.tokenizer.encode(text),
            *_special_ids(after, special),
        ]

    @one_thread()
    def generate(
        self, prompt: str | Sequence[int], draws: Sequence[Draw], decoding: Decoding
    ) -> list[Output]:
        """One output per draw, in order; each the same whatever the other draws are.

        Args:
            prompt: a user's turn, or token ids with the chat form already around them.
            draws: which samples.
            decoding: settings of the draw. Without max_tokens an output may fill the context.

        Raises:
            DomainError: when a setting is out of range or the prompt fills the context.
        """
        check(decoding)
        ids = self.prompt_ids(prompt) if isinstance(prompt, str) else list(prompt)
        room = self._room(ids)
        limit = min(decoding.max_tokens or room, room)
        read = self.network.read(ids)
        outputs: list[Output | None] = [None] * len(draws)
        for places in _batches([draw.index for draw in draws], self.network.plan):
            batch = Batch(self, ids, read, [(s, draws[d].seed) for s, d in places], decoding, limit)
            for (_, draw), output in zip(places, batch.run(), strict=True):
                outputs[draw] = output
        return [output for output in outputs if output is not None]

    @one_thread()
    def trace(self, prompt: str | Sequence[int], outputs: Sequence[Sequence[int]]) -> list[Trace]:
        """Score given outputs, each a function of prompt and output alone.

        Args:
            prompt: a user's turn, or token ids with the chat form already around them.
            outputs: token ids of each output, as they would be generated (end token included);
                may be empty.

        Raises:
            DomainError: when prompt and output do not fit into the context.
        """
        ids = self.prompt_ids(prompt) if isinstance(prompt, str) else list(prompt)
        room = self._room(ids)
        read = self.network.read(ids)
        by_steps: dict[int, list[int]] = defaultdict(list)
        for place, output in enumerate(outputs):
            if len(output) > room:
                raise DomainError(
                    f"An output of {len(output)} tokens does not fit behind a prompt of "
                    f"{len(ids)}: the built-in model reads at most {self.config.context} tokens."
                )
            by_steps[self._steps(len(output))].append(place)
        traces: dict[int, Trace] = {}
        for steps, places in by_steps.items():
            each = max(1, self.network.plan.width // steps)
            for first in range(0, len(places), each):
                some = places[first : first + each]
                found = self._traced(read, [outputs[place] for place in some], steps)
                traces.update(zip(some, found, strict=True))
        return [traces[place] for place in range(len(outputs))]

    def _steps(self, length: int) -> int:
        """Tokens an output is padded to: doubling, so that few shapes occur, then whole blocks."""
        plan = self.network.plan
        steps = plan.tile
        while steps < length:
            steps *= 2
        return steps if steps <= plan.width else -(-length // plan.width) * plan.width

    def _traced(self, read: Prompt, outputs: list[Sequence[int]], steps: int) -> list[Trace]:
        rows = max(len(outputs), 1)
        tokens = np.zeros((rows, steps), np.int64)
        for row, output in enumerate(outputs):
            tokens[row, : len(output)] = output
        network = self.network
        hidden = network.forward(tokens, network.room(read, rows, steps))
        after = network.logits(hidden).reshape(rows, steps, -1)
        hidden = (hidden * network.final_norm).reshape(rows, steps, -1)
        return [
            _trace(read.logits, after[row], hidden[row], output)
            for row, output in enumerate(outputs)
        ]

    def _room(self, ids: list[int]) -> int:
        room = self.config.context - len(ids)
        if room < 1:
            raise DomainError(
                f"The prompt has {len(ids)} tokens; with at least one token of output the built-in "
                f"model reads at most {self.config.context}.",
                hint="Shorten the prompt.",
            )
        return room


class Batch:
    """Samples of one prompt that are drawn together, each in a row of its own.

    Args:
        engine: whose network and tokenizer are used.
        ids: tokens of the prompt.
        read: the prompt as the network read it.
        places: row and seed of each sample; the others are idle rows.
        decoding: settings of the draw.
        limit: most tokens of an output.
    """

    def __init__(
        self,
        engine: Engine,
        ids: list[int],
        read: Prompt,
        places: list[tuple[int, int]],
        decoding: Decoding,
        limit: int,
    ) -> None:
        self.engine, self.decoding, self.limit = engine, decoding, limit
        network = engine.network
        height = network.plan.height(max(row for row, _ in places) + 1)
        self.cache = network.room(read, height, limit - 1)
        self.logits = np.tile(read.logits, (height, 1))
        self.owner = np.full(height, -1)
        self.seeds = np.zeros(height, np.uint64)
        for sample, (row, seed) in enumerate(places):
            self.owner[row] = sample
            self.seeds[row] = seed
        self.seen: BoolArray | None = None
        if decoding.repetition_penalty != 1.0:
            self.seen = np.zeros_like(self.logits, dtype=bool)
            self.seen[:, ids] = True
        self.prompt_tokens = len(ids)
        self.tokens: list[list[int]] = [[] for _ in places]
        self.logprobs = np.zeros(len(places))
        self.stopped = np.zeros(len(places), dtype=bool)
        self.stops = [stop.encode("utf-8", "replace") for stop in decoding.stop]
        self.texts = [bytearray() for _ in places]

    def run(self) -> list[Output]:
        """All outputs, in the order of `places`."""
        network = self.engine.network
        chosen = self._choose(0)
        for position in range(1, self.limit):
            if not (self.owner >= 0).any():
                break
            chosen = self._close_ranks(chosen)
            self.logits = network.logits(network.forward(chosen[:, None], self.cache))
            chosen = self._choose(position)
        return [self._output(sample) for sample in range(len(self.tokens))]

    def _choose(self, position: int) -> IntArray:
        """Draw, note and judge one token in every row."""
        chosen = choose(self.logits, self.decoding, uniforms(self.seeds, position), self.seen)
        logprobs = log_probabilities(self.logits, chosen)
        rows = np.flatnonzero(self.owner >= 0)
        samples = self.owner[rows]
        self.logprobs[samples] += logprobs[rows]
        for sample, token in zip(samples.tolist(), chosen[rows].tolist(), strict=True):
            self.tokens[sample].append(token)
            if self.stops:
                self.stopped[sample] = self._meets_stop(sample, token)
        self.stopped[samples] |= chosen[rows] == self.engine.config.end
        self.owner[rows[self.stopped[samples]]] = -1
        if self.seen is not None:
            self.seen[np.arange(len(chosen)), chosen] = True
        return chosen

    def _meets_stop(self, sample: int, token: int) -> bool:
        text, added = self.texts[sample], self.engine.tokenizer.token_bytes(token)
        text += added
        return any(text.find(stop, -len(stop) - len(added)) >= 0 for stop in self.stops)

    def _close_ranks(self, chosen: IntArray) -> IntArray:
        """Move rows that still run into the lowest idle rows of their class; drop the rest."""
        plan = self.engine.network.plan
        busy = self.owner >= 0
        classes = np.arange(len(busy)) % plan.period
        deepest = int(np.bincount(classes[busy], minlength=plan.period).max())
        height = plan.height((deepest - 1) * plan.period + 1)
        if height >= len(busy):
            return chosen
        source = np.flatnonzero(busy[height:]) + height
        target = np.empty_like(source)
        idle = np.flatnonzero(~busy[:height])
        for kind in np.unique(source % plan.period):
            movers = source % plan.period == kind
            target[movers] = idle[idle % plan.period == kind][: movers.sum()]
        self.cache.move(source, target, height)
        for array in (self.owner, self.seeds, chosen, self.seen):
            if array is not None:
                array[target] = array[source]
        self.owner, self.seeds = self.owner[:height], self.seeds[:height]
        if self.seen is not None:
            self.seen = self.seen[:height]
        return chosen[:height]

    def _output(self, sample: int) -> Output:
        tokens = self.tokens[sample]
        tokenizer = self.engine.tokenizer
        data = b"".join(map(tokenizer.token_bytes, tokens))
        ends = [place for stop in self.stops if (place := data.find(stop)) >= 0]
        return Output(
            text=data[: min(ends, default=len(data))].decode("utf-8", "replace"),
            finish_reason="stop" if self.stopped[sample] else "length",
            tokens=tuple(tokens),
            logprob=float(self.logprobs[sample]),
            prompt_tokens=self.prompt_tokens,
        )


def _special_ids(text: str, special: dict[str, int]) -> list[int]:
    """Ids of a run of special tokens such as "<|end|><|assistant|>"."""
    return [special[f"{part}>"] for part in text.split(">")[:-1]]


def _batches(indices: list[int], plan: Plan) -> list[list[tuple[int, int]]]:
    """Places (row, which of the indices) such that row = index modulo the period, lowest first."""
    deep = plan.width // plan.period
    counts: dict[int, int] = defaultdict(int)
    batches: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for position, index in enumerate(indices):
        kind = index % plan.period
        batch, level = divmod(counts[kind], deep)
        counts[kind] += 1
        batches[batch].append((level * plan.period + kind, position))
    return list(batches.values())


def _trace(
    first: Float32Array, after: Float32Array, hidden: Float32Array, output: Sequence[int]
) -> Trace:
    length = len(output)
    logits = np.concatenate([first[None], after[: max(length - 1, 0)]])[:length]
    shifted = logits - logits.max(axis=1, keepdims=True)
    weights = np.exp(shifted)
    totals = weights.sum(axis=1)
    logprobs = shifted[np.arange(length), list(output)] - np.log(totals)
    entropies = np.log(totals) - (weights * shifted).sum(axis=1) / totals
    return Trace(logprobs, entropies, hidden[:length].copy())
