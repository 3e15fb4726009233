"""The choice among scored candidates: a draw from the selector's weights, as offline.

Not here: the selectors (`topdraw.selection`) and where their weights are integrated (`analysis`).
Try it: `python -m pytest tests/servers/proxy/test_choice.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.core.classes import Equivalent, equivalence
from topdraw.core.protocols import Selector
from topdraw.core.records import Candidates, FloatArray, IntArray, Sample, Score
from topdraw.selection.candidates import of_samples
from topdraw.selection.extras import extras_of
from topdraw.selection.resolve import NamedSelector
from topdraw.servers.proxy.candidates import choice_of, readable, tool_calls
from topdraw.store.comparisons import Comparisons

_CALLS = "calls "


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen.

    Attributes:
        order: positions among the samples, the best first, distinct.
        weights: shape (n,). The selector's, of the first choice.
        by_chance: whether the selector could choose none, so that chance did.
    """

    order: tuple[int, ...]
    weights: FloatArray
    by_chance: bool = False


def candidates_of(
    samples: Sequence[Sample],
    selector: NamedSelector,
    *,
    values: Sequence[Score] | None,
    answers: Sequence[Score] | None,
    votes_by: str = "",
    scores: Mapping[str, Sequence[Score]] | None = None,
    judged: Mapping[str, Comparisons] | None = None,
) -> Candidates:
    """What the selector sees; equal samples and scores give the same arrays as a run does.

    A sample that calls tools votes for these calls, whatever the scorer reads in it.

    Args:
        samples: drawn.
        selector: verdicts are handed to one that needs them.
        values: one per sample; None when nothing ranks.
        answers: one per sample; None when nothing votes.
        votes_by: name of the scorer that read them: it may say which are equivalent.
        scores: of each scorer, for a selector that looks at several.
        judged: comparisons by name.
    """
    verified = "passed" in selector.needs and values is not None
    found = of_samples(
        samples,
        verdicts=values if verified else None,
        values=values,
        answers=None if answers is None else _with_calls(samples, answers),
        equivalent=_equivalent(votes_by),
    )
    drawn = [readable(sample) for sample in samples]
    return extras_of(found, drawn, selector.needs, scores=scores or {}, judged=judged or {})


def _equivalent(votes_by: str) -> Equivalent | None:
    equal = equivalence(votes_by)
    if equal is None:
        return None
    return lambda a, b: not a.startswith(_CALLS) and not b.startswith(_CALLS) and equal(a, b)


def _with_calls(samples: Sequence[Sample], answers: Sequence[Score]) -> list[Score]:
    calls = [tool_calls(choice_of(sample)) for sample in samples]
    return [
        Score(answer=f"{_CALLS}{called}") if called else answer
        for called, answer in zip(calls, answers, strict=True)
    ]


def choose(candidates: Candidates, selector: Selector, k: int, seed: int) -> Chosen:
    """The k best, each drawn from the selector's weights over those that are left.

    With k = 1 that is the draw of `analysis.select`. Of those that are left, the ones with an
    answer that was taken come last: two of the best are two answers, as long as there are two.

    Args:
        candidates: n >= 1 of them.
        selector: gives the weights.
        k: how many to take; fewer when there are fewer.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    everyone = np.arange(candidates.n)
    weights = selector(candidates)
    left, by_chance = everyone, False
    order: list[int] = []
    while len(order) < min(k, candidates.n):
        if not order:
            found = weights
        else:
            fresh = _fresh(candidates, left, order)
            found = np.zeros(candidates.n)
            found[fresh] = selector(candidates.take(fresh))
        if not found.any():
            by_chance = by_chance or not order
            found = np.zeros(candidates.n)
            found[left] = 1.0
        pick = int(rng.choice(candidates.n, p=found / found.sum()))
        order.append(pick)
        left = left[left != pick]
    return Chosen(tuple(order), weights, by_chance)


def _fresh(candidates: Candidates, left: IntArray, order: Sequence[int]) -> IntArray:
    """Those left whose answer was not taken; all that are left when there are none."""
    taken = {int(candidates.answer[at]) for at in order} - {-1}
    fresh = left[~np.isin(candidates.answer[left], list(taken))]
    return fresh if fresh.size else left


def reasons(scores: Mapping[str, Sequence[Score]]) -> list[str]:
    """What is missing, a sentence for each scorer that has missing scores."""
    notes = []
    for name, found in scores.items():
        missing = [score.missing_reason for score in found if score.missing_reason is not None]
        if missing:
            notes.append(
                f"{len(missing)} of {len(found)} scores by {name} are missing: {missing[0]}"
            )
    return notes
