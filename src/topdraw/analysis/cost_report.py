"""What a strategy of a run costs per solved problem, and two runs at the same budgets.

Not here: what the samples cost (`analysis.cost`), the formulas (`.cost_solved`, `.cost_budget`).
Try it: `python -m pytest tests/analysis/test_cost_report.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.accuracy import default_value
from topdraw.analysis.architectures import ArchitectureTable
from topdraw.analysis.cost import Tables, costs_of, model_of
from topdraw.analysis.cost_budget import AtBudget, Spender, equal_budgets, shared_budgets
from topdraw.analysis.cost_of_k import UNITS, Costs, Unit
from topdraw.analysis.cost_solved import cost_per_solved
from topdraw.analysis.curves import Values, at_ks, scored
from topdraw.analysis.estimates import judge
from topdraw.analysis.intervals import mean_estimate
from topdraw.analysis.samples_used import require_samples, whole_k
from topdraw.analysis.stopped import stopped
from topdraw.core.estimate import Estimate
from topdraw.core.protocols import Selector
from topdraw.core.records import Candidates, Sample
from topdraw.core.seeds import Rng
from topdraw.errors import ConfigError
from topdraw.sampling.prices import PriceTable, cost_usd, price_of
from topdraw.selection.candidates import candidates
from topdraw.selection.resolve import NamedSelector, resolve_selector
from topdraw.store.evidence import Evidence

#: Ks at which two runs are compared, unless there are no more than that: then all.
_MOST_KS = 60


@dataclass(frozen=True, slots=True)
class CostReport:
    """What a strategy of one run costs and solves at each k.

    Attributes:
        strategy: what chooses; "oracle" stands for a verifier that knows a right answer.
        unit: of all costs.
        basis: how the costs were made, in words.
        ks: samples used.
        cost: mean cost of a problem at each k.
        solved: share of problems solved at each k.
        per_solved: cost per solved problem at each k.
        billed_usd: what all requests of the run came to, retries and losses included; None when
            the run has no bill or its model no price.
    """

    strategy: str
    unit: Unit
    basis: str
    ks: tuple[int, ...]
    cost: tuple[float, ...]
    solved: tuple[Estimate, ...]
    per_solved: tuple[Estimate, ...]
    billed_usd: float | None


@dataclass(frozen=True, slots=True)
class CostComparison:
    """Two runs at the same budgets, over the problems that both have.

    Attributes:
        unit: of the budgets.
        problems: how many are in both.
        only_a: problems that only the one has scored samples of.
        only_b: problems that only the other has.
        budgets: for each budget, each run at its best affordable k.
    """

    unit: Unit
    problems: int
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    budgets: tuple[AtBudget, ...]


def cost_of(
    evidence: Evidence,
    *,
    selector: str | Selector = "oracle",
    ks: Sequence[int] | None = None,
    unit: Unit | None = None,
    by: str | None = None,
    value: str | None = None,
    prices: PriceTable | None = None,
    architectures: ArchitectureTable | None = None,
    shared_prompts: bool = True,
    level: float = 0.95,
    rng: Rng = 0,
    samples: Sequence[Sample] | None = None,
) -> CostReport:
    """What k samples of a run cost and solve, and the cost per solved problem.

    Args:
        evidence: a scored run or table.
        selector: what chooses; the default, "oracle", is a verifier that knows a right answer.
        ks: samples used; default all k up to 60 of the smallest problem, else 60 spread evenly on a
            logarithmic scale.
        unit: of the costs; default USD where the price is known, else output tokens.
        by: the verifier; default the task's own.
        value: the scorer that ranks; default as in `analysis.accuracy`.
        prices: come before the shipped ones.
        architectures: likewise.
        shared_prompts: whether a prompt counts once per problem; else once per sample.
        level: confidence level.
        rng: seed or generator, for what is simulated.
        samples: `evidence.samples()` when it was read already.

    Raises:
        ConfigError: if the unit, or any cost, is unknown, or nothing was scored.
        UnknownNameError: if the run has no scores by a scorer, or nobody registered the selector.
        DomainError: if a problem has fewer scored samples than a k, or a rule that stopped the
            drawing does not guarantee them.
    """
    tables = Tables(prices, architectures, shared_prompts)
    drawn = evidence.samples() if samples is None else samples
    solved = _Solved.read(evidence, resolve_selector(selector), by, value, drawn)
    known = costs_of(evidence, problem_ids=list(solved.found), samples=drawn, tables=tables)
    costs = _chosen(known, unit, evidence)
    used = spread_ks(solved.n) if ks is None else tuple(whole_k(k) for k in ks)
    result = solved.at(used, rng)
    values, method = result.values, result.method
    paid = costs.of_k(used)
    price = price_of(model_of(evidence), prices)
    bill = evidence.bill()
    return CostReport(
        strategy=solved.selector.name,
        unit=costs.unit,
        basis=costs.basis,
        ks=used,
        cost=tuple(paid.mean(axis=0).tolist()),
        solved=tuple(
            mean_estimate(column, level=level, missing=solved.missing, method=method)
            for column in values.T
        ),
        per_solved=tuple(
            cost_per_solved(cost, column, level=level, missing=solved.missing, method=method)
            for cost, column in zip(paid.T, values.T, strict=True)
        ),
        billed_usd=cost_usd(bill, price) if bill.requests else None,
    )


def compare_costs(
    a: Evidence,
    b: Evidence,
    *,
    unit: Unit | None = None,
    budgets: Sequence[float] | None = None,
    selector: str | Selector = "oracle",
    by: str | None = None,
    value: str | None = None,
    prices: PriceTable | None = None,
    architectures: ArchitectureTable | None = None,
    shared_prompts: bool = True,
    level: float = 0.95,
    rng: Rng = 0,
) -> CostComparison:
    """Two runs at equal price, equal FLOPs or equal tokens, each at its best affordable k.

    Args:
        a: a scored run or table.
        b: another, of the same problems.
        unit: of the budgets; default the first of USD, FLOPs and output tokens known for both.
        budgets: mean costs of a problem; default eight that both can spend.
        selector: what chooses, in both.
        by: the verifier; default the task's own.
        value: the scorer that ranks.
        prices: come before the shipped ones.
        architectures: likewise.
        shared_prompts: whether a prompt counts once per problem; else once per sample.
        level: confidence level of each interval by itself.
        rng: seed or generator.

    Raises:
        ConfigError: if they share no problem, no unit or no budget.
        UnknownNameError: as `cost_of`.
        DomainError: as `cost_of`, or a budget is not above 0.
    """
    chooser = resolve_selector(selector)
    drawn = [one.samples() for one in (a, b)]
    sides = [
        _Solved.read(one, chooser, by, value, samples)
        for one, samples in zip((a, b), drawn, strict=True)
    ]
    shared = [key for key in sides[0].found if key in sides[1].found]
    if not shared:
        raise ConfigError(
            f"{a.path} and {b.path} have no problem in common.",
            hint="Compare runs of the same task, or with the same problem ids.",
        )
    tables = Tables(prices, architectures, shared_prompts)
    known = [
        costs_of(one, problem_ids=shared, samples=samples, tables=tables)
        for one, samples in zip((a, b), drawn, strict=True)
    ]
    both = {key: costs for key, costs in known[0].items() if key in known[1]}
    unit = _chosen(both, unit, a, first=("usd", "flops", "output_tokens")).unit
    spenders = []
    for one, side, costs in zip((a, b), sides, known, strict=True):
        among = side.only(shared)
        ks = spread_ks(among.n)
        spenders.append(Spender(model_of(one), ks, costs[unit], among.at(ks, rng).values))
    wanted = shared_budgets(spenders[0], spenders[1]) if budgets is None else budgets
    return CostComparison(
        unit=unit,
        problems=len(shared),
        only_a=tuple(key for key in sides[0].found if key not in sides[1].found),
        only_b=tuple(key for key in sides[1].found if key not in sides[0].found),
        budgets=equal_budgets(
            spenders[0],
            spenders[1],
            wanted,
            level=level,
            rng=rng,
            missing=sum(side.missing for side in sides),
        ),
    )


def spread_ks(n: int, most: int = _MOST_KS) -> tuple[int, ...]:
    """All k up to n, or about so many of them spread evenly on a logarithmic scale, 1 and n too.

    Args:
        n: the largest, >= 1.
        most: how many.

    Examples:
        >>> spread_ks(4), spread_ks(1000, 4)
        ((1, 2, 3, 4), (1, 10, 100, 1000))
    """
    if n <= most:
        return tuple(range(1, n + 1))
    return tuple(sorted({round(k) for k in np.geomspace(1, n, most).tolist()}))


@dataclass(frozen=True, slots=True)
class _Solved:
    """Scored problems and what chooses among their samples."""

    selector: NamedSelector
    found: Mapping[str, Candidates]
    about: str
    missing: int

    @classmethod
    def read(
        cls,
        evidence: Evidence,
        selector: NamedSelector,
        by: str | None,
        value: str | None,
        samples: Sequence[Sample],
    ) -> _Solved:
        by = judge(evidence, by)
        ranks = "value" in selector.needs
        value = value or (default_value(evidence, by) if ranks else None)
        found = candidates(evidence, by=by, value=value, samples=samples)
        rule = stopped(evidence, samples)
        start = found if rule is None else rule.start(found)
        kept = {key: scored(one) for key, one in start.items() if not one.missing.all()}
        if not kept:
            raise ConfigError(f"{evidence.path} has no sample scored by {by!r}.")
        missing = sum(int(one.missing.sum()) for one in start.values())
        return cls(selector, kept, "" if rule is None else f", {rule.about_start()}", missing)

    @property
    def n(self) -> int:
        return min(one.n for one in self.found.values())

    def only(self, keys: Sequence[str]) -> _Solved:
        kept = {key: self.found[key] for key in keys}
        return _Solved(self.selector, kept, self.about, self.missing)

    def at(self, ks: Sequence[int], rng: Rng) -> Values:
        n = np.array([one.n for one in self.found.values()], np.int64)
        for k in (min(ks), max(ks)):
            require_samples(list(self.found), n, k, f"{self.selector.name} of {k}")
        result = at_ks(self.selector, list(self.found.values()), ks, rng=rng)
        return Values(result.values, f"{self.selector.name}, {result.method}{self.about}")


def _chosen(
    known: Mapping[Unit, Costs],
    unit: Unit | None,
    evidence: Evidence,
    first: Sequence[Unit] = ("usd", "output_tokens"),
) -> Costs:
    wanted = unit or next((one for one in first if one in known), None)
    if wanted is not None and wanted in known:
        return known[wanted]
    what = UNITS[wanted] if wanted else "cost"
    has = ", ".join(UNITS[one] for one in known) or "nothing"
    raise ConfigError(
        f"The {what} of {evidence.path} is unknown; known is {has}.",
        hint="Tokens come with the samples; give a price table or an architecture for the model "
        f"{model_of(evidence)!r}.",
    )
