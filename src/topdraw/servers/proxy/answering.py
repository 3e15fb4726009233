"""From a request with a strategy to its answer: draw, score, choose, before time is up.

Not here: HTTP (`serving`) and the parts (`candidates`, `scoring`, `choice`).
Try it: `python -m pytest tests/servers/proxy/test_app.py`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from topdraw.core.records import Json, Sample, Score
from topdraw.models.given import Given
from topdraw.models.meter import METER
from topdraw.sampling.prices import Price
from topdraw.selection.resolve import NamedSelector
from topdraw.servers.proxy.candidates import Drawn, Upstream, draw
from topdraw.servers.proxy.choice import Chosen, candidates_of, choose, reasons
from topdraw.servers.proxy.judging import Judgement, ServedJudge
from topdraw.servers.proxy.refusal import Refusal, of_endpoint, unplaced, without_address
from topdraw.servers.proxy.reply import Answer
from topdraw.servers.proxy.scoring import LOGPROB, Scorers
from topdraw.servers.proxy.strategy import Strategy
from topdraw.servers.proxy.tally import Tally

OnSample = Callable[[Sample], Awaitable[None]]
# Of a deadline, for scoring and judging together.
_MOST_KEPT = 0.7


@dataclass(frozen=True, slots=True)
class Asking:
    """One request and how it is to be answered.

    Attributes:
        problem: what is asked.
        strategy: how.
        k: choices wanted.
        model: as the upstream knows it.
        price: of the model; None when unknown.
        tally: told what it costs.
        judge: told what its scorers and its judge cost.
        judge_prices: what the tokens of each of them cost, by its name; one that is not there
            asks nobody who is paid.
    """

    problem: Given
    strategy: Strategy
    k: int
    model: str
    price: Price | None
    tally: Tally
    judge: Tally
    judge_prices: Mapping[str, Price | None] = field(default_factory=dict)


async def answer(
    upstream: Upstream,
    scorers: Scorers,
    asking: Asking,
    *,
    judge: ServedJudge | None = None,
    on_sample: OnSample | None = None,
) -> Answer:
    """Draw the candidates, score them and choose.

    Args:
        upstream: asked.
        scorers: of the server.
        asking: what and how.
        judge: of the server; None when the strategy needs none.
        on_sample: told of each candidate as it comes.

    Raises:
        Refusal: when no candidate came: with the upstream's own words, or 504 when time was up.
        InputError: when the selector cannot choose by these scores.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    strategy, selector = asking.strategy, asking.strategy.selector
    names = scorer_names(strategy, selector)
    end = None if strategy.deadline_seconds is None else began + strategy.deadline_seconds
    problem, own_logprobs = _with_logprobs(asking.problem, selector, names)
    METER.set(asking.tally)
    compared = [need[6:] for need in selector.needs if need.startswith("pairs:")]
    compared = [name for name in compared if judge is not None and name in judge.names]
    until = scored_by = None
    if strategy.deadline_seconds is not None and end is not None:
        seconds = strategy.deadline_seconds
        judging = judge.reserve_seconds(seconds) if compared and judge is not None else 0.0
        scored_by = end - judging
        kept = judging + scorers.reserve_seconds(names, seconds)
        until = end - min(kept, _MOST_KEPT * seconds)
    drawn = await draw(upstream, problem, strategy.n, until=until, on_sample=on_sample)
    if not drawn.samples:
        raise _nothing(drawn, strategy, own_logprobs)
    scores = await _scored(scorers, names, problem, drawn.samples, scored_by, asking.judge)
    seed = _seed(asking)
    judged = [
        await judge.judged(
            name,
            problem,
            drawn.samples,
            select=strategy.select,
            seed=seed,
            until=end,
            tally=asking.judge.part(name),
        )
        for name in compared
        if judge is not None
    ]
    # In a thread: answers that are compared by mathematics take their time.
    chosen = await asyncio.to_thread(
        _chosen, drawn.samples, strategy, selector, scores, judged, asking.k, seed
    )
    return Answer(
        api=problem.api,
        model=asking.model,
        strategy=strategy,
        samples=drawn.samples,
        chosen=chosen,
        scores=scores,
        tally=asking.tally,
        judge=asking.judge,
        seed=seed,
        seconds=loop.time() - began,
        cost_usd=_cost(asking),
        notes=_notes(drawn, chosen, scores, judged),
        judged=judged,
        judge_cost_usd=judge_cost(asking.judge, asking.judge_prices),
        own_logprobs=own_logprobs,
        id=problem.id,
    )


