"""All that the study of greedy against sampled answers says, as one frozen value.

Not here: how it looks (`topdraw.reports.study_greedy`), published numbers (`published`).
Try it: `python -m pytest tests/studies/greedy/test_reading.py`.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.intervals import mean_estimate, paired_difference
from topdraw.analysis.orders import Orders, orders
from topdraw.analysis.variability import Variability, variability
from topdraw.analysis.variability_lengths import mean_length
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray
from topdraw.errors import ConfigError
from topdraw.store.evidence import Evidence
from topdraw.store.plain import PlainTable
from topdraw.studies.greedy.drawn import GREEDY, Drawn, drawn
from topdraw.studies.greedy.groups import (
    TaskGroup,
    cold_beside,
    task_groups,
    varied,
    whole_samples,
)
from topdraw.studies.greedy.passing import Chase, Passing, chases, passing
from topdraw.studies.greedy.settings import SettingCurve, setting_curve
from topdraw.studies.greedy.shares import DecodingShares, decoding_shares
from topdraw.studies.material import Material

CategoryOf = Callable[[Evidence], str]


@dataclass(frozen=True, slots=True)
class SampledSet:
    """A model on a task, as the paper's main table has it.

    Attributes:
        task: name of the task.
        name: of the model, unique within the task.
        drawn: the samples.
        sampled: accuracy of one sample, the mean over problems.
        variability: greedy against sampled, full runs, lengths; None of counts.
        shares: of problems; None without greedy answers.
        best: votes, best of N by each scorer and the oracle, against its own single answers.
    """

    task: str
    name: str
    drawn: Drawn
    sampled: Estimate
    variability: Variability | None
    shares: DecodingShares | None
    best: tuple[Chase, ...] = ()

    @property
    def label(self) -> str:
        """Task and model."""
        return f"{self.task}, {self.name}"

    @property
    def difference(self) -> Estimate:
        """Greedy less the mean sample; NaN without greedy answers."""
        found = self.variability
        return Estimate(math.nan) if found is None else found.overall.difference


@dataclass(frozen=True, slots=True)
class Family:
    """Several models on one task.

    Attributes:
        task: name of the task.
        orders: who wins under both ways of decoding.
    """

    task: str
    orders: Orders


@dataclass(frozen=True, slots=True)
class GreedyReading:
    """What the study says.

    Attributes:
        sets: models on tasks.
        curves: over settings of the decoding.
        families: of tasks with several models.
        passings: a weaker model's many samples against a stronger one's single one.
        left_out: sets that say nothing yet, and why.
        level: confidence level of every interval.
    """

    sets: tuple[SampledSet, ...]
    curves: tuple[SettingCurve, ...]
    families: tuple[Family, ...]
    passings: tuple[Passing, ...]
    left_out: tuple[str, ...]
    level: float


def _no_category(evidence: Evidence) -> str:
    return ""


def greedy_reading(
    found: Sequence[Material],
    *,
    category_of: CategoryOf = _no_category,
    level: float = 0.95,
    rng: int = 0,
) -> GreedyReading:
    """Read every set of samples, and what they say together.

    Args:
        found: sets of samples.
        category_of: names the key of the problems' metadata to break a task down by; "" for none.
        level: confidence level of every interval.
        rng: seed of tests and resamples.

    Raises:
        ConfigError: if no set has a scored sample.
    """
    read, left = [], []
    for one in found:
        try:
            read.append(drawn(one, rng=rng))
        except ConfigError as error:
            left.append(f"{one.name}: {error}")
    if not read:
        raise ConfigError(f"No set of samples says anything yet. {' '.join(left)}")
    sets: list[SampledSet] = []
    curves: list[SettingCurve] = []
    families: list[Family] = []
    passings: list[Passing] = []
    for group in task_groups(read):
        of_models = whole_samples(group)
        names = _names(of_models)
        sets += [
            _sampled(group, one, name, category_of, level, rng)
            for one, name in zip(of_models, names, strict=True)
        ]
        made = (setting_curve(one, group.task, level=level, rng=rng) for one in varied(group))
        curves += [one for one in made if one is not None]
        if len(of_models) > 1:
            family = _family(group, of_models, names, level, rng)
            families += [family] if family else []
            passings += passing(group.task, of_models, names, level=level, rng=rng)
    return GreedyReading(
        tuple(sets), tuple(curves), tuple(families), tuple(passings), tuple(left), level
    )


def _names(sets: Sequence[Drawn]) -> list[str]:
    """Names of models; with the name of the set where two have the same, and numbered last."""
    taken = Counter(one.material.model for one in sets)
    names = [
        one.material.model
        if taken[one.material.model] == 1
        else f"{one.material.model} ({one.material.name})"
        for one in sets
    ]
    again = Counter(names)
    return [f"{name} #{at}" if again[name] > 1 else name for at, name in enumerate(names, start=1)]


def _sampled(
    group: TaskGroup, one: Drawn, name: str, category_of: CategoryOf, level: float, rng: int
) -> SampledSet:
    evidence = one.material.evidence
    best = _own_best(one, _greedy_of(one, group, one.keys), level, rng)
    sampled = mean_estimate(
        one.single(one.keys), level=level, missing=one.missing, method="one sample (mean)"
    )
    if isinstance(evidence, PlainTable) and evidence.is_counts:
        return SampledSet(group.task, name, one, sampled, None, None, best)
    found = variability(evidence, by=one.by, category=category_of(evidence), level=level, rng=rng)
    cold = cold_beside(one, group)
    if math.isnan(found.overall.greedy.value) and cold is not None:
        found = _with_greedy(found, one, cold, level, rng)
    greedy = [each.greedy for each in found.flips]
    known = not np.isnan(greedy).all()
    shares = decoding_shares(greedy, [each.sampled for each in found.flips], level=level)
    return SampledSet(group.task, name, one, sampled, found, shares if known else None, best)


def _own_best(one: Drawn, greedy: FloatArray | None, level: float, rng: int) -> tuple[Chase, ...]:
    if one.n < 2:
        return ()
    return chases(one, one.keys, one.single(one.keys), greedy, level=level, rng=rng)


def _with_greedy(
    found: Variability, one: Drawn, cold: Drawn, level: float, rng: int
) -> Variability:
    """The same with the answers of a set at temperature 0 for greedy ones, over all problems."""
    answers = cold.single([flip.problem_id for flip in found.flips])
    flips = tuple(
        dataclasses.replace(flip, greedy=float(answer))
        for flip, answer in zip(found.flips, answers, strict=True)
    )
    told = "greedy less sample mean"
    sampled = [flip.sampled for flip in flips]
    overall = dataclasses.replace(
        found.overall,
        greedy=mean_estimate(answers, level=level, method="at temperature 0"),
        difference=paired_difference(answers, sampled, level=level, rng=rng, method=told),
    )
    tokens = cold.on(one.keys, cold.tokens)
    lengths = dataclasses.replace(
        found.lengths,
        greedy=mean_length(tokens, level=level, method="output tokens at temperature 0"),
        greedy_less_sampled=mean_length(
            tokens - one.tokens, level=level, method="output tokens, greedy less sampled, paired"
        ),
    )
    return dataclasses.replace(found, overall=overall, flips=flips, lengths=lengths)


def _family(
    group: TaskGroup, sets: Sequence[Drawn], names: Sequence[str], level: float, rng: int
) -> Family | None:
    """Over problems that all have; greedy answers only where all models have them."""
    keys = [key for key in sets[0].keys if all(key in set(one.keys) for one in sets[1:])]
    if not keys:
        return None
    mean = np.array([one.single(keys) for one in sets])
    single = [_greedy_of(one, group, keys) for one in sets]
    table = np.array([each for each in single if each is not None]).reshape(-1, len(keys))
    complete = len(table) == len(sets)
    kept = ~np.isnan(table).any(axis=0) if complete else np.ones(len(keys), bool)
    if not kept.any():
        complete, kept = False, np.ones(len(keys), bool)
    return Family(
        group.task,
        orders(
            names,
            mean[:, kept],
            table[:, kept] if complete else None,
            level=level,
            rng=rng,
        ),
    )


def _greedy_of(one: Drawn, group: TaskGroup, keys: Sequence[str]) -> FloatArray | None:
    values = one.values(GREEDY, 1, keys)
    cold = cold_beside(one, group) if values is None else None
    return cold.single(keys) if cold is not None else values
