"""The scorer `reward_model`: a sequence classifier reads the conversation and gives a number.

Not here: heads with several objectives (`objectives`) and rewards of steps (`process`).
Try it: `topdraw score RUN --with reward_model:FOLDER`; see docs/rewards.md.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Protocol

from topdraw.core.records import Problem, Sample, Score
from topdraw.core.registry import scorer
from topdraw.errors import ConfigError
from topdraw.scoring.rewards.checkpoint import Checkpoint, Foreign, Where
from topdraw.scoring.rewards.conversation import Cut, Reader, Tokens, messages_of
from topdraw.scoring.rewards.heads import has_two_layers, two_layers
from topdraw.scoring.rewards.kept import kept
from topdraw.scoring.rewards.naming import ASIDE, score_name
from topdraw.scoring.rewards.objectives import Gated, is_gated
from topdraw.scoring.rewards.passes import Batch, Failed, Passes
from topdraw.scoring.rewards.values import place_of, real


@scorer("reward_model")
def score_reward_model(
    problem: Problem,
    samples: Sequence[Sample],
    /,
    *,
    model: str,
    objective: str = "",
    max_length: int | None = None,
    cut: Cut = "right",
    batch_size: int | None = None,
    device: str = "",
    dtype: str = "",
    attention: str = "",
    revision: str = "",
    trust_remote_code: bool = False,
) -> list[Score]:
    """What a reward model of the Hugging Face hub, or in a folder, thinks of each output.

    The conversation is the problem's `metadata["messages"]`, else its prompt as a user's turn, and
    the output as the assistant's turn, in the checkpoint's chat template. With one label the value
    is its logit. With two it is the second's less the first's: the log-odds of "good".

    Args:
        problem: its prompt or messages are read.
        samples: their outputs are read. A score depends on its own output alone, to the last bit.
        model: a folder or a name on the hub: a sequence classifier, an ArmoRM or a Qwen2.5-Math-RM.
        objective: the label, or the objective of an ArmoRM, that is the value: a name or a number
            from 0. Needed when there are more than two labels; "" for the whole.
        max_length: most tokens that are read; None for what the checkpoint allows, at most 8192.
        cut: the end at which longer texts are cut, which their notes say; or "missing".
        batch_size: most texts at once; None for 1 on a CPU and 16 on a GPU.
        device: as torch writes it; "" for a GPU when there is one.
        dtype: float32, bfloat16 or float16; "" for bfloat16 on a GPU and float32 on a CPU.
        attention: an implementation that transformers knows, as "eager"; "" for its own choice.
        revision: a commit, tag or branch of the hub; "" for the newest.
        trust_remote_code: run Python code that comes with the checkpoint. None of these needs it.

    Returns:
        Real values, no verdict and no answer. Missing, with the reason, where the network gives
        NaN or an infinity, memory runs out at one text, or the text cannot be read.

    Raises:
        ConfigError: when the checkpoint cannot be loaded, is no reward model, or has no such label.
        MissingPackage: without the extra "hf".

    References:
        Sequence classifiers as rewards: Ouyang et al. 2022 (arXiv 2203.02155).
    """
    where = Where(model, revision, device, dtype, attention, trust_remote_code)
    loaded = _loaded(where, objective, max_length, cut, batch_size)
    turns = messages_of(problem)
    tokens = [loaded.read(turns, sample.output) for sample in samples]
    results = loaded.passes(tokens)
    return [loaded.score(t, result) for t, result in zip(tokens, results, strict=True)]


score_reward_model.named = functools.partial(score_name, "reward_model")  # type: ignore[attr-defined]  # functions take attributes
score_reward_model.aside = ASIDE  # type: ignore[attr-defined]  # likewise


class Loaded(Protocol):
    """A network that is ready, and how its results become scores."""

    passes: Passes

    def read(self, turns: Foreign, output: str, /) -> Tokens:
        """What it reads of an output."""

    def score(self, tokens: Tokens, result: object, /) -> Score:
        """What its result means."""


@kept
def _loaded(
    where: Where, objective: str, max_length: int | None, cut: Cut, batch_size: int | None
) -> Loaded:
    checkpoint = Checkpoint(where)
    reader = Reader(
        checkpoint.tokenizer,
        where.model,
        longest=checkpoint.longest,
        max_length=max_length,
        cut=cut,
    )
    if is_gated(checkpoint):
        return Gated(checkpoint, reader, objective, batch_size)
    return Classifier(checkpoint, reader, objective, batch_size)


class Classifier:
    """A sequence classifier.

    Args:
        checkpoint: its own.
        reader: makes its tokens.
        objective: the label that is the value; "" when there are at most two.
        batch_size: see `Passes`.

    Raises:
        ConfigError: when it has no such label, or more than two and none is named.
    """

    def __init__(
        self, checkpoint: Checkpoint, reader: Reader, objective: str, batch_size: int | None
    ) -> None:
        config, self._torch = checkpoint.config, checkpoint.torch
        self._layers = checkpoint.read("score.") if has_two_layers(checkpoint) else {}
        names = [str(config.id2label[at]) for at in sorted(config.id2label)]
        if self._layers:
            names = [f"LABEL_{at}" for at in range(self._layers["score.2.weight"].shape[0])]
        self._label = self._label_of(names, checkpoint.where.model, objective)
        self._network = checkpoint.network(
            "AutoModel" if self._layers else "AutoModelForSequenceClassification"
        )
        self._reader = reader
        self.passes = Passes(checkpoint, self._ask, batch_size=batch_size)

    @staticmethod
    def _label_of(names: Sequence[str], model: str, objective: str) -> int | None:
        if objective:
            return place_of(objective, names, model)
        if len(names) > 2:
            raise ConfigError(
                f"{model!r} gives {len(names)} labels: {', '.join(names[:20])}.",
                hint="Say which one is the value: objective=NAME.",
            )
        return None

    def read(self, turns: Foreign, output: str) -> Tokens:
        """What it reads of an output."""
        return self._reader.conversation(turns, output)

    def _ask(self, batch: Batch) -> list[object]:
        logits = self._of_layers(batch) if self._layers else self._of_labels(batch)
        rows: list[object] = logits[: len(batch.tokens)].float().cpu().tolist()
        return rows

    def _of_layers(self, batch: Batch) -> Foreign:
        """Logits of the last token, all of whose states go through the head: a shape is a shape."""
        out = self._network(input_ids=batch.ids, attention_mask=batch.mask)
        logits = two_layers(self._torch, out.last_hidden_state, self._layers)
        last = [len(text.ids) - 1 for text in batch.tokens]
        return logits[list(range(len(last))), last]

    def _of_labels(self, batch: Batch) -> Foreign:
        own = self._network.config
        before = own.pad_token_id
        if before is None:
            # Classifiers of language models read the last token that is not padding: they must
            # know which is, or a batch is refused, or read at its padding.
            own.pad_token_id = batch.padding
        try:
            return self._network(**batch.inputs).logits
        finally:
            own.pad_token_id = before

    def score(self, tokens: Tokens, result: object) -> Score:
        """The score that its logits stand for."""
        if isinstance(result, Failed):
            return Score.missing(result.reason)
        logits = [float(one) for one in result]  # type: ignore[attr-defined]  # of `_ask`
        if self._label is not None:
            return real(logits[self._label], tokens.note)
        return real(logits[0] if len(logits) == 1 else logits[1] - logits[0], tokens.note)
