"""Accuracy and length over one setting of the decoding, and where each is best.

Not here: which sets make a curve (`groups`), figures (`topdraw.reports`).
Try it: `python -m pytest tests/studies/greedy/test_settings.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.intervals import mean_estimate
from topdraw.analysis.variability_cells import Against, against_best
from topdraw.analysis.variability_lengths import mean_length
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray
from topdraw.studies.greedy.drawn import BEST, GREEDY, MAJORITY, ORACLE, SAMPLED, Drawn
from topdraw.studies.greedy.groups import Varied

_DRAWN = 0.5
_TOLD = {SAMPLED: "one sample", ORACLE: "pass@{k}", MAJORITY: "majority of {k}"}


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where a number is best on a curve.

    Attributes:
        measure: "one sample", "pass@16", "best of 16 by reward".
        points: the number, by value of the setting.
        against: each against the best, with adjusted p-values; see `against_best`.
        best: value of the setting where it is largest.
        tied: values that cannot be told from it, itself included.
    """

    measure: str
    points: Mapping[float, Estimate]
    against: Mapping[float, Against]
    best: float
    tied: tuple[float, ...]

    @property
    def is_inside(self) -> bool:
        """Whether it is lower at both ends, and surely so."""
        return not {min(self.points), max(self.points)} & set(self.tied)

    @property
    def falls(self) -> bool:
        """Whether the last value is surely below the best, and the first is not."""
        return max(self.points) not in self.tied and min(self.points) in self.tied

    @property
    def is_flat(self) -> bool:
        """Whether no value can be told from the best."""
        return len(self.tied) == len(self.points)


@dataclass(frozen=True, slots=True)
class SettingCurve:
    """A model on a task over one setting.

    Attributes:
        axis: the setting.
        task: name of the task.
        model: name of the model.
        k: samples used by what uses several.
        problems: problems that every point has.
        optima: "one sample" first.
        tokens: output tokens of a sample, by value of the setting.
        greedy: whether the point at temperature 0 is that of greedy answers.
    """

    axis: str
    task: str
    model: str
    k: int
    problems: int
    optima: tuple[Optimum, ...]
    tokens: Mapping[float, Estimate]
    greedy: bool


def setting_curve(
    found: Varied, task: str, *, level: float = 0.95, rng: int = 0
) -> SettingCurve | None:
    """One curve, over the problems that all its sets have.

    The greedy answers that a set at the main setting brings are the point at temperature 0, where
    no set of samples is there. Of what uses several samples, temperature 0 has no point: they are
    all alike. A set with less than half of the problems of another is not drawn yet, and left out.

    Args:
        found: sets that differ in one setting.
        task: name of the task.
        level: confidence level.
        rng: seed of the tests.

    Returns:
        None where no problem is shared by two sets.
    """
    most = max(len(one.keys) for _, one in found.sets)
    kept = tuple(each for each in found.sets if len(each[1].keys) >= _DRAWN * most)
    found = Varied(found.axis, kept)
    keys = [
        key for key in found.sets[0][1].keys if all(key in set(one.keys) for _, one in found.sets)
    ]
    if not keys or len(kept) < 2:
        return None
    warm = [(value, one) for value, one in found.sets if not _is_cold(found, value)]
    k = max(set.intersection(*(_powers(one) for _, one in warm)), default=1) if warm else 1
    single: dict[float, FloatArray | None] = {value: one.single(keys) for value, one in found.sets}
    cold = _greedy_answers(found, keys)
    if cold is not None:
        single[0.0] = cold
    optima = [_optimum(_TOLD[SAMPLED], single, level, rng)]
    for name in _shared_names([one for _, one in warm]) if k > 1 else ():
        columns = {value: one.values(name, k, keys) for value, one in warm}
        optima.append(_optimum(_called(name, k, warm[0][1]), columns, level, rng))
    return SettingCurve(
        axis=found.axis,
        task=task,
        model=found.sets[0][1].material.model,
        k=k,
        problems=len(keys),
        optima=tuple(one for one in optima if one is not None),
        tokens={
            value: mean_length(one.on(keys, one.tokens), level=level, method="output tokens")
            for value, one in found.sets
        },
        greedy=cold is not None or any(_is_cold(found, value) for value, _ in found.sets),
    )


def _powers(one: Drawn) -> set[int]:
    random = one.strategy(SAMPLED)
    return set() if random is None else set(random.ks)


def _is_cold(found: Varied, value: float) -> bool:
    return found.axis == "temperature" and value == 0


def _greedy_answers(found: Varied, keys: Sequence[str]) -> FloatArray | None:
    """Greedy answers drawn beside samples, where there is no set at temperature 0."""
    if found.axis != "temperature" or any(value == 0 for value, _ in found.sets):
        return None
    made = (one.values(GREEDY, 1, keys) for _, one in found.sets)
    return next((each for each in made if each is not None and not np.isnan(each).any()), None)


def _shared_names(sets: Sequence[Drawn]) -> list[str]:
    """Strategies over several samples that all sets have; weighted votes are not the paper's."""
    names = [
        one.name for one in sets[0].strategies if not one.flat and one.name != "weighted_majority"
    ]
    return [name for name in names if all(one.strategy(name) for one in sets[1:])]


def _called(name: str, k: int, one: Drawn) -> str:
    if name in _TOLD:
        return _TOLD[name].format(k=k)
    strategy = one.strategy(name)
    chooser = strategy.chooser if strategy is not None and name == BEST else name
    return f"best of {k} by {chooser}"


def _optimum(
    measure: str, columns: Mapping[float, FloatArray | None], level: float, rng: int
) -> Optimum | None:
    known = {value: each for value, each in sorted(columns.items()) if each is not None}
    table = np.array(list(known.values())).T
    if len(known) < 2 or np.isnan(table).any(axis=1).all():
        return None
    versus = dict(zip(known, against_best(table, level=level, rng=rng), strict=True))
    return Optimum(
        measure=measure,
        points={
            value: mean_estimate(each, level=level, method=measure) for value, each in known.items()
        },
        against=versus,
        best=next(value for value, one in versus.items() if one.is_best),
        tied=tuple(value for value, one in versus.items() if one.is_tied),
    )