def scorer_names(strategy: Strategy, selector: NamedSelector) -> list[str]:
    """The scorers that a strategy needs: whose values rank, whose answers vote.

    Args:
        strategy: of a request.
        selector: its own.
    """
    ranks = {"value", "passed"} & set(selector.needs)
    votes = "answer" in selector.needs
    names = [strategy.ranked_by] if ranks else []
    more = [need[6:] for need in selector.needs if need.startswith("score:")]
    return list(dict.fromkeys([*names, *([strategy.votes_by] if votes else []), *more]))


def _with_logprobs(
    problem: Given, selector: NamedSelector, names: Sequence[str]
) -> tuple[Given, bool]:
    """The request, with log-probabilities where they choose; and whether the client wants none."""
    needed = "logprob" in selector.needs or LOGPROB in names
    if not needed or problem.body.get("logprobs"):
        return problem, False
    wanted: Json = True if problem.api == "chat" else 1
    return replace(problem, body={**problem.body, "logprobs": wanted}), True


async def _scored(
    scorers: Scorers,
    names: Sequence[str],
    problem: Given,
    samples: Sequence[Sample],
    end: float | None,
    judge: Tally,
) -> dict[str, list[Score]]:
    found = await asyncio.gather(
        *(
            scorers.score(name, problem, samples, until=end, judge=judge.part(name))
            for name in names
        )
    )
    return dict(zip(names, found, strict=True))


def _chosen(
    samples: Sequence[Sample],
    strategy: Strategy,
    selector: NamedSelector,
    scores: Mapping[str, Sequence[Score]],
    judged: Sequence[Judgement],
    k: int,
    seed: int,
) -> Chosen:
    ranks = bool({"value", "passed"} & set(selector.needs))
    votes = "answer" in selector.needs
    seen = candidates_of(
        samples,
        selector,
        values=scores[strategy.ranked_by] if ranks else None,
        answers=scores[strategy.votes_by] if votes else None,
        votes_by=strategy.votes_by,
        scores=scores,
        judged={one.name: one.comparisons for one in judged},
    )
    return choose(seen, selector, k, seed)


def _seed(asking: Asking) -> int:
    if asking.strategy.seed is not None:
        return asking.strategy.seed
    given = asking.problem.seed
    return abs(given) % 2**63 if given is not None else secrets.randbits(48)


def _nothing(drawn: Drawn, strategy: Strategy, own_logprobs: bool) -> Refusal:
    if drawn.failure is not None:
        refusal = of_endpoint(drawn.failure)
        if own_logprobs and refusal.status < 500 and "logprob" in drawn.failure.message:
            said = "it refuses log-probabilities, by which this strategy ranks"
            words = f"{without_address(drawn.failure.message)} That is: {said}."
            return Refusal(400, words, param="topdraw.with")
        return refusal
    seconds = f"{strategy.deadline_seconds:g} s" if drawn.late else "the time there was"
    return Refusal(504, f"No candidate came within {seconds}.", code="deadline", kind="timeout")


def _cost(asking: Asking) -> float | None:
    tally = asking.tally
    if asking.price is None:
        return None
    return asking.price.cost_usd(tally.prompt_tokens, tally.output_tokens)


def judge_cost(tally: Tally, prices: Mapping[str, Price | None]) -> float | None:
    """What scorers and judge cost, in USD; None when a price is unknown, 0 when nobody was paid.

    Args:
        tally: by their names.
        prices: by their names.
    """
    usd = 0.0
    for name, part in tally.parts.items():
        price = prices.get(name)
        if part.requests and price is None:
            return None
        if price is not None:
            usd += price.cost_usd(part.prompt_tokens, part.output_tokens)
    return usd


def _notes(
    drawn: Drawn,
    chosen: Chosen,
    scores: Mapping[str, Sequence[Score]],
    judged: Sequence[Judgement],
) -> list[str]:
    came, notes = len(drawn.samples), []
    if drawn.late:
        notes.append(f"deadline: answered with {came} of {drawn.asked} candidates")
    elif came < drawn.asked:
        failure = drawn.failure
        why = without_address(failure.message) if failure is not None else "they did not come"
        notes.append(f"{drawn.asked - came} of {drawn.asked} candidates failed: {why}")
    asked = [*reasons(scores), *(note for one in judged for note in one.notes)]
    notes += [unplaced(note, "its server") for note in asked]
    if chosen.by_chance:
        notes.append("none could be chosen by its score; one was taken by chance")
    return notes
