"""Why a candidate was chosen: its votes, its score, how far it is ahead, and what was chance.

Not here: the choice (`analysis.select`) and where it is printed (`cli.ask`).
Try it: `topdraw ask "2+2?" -n 8`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.select import Choice, own_verifier
from topdraw.core.protocols import Selector
from topdraw.core.records import Candidates, FloatArray, Sample, Score
from topdraw.selection.candidates import candidates, scores_of
from topdraw.selection.resolve import resolve_selector
from topdraw.store.evidence import Evidence

_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Votes:
    """How a vote on answers went.

    Attributes:
        answer: of the chosen sample, as its scorer wrote it; None when it has none.
        count: samples with an answer that counts as this one; 0 when it has none.
        agreed: their indices, the chosen one's too.
        voters: samples with an answer.
        next_answer: the commonest other answer; None when there is no other.
        next_count: its samples.
        tied: whether another answer had the same weight, so that chance chose between them.
    """

    answer: str | None
    count: int
    agreed: tuple[int, ...]
    voters: int
    next_answer: str | None
    next_count: int
    tied: bool


@dataclass(frozen=True, slots=True)
class Value:
    """How the chosen sample's score compares.

    Attributes:
        scorer: whose it is.
        value: the chosen sample's; NaN when it is missing.
        next_index: the sample with the largest score among the others; None when none has one.
        next_value: its score; NaN when there is none.
        scored: samples with a score.
    """

    scorer: str
    value: float
    next_index: int | None
    next_value: float
    scored: int

    @property
    def margin(self) -> float:
        """How far the chosen one is ahead; below 0 when it is behind, NaN when nobody knows."""
        return self.value - self.next_value


@dataclass(frozen=True, slots=True)
class Why:
    """Why a candidate was chosen.

    Attributes:
        selector: that chose, options included.
        index: of the chosen sample; None when none could be chosen.
        among: how many candidates there were.
        weight: the selector's on the chosen sample, in [0, 1].
        equals: indices of samples with the same weight; chance chose among them and this one.
        votes: None when the selector does not look at answers.
        value: None when it does not look at scores.
    """

    selector: str
    index: int | None
    among: int
    weight: float
    equals: tuple[int, ...]
    votes: Votes | None
    value: Value | None


def why(
    run: Evidence,
    choice: Choice,
    chooser: str | Selector,
    *,
    by: str | None = None,
    value: str | None = None,
    answer: str | None = None,
) -> Why:
    """Why `analysis.select` chose this sample of a problem.

    Args:
        run: that the choice was made of.
        choice: the choice.
        chooser: the selector, as it was given to `select`.
        by: the verifier, as it was given to `select`.
        value: the scorer whose values rank, likewise.
        answer: the scorer whose answers vote, likewise.

    Raises:
        UnknownNameError: when the run holds no scores by one of these.
        ConfigError: when the run lacks what the selector needs.
    """
    weigh = resolve_selector(chooser)
    samples = [one for one in run.samples() if one.problem_id == choice.problem.id]
    found = candidates(
        run,
        by=by or own_verifier(run, weigh.needs),
        value=value,
        answer=answer,
        samples=samples,
        needs=weigh.needs,
    )
    seen = found[choice.problem.id]
    weights = weigh(seen)
    at = next((i for i, one in enumerate(samples) if _is_chosen(choice, one)), None)
    votes = ranked = None
    equals: tuple[int, ...] = ()
    if at is not None:
        equals = _indices(samples, np.isclose(weights, weights[at], rtol=_SAME, atol=0), but=at)
        if "answer" in weigh.needs and answer is not None:
            votes = _votes(samples, _answers(run, answer, samples), seen, weights, at)
        if "value" in weigh.needs and value is not None:
            ranked = _value(samples, value, seen, at)
    index = None if at is None else samples[at].index
    return Why(weigh.name, index, len(samples), choice.probability, equals, votes, ranked)


def _is_chosen(choice: Choice, one: Sample) -> bool:
    picked = choice.sample
    return picked is not None and (picked.sampler, picked.index) == (one.sampler, one.index)


def _indices(samples: Sequence[Sample], where: np.ndarray, but: int) -> tuple[int, ...]:
    return tuple(samples[i].index for i in np.flatnonzero(where).tolist() if i != but)


def _answers(run: Evidence, scorer: str, samples: Sequence[Sample]) -> list[str | None]:
    scores = scores_of(run, scorer)
    none = Score.missing("not scored")
    return [scores.get((s.sampler, s.problem_id, s.index), none).answer for s in samples]


def _votes(
    samples: Sequence[Sample],
    answers: Sequence[str | None],
    seen: Candidates,
    weights: FloatArray,
    at: int,
) -> Votes:
    mine = int(seen.answer[at])
    counts = np.bincount(seen.answer[seen.answer >= 0])
    if mine < 0:
        return Votes(None, 0, (), int(counts.sum()), None, 0, tied=False)
    sums = np.bincount(seen.answer[seen.answer >= 0], weights[seen.answer >= 0])
    others = np.where(np.arange(counts.size) == mine, -1, counts)
    behind = int(others.argmax()) if counts.size > 1 else -1
    agreed = tuple(samples[i].index for i in np.flatnonzero(seen.answer == mine).tolist())
    named = None if behind < 0 else answers[int(np.flatnonzero(seen.answer == behind)[0])]
    level = np.isclose(sums, sums[mine], rtol=_SAME, atol=0)
    return Votes(
        answers[at],
        int(counts[mine]),
        agreed,
        int(counts.sum()),
        named,
        0 if behind < 0 else int(counts[behind]),
        tied=bool(level.sum() > 1),
    )


def _value(samples: Sequence[Sample], scorer: str, seen: Candidates, at: int) -> Value:
    known = ~np.isnan(seen.value)
    others = np.where(known, seen.value, -np.inf)
    others[at] = -np.inf
    rest = known.copy()
    rest[at] = False
    best = int(others.argmax())
    return Value(
        scorer,
        float(seen.value[at]),
        samples[best].index if rest.any() else None,
        float(seen.value[best]) if rest.any() else math.nan,
        int(known.sum()),
    )
