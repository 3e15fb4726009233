"""The answer to a client: the chosen choices as the upstream wrote them, true usage, and why.

Not here: sending it (`wire`); what a stream of it looks like is at the end.
Try it: `python -m pytest tests/servers/proxy/test_app.py -k "stream or best"`.
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from topdraw.core.records import Json, Sample, Score
from topdraw.models.request import Api
from topdraw.servers.proxy.candidates import choice_of
from topdraw.servers.proxy.choice import Chosen
from topdraw.servers.proxy.judging import Judgement
from topdraw.servers.proxy.strategy import Strategy
from topdraw.servers.proxy.tally import Tally

_OBJECTS = {"chat": "chat.completion", "completions": "text_completion"}


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything that is known when a request has been answered.

    Attributes:
        api: the route it came by.
        model: as the upstream knows it.
        strategy: how it was answered.
        samples: the candidates, in the order of their indices.
        chosen: which of them.
        scores: of each scorer, one per sample.
        tally: what it cost upstream.
        judge: what its scorers cost upstream.
        seed: of the choice.
        seconds: from the request to the choice.
        cost_usd: of the candidates; None when the price is unknown.
        notes: what did not go as it should, in sentences.
        judged: what the judge said of the candidates.
        judge_cost_usd: of scorers and judge; None when a price is unknown.
        own_logprobs: whether log-probabilities are there for us alone.
    """

    api: Api
    model: str
    strategy: Strategy
    samples: Sequence[Sample]
    chosen: Chosen
    scores: Mapping[str, Sequence[Score]]
    tally: Tally
    judge: Tally
    seed: int
    seconds: float
    cost_usd: float | None
    notes: Sequence[str] = ()
    judged: Sequence[Judgement] = ()
    judge_cost_usd: float | None = 0.0
    own_logprobs: bool = False
    id: str = field(default_factory=lambda: f"topdraw-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def envelope(self) -> dict[str, Json]:
        """What every message of the answer starts with."""
        return {
            "id": self.id,
            "object": _OBJECTS[self.api],
            "created": self.created,
            "model": self.model,
        }

    @property
    def choices(self) -> list[dict[str, Json]]:
        """The chosen ones, the best first; only their numbers are ours."""
        return [self._choice(self.samples[at], place) for place, at in enumerate(self.chosen.order)]

    def _choice(self, sample: Sample, place: int) -> dict[str, Json]:
        said = choice_of(sample) | {"index": place}
        return said | {"logprobs": None} if self.own_logprobs else said

    @property
    def usage(self) -> dict[str, Json]:
        """Tokens of all candidates, as the upstream charged them."""
        return {
            "prompt_tokens": self.tally.prompt_tokens,
            "completion_tokens": self.tally.output_tokens,
            "total_tokens": self.tally.tokens,
        }

    @property
    def account(self) -> dict[str, Json]:
        """What was drawn, scored and chosen, and what it cost."""
        strategy = self.strategy
        return {
            "strategy": strategy.select,
            "n": strategy.n,
            "candidates": len(self.samples),
            "chosen": list(self.chosen.order),
            "weights": [float(weight) for weight in self.chosen.weights],
            "scores": {name: [_value(one) for one in found] for name, found in self.scores.items()},
            "answers": _answers(self.scores),
            "seed": self.seed,
            "tokens": {
                "prompt": self.tally.prompt_tokens,
                "output": self.tally.output_tokens,
                "judge": self.judge.tokens,
                "estimated": self.tally.estimated or self.judge.estimated,
            },
            "requests": self.tally.requests,
            "judge": self._judge,
            "cost_usd": self.cost_usd,
            "seconds": round(self.seconds, 3),
            "notes": list(self.notes),
        }

    @property
    def _judge(self) -> dict[str, Json]:
        """What scorers and judge asked of servers of their own, and what the judge said."""
        tally = self.judge
        comparisons: dict[str, Json] = {
            one.name: {
                "questions": len(one.rows),
                "missing": len(one.comparisons.missing),
                "late": one.late,
            }
            for one in self.judged
        }
        return {
            "requests": tally.requests,
            "prompt": tally.prompt_tokens,
            "output": tally.output_tokens,
            "cost_usd": self.judge_cost_usd,
            "comparisons": comparisons,
        }

    def whole(self) -> dict[str, Json]:
        """The answer as one object."""
        choices: list[Json] = list(self.choices)
        return {
            **self.envelope, "choices": choices, "usage": self.usage, "topdraw": self.account,
        }  # fmt: skip

    def events(self, *, with_usage: bool) -> Iterator[dict[str, Json]]:
        """The answer as the chunks of a stream.

        Args:
            with_usage: whether a last chunk says the tokens.
        """
        kind = "chat.completion.chunk" if self.api == "chat" else "text_completion"
        start = self.envelope | {"object": kind}
        usage: dict[str, Json] = {"usage": None} if with_usage else {}
        parts: list[Json] = [part for choice in self.choices for part in _parts(choice, self.api)]
        for number, part in enumerate(parts, start=1):
            last: dict[str, Json] = {"topdraw": self.account} if number == len(parts) else {}
            yield start | {"choices": [part]} | usage | last
        if with_usage:
            empty: list[Json] = []
            yield start | {"choices": empty, "usage": self.usage}


def _parts(choice: Mapping[str, Json], api: Api) -> Iterator[dict[str, Json]]:
    """A choice as a stream tells it: who speaks, what is said, how it ended."""
    if api == "completions":
        yield dict(choice)
        return
    index, logprobs = choice.get("index"), choice.get("logprobs")
    said = choice.get("message")
    message = dict(said) if isinstance(said, dict) else {}
    role = message.pop("role", "assistant")
    yield {"index": index, "delta": {"role": role, "content": ""}, "finish_reason": None}
    calls = message.get("tool_calls")
    if isinstance(calls, list):
        message["tool_calls"] = [
            {"index": place, **call} if isinstance(call, dict) else call
            for place, call in enumerate(calls)
        ]
    delta: dict[str, Json] = {k: v for k, v in message.items() if v is not None}
    yield {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": None}
    rest = {
        name: value
        for name, value in choice.items()
        if name not in ("message", "logprobs", "index")
    }
    yield {"index": index, "delta": {}, **rest}


def _value(score: Score) -> float | bool | None:
    if score.is_missing:
        return None
    if math.isfinite(score.value):
        return score.value
    return score.passed


def _answers(scores: Mapping[str, Sequence[Score]]) -> list[Json] | None:
    """What each candidate's vote reads, by the scorer that reads any; None when none does."""
    for found in scores.values():
        if any(score.answer is not None for score in found):
            return [score.answer for score in found]
    return None
