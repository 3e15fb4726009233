"""Two models, or two strategies, at the same budget: each at its best affordable k, paired.

Not here: what k samples cost (`analysis.cost_of_k`); reading runs (`analysis.cost`).
Try it: `python -m pytest tests/analysis/test_cost_budget.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.clusters import Clusters, labels
from topdraw.analysis.cost_of_k import UNITS, Costs
from topdraw.analysis.intervals import mean_estimate, paired_difference
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray, IntArray
from topdraw.core.seeds import Rng, generator
from topdraw.errors import ConfigError, DomainError


@dataclass(frozen=True, slots=True)
class Spender:
    """One way of spending samples on some problems.

    Attributes:
        name: what it is called.
        ks: samples used, rising.
        costs: of the problems, in the order of the other spender's.
        values: shape (problems, ks), in [0, 1] or NaN. What is solved at each k.
    """

    name: str
    ks: tuple[int, ...]
    costs: Costs
    values: FloatArray


@dataclass(frozen=True, slots=True)
class BestK:
    """What one spender makes of a budget.

    Attributes:
        k: the affordable k with the largest mean, the smallest of several; 0 when not even the
            smallest k is affordable.
        cost: mean cost of a problem at that k; 0.0 for none.
        value: mean over problems at the best k. Where two halves of the problems disagree about the
            best k, each problem is valued at the k that the other half chose, so that choosing and
            valuing are apart. NaN when nothing is affordable.
        at_end: whether the largest k that is known is affordable: a larger budget may buy more
            than this says.
    """

    k: int
    cost: float
    value: Estimate
    at_end: bool


@dataclass(frozen=True, slots=True)
class AtBudget:
    """Two spenders at one budget.

    Attributes:
        budget: mean cost of a problem.
        a: the one.
        b: the other.
        difference: mean of a - b over problems, with interval and p-value; NaN where one of them
            cannot afford a sample.
    """

    budget: float
    a: BestK
    b: BestK
    difference: Estimate


def equal_budgets(
    a: Spender,
    b: Spender,
    budgets: Sequence[float],
    *,
    clusters: Clusters = None,
    level: float = 0.95,
    rng: Rng = 0,
    missing: int = 0,
) -> tuple[AtBudget, ...]:
    """Each of two spenders at its best affordable k, for each budget, and their difference.

    Args:
        a: the one.
        b: the other, over the same problems, in the same unit.
        budgets: mean costs of a problem, > 0, in that unit.
        clusters: a label for each problem, as in `intervals.mean_estimate`; no cluster is split
            into halves.
        level: confidence level of each interval by itself.
        rng: seed or generator of the halves and of the sign flips.
        missing: samples left out before, to be handed on.

    Raises:
        DomainError: if a budget is not above 0, they have not the same number of problems, or there
            is not one cluster label for each.
        ConfigError: if their units differ.
    """
    if a.costs.unit != b.costs.unit:
        raise ConfigError(
            f"{a.name} costs {UNITS[a.costs.unit]}, {b.name} {UNITS[b.costs.unit]}; "
            "there is no budget in both."
        )
    if a.values.shape[0] != b.values.shape[0]:
        raise DomainError(
            f"Two spenders are paired over problems; one has {a.values.shape[0]}, "
            f"the other {b.values.shape[0]}."
        )
    if any(not budget > 0 for budget in budgets):
        raise DomainError(f"A budget is above 0; one is {min(budgets)}.")
    random = generator(rng)
    halves = _halves(a.values.shape[0], labels(clusters, a.values.shape[0]), random)
    # One seed for all budgets: where both keep their k, the p-value stays, too.
    flips = int(random.integers(2**63))
    found = []
    for budget in budgets:
        sides = [_best(one, budget, halves) for one in (a, b)]
        first, second = (_told(side, clusters, level, missing) for side in sides)
        said = f"{a.name} at k = {first.k:,} less {b.name} at k = {second.k:,}"
        difference = paired_difference(
            sides[0].values,
            sides[1].values,
            clusters=clusters,
            level=level,
            rng=flips,
            missing=missing,
            method=said,
        )
        found.append(AtBudget(float(budget), first, second, difference))
    return tuple(found)


def shared_budgets(a: Spender, b: Spender, number: int = 8) -> tuple[float, ...]:
    """Budgets that both can spend, evenly spaced on a logarithmic scale.

    From the dearer first sample to what the one that is exhausted first costs at its largest k.

    Args:
        a: the one.
        b: the other.
        number: how many, >= 1.

    Raises:
        ConfigError: if all samples of one cost less than one sample of the other.
    """
    low, high = (
        pick(float(one.costs.of_k([one.ks[at]]).mean()) for one in (a, b))
        for pick, at in ((max, 0), (min, -1))
    )
    if not 0 < low <= high:
        raise ConfigError(
            f"{a.name} and {b.name} have no budget in common: one costs {low:g} for its first "
            f"sample, the other {high:g} for all of its samples.",
            hint="Draw more samples with the cheaper one.",
        )
    return tuple(np.geomspace(low, high, number).tolist())


@dataclass(frozen=True, slots=True)
class _Side:
    spender: Spender
    at: int
    affordable: int
    values: FloatArray
    is_split: bool


def _halves(problems: int, label: IntArray | None, random: np.random.Generator) -> IntArray:
    """0 or 1 for each problem, alike within a cluster."""
    if label is None:
        return random.permutation(problems) % 2
    halves: IntArray = (random.permutation(int(label.max()) + 1) % 2)[label]
    return halves


def _best(one: Spender, budget: float, halves: IntArray) -> _Side:
    """The best affordable column, and each problem's value at the best of the other half."""
    paid = one.costs.of_k(one.ks).mean(axis=0)
    # A budget that was computed as a cost must be enough for it.
    affordable = int((paid <= budget * (1 + 1e-9)).sum())
    if not affordable:
        return _Side(one, -1, 0, np.full(one.values.shape[0], np.nan), False)
    values = one.values[:, :affordable]
    # The last of equals: a half whose curve has gone flat must not deny the other half its rise.
    chosen = [int(_largest(values[halves != half])[-1]) for half in (0, 1)]
    picked = np.where(halves == 0, chosen[0], chosen[1])
    own = values[np.arange(values.shape[0]), picked]
    return _Side(one, int(_largest(values)[0]), affordable, own, chosen[0] != chosen[1])


def _largest(values: FloatArray) -> IntArray:
    """The columns of the largest mean, equal but for rounding; at least one."""
    known = ~np.isnan(values)
    counts = known.sum(axis=0)
    means = np.where(counts > 0, np.where(known, values, 0).sum(axis=0) / np.maximum(counts, 1), -1)
    return np.flatnonzero(means >= means.max() - 1e-12)


def _told(side: _Side, clusters: Clusters, level: float, missing: int) -> BestK:
    one = side.spender
    if side.at < 0:
        method = f"{one.name}: not one sample is affordable"
        return BestK(0, 0.0, mean_estimate([], level=level, missing=missing, method=method), False)
    k = one.ks[side.at]
    apart = ", each half of the problems at the k that the other half chose"
    method = f"{one.name} at its best affordable k = {k:,}{apart if side.is_split else ''}"
    return BestK(
        k,
        float(one.costs.of_k([k]).mean()),
        mean_estimate(side.values, clusters=clusters, level=level, missing=missing, method=method),
        side.affordable == len(one.ks),
    )
