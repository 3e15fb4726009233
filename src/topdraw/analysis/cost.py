"""What the samples of a run cost, in every unit that is known, and axes of cost for curves over k.

The cost of scoring and choosing is not in it: a verifier, a reward model or a judge costs, too.
Not here: the arithmetic (`analysis.cost_of_k`), what it bought (`.cost_report`), `Run.bill`.
Try it: `python -m pytest tests/analysis/test_cost.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from topdraw.analysis import architectures, cost_of_k
from topdraw.analysis.architectures import ArchitectureTable
from topdraw.analysis.cost_of_k import UNITS, Costs, SampleTokens, Unit
from topdraw.analysis.samples_used import whole_k
from topdraw.analysis.stopped import stopped
from topdraw.core.records import Sample
from topdraw.sampling.prices import PriceTable, price_of
from topdraw.store.evidence import Evidence
from topdraw.store.rows import BillRow
from topdraw.store.run import Run


@dataclass(frozen=True, slots=True)
class Tables:
    """What a model is looked up in, and how its prompts are counted.

    Attributes:
        prices: come before the shipped ones; None for those alone.
        architectures: likewise.
        shared_prompts: whether a prompt counts once per problem; else once per sample.
    """

    prices: PriceTable | None = None
    architectures: ArchitectureTable | None = None
    shared_prompts: bool = True


@dataclass(frozen=True, slots=True)
class CostAxis:
    """An axis of cost for curves over k.

    Attributes:
        unit: of the values.
        label: what to print at the axis.
        ks: samples used.
        values: mean cost of so many samples of a problem, in the order of `ks`.
        basis: how it was made, in words.
    """

    unit: Unit
    label: str
    ks: tuple[int, ...]
    values: tuple[float, ...]
    basis: str

    def at(self, k: int) -> float:
        """The cost of k samples.

        Raises:
            ValueError: if k is not among `ks`.
        """
        return self.values[self.ks.index(k)]


def cost_axes(
    evidence: Evidence,
    ks: Sequence[int],
    *,
    prices: PriceTable | None = None,
    architectures: ArchitectureTable | None = None,
    shared_prompts: bool = True,
) -> tuple[CostAxis, ...]:
    """The axes of cost that are known for a run: output tokens, USD, FLOPs, in this order.

    Args:
        evidence: a run or a table.
        ks: samples used.
        prices: come before the shipped ones.
        architectures: likewise.
        shared_prompts: whether a prompt counts once per problem; else once per sample.

    Returns:
        Those that are known; none of them where nobody counted tokens.

    Raises:
        DomainError: if a k is not whole or < 1.
    """
    known = costs_of(evidence, tables=Tables(prices, architectures, shared_prompts))
    used = tuple(whole_k(k) for k in ks)
    wanted: tuple[Unit, ...] = ("output_tokens", "usd", "flops")
    return tuple(
        CostAxis(
            unit,
            f"{UNITS[unit]} per problem",
            used,
            tuple(known[unit].of_k(used).mean(axis=0).tolist()),
            known[unit].basis,
        )
        for unit in wanted
        if unit in known
    )


def costs_of(
    evidence: Evidence,
    *,
    problem_ids: Sequence[str] | None = None,
    samples: Sequence[Sample] | None = None,
    tables: Tables | None = None,
) -> dict[Unit, Costs]:
    """What the drawn samples of each problem cost, in each unit that is known.

    All samples count, those without a score included: they were paid for. Of a run that a rule
    stopped, the first samples do, as in its curves: how long the later ones are depends on what the
    first ones hold. A unit is left out when the tokens of a problem, the price or the architecture
    of the model are unknown.

    Args:
        evidence: a run or a table.
        problem_ids: problems wanted, in this order; default those with samples.
        samples: `evidence.samples()` when it was read already.
        tables: prices and architectures.

    Raises:
        UnknownNameError: if a rule stopped the drawing by a scorer that the run has no scores by.
    """
    drawn = evidence.samples() if samples is None else samples
    rule = stopped(evidence, drawn)
    if rule is not None:
        drawn = [sample for sample in drawn if sample.index < rule.first]
    with_samples = {sample.problem_id: None for sample in drawn}
    ids = list(with_samples) if problem_ids is None else list(problem_ids)
    if not ids or not with_samples.keys() >= set(ids):
        return {}
    given = tables or Tables()
    tokens, name = _tokens(drawn, ids), model_of(evidence)
    price = price_of(name, given.prices)
    architecture = architectures.architecture_of(name, given.architectures)
    shared = given.shared_prompts
    found: dict[Unit, Costs] = {}
    if tokens.knows_outputs:
        found["output_tokens"] = cost_of_k.output_token_costs(tokens)
    if tokens.knows_outputs and tokens.knows_prompts:
        found["tokens"] = cost_of_k.token_costs(tokens, shared_prompts=shared)
        if price is not None:
            found["usd"] = cost_of_k.price_costs(tokens, price, shared_prompts=shared)
        if architecture is not None:
            found["flops"] = cost_of_k.flops_costs(tokens, architecture, shared_prompts=shared)
    seconds = _request_seconds(evidence, ids, tokens)
    if seconds is not None:
        found["seconds"] = seconds
    return found


def model_of(evidence: Evidence) -> str:
    """The name by which a model's price and architecture are looked up.

    Args:
        evidence: a run or a table.
    """
    identity = evidence.manifest.model
    return str(identity.get("model") or identity.get("name") or identity.get("spec") or "")


def _tokens(drawn: Sequence[Sample], ids: Sequence[str]) -> SampleTokens:
    place = {problem_id: at for at, problem_id in enumerate(ids)}
    kept = [sample for sample in drawn if sample.problem_id in place]
    prompt = np.zeros(len(ids), np.int64)
    problem = np.array([place[sample.problem_id] for sample in kept], np.int64)
    np.maximum.at(prompt, problem, [sample.usage.prompt_tokens for sample in kept])
    output = np.array([sample.usage.output_tokens for sample in kept], np.int64)
    return SampleTokens(prompt, problem, output)


def _request_seconds(evidence: Evidence, ids: Sequence[str], tokens: SampleTokens) -> Costs | None:
    """Seconds of the requests of each problem over its samples; None where one has no request."""
    if not isinstance(evidence, Run):
        return None
    spent = dict.fromkeys(ids, 0.0)
    for row in evidence.bill_ledger().rows():
        request = cast(BillRow, row)
        if request.problem_id in spent and request.seconds:
            spent[request.problem_id] += request.seconds
    total = np.array([spent[key] for key in ids])
    if not (total > 0).all():
        return None
    each = total / np.bincount(tokens.problem, minlength=len(ids))
    basis = "all requests of a problem, greedy ones too, one after another, over its samples"
    return Costs("seconds", np.zeros(len(ids)), each, basis)
