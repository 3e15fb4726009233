"""ArmoRM: a reward of several objectives, weighed by a network that looks at the prompt.

Its tensors are read here, so no code of the checkpoint runs. With h the last token's state and g
the state of the token that ends the prompt, r = R h are the objectives, w = s softmax(N(g) / T) the
weights of a small network N, and the score is the sum of w (r M).
Not here: classifiers with one head (`classifier`).
Try it: `python -m pytest tests/scoring/rewards/test_objectives.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from topdraw.core.records import Json, Score
from topdraw.errors import ConfigError
from topdraw.scoring.rewards.checkpoint import Checkpoint, Foreign
from topdraw.scoring.rewards.conversation import Message, Reader, Tokens
from topdraw.scoring.rewards.passes import Batch, Failed, Passes
from topdraw.scoring.rewards.values import as_note, place_of, real, rounded

#: The objectives of RLHFlow/ArmoRM-Llama3-8B-v0.1, from its model card.
ARMO = (
    *("helpsteer-helpfulness", "helpsteer-correctness", "helpsteer-coherence"),
    *("helpsteer-complexity", "helpsteer-verbosity", "ultrafeedback-overall_score"),
    *("ultrafeedback-instruction_following", "ultrafeedback-truthfulness"),
    *("ultrafeedback-honesty", "ultrafeedback-helpfulness", "beavertails-is_safe"),
    *("prometheus-score", "argilla-overall_quality", "argilla-judge_lm", "code-complexity"),
    *("code-style", "code-explanation", "code-instruction-following", "code-readability"),
)
_HEADS = ("regression_layer.", "gating.", "reward_transform_matrix")


def is_gated(checkpoint: Checkpoint) -> bool:
    """Whether a checkpoint has the heads of an ArmoRM."""
    return "regression_layer.weight" in checkpoint.tensors


def objective_names(number: int) -> tuple[str, ...]:
    """Names of so many objectives: those of the published model, else numbers.

    Examples:
        >>> objective_names(19)[10], objective_names(2)
        ('beavertails-is_safe', ('0', '1'))
    """
    return ARMO if number == len(ARMO) else tuple(str(at) for at in range(number))


class Gated:
    """An ArmoRM.

    Args:
        checkpoint: its own.
        reader: makes its tokens.
        objective: the objective that is the value, a name or a number; "" for the weighed score.
        batch_size: see `Passes`.

    Raises:
        ConfigError: when a head is missing, there is no such objective, or no chat template.

    References:
        Wang et al. 2024 (arXiv 2406.12845), section 3. The heads are evaluated in float32; the
        published code does it in the dtype of the network.
    """

    def __init__(
        self, checkpoint: Checkpoint, reader: Reader, objective: str, batch_size: int | None
    ) -> None:
        model = checkpoint.where.model
        if not checkpoint.tokenizer.chat_template:
            raise ConfigError(
                f"{model!r} weighs objectives by the prompt, but has no chat template."
            )
        self._reader, self._torch = reader, checkpoint.torch
        self._heads = _Heads(checkpoint)
        self._names = objective_names(self._heads.number)
        self._place = place_of(objective, self._names, model) if objective else None
        self._network = checkpoint.network("AutoModel")
        self.passes = Passes(checkpoint, self._ask, batch_size=batch_size)

    def read(self, turns: Sequence[Message], output: str) -> Tokens:
        """What it reads of an output, and where the prompt ends in it."""
        tokens = self._reader.conversation(turns, output)
        if tokens.refused:
            return tokens
        rendered, refused = self._reader.render(turns)
        prompt = self._reader.ids(rendered)
        if refused or tuple(prompt) != tokens.ids[: len(prompt)]:
            why = refused or "the end of the prompt cannot be found in what is left of the text"
            return Tokens((), refused=why)
        return Tokens(tokens.ids, places=(len(prompt) - 1,), note=tokens.note)

    def _ask(self, batch: Batch) -> list[object]:
        torch = self._torch
        states = self._network(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
        rows = torch.arange(len(batch.tokens), device=states.device)
        last = torch.tensor([len(t.ids) - 1 for t in batch.tokens], device=states.device)
        ends = torch.tensor([t.places[0] for t in batch.tokens], device=states.device)
        # One row at a time: a product of matrices depends on how many rows there are.
        pairs = zip(states[rows, last].float(), states[rows, ends].float(), strict=True)
        return [self._heads(state, prompt) for state, prompt in pairs]

    def score(self, tokens: Tokens, result: object) -> Score:
        """The score that the objectives stand for; they are in its note, as JSON."""
        if isinstance(result, Failed):
            return Score.missing(result.reason)
        assert isinstance(result, _Weighed)  # noqa: S101  of `_ask`
        value = result.score if self._place is None else result.objectives[self._place]
        each = zip(self._names, result.objectives, strict=True)
        said: dict[str, Json] = {
            "score": rounded(result.score),
            "objectives": {name: rounded(one) for name, one in each},
        }
        return real(value, as_note(said, tokens.note))


class _Weighed:
    """What the heads give: the score and its objectives."""

    def __init__(self, score: float, objectives: list[float]) -> None:
        self.score, self.objectives = score, objectives


class _Heads:
    """The heads, from the checkpoint's tensors."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._torch = checkpoint.torch
        read = checkpoint.read(*_HEADS)
        self._regression, self._mixing = (
            _needed(read, name, checkpoint)
            for name in ("regression_layer.weight", "reward_transform_matrix")
        )
        self.number = int(self._regression.shape[0])
        places = itertools.takewhile(
            lambda at: f"gating.layers.{at}.weight" in read, itertools.count()
        )
        self._layers = [
            (read[f"gating.layers.{at}.weight"], read.get(f"gating.layers.{at}.bias"))
            for at in places
        ]
        if not self._layers:
            _needed(read, "gating.layers.0.weight", checkpoint)
        self._scale = float(_needed(read, "gating.logit_scale", checkpoint).reshape(-1)[0])
        self._temperature = float(getattr(checkpoint.config, "gating_temperature", 10))

    def __call__(self, state: Foreign, prompt: Foreign) -> _Weighed:
        functional = self._torch.nn.functional
        objectives = self._regression @ state
        hidden = prompt
        for at, (weight, bias) in enumerate(self._layers):
            hidden = functional.linear(hidden, weight, bias)
            if at < len(self._layers) - 1:
                hidden = functional.relu(hidden)
        weights = self._torch.softmax(hidden / self._temperature, dim=0) * self._scale
        score = (weights * (objectives @ self._mixing)).sum()
        return _Weighed(float(score), [float(one) for one in objectives])


def _needed(read: Mapping[str, Foreign], name: str, checkpoint: Checkpoint) -> Foreign:
    if name not in read:
        raise ConfigError(f"{checkpoint.where.model!r} lacks {name}; it is no ArmoRM.")
    return read[name]
