"""`topdraw fit`: the law of coverage, forecasts beyond the samples, where selectors saturate.

Not here: the numbers (`analysis.scaling`), tables and words (`reports.fit_panel`).
Try it: `topdraw fit counts.csv --extrapolate 10000`.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from topdraw.cli.grouped import GroupedCommand
from topdraw.cli.one_table import picked, require_table_form
from topdraw.cli.options import (
    by_option,
    csv_option,
    evidence_argument,
    form_of,
    json_option,
    latex_option,
    level_option,
)
from topdraw.cli.shown import line, whole

if TYPE_CHECKING:
    from topdraw.analysis.scaling.reading import Scaling
    from topdraw.analysis.scaling.shifts import Shifts
    from topdraw.reports.tabular import Tabular
    from topdraw.store.evidence import Evidence

_HEADS = {
    "law": "Law c = exp(a k^b)",
    "forecast": "Beyond the samples (a model)",
    "shifts": "Shifts along k, one exponent for all",
    "saturation": "Where selectors are flat",
    "residuals": "Residuals",
}
#: Names of the tables, in the order shown.
TABLES = tuple(_HEADS)


@click.command("fit", cls=GroupedCommand)
@evidence_argument
@by_option
@click.option(
    "--extrapolate",
    "beyond",
    type=click.IntRange(min=1),
    multiple=True,
    metavar="K",
    help="Forecast coverage at K samples; may be repeated. Default: ten times the samples.",
)
@click.option(
    "--selector",
    "-s",
    "selectors",
    multiple=True,
    metavar="SELECTOR",
    help="Whose saturation to look for; may be repeated. Default: those the run has data for.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.01,
    show_default=True,
    help="How far from its end a selector's curve counts as flat.",
)
@level_option
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
    run: str,
    columns: tuple[str, ...],
    model: str | None,
    by: str | None,
    beyond: tuple[int, ...],
    selectors: tuple[str, ...],
    tolerance: float,
    level: float,
    out: str | None,
    as_json: bool,
    as_csv: bool,
    as_latex: bool,
    only: str | None,
) -> None:
    """Fit how coverage of RUN rises with samples, and say what a model expects beyond them.

    RUN is a run's directory, or a table of counts or of scored samples; of a table with several
    models each is fitted, and their shifts along k. All beyond the samples is a model, never an
    estimate.
    """
    from topdraw.analysis.scaling.reading import scaling_of, shifts_of

    form = form_of(as_json, as_csv, as_latex)
    require_table_form(only, form)
    found = [
        scaling_of(
            evidence,
            name=name,
            by=by,
            extrapolate=beyond,
            selectors=selectors or None,
            tolerance=tolerance,
            level=level,
            on_selector=lambda chooser: click.echo(f"Measuring {line(chooser, 60)} ...", err=True),
        )
        for name, evidence in _opened(run, columns, model)
    ]
    shifts = shifts_of(found, level=level)
    page = _page(found, shifts, level, out)
    if form == "json":
        click.echo(json.dumps(_json(found, shifts, page)))
        return
    _print(found, shifts, beyond, form, only)
    if page:
        click.echo(f"\nPage: {page}" if form == "text" else f"Page: {page}", err=form != "text")


def _opened(run: str, columns: Sequence[str], model: str | None) -> list[tuple[str, Evidence]]:
    from topdraw.cli.evidence import opened
    from topdraw.store.plain import PlainTable

    evidence = opened(run, columns, model)
    if isinstance(evidence, PlainTable) and len(evidence.models) > 1:
        return [(name, evidence.of(name)) for name in evidence.models]
    return [("", evidence)]


def _tables(found: Sequence[Scaling], shifts: Shifts | None) -> dict[str, Tabular]:
    from topdraw.reports import fit_panel

    tables = {
        "law": fit_panel.law_table(found),
        "forecast": fit_panel.forecast_table(found),
        "saturation": fit_panel.saturation_table(found),
        "residuals": fit_panel.residual_table(found),
    }
    if shifts is not None:
        tables["shifts"] = fit_panel.shift_table(shifts)
    return {name: tables[name] for name in TABLES if name in tables and tables[name].rows}


def _print(
    found: Sequence[Scaling],
    shifts: Shifts | None,
    beyond: Sequence[int],
    form: str,
    only: str | None,
) -> None:
    from topdraw.reports.fit_panel import fit_sentence, shift_sentence
    from topdraw.reports.tabular import aligned_text, csv_text, latex_text

    tables = _tables(found, shifts)
    if form != "text":
        write = csv_text if form == "csv" else latex_text
        click.echo("\n".join(map(write, picked(tables, only))), nl=False)
        return
    for one in found:
        click.echo(whole(fit_sentence([one])))
        within = [k for k in beyond if k <= one.k_max]
        if within:
            ks = ", ".join(map(str, within))
            click.echo(f"k = {ks} lies within the samples: `topdraw report` measures it.")
    if shifts is not None:
        click.echo(whole(shift_sentence(shifts)))
    for name, table in tables.items():
        click.echo(f"\n{_HEADS[name]}\n{aligned_text(table)}")


def _page(found: Sequence[Scaling], shifts: Shifts | None, level: float, out: str | None) -> str:
    if out is None:
        return ""
    from topdraw.reports.document import write_page
    from topdraw.reports.fit_panel import fit_panels, fit_sentence
    from topdraw.reports.panels import render_panels

    facts = [
        ("models", ", ".join(one.name for one in found)),
        ("problems", ", ".join(str(len(one.known.counts.problem_ids)) for one in found)),
        ("samples of every problem", ", ".join(f"{one.k_max:,}" for one in found)),
        ("intervals", f"{level:.0%}; beyond the samples, of a model"),
    ]
    text = render_panels(
        "How coverage scales",
        fit_sentence(found),
        fit_panels(found, shifts),
        facts,
        command=shlex.join(["topdraw", *sys.argv[1:]]),
    )
    return str(write_page(text, out))


def _json(found: Sequence[Scaling], shifts: Shifts | None, page: str) -> dict[str, object]:
    return {
        "models": [_scaling(one) for one in found],
        "shifts": None
        if shifts is None
        else {
            "b": shifts.b.as_dict(),
            "reference": shifts.names[0],
            "log10_shift": {
                name: shift.as_dict()
                for name, shift in zip(shifts.names, shifts.shifts, strict=True)
            },
        },
        "page": page or None,
    }


def _scaling(one: Scaling) -> dict[str, object]:
    law = one.law
    return {
        "model": one.name,
        "problems": len(one.known.counts.problem_ids),
        "missing": one.known.counts.missing,
        "k": one.known.ks.tolist(),
        "coverage": [each.as_dict() for each in one.coverage],
        "law": None
        if law is None
        else {
            "a": law.a.as_dict(),
            "b": law.b.as_dict(),
            "mean_error": law.residual,
            "std_of_error": law.residual_std,
            "residuals": law.residuals.tolist(),
        },
        "forecasts": [
            value.as_dict() | {"counts_allow": [limit.low, limit.high]}
            for value, limit in zip(one.forecasts, one.bounds, strict=True)
        ],
        "no_forecast": one.unforecast or None,
        "saturation": {
            name: {
                "k": flat.k.as_dict(),
                "reached": flat.reached,
                "end": flat.end.as_dict(),
                "last_doubling": flat.gain.as_dict(),
                "last_k": flat.last,
                "tolerance": flat.tolerance,
            }
            for name, flat in one.saturations.items()
        },
    }
