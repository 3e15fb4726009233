"""The network of a process reward model, whichever of five kinds it is.

Not here: the text it reads (`layout`) and scores (`process`).
Try it: `python -m pytest tests/scoring/rewards/test_process.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from topdraw.errors import ConfigError
from topdraw.scoring.rewards.checkpoint import Checkpoint, Foreign
from topdraw.scoring.rewards.conversation import Message, Reader, Tokens
from topdraw.scoring.rewards.heads import has_two_layers, linear, two_layers
from topdraw.scoring.rewards.layout import Layout, lay_out
from topdraw.scoring.rewards.passes import Batch, Passes

#: How the state at a step becomes a probability: by the label of a token, by a value head (TRL,
#: Skywork), by two layers (Qwen), or by the words that may follow (Math-Shepherd, RLHFlow).
Head: TypeAlias = Literal["labels", "value", "layers", "words"]


class Family(NamedTuple):
    """What a kind of checkpoint expects.

    Attributes:
        head: how it is read.
        layout: how its text looks.
        tag: what stands behind each step.
    """

    head: Head
    layout: Layout
    tag: str


#: What stands behind each step, by layout.
TAGS: Mapping[Layout, str] = {"pieces": "\n", "text": " ки\n", "chat": "<extra_0>", "turns": ""}


def family_of(checkpoint: Checkpoint) -> Family:
    """What kind of process reward model a checkpoint is, by its class and its tensors."""
    names = checkpoint.tensors
    if "v_head.summary.weight" in names:
        return Family("value", "pieces", "\n")
    if has_two_layers(checkpoint):
        return Family("layers", "chat", "<extra_0>")
    if checkpoint.architecture.endswith("ForTokenClassification"):
        return Family("labels", "pieces", "\n")
    if checkpoint.tokenizer.chat_template:
        return Family("words", "turns", "")
    return Family("words", "text", TAGS["text"])


class Stepwise:
    """A process reward model.

    Args:
        checkpoint: its own.
        reader: makes its tokens.
        family: what it expects.
        good: the word for a good step.
        bad: the word for a bad one.
        batch_size: see `Passes`.

    Raises:
        ConfigError: when the two words are one token, or it has a number of labels other than 1, 2.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        reader: Reader,
        family: Family,
        good: str,
        bad: str,
        batch_size: int | None,
    ) -> None:
        self.family = family
        self._good = good
        self._reader, self._torch = reader, checkpoint.torch
        self._network, self._logs = self._made(checkpoint, bad)
        self.passes = Passes(checkpoint, self._ask, batch_size=batch_size)

    def _made(self, checkpoint: Checkpoint, bad: str) -> tuple[Foreign, Foreign]:
        """The network, and what makes log-probabilities of (good, bad) of its outputs."""
        head, torch = self.family.head, self._torch
        if head == "labels":
            network = checkpoint.network("AutoModelForTokenClassification")
            return network, self._of_labels(int(network.config.num_labels), checkpoint)
        if head == "words":
            words = [self._reader.ids(word)[-1] for word in (self._good, bad)]
            if words[0] == words[1]:
                raise ConfigError(f"{self._good!r} and {bad!r} end in the same token.")
            network = checkpoint.network("AutoModelForCausalLM")
            return self._of_words(network, words)
        if head == "value":
            read = checkpoint.read("v_head.summary.")
            network = checkpoint.network("AutoModel")
            return network, lambda out: linear(torch, out.last_hidden_state, read, "v_head.summary")
        read = checkpoint.read("score.")
        network = checkpoint.network("AutoModel")
        return network, lambda out: two_layers(torch, out.last_hidden_state, read).flip(-1)

    @staticmethod
    def _of_labels(number: int, checkpoint: Checkpoint) -> Foreign:
        if number not in (1, 2):
            raise ConfigError(
                f"{checkpoint.where.model!r} gives {number} labels to a step; it must be 1 or 2."
            )
        return lambda out: out.logits.float().flip(-1)  # label 1 is "good"

    def _of_words(self, network: Foreign, words: Sequence[int]) -> tuple[Foreign, Foreign]:
        """The logits of two words, without those of all others where their formula is plain."""
        changed = ("final_logit_softcapping", "logit_scale", "logits_scaling")
        if any(getattr(network.config, name, None) for name in changed):
            return network, lambda out: out.logits[..., list(words)].float()
        head, torch = network.get_output_embeddings(), self._torch
        bias = getattr(head, "bias", None)
        read = {"head.weight": head.weight[list(words)].float()}
        if bias is not None:
            read["head.bias"] = bias[list(words)].float()
        return network.base_model, lambda out: linear(torch, out.last_hidden_state, read, "head")

    def read(self, turns: Sequence[Message], steps: Sequence[str]) -> Tokens:
        """What it reads of the steps of an output."""
        family = self.family
        return lay_out(self._reader, family.layout, turns, steps, tag=family.tag, good=self._good)

    def _ask(self, batch: Batch) -> list[object]:
        functional = self._torch.nn.functional
        logits = self._logs(self._network(input_ids=batch.ids, attention_mask=batch.mask))
        found: list[object] = []
        for row, text in zip(logits, batch.tokens, strict=False):
            at = row[list(text.places)].double()
            logs = (
                functional.logsigmoid(at[:, 0])
                if at.shape[-1] == 1
                else (functional.log_softmax(at, dim=-1)[:, 0])
            )
            found.append(logs.cpu().tolist())
        return found
