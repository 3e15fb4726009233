"""What there is to say of a run, as (name, text) lines for people.

Not here: counting (`topdraw.analysis.census`, `Run.bill`), printing (`topdraw.cli.show`).
Try it: `topdraw show runs/try`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from topdraw.analysis.census import Census, Holdings
from topdraw.cli.pace import compact, dollars, many
from topdraw.cli.shown import line
from topdraw.core.billing import Bill
from topdraw.core.records import Decoding, Json
from topdraw.sampling.prices import Price, PriceTable, cost_usd, price_of
from topdraw.store.judging import Judging, judgings
from topdraw.store.run import Run

Facts = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Charged:
    """What a run cost.

    Attributes:
        model: what it is called.
        bill: all its requests; of a model that is no server, none.
        endpoints: the same by endpoint.
        price: of the model; None when no table has it.
        judged: what judging it cost, which is no part of the bill.
        prices: of one's own.
    """

    model: str
    bill: Bill
    endpoints: Mapping[str, Bill]
    price: Price | None
    judged: Sequence[Judging] = ()
    prices: PriceTable | None = None

    @property
    def usd(self) -> float | None:
        """The cost in USD; None when the price is unknown."""
        return cost_usd(self.bill, self.price)


def charged(run: Run, prices: PriceTable | None) -> Charged:
    """What a run cost, by the user's prices before the shipped ones.

    Raises:
        StoreError: when the bill cannot be read.
    """
    model = model_name(run.manifest.model)
    return Charged(
        model,
        run.bill(),
        run.bill_by_endpoint(),
        price_of(model, prices),
        judgings(run),
        prices,
    )


def model_name(identity: Mapping[str, Json]) -> str:
    """The name of a model from its identity.

    Examples:
        >>> model_name({"kind": "endpoint", "model": "llama-3.1-8b"})
        'llama-3.1-8b'
    """
    found = (identity.get(key) for key in ("model", "name", "spec", "kind"))
    return next((str(name) for name in found if name), "")


def run_facts(run: Run, held: Census) -> Facts:
    """What a run was drawn with."""
    manifest = run.manifest
    task, options = manifest.task, manifest.task.get("options")
    rest = {key: value for key, value in manifest.model.items() if key not in ("model", "name")}
    sampled = manifest.sampler("sampled")
    facts = [
        (
            "task",
            f"{task.get('name')} version {task.get('version')}, {many(held.problems, 'problem')}",
        ),
        ("options", _plain(options) if options else ""),
        ("model", model_name(manifest.model) + (f" ({_plain(rest)})" if rest else "")),
        ("decoding", _decoding(sampled.decoding) if sampled else ""),
        ("stopping", str(manifest.until or "")),
        ("seed", str(manifest.seed)),
        ("created", f"{manifest.created} by topdraw {manifest.topdraw}"),
    ]
    return [(name, line(text, 1000)) for name, text in facts if text]


def _plain(values: Json) -> str:
    if not isinstance(values, dict):
        return json.dumps(values, ensure_ascii=False)
    return ", ".join(
        f"{name} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in values.items()
    )


def _decoding(decoding: Decoding) -> str:
    told = {name: value for name, value in decoding.as_dict().items() if value not in (None, [])}
    if decoding.max_tokens is not None:
        told = {"longest output": f"{told.pop('max_tokens')} tokens"} | told
    return _plain({name.replace("_", " "): value for name, value in told.items()})


def sample_facts(held: Census) -> Facts:
    """How many samples there are of each role, whether they repeat, how they ended."""
    facts: Facts = []
    for one in held.roles:
        if one.role != "sampled" or not one.drawn:
            facts.append((one.role, ", ".join([_drawn(one), _ended(one)]).removesuffix(", ")))
            continue
        about = ", estimated in part" if one.estimated else ""
        prompts = f"{compact(one.prompt_tokens)} of prompts (once per sample)"
        tokens = f"{prompts}, {compact(one.output_tokens)} of outputs"
        facts += [
            (one.role, _drawn(one)),
            ("repeats", _repeats(one)),
            ("ended", _ended(one)),
            ("tokens", tokens + about),
        ]
    return facts


def _drawn(one: Holdings) -> str:
    told = f"{one.drawn:,} of {one.wanted:,}"
    if one.drawn >= one.wanted:
        return told
    spread = f"{one.fewest:,} to {one.most:,} a problem" if one.most > one.fewest else ""
    missing = f"; {one.wanted - one.drawn:,} not drawn, of {many(one.short, 'problem')}"
    return told + missing + (f" ({spread})" if spread else "")


def _repeats(one: Holdings) -> str:
    share = f"{_percent(one.repeated, one.drawn)} of the texts repeat an earlier one of the problem"
    if not one.uniform:
        return share
    return f"{share}; the same text throughout in {many(one.uniform, 'problem')}"


def _ended(one: Holdings) -> str:
    ends = [
        f"{line(reason, 40)} {count:,} ({_percent(count, one.drawn)})"
        for reason, count in one.finish_reasons.items()
    ]
    return ", ".join([*ends, *([f"{one.empty:,} without text"] if one.empty else [])])


def _percent(count: int, of: int) -> str:
    share = 100 * count / of
    if count in (0, of):
        return f"{share:.0f}%"
    return f"{share:.1f}%" if 0.05 <= share < 99.95 else f"{share:.4g}%"


def score_facts(held: Census) -> Facts:
    """What each scorer said."""
    facts = []
    for one in held.scorers:
        passed = f", {one.passed:,} of {one.judged:,} passed" if one.judged else ""
        missing = f", {one.missing:,} missing" if one.missing else ""
        facts.append((line(one.scorer, 40), f"{one.scored:,} scored{passed}{missing}"))
    return facts


def bill_facts(charged: Charged) -> Facts:
    """What was asked of servers, what became of it, and what it cost."""
    from topdraw.reports.bill import bill_facts as of_bill

    facts = list(of_bill(charged.bill, charged.model, charged.price))
    if len(charged.endpoints) > 1:
        for name, one in charged.endpoints.items():
            usd = cost_usd(one, charged.price)
            facts.append(
                (
                    f"at {line(name, 60)}",
                    f"{many(one.requests, 'request')}, {many(one.paid_samples, 'sample')},"
                    f" {many(one.tokens, 'token')}, {dollars(usd)}",
                )
            )
    return facts


def judge_facts(charged: Charged) -> Facts:
    """What judging cost, a line for each judge."""
    from topdraw.reports.bill import judge_facts as of_judges

    told = of_judges(charged.judged, charged.prices)
    return [(line(name.removeprefix("judge "), 60), text) for name, text in told]
