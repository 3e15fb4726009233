"""What a page says of a run's bill: requests by fate, samples paid and kept, tokens, USD.

Not here: adding it up (`Run.bill`), prices (`topdraw.sampling.prices`).
Try it: `python -m pytest tests/reports/test_bill.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from topdraw.core.billing import Bill
from topdraw.sampling.prices import Price, PriceTable, cost_usd, price_of
from topdraw.store.judging import Judging


def bill_facts(bill: Bill, model: str, price: Price | None) -> tuple[tuple[str, str], ...]:
    """The bill as (name, value) for people; empty when no request is on record.

    Args:
        bill: of all sessions of a run.
        model: what it is called on the server; it may be hostile.
        price: of the model; None when no table has it.
    """
    if not bill.requests:
        return ()
    fates = ", ".join(
        f"{count:,} {fate}"
        for fate, count in (
            ("delivered", bill.delivered),
            ("paid and unused", bill.unused),
            ("refused", bill.refused),
            ("of unknown fate", bill.unknown),
        )
        if count
    )
    perhaps = f"; {bill.unknown_samples:,} more may have been paid" if bill.unknown_samples else ""
    vain = f"; {bill.unused_tokens:,} of them bought nothing" if bill.unused_tokens else ""
    return (
        ("requests", f"{bill.requests:,}: {fates}"),
        (
            "samples",
            f"{bill.paid_samples:,} paid, {bill.kept_samples:,} kept, "
            f"{bill.paid_unused:,} paid and unused{perhaps}",
        ),
        (
            "tokens",
            f"{bill.prompt_tokens:,} of prompts (once per request), {bill.output_tokens:,} of "
            f"outputs{vain}"
            f"{'; estimated in part' if bill.estimated else ''}",
        ),
        ("cost", _cost(bill, model, price)),
    )


def judge_facts(
    judged: Iterable[Judging], prices: PriceTable | None = None
) -> tuple[tuple[str, str], ...]:
    """What judging cost, a line for each judge; it is no part of the bill of the samples.

    Args:
        judged: the bill of each, see `store.judging`.
        prices: of one's own, which come before the shipped ones.
    """
    return tuple((f"judge {one.name}", _judge(one, prices)) for one in judged)


def _judge(one: Judging, prices: PriceTable | None) -> str:
    bill = one.bill
    usd = cost_usd(bill, price_of(one.model, prices))
    vain = f", {bill.unused:,} paid without a verdict" if bill.unused else ""
    lost = (
        f", {bill.refused + bill.unknown:,} refused or lost" if bill.refused + bill.unknown else ""
    )
    nothing = f"; {bill.unused_tokens:,} of them bought nothing" if bill.unused_tokens else ""
    estimated = "; estimated in part" if bill.estimated else ""
    cost = "cost unknown" if usd is None else _dollars(usd)
    return (
        f"{bill.requests:,} requests{vain}{lost}; {bill.prompt_tokens:,} tokens of prompts, "
        f"{bill.output_tokens:,} of replies{nothing}{estimated}; {cost}"
    )


def _cost(bill: Bill, model: str, price: Price | None) -> str:
    usd = cost_usd(bill, price)
    if price is None or usd is None:
        return f"unknown: no price table has {model!r}; name one with --prices FILE"
    rate = f"${price.input_usd:g} in, ${price.output_usd:g} out per million tokens"
    without = "; without requests of unknown fate" if bill.unknown else ""
    return f"{_dollars(usd)} at {rate} (price of {price.date}){without}"


def _dollars(usd: float) -> str:
    """Two decimals, or as many as two digits of a small amount take."""
    decimals = 2 if usd >= 1 or usd == 0 else 1 - math.floor(math.log10(usd))
    return f"${usd:,.{decimals}f}"
