"""`topdraw report`: the table of all strategies and the page.

Not here: the numbers (analysis/) and the drawing (reports/). Try it: `topdraw report runs/try`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from topdraw.cli.costing import architectures_option, tables_of
from topdraw.cli.draw_options import prices_option
from topdraw.cli.grouped import GroupedCommand
from topdraw.cli.options import (
    by_option,
    csv_option,
    evidence_argument,
    form_of,
    json_option,
    latex_option,
    value_option,
    with_option,
)

if TYPE_CHECKING:
    from topdraw.analysis.cost import Tables
    from topdraw.analysis.summary import Summary
    from topdraw.core.estimate import Estimate
    from topdraw.reports.page import Samples
    from topdraw.store.evidence import Evidence


@click.command("report", cls=GroupedCommand)
@evidence_argument
@by_option
@value_option
@with_option
@click.option("--k", "ks", metavar="K,K,...", help="Samples used, e.g. 1,4,16. Default: 1, 10, ...")
@click.option(
    "--selector",
    "-s",
    "selectors",
    multiple=True,
    metavar="SELECTOR",
    help="A further row: first, worst, posterior(0.5), ...; may be repeated.",
)
@prices_option
@architectures_option
@click.option(
    "--out",
    type=click.Path(dir_okay=False),
    help="The page; default: RUN/report.html, FILE.report.html.",
)
@click.option(
    "--samples",
    type=click.Choice(["all", "few", "none"]),
    default="all",
    show_default=True,
    help="Samples in the page: all that fit in 10 MB, a few of each problem (3 MB), or no texts.",
)
@click.option(
    "--figures",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    help="Also write the page's figures there, as SVG and PNG.",
)
@json_option
@csv_option
@latex_option
def command(
    run: str,
    columns: tuple[str, ...],
    model: str | None,
    by: str | None,
    value: str | None,
    named: tuple[str, ...],
    ks: str | None,
    selectors: tuple[str, ...],
    prices: str | None,
    architectures: str | None,
    out: str | None,
    samples: Samples,
    figures: str | None,
    as_json: bool,
    as_csv: bool,
    as_latex: bool,
) -> None:
    """Compare all strategies on RUN: a table here, curves and samples on one HTML page.

    RUN is a run's directory, or a table of counts (problem, n, c) or of scored samples (problem,
    index, correct, answer, reward, ...) as CSV, JSONL or Parquet.
    """
    from topdraw.cli.evidence import opened
    from topdraw.cli.steps import apply_named

    form = form_of(as_json, as_csv, as_latex)
    samples_used = None if ks is None else parsed_ks(ks)
    evidence = opened(run, columns, model)
    names = apply_named(evidence, named, by=by, value=value)
    show_report(
        evidence,
        by=names.by,
        value=names.value,
        out=out,
        as_json=form == "json",
        ks=samples_used,
        selectors=selectors,
        form=form,
        tables=tables_of(prices, architectures),
        samples=samples,
        figures=figures,
    )


def parsed_ks(text: str) -> list[int]:
    """The k of "1,4,16".

    Args:
        text: as given with --k.

    Raises:
        UsageError: when one is no whole number of 1 or more; click's.
    """
    try:
        found = [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        found = []
    if not found or min(found) < 1:
        raise click.UsageError(f"--k takes whole numbers of 1 or more, as in 1,4,16, not {text!r}.")
    return found


def show_report(
    run: Evidence,
    *,
    by: str | None,
    value: str | None,
    out: str | None,
    as_json: bool,
    ks: Iterable[int] | None = None,
    selectors: Sequence[str] = (),
    form: str = "text",
    tables: Tables | None = None,
    samples: Samples = "all",
    figures: str | None = None,
) -> None:
    """Write the page and print the table, or everything as JSON, or the table as CSV or LaTeX."""
    from topdraw.analysis.summary import summarize
    from topdraw.reports.page import report
    from topdraw.reports.strategy_tabular import more_tabular, shown_ks, strategy_tabular
    from topdraw.reports.table import print_table, summary_json
    from topdraw.reports.tabular import aligned_text, csv_text, latex_text

    summary = summarize(run, by=by, value=value, ks=ks)
    page = report(run, by=by, value=value, out=out, summary=summary, tables=tables, samples=samples)
    if figures is not None:
        _save_figures(run, summary, figures, tables)
    columns = shown_ks(summary)
    others = _others(run, summary, columns, selectors)
    if as_json:
        more = {label: [_as_json(one) for one in each] for label, each in others.items()}
        told = {"k": list(columns), "rows": more}
        click.echo(json.dumps({**summary_json(summary), "also": told, "page": str(page)}))
        return
    if form != "text":
        write = csv_text if form == "csv" else latex_text
        click.echo(write(strategy_tabular(summary, columns, others)), nl=False)
        click.echo(f"Page: {page}", err=True)
        return
    print_table(summary)
    if others:
        click.echo("\n" + aligned_text(more_tabular(columns, others)))
    click.echo(f"\nPage: {page}")


def _save_figures(run: Evidence, summary: Summary, folder: str, tables: Tables | None) -> None:
    from topdraw.reports.report_figures import save_report_figures

    made = save_report_figures(run, summary, folder, tables)
    kinds = "SVG and PNG" if all(one.png for one in made) else "SVG"
    click.echo(f"Figures: {len(made)} as {kinds} in {folder}", err=True)
    for note in dict.fromkeys(one.note for one in made if one.note):
        click.echo(f"No PNG: {note}", err=True)


def _others(
    run: Evidence, summary: Summary, ks: Sequence[int], selectors: Sequence[str]
) -> dict[str, Sequence[Estimate | None]]:
    """Rows that the curves lack: the number to quote, pass^k, and the selectors asked for."""
    from topdraw.analysis.accuracy import accuracy
    from topdraw.analysis.all_correct import pass_hat_curve
    from topdraw.reports.strategy_tabular import ALL_CORRECT, pick_row

    rows: dict[str, Sequence[Estimate | None]] = {**pick_row(summary, ks)}
    if summary.stopping is None:
        rows[ALL_CORRECT] = pass_hat_curve(summary.rows, ks)
    for spec in selectors:
        rows[spec] = [
            accuracy(run, spec, by=summary.by, value=summary.value or None, k=k) for k in ks
        ]
    return rows


def _as_json(one: Estimate | None) -> dict[str, float | int | str | None] | None:
    return None if one is None else one.as_dict()
