"""Two models on one task: a weak one with many samples against a strong one with one.

Not here: one model (`reading`), families of many (`analysis.scaling.shifts`).
Try it: `python -m pytest tests/studies/monkeys/test_pairs.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.cost import Tables, costs_of
from topdraw.analysis.cost_of_k import Costs, Unit
from topdraw.analysis.cost_report import CostComparison, compare_all_costs
from topdraw.analysis.intervals import paired_difference
from topdraw.analysis.scaling.shifts import Shifts, fit_shifts, shared
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray
from topdraw.errors import ConfigError, DomainError
from topdraw.studies.monkeys.reading import Reading, steps
from topdraw.studies.monkeys.rise import at

#: Units of cost that a page shows, where they are known for both.
COSTS: tuple[Unit, ...] = ("flops", "usd", "output_tokens")
#: Those that count the size of a model; output tokens are shown where neither is known.
BUDGETS: frozenset[Unit] = frozenset({"flops", "usd"})
_MOST_KS = 400


@dataclass(frozen=True, slots=True)
class Spent:
    """What so many samples of a weaker model cost.

    Attributes:
        amount: a problem, on average.
        ratio: that over one sample of the stronger model.
    """

    amount: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Passing:
    """How many samples of a weaker model do more than one of a stronger one.

    Attributes:
        task: of both.
        weak: the weaker with one sample.
        strong: the stronger.
        first: the first k at which the mean is above; None when it is not by n.
        sure: the first of 1, 2, 3, 5, 10, ... at which the interval is; None when it is not by n.
        most: the largest k of the weaker.
        less: coverage of the weaker at `sure` (else at `most`) less that of one sample of the
            stronger, paired over the shared problems.
        cost: for each unit, what the weaker spends on a problem at `sure`.
    """

    task: str
    weak: str
    strong: str
    first: int | None
    sure: int | None
    most: int
    less: Estimate
    cost: dict[Unit, Spent]


@dataclass(frozen=True, slots=True)
class Pair:
    """All that is said of two models on one task.

    Attributes:
        passing: of the weaker with many samples over the stronger with one.
        at_equal: at equal budgets, in every unit known for both: coverage, and a selector.
        why: why there is nothing at equal budgets; "" when there is something.
        slope: exponent b of the weaker less that of the stronger; NaN without laws.
    """

    passing: Passing
    at_equal: tuple[CostComparison, ...]
    why: str
    slope: Estimate

    @property
    def units(self) -> set[Unit]:
        """Units in which the two are compared."""
        return {one.unit for one in self.at_equal}


def pair(strong: Reading, weak: Reading, *, tables: Tables, level: float = 0.95) -> Pair | None:
    """Two models over the problems that both have.

    Args:
        strong: the stronger with one sample.
        weak: the weaker.
        tables: prices and architectures.
        level: level of all intervals.

    Returns:
        None when they share no problem.
    """
    keys = shared([one.known.counts.problem_ids for one in (strong, weak)])
    if not keys:
        return None
    known = [_costs(one, keys, tables) for one in (strong, weak)]
    units = [unit for unit in COSTS if all(unit in each for each in known)]
    compared: tuple[CostComparison, ...] = ()
    why = "" if units else "nobody counted tokens of both"
    if units:
        try:
            compared = tuple(
                compare_all_costs(
                    weak.material.evidence,
                    strong.material.evidence,
                    units=units,
                    selectors=_both_choose(strong, weak),
                    by=weak.material.by,
                    value=weak.material.value,
                    tables=tables,
                    names=(weak.name, strong.name),
                    level=level,
                )
            )
        except (ConfigError, DomainError) as error:
            why = str(error)
    return Pair(_passing(strong, weak, keys, known, level), compared, why, slope(strong, weak))


def _both_choose(strong: Reading, weak: Reading) -> list[str]:
    """Coverage, and the first selector that is exact at any n."""
    both = {one.selector for one in strong.chosen} & {one.selector for one in weak.chosen}
    return ["oracle", *[name for name in ("best_of_n", "majority") if name in both][:1]]


def _costs(one: Reading, keys: Sequence[str], tables: Tables) -> dict[Unit, Costs]:
    return costs_of(one.material.evidence, problem_ids=list(keys), tables=tables)


def _passing(
    strong: Reading,
    weak: Reading,
    keys: Sequence[str],
    known: Sequence[dict[Unit, Costs]],
    level: float,
) -> Passing:
    ks = sorted({round(k) for k in np.geomspace(1, weak.n, _MOST_KS).tolist()} | set(steps(weak.n)))
    one, many = _coverage(strong, keys, [1])[:, 0], _coverage(weak, keys, ks)
    means = many.mean(axis=0) - one.mean()
    first = next((k for k, mean in zip(ks, means.tolist(), strict=True) if mean > 0), None)
    sure, less = None, _less(many[:, -1], one, level)
    for k in steps(weak.n):
        # Each look may err: few k are tried, and the first that is sure is taken.
        if first is None or k < first:
            continue
        if (told := _less(many[:, ks.index(k)], one, level)).low > 0:
            sure, less = k, told
            break
    spent = sure or weak.n
    cost = {}
    for unit in COSTS:
        if all(unit in each for each in known):
            single, many_of = (
                float(each[unit].of_k([k]).mean())
                for each, k in zip(known, (1, spent), strict=True)
            )
            cost[unit] = Spent(many_of, many_of / single)
    return Passing(weak.task, weak.name, strong.name, first, sure, weak.n, less, cost)


def _less(many: FloatArray, one: FloatArray, level: float) -> Estimate:
    return paired_difference(many, one, level=level, rng=0, method="coverage less one sample")


def _coverage(one: Reading, keys: Sequence[str], ks: Sequence[int]) -> FloatArray:
    place = {key: row for row, key in enumerate(one.known.counts.problem_ids)}
    rows = [place[key] for key in keys]
    return at(one.known, list(ks))[rows]


def slope(strong: Reading, weak: Reading) -> Estimate:
    """Exponent b of the weaker model less that of the stronger.

    Args:
        strong: the one.
        weak: the other.

    Returns:
        With an interval over resampled problems where both have the same; else from two resamples
        that do not know of each other. NaN where one has no law.
    """
    if strong.law is None or weak.law is None:
        return Estimate(math.nan)
    value = weak.law.b.value - strong.law.b.value
    same = strong.known.counts.problem_ids == weak.known.counts.problem_ids
    first, second = strong.law.draws[:, 1], weak.law.draws[:, 1]
    again = second - (first if same else first[::-1])
    level = strong.law.b.level
    low, high = np.quantile(again, [(1 - level) / 2, (1 + level) / 2]).tolist()
    if math.isnan(strong.law.b.low) or math.isnan(weak.law.b.low):
        low = high = math.nan
    method = f"{len(again)} resamples of problems{'' if same else ', of each by itself'}"
    return Estimate(value, min(low, value), max(high, value), level, method, weak.problems)


def family(found: Sequence[Reading], *, level: float = 0.95) -> Shifts | str:
    """One exponent and the shifts of all models of a task, over the problems that all have.

    Args:
        found: the models of one task, the reference first.
        level: level of the intervals.

    Returns:
        In a sentence, why there are none.
    """
    fitted = [one for one in found if one.law is not None]
    if len(fitted) < 2:
        return "Shifts need two models with a law."
    if len({one.name for one in fitted}) < len(fitted):
        return "Two sets of samples have one model's name, so that shifts would mix them up."
    if any(one.known.solved is not None for one in fitted):
        return "A run was drawn until a pass; a shift needs the same n whatever samples hold."
    keys = shared([one.known.counts.problem_ids for one in fitted])
    if not keys:
        return "The models share no problem."
    counts = {}
    for one in fitted:
        place = {key: row for row, key in enumerate(one.known.counts.problem_ids)}
        rows = [place[key] for key in keys]
        counts[one.name] = (one.known.counts.n[rows], one.known.counts.c[rows])
    try:
        return fit_shifts(counts, level=level)
    except DomainError as error:
        return str(error)
