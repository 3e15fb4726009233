"""`topdraw show`: what a run is of, what it holds, and what it cost.

Not here: accuracy (`topdraw report`), checksums (`topdraw verify-run`).
Try it: `topdraw show runs/try`.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

import click

from topdraw.cli.draw_options import prices_option
from topdraw.cli.grouped import GroupedCommand
from topdraw.cli.options import evidence_argument, json_option

if TYPE_CHECKING:
    from topdraw.analysis.census import Census
    from topdraw.cli.facts import Charged, Facts
    from topdraw.core.billing import Bill
    from topdraw.sampling.prices import PriceTable
    from topdraw.store.judging import Judging
    from topdraw.store.plain import PlainTable
    from topdraw.store.run import Run


@click.command("show", cls=GroupedCommand)
@evidence_argument
@prices_option
@json_option
def command(
    run: str, columns: tuple[str, ...], model: str | None, prices: str | None, as_json: bool
) -> None:
    """Say what RUN was drawn with, what it holds, and what it cost; or what a table holds.

    Repeats count the samples whose text an earlier sample of the same problem has, to the letter.
    Everything asked of a paid server is on the bill, killed sessions included; a cost is unknown,
    never 0, when the model has no price.
    """
    from topdraw.cli.evidence import opened
    from topdraw.sampling.prices import read_prices
    from topdraw.store.plain import PlainTable

    evidence = opened(run, columns, model)
    if isinstance(evidence, PlainTable):
        _show_table(evidence, as_json=as_json)
    else:
        _show_run(evidence, None if prices is None else read_prices(prices), as_json=as_json)


def _show_run(opened: Run, prices: PriceTable | None, *, as_json: bool) -> None:
    from topdraw.analysis.census import census
    from topdraw.cli.facts import (
        bill_facts,
        charged,
        judge_facts,
        run_facts,
        sample_facts,
        score_facts,
    )
    from topdraw.cli.shown import line

    held = census(opened)
    bill = charged(opened, prices)
    if as_json:
        click.echo(json.dumps(_as_json(opened, held, bill)))
        return
    click.echo(click.style(line(str(opened.path)), bold=True))
    for title, facts in (
        ("", run_facts(opened, held)),
        ("Samples", sample_facts(held)),
        ("Scores", score_facts(held)),
        ("Bill", bill_facts(bill)),
        ("Judges", judge_facts(bill)),
    ):
        _print(title, facts)
    for note in opened.recovered:
        click.echo(f"Note: {line(note, 400)}", err=True)


def _show_table(table: PlainTable, *, as_json: bool) -> None:
    from topdraw.cli.facts import score_facts
    from topdraw.cli.shown import line
    from topdraw.cli.table_facts import by_model, model_facts, sample_facts, table_facts

    held = by_model(table)
    if as_json:
        click.echo(json.dumps(_table_json(table, held)))
        return
    click.echo(click.style(line(str(table.path)), bold=True))
    _print("", table_facts(table, held))
    if len(held) > 1:
        _print("Models", model_facts(held))
        return
    (one,) = held.values()
    _print("Samples", sample_facts(table, one))
    _print("Scores", score_facts(one))


def _table_json(table: PlainTable, held: dict[str, Census]) -> dict[str, object]:
    return {
        "table": str(table.path),
        "counts": table.is_counts,
        "models": [
            {
                "model": name or None,
                "problems": one.problems,
                "samples": [dataclasses.asdict(role) for role in one.roles],
                "scorers": [dataclasses.asdict(each) for each in one.scorers],
            }
            for name, one in held.items()
        ],
    }


def _print(title: str, facts: Facts) -> None:
    """Names in one column, texts in another, folded at the width of the terminal."""
    if not facts:
        return
    if title:
        click.echo("\n" + click.style(title, bold=True))
    width = max(len(name) for name, _ in facts) + 2
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    for name, text in facts:
        head = f"  {name:<{width}}"
        room = max(columns - len(head), 20)
        first, *rest = textwrap.wrap(text, room, break_on_hyphens=False) or [""]
        click.echo(head + first)
        for more in rest:
            click.echo(" " * len(head) + more)


def _as_json(run: Run, held: Census, charged: Charged) -> dict[str, object]:
    manifest = run.manifest
    until = manifest.until
    price = charged.price
    return {
        "run": str(run.path),
        "task": dict(manifest.task),
        "model": dict(manifest.model),
        "seed": manifest.seed,
        "created": manifest.created,
        "topdraw": manifest.topdraw,
        "until": None if until is None else until.as_dict(),
        "problems": held.problems,
        "samples": [
            {
                **dataclasses.asdict(one),
                "repeated_share": one.repeated_share,
                "decoding": sampler.decoding.as_dict(),
                "n": sampler.n,
                "sampler": sampler.hash,
            }
            for one, sampler in zip(held.roles, manifest.samplers, strict=True)
        ],
        "scorers": [dataclasses.asdict(one) for one in held.scorers],
        "bill": _bill(charged.bill),
        "endpoints": {name: _endpoint(one) for name, one in charged.endpoints.items()},
        "cost_usd": charged.usd,
        "price": None if price is None else {**dataclasses.asdict(price), "date": str(price.date)},
        "judges": [_judge(one, charged.prices) for one in charged.judged],
        "notes": run.recovered,
    }


def _bill(bill: Bill) -> dict[str, object]:
    return {**dataclasses.asdict(bill), "paid_unused": bill.paid_unused, "tokens": bill.tokens}


def _endpoint(bill: Bill) -> dict[str, object]:
    """Without what nobody knows of one endpoint: which of its choices were kept."""
    unknown = ("kept_samples", "paid_unused")
    return {name: value for name, value in _bill(bill).items() if name not in unknown}


def _judge(one: Judging, prices: PriceTable | None) -> dict[str, object]:
    from topdraw.sampling.prices import cost_usd, price_of

    usd = cost_usd(one.bill, price_of(one.model, prices))
    return {"name": one.name, "model": one.model, **_endpoint(one.bill), "cost_usd": usd}
