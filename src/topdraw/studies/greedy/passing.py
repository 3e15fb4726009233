"""Many samples of a weaker model against one of a stronger: from how many it is ahead.

Not here: price and FLOPs of both (`topdraw.analysis.cost_of_k`).
Try it: `python -m pytest tests/studies/greedy/test_passing.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.intervals import mean_estimate, paired_difference
from topdraw.analysis.strategies import Strategy
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray
from topdraw.studies.greedy.drawn import BEST, GREEDY, MAJORITY, ORACLE, Drawn


@dataclass(frozen=True, slots=True)
class Chase:
    """One strategy of the weaker model against one answer of the stronger.

    Attributes:
        strategy: its name.
        label: what to print.
        points: of the weaker model, by k.
        differences: less one sample of the stronger, paired over problems, by k.
        greedy_difference: at the largest k, less its greedy answer; NaN without one.
        passes_at: the k from which on all differences lie above zero; 0 where the last does not.
    """

    strategy: str
    label: str
    points: Mapping[int, Estimate]
    differences: Mapping[int, Estimate]
    greedy_difference: Estimate
    passes_at: int

    @property
    def last(self) -> Estimate:
        """The difference at the largest k."""
        return self.differences[max(self.differences)]


@dataclass(frozen=True, slots=True)
class Passing:
    """Two models of one task.

    Attributes:
        task: name of the task.
        weaker: name of the model with the smaller mean sample.
        stronger: name of the other.
        problems: shared.
        n: samples of the weaker.
        gap: one sample of the stronger less one of the weaker.
        one: one sample of the stronger.
        greedy: its greedy answer; NaN without one.
        chases: votes, best of n by each scorer, and the oracle.
    """

    task: str
    weaker: str
    stronger: str
    problems: int
    n: int
    gap: Estimate
    one: Estimate
    greedy: Estimate
    chases: tuple[Chase, ...]


def passing(
    task: str,
    sets: Sequence[Drawn],
    names: Sequence[str],
    *,
    level: float = 0.95,
    rng: int = 0,
    most: int = 6,
) -> list[Passing]:
    """Each two models of a task, at most so many pairs, those furthest apart first.

    A pair whose weaker model has a single sample of some problem is left out.

    Args:
        task: name of the task.
        sets: of the models.
        names: of the models.
        level: confidence level of each interval.
        rng: seed of the tests.
        most: how many pairs.
    """
    found = []
    for (a, first), (b, second) in itertools.combinations(zip(names, sets, strict=True), 2):
        keys = [key for key in first.keys if key in set(second.keys)]
        if keys:
            means = [float(np.nanmean(one.single(keys))) for one in (first, second)]
            pair = ((a, first), (b, second))
            weak, strong = pair if means[0] <= means[1] else pair[::-1]
            if weak[1].n > 1:
                found.append(_passing(task, weak, strong, keys, level, rng))
    return sorted(found, key=lambda one: -one.gap.value)[:most]


def _passing(
    task: str,
    weak: tuple[str, Drawn],
    strong: tuple[str, Drawn],
    keys: Sequence[str],
    level: float,
    rng: int,
) -> Passing:
    own, one = weak[1].single(keys), strong[1].single(keys)
    nothing = np.full(len(keys), np.nan)
    greedy = strong[1].values(GREEDY, 1, keys)
    return Passing(
        task=task,
        weaker=weak[0],
        stronger=strong[0],
        problems=len(keys),
        n=weak[1].n,
        gap=paired_difference(one, own, level=level, rng=rng, method="one sample each"),
        one=mean_estimate(one, level=level, method=f"one sample of {strong[0]}"),
        greedy=mean_estimate(
            nothing if greedy is None else greedy, level=level, method=f"greedy, {strong[0]}"
        ),
        chases=chases(weak[1], keys, one, greedy, level=level, rng=rng),
    )


def chases(
    many: Drawn,
    keys: Sequence[str],
    one: FloatArray,
    greedy: FloatArray | None,
    *,
    level: float = 0.95,
    rng: int = 0,
) -> tuple[Chase, ...]:
    """Every strategy over many samples against single answers, of another model or the same.

    Args:
        many: the samples.
        keys: problems.
        one: shape (keys,). The share of single samples that is correct.
        greedy: shape (keys,). Verdicts of greedy answers; None without any.
        level: confidence level of each interval.
        rng: seed of the tests.
    """
    single = np.full(len(keys), np.nan) if greedy is None else greedy
    return tuple(
        _chase(strategy, many, keys, one, single, level, rng) for strategy in _choosing(many)
    )


def _choosing(one: Drawn) -> Iterator[Strategy]:
    """Votes, best of n by each scorer, the oracle; weighted votes are not the paper's."""
    yield from (
        each for each in one.strategies if not each.flat and each.name != "weighted_majority"
    )


def _chase(
    strategy: Strategy,
    weak: Drawn,
    keys: Sequence[str],
    one: FloatArray,
    greedy: FloatArray,
    level: float,
    rng: int,
) -> Chase:
    columns = {k: weak.on(keys, strategy.values[:, at]) for at, k in enumerate(strategy.ks)}
    differences = {
        k: paired_difference(each, one, level=level, rng=rng, method=f"{strategy.label}, k = {k}")
        for k, each in columns.items()
    }
    label = _label(strategy)
    return Chase(
        strategy=strategy.name,
        label=label,
        points={
            k: mean_estimate(each, level=level, method=f"{label}, k = {k}")
            for k, each in columns.items()
        },
        differences=differences,
        greedy_difference=paired_difference(
            columns[max(columns)], greedy, level=level, rng=rng, method="less the greedy answer"
        ),
        passes_at=_passes_at(differences),
    )


def _label(strategy: Strategy) -> str:
    if strategy.name == ORACLE:
        return "oracle (pass@N)"
    if strategy.name == MAJORITY:
        return "majority of N"
    return f"best of N by {strategy.chooser if strategy.name == BEST else strategy.name}"


def _passes_at(differences: Mapping[int, Estimate]) -> int:
    """The first k of the last stretch above zero; 0 where the largest k does not lie there."""
    first = 0
    for k in sorted(differences, reverse=True):
        if not differences[k].low > 0:
            break
        first = k
    return first
