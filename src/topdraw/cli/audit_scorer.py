"""`topdraw audit-scorer`: how well scorers choose, held against a verifier.

Not here: the numbers (`analysis.scorer_audit`), the tables (`reports.scorer_audit_panel`).
Try it: `topdraw audit-scorer RUN --scorer reward --scorer logprob`.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, cast

import click

from topdraw.cli.grouped import GroupedCommand
from topdraw.cli.one_table import picked, require_table_form
from topdraw.cli.options import (
    csv_option,
    evidence_argument,
    form_of,
    json_option,
    latex_option,
    level_option,
)
from topdraw.cli.shown import whole

if TYPE_CHECKING:
    from topdraw.analysis.calibration import Link
    from topdraw.analysis.pair_audit import PairAudit
    from topdraw.analysis.scorer_audited import Audit
    from topdraw.reports.tabular import Tabular
    from topdraw.store.evidence import Evidence

#: Names of the tables.
TABLES = ("measures", "curve", "differences", "pairs")


@click.command("audit-scorer", cls=GroupedCommand)
@evidence_argument
@click.option(
    "--scorer",
    "scorers",
    multiple=True,
    required=True,
    metavar="SCORER",
    help="Scorer to audit, e.g. reward, or stored comparisons; may be repeated, the first scorer "
    "is compared with the others.",
)
@click.option("--gold", metavar="SCORER", help="Verifier that is right. Default: the task's own.")
@click.option(
    "--k", "ks", metavar="K,K,...", help="Best of how many, e.g. 1,10. Default: 1, 2, ..."
)
@click.option(
    "--link",
    type=click.Choice(["none", "logistic", "isotonic"]),
    default="none",
    show_default=True,
    help="How values become probabilities for ECE and Brier; learnt on one half of the problems.",
)
@click.option(
    "--cluster",
    "clusters",
    metavar="KEY",
    help="Metadata of the problems: those with the same value vary together.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of flips and resamples.")
@level_option
@json_option
@csv_option
@latex_option
@click.option(
    "--table", "only", type=click.Choice(TABLES), help="Of --csv or --latex, this table alone."
)
def command(
    run: str,
    columns: tuple[str, ...],
    model: str | None,
    scorers: tuple[str, ...],
    gold: str | None,
    ks: str | None,
    link: str,
    clusters: str | None,
    seed: int,
    level: float,
    as_json: bool,
    as_csv: bool,
    as_latex: bool,
    only: str | None,
) -> None:
    """Hold scorers of RUN against a verifier: do they rank right samples above wrong ones?

    Within each problem: AUC, accuracy of the best of k and where it saturates, calibration, length
    bias, and how often a value is missing. Of comparisons by `topdraw judge`: how often the right
    one of two is preferred, position bias, agreement of both orders, length bias, and the share
    without a verdict. RUN is a run, or a table of scored samples.
    """
    from topdraw.analysis.scorer_audit import audit
    from topdraw.cli.evidence import opened
    from topdraw.cli.report import parsed_ks
    from topdraw.cli.steps import stored_name

    form = form_of(as_json, as_csv, as_latex)
    require_table_form(only, form)
    evidence = opened(run, columns, model)
    names = [stored_name(evidence, name) or name for name in scorers]
    gold = stored_name(evidence, gold)
    pairs = _pair_audits(evidence, names, gold, level, clusters)
    left = [name for name in names if name not in {one.name for one in pairs}]
    found = None
    if left or not pairs:
        found = audit(
            evidence,
            left,
            gold=gold,
            ks=None if ks is None else parsed_ks(ks),
            link=cast("Link", link),
            level=level,
            clusters=clusters,
            rng=seed,
        )
    if form == "json":
        told = cast("dict[str, object]", _plain(found)) if found else {}
        click.echo(json.dumps(told | ({"pairs": _plain(pairs)} if pairs else {})))
    else:
        _print(found, pairs, form, only)


def _pair_audits(
    evidence: Evidence, names: list[str], gold: str | None, level: float, clusters: str | None
) -> list[PairAudit]:
    """Of the names that are comparisons of the run, and no scorer's."""
    from topdraw.analysis.pair_audit import pair_audit
    from topdraw.store.comparisons import comparison_names
    from topdraw.store.plain import PlainTable

    if isinstance(evidence, PlainTable):
        return []
    stored = [name for name in comparison_names(evidence) if name not in evidence.scorers()]
    return [
        pair_audit(evidence, name, gold=gold, level=level, clusters=clusters)
        for name in dict.fromkeys(names)
        if name in stored
    ]


def _print(found: Audit | None, pairs: list[PairAudit], form: str, only: str | None) -> None:
    from topdraw.reports.pair_audit_panel import pair_notes, pairs_table
    from topdraw.reports.scorer_audit_panel import (
        audit_notes,
        curves_table,
        differences_table,
        measures_table,
    )
    from topdraw.reports.tabular import aligned_text, csv_text, latex_text

    tables: dict[str, Tabular] = {}
    if found is not None:
        tables |= {"measures": measures_table(found), "curve": curves_table(found)}
        if found.differences:
            tables["differences"] = differences_table(found)
    if pairs:
        tables["pairs"] = pairs_table(pairs)
    if form != "text":
        write = csv_text if form == "csv" else latex_text
        click.echo("\n".join(map(write, picked(tables, only))), nl=False)
        return
    click.echo("\n\n".join(map(aligned_text, tables.values())))
    notes = [] if found is None else audit_notes(found)
    for note in [*notes, *(note for one in pairs for note in pair_notes(one))]:
        click.echo(whole(note))


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
