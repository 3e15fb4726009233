"""`topdraw report`: the table of all strategies and the page.

Not here: the numbers (analysis/) and the drawing (reports/). Try it: `topdraw report runs/try`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from topdraw.cli.options import by_option, json_option, run_argument, value_option

if TYPE_CHECKING:
    from topdraw.store.run import Run


@click.command("report")
@run_argument
@by_option
@value_option
@click.option("--out", type=click.Path(dir_okay=False), help="The page; default: RUN/report.html.")
@json_option
def command(run: str, by: str | None, value: str | None, out: str | None, as_json: bool) -> None:
    """Compare all strategies on RUN: a table here, curves and samples on one HTML page."""
    from topdraw.cli.steps import stored_name
    from topdraw.store.run import Run

    opened = Run.open(run)
    show_report(
        opened,
        by=stored_name(opened, by),
        value=stored_name(opened, value),
        out=out,
        as_json=as_json,
    )


def show_report(
    run: Run, *, by: str | None, value: str | None, out: str | None, as_json: bool
) -> None:
    """Write the page and print the table, or everything as JSON."""
    from topdraw.analysis.summary import summarize
    from topdraw.reports.page import report
    from topdraw.reports.table import print_table, summary_json

    summary = summarize(run, by=by, value=value)
    page = report(run, by=by, value=value, out=out, summary=summary)
    if as_json:
        click.echo(json.dumps({**summary_json(summary), "page": str(page)}))
        return
    print_table(summary)
    click.echo(f"\nPage: {page}")
