"""The values that flow through topdraw: problems, decoding, samples, scores, candidates.

Not here: behaviour; functions on these values live on the floors above.
Try it: `python -c "import topdraw as td; print(td.Problem(id='1', prompt='1+1='))"`.
"""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from topdraw.errors import ConfigError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to solve.

    Attributes:
        id: unique within its task; any text (it never becomes a file name).
        prompt: the text sent to the model (one user turn for chat models).
        target: what a verifier compares with: a string, tests, or None when there is none.
        metadata: anything else (difficulty, family, source); JSON values only.
    """

    id: str
    prompt: str
    target: Json = None
    metadata: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """A set of problems with its default scorer.

    Attributes:
        name: the registered name, or the file it was read from.
        version: bumped whenever a score could change.
        problems: in order; ids are unique.
        scorer: registered name of the default scorer; "" when the task has none.
        decoding: the task's own defaults for settings a user does not give (stop, max_tokens).
        description: one line for listings.
        options: what it was loaded with, for the record.
    """

    name: str
    version: str
    problems: tuple[Problem, ...]
    scorer: str = ""
    decoding: Mapping[str, Json] = field(default_factory=dict)
    description: str = ""
    options: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decoding:
    """How outputs are drawn from the model's distribution.

    Every field is sent to the server explicitly, so that a server's own defaults never change a
    result silently; None means "not sent". The two penalties that every server has off by default
    are sent when they are not 0.

    Attributes:
        temperature: >= 0; 0 is greedy.
        top_p: in (0, 1]; 1 keeps everything.
        top_k: >= 0 tokens kept; 0 keeps all.
        repetition_penalty: > 0; 1 is off (CTRL: logits of seen tokens shrink).
        max_tokens: most tokens per output; None leaves it to the model.
        stop: texts that end an output; they are not part of it.
        presence_penalty: in [-2, 2]; taken off the logit of every token generated before.
        frequency_penalty: in [-2, 2]; taken off as many times as the token was generated before.
        extra_body: further fields of a request to a server, as they are. They are part of the
            sampler, and may not say anew what has an option of its own.
        system: what a chat model is told before the prompt; "" sends no such message.

    Raises:
        ConfigError: when extra_body is no JSON object, or sets what has an option of its own.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    # Equal settings are equal with it; they only need not have different hashes without it.
    extra_body: Mapping[str, Json] = field(default_factory=dict, hash=False)
    system: str = ""

    def __post_init__(self) -> None:
        if self.extra_body:
            object.__setattr__(self, "extra_body", _own_fields(self.extra_body))

    @property
    def greedy(self) -> bool:
        """Whether every draw is the most likely token."""
        return self.temperature == 0.0

    def as_dict(self) -> dict[str, Json]:
        """The settings as JSON values, in field order.

        The last four are there only when they say something: older runs have no such fields, and
        their hashes stand.
        """
        # A temperature of 1 and of 1.0 must not be two samplers.
        values: dict[str, Json] = {
            "temperature": float(self.temperature),
            "top_p": float(self.top_p),
            "top_k": self.top_k,
            "repetition_penalty": float(self.repetition_penalty),
            "max_tokens": self.max_tokens,
            "stop": list(self.stop),
        }
        if self.presence_penalty:
            values["presence_penalty"] = float(self.presence_penalty)
        if self.frequency_penalty:
            values["frequency_penalty"] = float(self.frequency_penalty)
        if self.extra_body:
            values["extra_body"] = copy.deepcopy(dict(self.extra_body))
        if self.system:
            values["system"] = self.system
        return values


_OPTION_OF = {
    "model": "model",
    "messages": "the problem's prompt",
    "prompt": "the problem's prompt",
    "n": "n",
    "seed": "seed",
    "stream": "stream",
    "stream_options": "stream",
    "logprobs": "logprobs",
    "max_completion_tokens": "max_tokens",
    "repeat_penalty": "repetition_penalty",
}


def _own_fields(extra: Mapping[str, Json]) -> dict[str, Json]:
    """A copy of an extra body that nobody else can change.

    Raises:
        ConfigError: see `Decoding`.
    """
    taken = _OPTION_OF | {f.name: f.name for f in dataclasses.fields(Decoding)}
    for name in extra:
        if name in taken:
            raise ConfigError(
                f"extra_body may not set {name!r}: that has an option of its own.",
                hint=f"Use {taken[name]} instead.",
            )
    try:
        text = json.dumps(dict(extra), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"extra_body is no JSON object: {error}.") from None
    copied: dict[str, Json] = json.loads(text)
    return copied


