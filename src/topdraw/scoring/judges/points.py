"""The scorer "judge": a model rates each output by a rubric.

Not here: comparing outputs (`pairs`, `lists`).
Try it: `topdraw score RUN --with "judge(model=NAME, url=http://localhost:8000/v1)"`.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from topdraw.core.records import Problem, Sample, Score
from topdraw.core.registry import scorer
from topdraw.errors import DomainError, EndpointError
from topdraw.models.retry import Refused
from topdraw.scoring.judges.asked import Judge, Said, Unread, unreadable
from topdraw.scoring.judges.connect import AT_ONCE, NAME, Options, connect_judge, label, source
from topdraw.scoring.judges.fence import of_points
from topdraw.scoring.judges.likelihood import expected_number, joined, tokens_of
from topdraw.scoring.judges.verdicts import read_number


class Rating(NamedTuple):
    """A verdict of one reply.

    Attributes:
        value: on the scale.
        mass: probability of the tokens that it is the mean of; NaN when it is one number.
    """

    value: float
    mass: float = math.nan


class PointJudge:
    """A scorer: what a judge rates each output, on the scale of its prompt.

    Args:
        judge: with a prompt of the kind "points".
        source: what tells it from another.

    Attributes:
        workers: problems to hand over at a time.
        most_per_call: samples of one problem to hand over at a time: each verdict is then stored
            as soon as it has come.
        model_name: whose price its tokens have.
    """

    workers = AT_ONCE
    most_per_call = 1

    def __init__(self, judge: Judge, source: str = "") -> None:
        self.judge = judge
        self.source = source
        self.model_name = judge.name

    async def __call__(self, problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
        """One score per sample.

        Raises:
            Refused: when the judge will answer no question at all.
            Halted: when the meter forbids a request.
        """
        return list(await asyncio.gather(*(self._rated(problem, one) for one in samples)))

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        await self.judge.aclose()

    async def _rated(self, problem: Problem, sample: Sample) -> Score:
        text = of_points(self.judge.prompt, problem, sample.output)
        try:
            said = await self.judge.ask(problem.id, text, self._read)
        except Refused:
            raise
        except (EndpointError, DomainError) as error:
            return Score.missing(f"the judge did not answer: {error.message}"[:300])
        return _score(said)

    def _read(self, reply: Sample) -> Rating | Unread:
        prompt = self.judge.prompt
        tokens = tokens_of(reply)
        found = read_number(reply.output, prompt.verdict)
        cut = found is not None and reply.finish_reason == "length" and not found.ended
        if found is None or cut or not prompt.low <= float(found.text) <= prompt.high:
            return unreadable(reply, prompt.max_tokens)
        placed = read_number(joined(tokens), prompt.verdict) if tokens else None
        if placed is not None and placed.text == found.text:
            weighed = expected_number(tokens, placed.at, found.text, prompt.low, prompt.high)
            if weighed is not None:
                return Rating(*weighed)
        return Rating(float(found.text))


def _score(said: Said[Rating]) -> Score:
    """The mean of the votes that could be read."""
    if not said.verdicts:
        return Score.missing(said.reason)
    value = math.fsum(one.value for one in said.verdicts) / len(said.verdicts)
    notes = []
    if len(said.verdicts) + len(said.unread) > 1:
        notes.append(f"mean of {len(said.verdicts)} votes")
    if said.unread:
        notes.append(f"{len(said.unread)} more unreadable: {said.unread[0].reason}")
    masses = [one.mass for one in said.verdicts if not math.isnan(one.mass)]
    if masses:
        notes.append(f"weighed by probabilities, {min(masses):.3f} of them on the scale")
    return Score(value=value, note="; ".join(notes))


def _prepare(**options: object) -> PointJudge:
    given = Options(**options)  # type: ignore[arg-type]  # read by the scorer's own signature
    # How many at once offline is said by `workers`; a server has many requests at a time.
    judge = connect_judge(given, "points", at_once=8 * AT_ONCE)
    return PointJudge(judge, source(given, judge.prompt))


def _named(**options: object) -> str:
    return label(Options(**options), "points")  # type: ignore[arg-type]  # likewise


@scorer(NAME)
async def score_judge(
    problem: Problem,
    samples: Sequence[Sample],
    /,
    *,
    model: str,
    url: str = "",
    prompt: str = "",
    votes: int = 1,
    temperature: float = -1.0,
    logprobs: bool = True,
    api_key_env: str = "",
    seed: int = 0,
) -> list[Score]:
    """Rating of an output by a language model that is asked with a rubric (docs/judges.md).

    Where the server gives probabilities of tokens, the value is the expected rating over the
    scale's tokens, else the number in the last line of the reply; of several votes, their mean. A
    reply without a verdict is asked for once more, and then missing, as is one that was cut off or
    refused.

    Args:
        problem: its prompt, and its target where the judge's prompt has a place for it, are shown.
        samples: their outputs are shown, one to a question.
        model: name of the judge on its server, or a model as `topdraw models` lists them.
        url: address of its server.
        prompt: a shipped prompt ("rubric", "rubric-reasoned") or a file of yours.
        votes: replies to each question.
        temperature: of them; by default 0, and 1 with several votes.
        logprobs: whether to ask for probabilities.
        api_key_env: environment variable with the key; OPENAI_API_KEY by default.
        seed: of the replies.

    Returns:
        Values on the scale of the prompt, 1 to 9 by default; no verdict and no answer.

    Raises:
        ConfigError: when the prompt cannot be used.
        Refused: when the judge will answer no question at all.

    References:
        G-Eval: Liu et al. 2023 (arXiv 2303.16634), eq. 1.
    """
    made = _prepare(
        model=model,
        url=url,
        prompt=prompt,
        votes=votes,
        temperature=temperature,
        logprobs=logprobs,
        api_key_env=api_key_env,
        seed=seed,
    )
    try:
        return await made(problem, samples)
    finally:
        await made.aclose()


_extra: Callable[..., object] = score_judge
_extra.prepare = _prepare  # type: ignore[attr-defined]  # read by `scoring.options`
_extra.named = _named  # type: ignore[attr-defined]  # likewise
