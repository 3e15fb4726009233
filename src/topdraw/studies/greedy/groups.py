"""Which sets of samples are of the same problems, and which of them differ in one setting.

Not here: reading a set (`drawn`), what a group says (`settings`, `reading`).
Try it: `python -m pytest tests/studies/greedy/test_groups.py`.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from topdraw.sampling.grid import AXES
from topdraw.store.plain import PlainTable
from topdraw.studies.greedy.drawn import Drawn

#: A table is named after its file, so its problems say which task it is of.
_SHARED = 0.5


@dataclass(frozen=True, slots=True)
class TaskGroup:
    """Sets of samples of one task.

    Attributes:
        task: its name.
        sets: at least one, in order.
    """

    task: str
    sets: tuple[Drawn, ...]


@dataclass(frozen=True, slots=True)
class Varied:
    """Sets of one model and task that differ in one setting alone.

    Attributes:
        axis: the setting: "temperature".
        sets: by its value, rising; the first of those with the same value.
    """

    axis: str
    sets: tuple[tuple[float, Drawn], ...]


def task_groups(sets: Sequence[Drawn]) -> list[TaskGroup]:
    """Sets by task, in the order that tasks first come.

    Runs go by the name of their task, and by what their problems say: games of another seed have
    the same ids and are others, so that they make a task of their own, with a number. A table has
    no task but its file's name: it belongs to the task with which it shares at least half of the
    problems of the smaller of both.

    Args:
        sets: any.
    """
    found: list[tuple[str, list[Drawn]]] = []
    taken: Counter[str] = Counter()
    for one in sorted(sets, key=lambda one: isinstance(one.material.evidence, PlainTable)):
        home = next((group for group in found if _belongs(one, *group)), None)
        if home is None:
            task = one.material.task
            taken[task] += 1
            found.append((task if taken[task] == 1 else f"{task} #{taken[task]}", [one]))
        else:
            home[1].append(one)
    order = {id(one): at for at, one in enumerate(sets)}
    groups = [
        TaskGroup(task, tuple(sorted(group, key=lambda one: order[id(one)])))
        for task, group in found
    ]
    return sorted(groups, key=lambda group: order[id(group.sets[0])])


def _belongs(one: Drawn, task: str, group: Sequence[Drawn]) -> bool:
    first = group[0]
    if not isinstance(one.material.evidence, PlainTable):
        return one.material.task == first.material.task and _alike(one, first)
    if one.material.task == task:
        return True
    mine, theirs = set(one.keys), set(first.keys)
    return len(mine & theirs) >= _SHARED * min(len(mine), len(theirs))


def _alike(one: Drawn, other: Drawn) -> bool:
    """Whether problems of one id ask the same."""
    mine, theirs = one.material.evidence.problems, other.material.evidence.problems
    return all(mine[key].prompt == theirs[key].prompt for key in one.keys if key in theirs)


def varied(group: TaskGroup) -> list[Varied]:
    """What differs in one setting alone, for each model and each setting with several values.

    Args:
        group: sets of one task; those whose decoding nobody knows are left out.
    """
    found: dict[tuple[str, str, str], dict[float, Drawn]] = {}
    for axis in AXES:
        for one in group.sets:
            decoding = one.material.decoding
            if decoding is not None:
                rest = dataclasses.replace(decoding, **{axis: type(getattr(decoding, axis))(1)})
                key = (axis, one.material.model, repr(rest))
                found.setdefault(key, {}).setdefault(float(getattr(decoding, axis)), one)
    return [
        Varied(axis, tuple(sorted(each.items(), key=lambda item: item[0])))
        for (axis, _, _), each in found.items()
        if len(each) > 1
    ]


def whole_samples(group: TaskGroup) -> list[Drawn]:
    """The sets that stand for a model: of several that differ in settings, the one nearest to 1.

    A set at temperature 0 alone is none: it has no samples to speak of.

    Args:
        group: sets of one task.
    """
    inner: dict[int, Drawn] = {}
    for one in varied(group):
        warm = [item for item in one.sets if not _is_cold(item[1])] or list(one.sets)
        best = min(warm, key=lambda item: (abs(item[0] - 1.0), item[0]))[1]
        for _, each in one.sets:
            if each is not best:
                inner[id(each)] = best
    return [one for one in group.sets if id(one) not in inner]


def cold_beside(one: Drawn, group: TaskGroup) -> Drawn | None:
    """The set at temperature 0 that differs from this one in nothing else; None without one.

    Args:
        one: a set of the group.
        group: sets of one task.
    """
    for each in varied(group):
        inside = any(other is one for _, other in each.sets)
        if inside and each.axis == "temperature" and _is_cold(each.sets[0][1]):
            return each.sets[0][1]
    return None


def _is_cold(one: Drawn) -> bool:
    decoding = one.material.decoding
    return decoding is not None and decoding.greedy
