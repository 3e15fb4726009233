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
from topdraw.analysis.clusters import Clusters
from topdraw.analysis.comparison import SELECTORS, ClusterBy, cluster_labels, holm
from topdraw.analysis.cost import Tables, costs_of, model_of
from topdraw.analysis.cost_budget import AtBudget, Spender, equal_budgets, shared_budgets
from topdraw.analysis.cost_of_k import UNITS, Costs, Unit, attempt_costs
from topdraw.analysis.cost_solved import cost_per_solved
from topdraw.analysis.curves import Values, at_ks, scored
from topdraw.analysis.estimates import judge
from topdraw.analysis.intervals import mean_estimate
from topdraw.analysis.measures import can_choose, contender
from topdraw.analysis.samples_used import require_samples, whole_k
from topdraw.analysis.stopped import stopped
from topdraw.core.estimate import Estimate
from topdraw.core.protocols import Selector
from topdraw.core.records import Candidates, FloatArray, Sample
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
        strategy: what chooses, in both; "oracle" stands for coverage.
        a: name of the one.
        b: name of the other.
        problems: how many are in both.
        only_a: problems that only the one has scored samples of.
        only_b: problems that only the other has.
        budgets: for each budget, each run at its best affordable k.
        adjusted_p: of the difference at each budget, among all of them, by Holm's method.
        level: confidence level of each interval by itself.
        basis: how the costs were made, in words.
    """

    unit: Unit
    strategy: str
    a: str
    b: str
    problems: int
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    budgets: tuple[AtBudget, ...]
    adjusted_p: tuple[float, ...]
    level: float
    basis: str


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
    clusters: ClusterBy = None,
    names: tuple[str, str] | None = None,
    level: float = 0.95,
    rng: Rng = 0,
) -> CostComparison:
    """Two runs at equal price, equal FLOPs, tokens or samples, each at its best affordable k.

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
        clusters: a metadata key of the problems, or a label for each: those alike vary together.
        names: what to call the two; default the names of their models.
        level: confidence level of each interval by itself.
        rng: seed or generator.

    Raises:
        ConfigError: if they share no problem, no unit or no budget; says what is unknown of which.
        UnknownNameError: as `cost_of`.
        DomainError: as `cost_of`, or a budget is not above 0.
    """
    return compare_all_costs(
        a,
        b,
        units=[unit],
        budgets=budgets,
        selectors=[selector],
        by=by,
        value=value,
        tables=Tables(prices, architectures, shared_prompts),
        clusters=clusters,
        names=names,
        level=level,
        rng=rng,
    )[0]


def compare_all_costs(
    a: Evidence,
    b: Evidence,
    *,
    units: Sequence[Unit | None] = (None,),
    budgets: Sequence[float] | None = None,
    selectors: Sequence[str | Selector] | None = None,
    by: str | None = None,
    value: str | None = None,
    tables: Tables | None = None,
    clusters: ClusterBy = None,
    names: tuple[str, str] | None = None,
    level: float = 0.95,
    rng: Rng = 0,
) -> list[CostComparison]:
    """`compare_costs` for several units and selectors, with samples and scores read once for each.

    Args:
        a: a scored run or table.
        b: another, of the same problems.
        units: of the budgets; None as in `compare_costs`.
        budgets: mean costs of a problem; default eight that both can spend.
        selectors: what chooses; default coverage, and majority and best_of_n where both runs have
            what they go by.
        by: the verifier; default the task's own.
        value: the scorer that ranks.
        tables: prices, architectures, and how prompts are counted.
        clusters: as in `compare_costs`.
        names: as in `compare_costs`.
        level: confidence level of each interval by itself.
        rng: seed or generator.

    Returns:
        One for each selector of the first unit, then of the next.

    Raises:
        ConfigError: as `compare_costs`.
        UnknownNameError: as `compare_costs`.
        DomainError: as `compare_costs`.
    """
    runs = (a, b)
    drawn = [one.samples() for one in runs]
    named = _both_can(runs, by, value) if selectors is None else selectors
    choosers = [resolve_selector(one) for one in named]
    sides = [
        [_Solved.read(one, chooser, by, value, own) for one, own in zip(runs, drawn, strict=True)]
        for chooser in choosers
    ]
    first, second = (side.found for side in sides[0])
    shared = [key for key in first if key in second]
    if not shared:
        raise ConfigError(
            f"{a.path} and {b.path} have no problem in common.",
            hint="Compare runs of the same task, or with the same problem ids.",
        )
    known = [_known(one, shared, own, tables) for one, own in zip(runs, drawn, strict=True)]
    picked = [_unit_of_both(one, runs, known) for one in units]
    called = names or (model_of(a), model_of(b))
    spending = [_Spending.of(pair, shared, called, rng) for pair in sides]
    label = cluster_labels(a, shared, clusters)
    return [
        CostComparison(
            unit=unit,
            strategy=chooser.name,
            a=called[0],
            b=called[1],
            problems=len(shared),
            only_a=tuple(key for key in first if key not in second),
            only_b=tuple(key for key in second if key not in first),
            budgets=tried,
            adjusted_p=tuple(holm([at.difference.p_value for at in tried]).tolist()),
            level=level,
            basis=_basis(called, [one[unit].basis for one in known]),
        )
        for unit in picked
        for chooser, each in zip(choosers, spending, strict=True)
        for tried in [each.at(known, unit, budgets, label, level, rng)]
    ]


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


@dataclass(frozen=True, slots=True)
class _Spending:
    """What two runs solve with one selector, whatever a sample costs."""

    names: tuple[str, str]
    ks: tuple[tuple[int, ...], ...]
    values: tuple[FloatArray, ...]
    missing: int

    @classmethod
    def of(
        cls, sides: Sequence[_Solved], shared: Sequence[str], names: tuple[str, str], rng: Rng
    ) -> _Spending:
        among = [side.only(shared) for side in sides]
        ks = tuple(spread_ks(side.n) for side in among)
        values = tuple(side.at(own, rng).values for side, own in zip(among, ks, strict=True))
        return cls(names, ks, values, sum(side.missing for side in sides))

    def at(
        self,
        known: Sequence[Mapping[Unit, Costs]],
        unit: Unit,
        budgets: Sequence[float] | None,
        clusters: Clusters,
        level: float,
        rng: Rng,
    ) -> tuple[AtBudget, ...]:
        one, other = (
            Spender(name, ks, costs[unit], values)
            for name, ks, costs, values in zip(self.names, self.ks, known, self.values, strict=True)
        )
        if budgets is None:
            # Half a sample buys nothing: of samples, budgets are whole.
            whole = unit == "samples"
            most = min(one.ks[-1], other.ks[-1])
            budgets = spread_ks(most, 8) if whole else shared_budgets(one, other)
        return equal_budgets(
            one, other, budgets, clusters=clusters, level=level, rng=rng, missing=self.missing
        )


def _both_can(runs: Sequence[Evidence], by: str | None, value: str | None) -> list[str]:
    read = [contender(one, by=by, value=value) for one in runs]
    return ["oracle", *(name for name in SELECTORS if all(can_choose(one, name) for one in read))]


def _known(
    evidence: Evidence, ids: Sequence[str], samples: Sequence[Sample], tables: Tables | None
) -> dict[Unit, Costs]:
    """Costs in all units; of samples each costs one, even where nobody counted tokens."""
    found = costs_of(evidence, problem_ids=ids, samples=samples, tables=tables)
    return {**found, "samples": attempt_costs(np.ones(len(ids)), "samples")}


def _basis(names: Sequence[str], each: Sequence[str]) -> str:
    if each[0] == each[1]:
        return each[0]
    return "; ".join(f"{name}: {one}" for name, one in zip(names, each, strict=True))


def _unit_of_both(
    unit: Unit | None, runs: Sequence[Evidence], known: Sequence[Mapping[Unit, Costs]]
) -> Unit:
    first: tuple[Unit, ...] = ("usd", "flops", "output_tokens") if unit is None else (unit,)
    both = next((one for one in first if all(one in each for each in known)), None)
    if both is not None:
        return both
    lacking = next(at for at, each in enumerate(known) if first[-1] not in each)
    raise _unknown(first[-1], known[lacking], runs[lacking])


def _chosen(
    known: Mapping[Unit, Costs],
    unit: Unit | None,
    evidence: Evidence,
    first: Sequence[Unit] = ("usd", "output_tokens"),
) -> Costs:
    wanted = unit or next((one for one in first if one in known), None)
    if wanted is not None and wanted in known:
        return known[wanted]
    raise _unknown(wanted, known, evidence)


def _unknown(unit: Unit | None, known: Mapping[Unit, Costs], evidence: Evidence) -> ConfigError:
    what = UNITS[unit] if unit else "cost"
    has = ", ".join(UNITS[one] for one in known) or "nothing"
    verb = "are" if what.endswith("tokens") else "is"
    return ConfigError(
        f"The {what} of {evidence.path} {verb} unknown; known is {has}.",
        hint=_remedy(unit, known, model_of(evidence)),
    )


def _remedy(unit: Unit | None, known: Mapping[Unit, Costs], model: str) -> str:
    if "output_tokens" not in known:
        return "Some problem has no output with tokens counted; tables name theirs with --map."
    if "tokens" not in known:
        return "Some problem has a prompt whose tokens nobody counted; output tokens are known."
    if unit == "usd":
        return (
            f"No table has a price of the model {model!r}. Give it with --prices FILE: "
            f"[[price]] models = [{model!r}], input_usd = 0.2, "
            "output_usd = 0.6, date = 2026-11-20, one setting a line; USD per million tokens."
        )
    if unit == "flops":
        return (
            f"No table has the architecture of the model {model!r}. Give it with "
            "--architectures FILE: [[architecture]] "
            f"models = [{model!r}], parameters = 8_000_000_000, layers = 32, width = 4096, "
            "date = 2026-11-20, one setting a line."
        )
    return "Nobody recorded the requests of each of its problems."
