"""`topdraw compare`: differences between runs, or between strategies of one run.

Not here: the numbers (`analysis.comparison`, `.orders`), the page (`reports.compare_panel`).
Try it: `topdraw compare runs/a runs/b`.
"""

from __future__ import annotations

import dataclasses
import json
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from topdraw.cli.costing import EQUAL, architectures_option, equal_option, tables_of
from topdraw.cli.draw_options import prices_option
from topdraw.cli.grouped import GroupedCommand
from topdraw.cli.one_table import picked, require_table_form
from topdraw.cli.options import (
    by_option,
    csv_option,
    form_of,
    json_option,
    latex_option,
    level_option,
    option,
    value_option,
    with_option,
)
from topdraw.cli.shown import whole

if TYPE_CHECKING:
    from topdraw.analysis.comparison import Comparison
    from topdraw.analysis.cost import Tables
    from topdraw.analysis.cost_report import CostComparison
    from topdraw.analysis.orders import Orders
    from topdraw.reports.panel import Panel
    from topdraw.reports.tabular import Tabular
    from topdraw.store.evidence import Evidence

#: Names of the tables: lines of each two runs, who wins, pair by pair, and at equal budgets.
TABLES = ("differences", "ranks", "orders", "equal")


@click.command("compare", cls=GroupedCommand)
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(exists=True))
@by_option
@value_option
@with_option
@click.option("--k", "ks", metavar="K,K,...", help="Samples used, e.g. 1,10. Default: 1, 10, ...")
@click.option(
    "--selector",
    "-s",
    "selectors",
    multiple=True,
    metavar="SELECTOR",
    help="Besides coverage, e.g. majority; may be repeated. Default: majority, best_of_n.",
)
@click.option(
    "--pair",
    "pairs",
    multiple=True,
    metavar="A,B",
    help="Of one RUN: A less B, e.g. majority@10,pass@1; may be repeated.",
)
@click.option(
    "--cluster",
    "clusters",
    metavar="KEY",
    help="Metadata of the problems: those with the same value vary together.",
)
@level_option
@option(
    "Table",
    "--map",
    "columns",
    multiple=True,
    metavar="OURS=THEIRS",
    about="Of a table, which column is what, e.g. problem=question; may be repeated.",
)
@equal_option
@prices_option
@architectures_option
@click.option("--out", type=click.Path(dir_okay=False), help="Also write a page there.")
@json_option
@csv_option
@latex_option
@click.option(
    "--table",
    "only",
    type=click.Choice(TABLES),
    help="Of --csv or --latex, this table alone, as programs read it.",
)
def command(
    runs: tuple[str, ...],
    by: str | None,
    value: str | None,
    named: tuple[str, ...],
    ks: str | None,
    selectors: tuple[str, ...],
    pairs: tuple[str, ...],
    clusters: str | None,
    level: float,
    columns: tuple[str, ...],
    equal: tuple[str, ...],
    prices: str | None,
    architectures: str | None,
    out: str | None,
    as_json: bool,
    as_csv: bool,
    as_latex: bool,
    only: str | None,
) -> None:
    """Compare two or more RUNs over the problems they share, or strategies of one RUN.

    RUN is a run's directory, or a table of counts or of scored samples; a table with several
    models counts as several runs. The first is compared with each of the others. Of one run, each
    strategy is compared with the mean sample, or as --pair says.
    """
    from topdraw.cli.report import parsed_ks
    from topdraw.cli.steps import apply_named

    form = form_of(as_json, as_csv, as_latex)
    require_table_form(only, form)
    each = _opened(runs, columns)
    if pairs and len(each) > 1:
        raise click.UsageError("--pair compares strategies of one RUN; here are several.")
    if equal and len(each) == 1:
        raise click.UsageError("--equal compares two RUNs at equal budgets; here is one.")
    samples_used = None if ks is None else parsed_ks(ks)
    names, *_ = [apply_named(run, named, by=by, value=value) for _, run in each]
    found = _Found(each, names.by, names.value, samples_used, selectors, pairs, clusters, level)
    comparisons, order = found.made()
    budgets = found.at_equal(equal, tables_of(prices, architectures))
    page = _page(comparisons, order, budgets, out)
    if form == "json":
        click.echo(json.dumps(_json(comparisons, order, budgets, page)))
        return
    _print(comparisons, order, budgets, form, only)
    if page:
        click.echo(f"\nPage: {page}" if form == "text" else f"Page: {page}", err=form != "text")