def sampler_hash(model: Mapping[str, Json], decoding: Decoding) -> str:
    """Twelve hex digits that name one way of drawing: the model and its decoding.

    Args:
        model: what identifies the model, as its `identity` says.
        decoding: the settings of the draw.

    Returns:
        The start of the SHA-256 of the canonical JSON of both.
    """
    text = json.dumps({"model": dict(model), "decoding": decoding.as_dict()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one sample.

    Attributes:
        prompt_tokens: tokens of the prompt, whether or not they were shared with other samples.
        output_tokens: tokens generated, the end token included.
        estimated: True when the server did not say and we counted or divided.
    """

    prompt_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One drawn output of a problem.

    Attributes:
        problem_id: the problem it answers.
        index: 0..n-1 among the samples of one sampler for this problem.
        output: the text; may be empty.
        finish_reason: "stop", "length", "content_filter", "refusal", "tool_calls" or the
            server's own word.
        sampler: hash of model and decoding (see `sampler_hash`); "" until a run stores it.
        seed: the seed this sample was drawn with; None when the model has none.
        logprob: sum of the log-probabilities of the output tokens under the untempered model, in
            nats; NaN when unknown.
        usage: tokens.
        metadata: anything the model wants to keep; JSON values only.
    """

    problem_id: str
    index: int
    output: str
    finish_reason: str = "stop"
    sampler: str = ""
    seed: int | None = None
    logprob: float = math.nan
    usage: Usage = Usage()
    metadata: Mapping[str, Json] = field(default_factory=dict)

    @property
    def mean_logprob(self) -> float:
        """Nats per output token; NaN when unknown or when there is no token."""
        return self.logprob / self.usage.output_tokens if self.usage.output_tokens else math.nan


@dataclass(frozen=True, slots=True)
class Score:
    """What a scorer says of one sample.

    Attributes:
        value: a real number, larger is better; NaN when the scorer gives none.
        passed: a verifier's verdict; None when the scorer gives none.
        answer: the extracted answer, equal text meaning equal answer for votes (a scorer may join
            more, see `core.classes`); None when the output has no answer.
        note: one line for people: why.
        missing_reason: why *we* could not score it; None when it was scored. A missing score is
            never 0: it is left out of n and counted.
    """

    value: float = math.nan
    passed: bool | None = None
    answer: str | None = None
    note: str = ""
    missing_reason: str | None = None

    @classmethod
    def missing(cls, reason: str) -> Score:
        """A score that could not be made, and why."""
        return cls(missing_reason=reason)

    @property
    def is_missing(self) -> bool:
        """Whether the scorer failed on this sample."""
        return self.missing_reason is not None

    @classmethod
    def verdict(cls, passed: bool, *, answer: str | None = None, note: str = "") -> Score:
        """A verifier's score: value 1.0 when passed, else 0.0."""
        return cls(value=float(passed), passed=passed, answer=answer, note=note)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Arrays over the n samples of one problem: all that a selector sees.

    Attributes:
        value: shape (n,). The ranking scorer's value; NaN when it has none.
        answer: shape (n,). Class of the answer, equal integers meaning equal answers; -1 when
            the output has no answer.
        passed: shape (n,). The verifier's verdict; only `oracle` and analysis may look at it.
        length_tokens: shape (n,). Output tokens; 0 when unknown.
        logprob: shape (n,). Sum of token log-probabilities in nats; NaN when unknown.
        missing: shape (n,). True where the score is missing: never chosen.
        greedy: shape (n,). True where the sample was drawn at temperature 0.
        scores: by name of another scorer, shape (n,): its values, 1 and 0 for a verdict; NaN when
            it has none. Only those that a selector needs ("score:NAME") are there.
        pairs: by name, shape (n, n): a number of each ordered pair: how similar two outputs are, or
            the probability that the first beats the second; NaN when unknown. Only those that a
            selector needs ("pairs:NAME") are there.
    """

    value: FloatArray
    answer: IntArray
    passed: BoolArray
    length_tokens: IntArray
    logprob: FloatArray
    missing: BoolArray
    greedy: BoolArray
    scores: Mapping[str, FloatArray] = field(default_factory=dict)
    pairs: Mapping[str, FloatArray] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """How many candidates there are, missing ones included."""
        return int(self.value.shape[0])

    def take(self, order: IntArray) -> Candidates:
        """The same candidates in another order, or a subset of them.

        Args:
            order: shape (m,), indices into 0..n-1.
        """
        return Candidates(
            value=self.value[order],
            answer=self.answer[order],
            passed=self.passed[order],
            length_tokens=self.length_tokens[order],
            logprob=self.logprob[order],
            missing=self.missing[order],
            greedy=self.greedy[order],
            scores={name: each[order] for name, each in self.scores.items()},
            pairs={name: each[np.ix_(order, order)] for name, each in self.pairs.items()},
        )
