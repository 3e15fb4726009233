"""Samples of one prompt drawn together, each in a row of its own.

A row is chosen by the sample's index modulo the plan's period (`rows.py`), and stays in its class
when rows that have ended are dropped, so that a sample's bits do not depend on its company.

Not here: prompts and settings as a user gives them (`engine.py`), the sums (`network.py`).
Try it: `python -m pytest tests/models/builtin/test_batch.py`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

import numpy as np

from topdraw.core.records import BoolArray, Decoding, IntArray
from topdraw.models.builtin.decoding import choose, log_probabilities, uniforms
from topdraw.models.builtin.network import Network, Prompt
from topdraw.models.builtin.rows import Plan
from topdraw.models.builtin.tokenizer import Tokenizer
from topdraw.models.builtin.weights import Float32Array


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


def batches(indices: list[int], plan: Plan) -> list[list[tuple[int, int]]]:
    """Deal samples into batches.

    Args:
        indices: of the samples among their siblings.
        plan: which rows give equal bits.

    Returns:
        For each batch its places: (row, which of the indices), row = index modulo the period,
        lowest rows first.
    """
    deep = plan.width // plan.period
    counts: dict[int, int] = defaultdict(int)
    dealt: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for position, index in enumerate(indices):
        kind = index % plan.period
        batch, level = divmod(counts[kind], deep)
        counts[kind] += 1
        dealt[batch].append((level * plan.period + kind, position))
    return list(dealt.values())


class Batch:
    """Samples of one prompt that are drawn together, each in a row of its own.

    Args:
        network: draws the next token.
        tokenizer: for stop texts and the output's text.
        ids: tokens of the prompt.
        read: the prompt as the network read it.
        places: row and seed of each sample; the others are idle rows.
        decoding: settings of the draw.
        limit: most tokens of an output.
    """

    def __init__(
        self,
        network: Network,
        tokenizer: Tokenizer,
        ids: list[int],
        read: Prompt,
        places: list[tuple[int, int]],
        decoding: Decoding,
        limit: int,
    ) -> None:
        self.network, self.tokenizer = network, tokenizer
        self.decoding, self.limit = decoding, limit
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
        self.counts: Float32Array | None = None
        if decoding.presence_penalty or decoding.frequency_penalty:
            self.counts = np.zeros_like(self.logits)
        self.prompt_tokens = len(ids)
        self.tokens: list[list[int]] = [[] for _ in places]
        self.logprobs = np.zeros(len(places))
        self.stopped = np.zeros(len(places), dtype=bool)
        self.stops = [stop.encode("utf-8", "replace") for stop in decoding.stop]
        self.texts = [bytearray() for _ in places]

    def run(self) -> list[Output]:
        """All outputs, in the order of `places`."""
        network = self.network
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
        draws = uniforms(self.seeds, position)
        chosen = choose(self.logits, self.decoding, draws, self.seen, self.counts)
        logprobs = log_probabilities(self.logits, chosen)
        rows = np.flatnonzero(self.owner >= 0)
        samples = self.owner[rows]
        self.logprobs[samples] += logprobs[rows]
        for sample, token in zip(samples.tolist(), chosen[rows].tolist(), strict=True):
            self.tokens[sample].append(token)
            if self.stops:
                self.stopped[sample] = self._meets_stop(sample, token)
        self.stopped[samples] |= chosen[rows] == self.network.config.end
        self.owner[rows[self.stopped[samples]]] = -1
        if self.seen is not None:
            self.seen[np.arange(len(chosen)), chosen] = True
        if self.counts is not None:
            self.counts[np.arange(len(chosen)), chosen] += 1
        return chosen

    def _meets_stop(self, sample: int, token: int) -> bool:
        text, added = self.texts[sample], self.tokenizer.token_bytes(token)
        text += added
        return any(text.find(stop, -len(stop) - len(added)) >= 0 for stop in self.stops)

    def _close_ranks(self, chosen: IntArray) -> IntArray:
        """Move rows that still run into the lowest idle rows of their class; drop the rest."""
        plan = self.network.plan
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
        for array in (self.owner, self.seeds, chosen, self.seen, self.counts):
            if array is not None:
                array[target] = array[source]
        self.owner, self.seeds = self.owner[:height], self.seeds[:height]
        if self.seen is not None:
            self.seen = self.seen[:height]
        if self.counts is not None:
            self.counts = self.counts[:height]
        return chosen[:height]

    def _output(self, sample: int) -> Output:
        tokens = self.tokens[sample]
        tokenizer = self.tokenizer
        data = b"".join(map(tokenizer.token_bytes, tokens))
        ends = [place for stop in self.stops if (place := data.find(stop)) >= 0]
        return Output(
            text=data[: min(ends, default=len(data))].decode("utf-8", "replace"),
            finish_reason="stop" if self.stopped[sample] else "length",
            tokens=tuple(tokens),
            logprob=float(self.logprobs[sample]),
            prompt_tokens=self.prompt_tokens,
        )