@dataclasses.dataclass(frozen=True, slots=True)
class _Found:
    """What was asked for.

    Attributes:
        each: names and runs.
        by: the verifier.
        value: the scorer that ranks.
        ks: samples used.
        selectors: besides coverage.
        pairs: of strategies of one run.
        clusters: a metadata key.
        level: of each interval.
    """

    each: Sequence[tuple[str, Evidence]]
    by: str | None
    value: str | None
    ks: list[int] | None
    selectors: tuple[str, ...]
    pairs: tuple[str, ...]
    clusters: str | None
    level: float

    def made(self) -> tuple[list[Comparison], Orders | None]:
        """The comparisons, and who wins among several runs."""
        from topdraw.analysis.comparison import compare
        from topdraw.analysis.orders import orders_of

        if len(self.each) == 1:
            return [self._within()], None
        (name, first), *others = self.each
        comparisons = [
            compare(
                first,
                other,
                by=self.by,
                value=self.value,
                ks=self.ks,
                selectors=self.selectors or None,
                level=self.level,
                clusters=self.clusters,
                names=(name, called),
            )
            for called, other in others
        ]
        order = orders_of(
            [run for _, run in self.each],
            by=self.by,
            names=[called for called, _ in self.each],
            level=self.level,
            clusters=self.clusters,
        )
        return comparisons, order

    def at_equal(self, units: Sequence[str], tables: Tables) -> list[CostComparison]:
        """The first run against each of the others, at equal budgets of each unit."""
        from topdraw.analysis.cost_report import compare_all_costs

        if not units:
            return []
        (name, first), *others = self.each
        return [
            one
            for called, other in others
            for one in compare_all_costs(
                first,
                other,
                units=[EQUAL[unit] for unit in dict.fromkeys(units)],
                selectors=self._choosers(),
                by=self.by,
                value=self.value,
                tables=tables,
                clusters=self.clusters,
                names=(name, called),
                level=self.level,
            )
        ]

    def _choosers(self) -> list[str] | None:
        """Coverage and what was named; None for what both runs can. Greedy has no k to spend on."""
        from topdraw.selection.resolve import resolve_selector

        if not self.selectors:
            return None
        picked = [one for one in self.selectors if "greedy" not in resolve_selector(one).needs]
        return list(dict.fromkeys(["oracle", *picked]))

    def _within(self) -> Comparison:
        from topdraw.analysis.comparison import compare_measures, strategy_pairs

        name, run = self.each[0]
        if self.pairs:
            pairs = [_pair(text) for text in self.pairs]
        else:
            pairs = strategy_pairs(
                run, by=self.by, value=self.value, ks=self.ks, selectors=self.selectors or None
            )
        return compare_measures(
            run,
            pairs,
            by=self.by,
            value=self.value,
            level=self.level,
            clusters=self.clusters,
            name=name,
        )


def _pair(text: str) -> tuple[str, str]:
    # The comma of "posterior(beta=0.5, x=1)@4" stands inside parentheses.
    depth, cuts = 0, []
    for at, mark in enumerate(text):
        depth += (mark == "(") - (mark == ")")
        if mark == "," and depth == 0:
            cuts.append(at)
    if len(cuts) != 1:
        raise click.UsageError(f"--pair takes A,B as in majority@10,pass@1, not {text!r}.")
    return text[: cuts[0]].strip(), text[cuts[0] + 1 :].strip()


def _opened(runs: Sequence[str], columns: Sequence[str]) -> list[tuple[str, Evidence]]:
    """Each run with the shortest name that tells it apart; each model of a table by itself."""
    from pathlib import Path

    from topdraw.cli.evidence import opened
    from topdraw.store.plain import PlainTable

    short = [Path(run).name or run for run in runs]
    told = short if len(set(short)) == len(short) else list(runs)
    found: list[tuple[str, Evidence]] = []
    for name, path in zip(told, runs, strict=True):
        evidence = opened(path, columns)
        if isinstance(evidence, PlainTable) and len(evidence.models) > 1:
            several = len(runs) > 1
            found += [
                (f"{name}: {model}" if several else model, evidence.of(model))
                for model in evidence.models
            ]
        else:
            found.append((name, evidence))
    return found


