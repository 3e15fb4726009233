"""Batched generation with the built-in network, and scoring of given outputs.

A sample is a function of (weights, prompt, decoding, its seed, its index modulo a small number of
the machine's BLAS): drawn alone, in any batch, in any order, it has the same bits.

Not here: processes (`worker.py`), the `Model` protocol (`model.py`), the loop (`batch.py`).
Try it: `python -c "from topdraw.models.builtin.engine import Engine; e = Engine.load();
print(e.trace('1+1=', [e.tokenizer.encode('2')])[0].logprobs)"`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike

import numpy as np

from topdraw.core.records import Decoding
from topdraw.errors import DomainError
from topdraw.models.builtin.batch import Batch, Draw, Output, batches
from topdraw.models.builtin.blas import one_thread
from topdraw.models.builtin.decoding import check
from topdraw.models.builtin.network import Network, Prompt
from topdraw.models.builtin.rows import Plan
from topdraw.models.builtin.tokenizer import Tokenizer
from topdraw.models.builtin.weights import FOLDER, Float32Array, Weights, load


@dataclass(frozen=True)
class Trace:
    """What the network thinks of a given output.

    Attributes:
        logprobs: shape (tokens,). Untempered log-probability of each token, in nats.
        entropies: shape (tokens,). Entropy of the distribution it was chosen from, in nats.
        certainties: shape (tokens,). KL of the uniform distribution from that one, in nats.
        hidden: shape (tokens, width). Final hidden state (normed) after reading the token.
    """

    logprobs: Float32Array
    entropies: Float32Array
    certainties: Float32Array
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
        for places in batches([draw.index for draw in draws], self.network.plan):
            seeded = [(row, draws[draw].seed) for row, draw in places]
            batch = Batch(self.network, self.tokenizer, ids, read, seeded, decoding, limit)
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


def _special_ids(text: str, special: dict[str, int]) -> list[int]:
    """Ids of a run of special tokens such as "<|end|><|assistant|>"."""
    return [special[f"{part}>"] for part in text.split(">")[:-1]]


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
    certainties = np.log(totals) - shifted.mean(axis=1) - np.float32(np.log(logits.shape[1]))
    return Trace(logprobs, entropies, certainties, hidden[:length].copy())