def _print(
    comparisons: Sequence[Comparison],
    order: Orders | None,
    budgets: Sequence[CostComparison],
    form: str,
    only: str | None,
) -> None:
    from topdraw.reports.compare_panel import (
        comparison_notes,
        comparison_sentence,
        comparison_table,
        orders_table,
        ranks_table,
    )
    from topdraw.reports.equal_panel import equal_notes, equal_sentence, equal_table, equal_title
    from topdraw.reports.tabular import aligned_text, csv_text, latex_text

    tables: list[Tabular] = [comparison_table(one) for one in comparisons]
    if order is not None and (order.greedy or len(order.names) > 2):
        tables += [ranks_table(order), orders_table(order)]
    equal = [equal_table(one) for one in budgets]
    if form != "text":
        write = csv_text if form == "csv" else latex_text
        chosen = [*tables, *equal]
        if only is not None:
            chosen = picked(_named(comparisons, tables[len(comparisons) :], budgets), only)
        click.echo("\n".join(map(write, chosen)), nl=False)
        return
    for at, one in enumerate(comparisons):
        head = "" if one.a == one.b else f"{one.a} less {one.b}, "
        click.echo(("\n" if at else "") + whole(f"{head}{len(one.shared)} problems"))
        click.echo(aligned_text(tables[at]))
        for told in (comparison_sentence(one), *comparison_notes(one)):
            click.echo(whole(told))
    for table in tables[len(comparisons) :]:
        click.echo("\n" + aligned_text(table))
    for each, table in zip(budgets, equal, strict=True):
        click.echo("\n" + whole(f"{each.a} less {each.b}, {equal_title(each)}"))
        click.echo(aligned_text(table))
        for told in (equal_sentence(each), *equal_notes(each)):
            click.echo(whole(told))


def _named(
    comparisons: Sequence[Comparison],
    who_wins: Sequence[Tabular],
    budgets: Sequence[CostComparison],
) -> dict[str, Tabular]:
    """One table of each name, with all pairs of runs in it."""
    from topdraw.reports.compare_panel import comparisons_table
    from topdraw.reports.equal_panel import equals_table

    named = {"differences": comparisons_table(comparisons)}
    named |= dict(zip(("ranks", "orders"), who_wins, strict=False))
    return named | ({"equal": equals_table(budgets)} if budgets else {})


def _page(
    comparisons: Sequence[Comparison],
    order: Orders | None,
    budgets: Sequence[CostComparison],
    out: str | None,
) -> str:
    if out is None:
        return ""
    from topdraw.reports.compare_panel import (
        comparison_panel,
        comparisons_sentence,
        orders_panels,
    )
    from topdraw.reports.document import write_page
    from topdraw.reports.equal_panel import equal_panel
    from topdraw.reports.panels import render_panels

    panels: list[Panel] = [
        comparison_panel(one, "comparison" if not at else f"comparison-{at + 1}")
        for at, one in enumerate(comparisons)
    ]
    if order is not None:
        panels += orders_panels(order)
    several = len(comparisons) > 1
    panels += [
        equal_panel(one, f"equal-{at}", several=several) for at, one in enumerate(budgets, 1)
    ]
    first = comparisons[0]
    facts = [
        ("compared", " / ".join(dict.fromkeys([first.a, *(one.b for one in comparisons)]))),
        ("verifier", first.by_a if first.by_a == first.by_b else f"{first.by_a} / {first.by_b}"),
        ("problems shared", f"{len(first.shared):,}"),
        ("intervals", f"{first.level:.0%}, each by itself; adjusted p allows for all lines"),
    ]
    title = "Strategies compared" if first.a == first.b else "Runs compared"
    text = render_panels(
        title,
        comparisons_sentence(comparisons),
        panels,
        facts,
        command=shlex.join(["topdraw", *sys.argv[1:]]),
    )
    return str(write_page(text, out))


def _json(
    comparisons: Sequence[Comparison],
    order: Orders | None,
    budgets: Sequence[CostComparison],
    page: str,
) -> dict[str, object]:
    return {
        "comparisons": [_plain(one) for one in comparisons],
        "orders": None if order is None else _plain(order),
        "equal": [_plain(one) for one in budgets],
        "page": page or None,
    }


def _plain(value: object) -> object:
    """A value of frozen dataclasses as JSON: estimates as they say, NaN as null."""
    from topdraw.core.estimate import Estimate

    if isinstance(value, Estimate):
        return value.as_dict()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [one.name for one in dataclasses.fields(value)]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and value != value:
        return None
    return value
