"""`topdraw study`: a paper's protocol on one's own models, its published numbers beside ours.

Not here: what a study draws and says (`topdraw.studies`), drawing (`study_draw`).
Try it: `topdraw study monkeys --plan`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from topdraw.cli.draw import Draw, study_options
from topdraw.cli.grouped import GroupedCommand
from topdraw.cli.options import POSITIVE, json_option, level_option, option, plan_option
from topdraw.cli.shown import whole

if TYPE_CHECKING:
    from topdraw.reports.study_files import StudyPage
    from topdraw.reports.tabular import Tabular
    from topdraw.studies.asked import Asked
    from topdraw.studies.folder import Study
    from topdraw.studies.material import Material
    from topdraw.studies.plan import Plan


class _Kind(NamedTuple):
    """A study: its plan, what is done once after drawing, its page of (study, found, level)."""

    plan: Callable[[Asked], Plan]
    check: Callable[[Study], None]
    page: Callable[[Study, Sequence[Material], float], StudyPage]


NAMES = ("monkeys", "good-bad-greedy")


def _kind(name: str) -> _Kind:
    if name == "monkeys":
        from topdraw.cli.study_draw import check_verifiers
        from topdraw.reports.study_monkeys import monkeys_page
        from topdraw.studies.monkeys.plan import monkeys_plan

        return _Kind(
            monkeys_plan,
            check_verifiers,
            lambda study, found, level: monkeys_page(found, folder=study.path, level=level),
        )
    from topdraw.reports.study_greedy import greedy_page
    from topdraw.studies.greedy.plan import greedy_plan

    return _Kind(
        greedy_plan, lambda study: None, lambda study, found, level: greedy_page(found, level=level)
    )


#: Longer tables are named: they are read in a page or by a program.
_MOST_ROWS = 12
_OF_A_FOLDER = ("study", "level", "as_json")


@click.command("study", cls=GroupedCommand)
@click.argument("study", metavar="NAME|FOLDER")
@option(
    "Task",
    "--task",
    "tasks",
    multiple=True,
    metavar="TASK",
    about="A task's name or file; may be repeated. Default: those of the built-in model.",
)
@option("Task", "--problems", type=POSITIVE, metavar="N", about="How many problems of each task.")
@option(
    "Task",
    "--task-seed",
    type=int,
    metavar="SEED",
    about="Which problems a generated task makes.",
)
@option(
    "Model",
    "--model",
    "-m",
    "models",
    multiple=True,
    metavar="NAME",
    about="A model, as elsewhere; may be repeated. Default: both stages of the built-in one.",
)
@option("Run", "-n", "samples", type=POSITIVE, metavar="N", about="Samples per problem.")
@option(
    "Run",
    "--with",
    "ranked_by",
    multiple=True,
    metavar="SCORER",
    about="A scorer that ranks samples; may be repeated.",
)
@option(
    "Run",
    "--recorded",
    multiple=True,
    type=click.Path(exists=True),
    metavar="PATH",
    about="Samples that are there already: a scored run, a sweep, or a table; may be repeated.",
)
@option(
    "Run",
    "--out",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    about="Folder of the study; the same one goes on. Default: studies/NAME.",
)
@option(
    "Budget",
    "--budget",
    "cap_usd",
    type=click.FloatRange(min=0, min_open=True),
    metavar="USD",
    about="Cap on the whole study, as --max-usd.",
)
@study_options
@plan_option
@level_option
@json_option
def command(
    draw: Draw,
    study: str,
    tasks: tuple[str, ...],
    problems: int | None,
    task_seed: int | None,
    models: tuple[str, ...],
    samples: int | None,
    ranked_by: tuple[str, ...],
    recorded: tuple[str, ...],
    out: str | None,
    cap_usd: float | None,
    only_plan: bool,
    level: float,
    as_json: bool,
) -> None:
    """Follow a paper's protocol with your own models: monkeys, or good-bad-greedy.

    FOLDER gets the plan, a run for each task and model, tables, figures and a page. Killed at any
    moment, the same command goes on; `topdraw study FOLDER` makes tables and page again.
    """
    from topdraw.errors import BudgetExhausted, EndpointError
    from topdraw.studies.folder import is_study, open_study

    if study not in NAMES:
        if not is_study(study):
            raise click.UsageError(
                f"{study!r} is no study and no folder of one: {', '.join(NAMES)}."
            )
        _refuse_options_of_a_draw(draw)
        _show(open_study(study), level, as_json)
        return
    from topdraw.cli.study_draw import draw_study, study_outlook
    from topdraw.studies.asked import Asked
    from topdraw.studies.folder import Study
    from topdraw.studies.plan import Recorded

    asked = Asked(
        models=models,
        tasks=tasks,
        n=samples,
        problems=problems,
        task_seed=task_seed,
        ranked_by=ranked_by,
        recorded=tuple(Recorded(os.path.abspath(path)) for path in recorded),
        endpoint=bool(draw.server.endpoint),
        seed=draw.seed,
    )
    planned = Study(Path(out or f"studies/{study}"), _kind(study).plan(asked))
    draw = _capped(draw, cap_usd)
    if only_plan:
        told = study_outlook(planned, draw)
        click.echo(json.dumps(dataclasses.asdict(told)) if as_json else str(told))
        return
    try:
        drawn = draw_study(planned, draw)
        _kind(study).check(drawn)
        _show(drawn, level, as_json)
    except (BudgetExhausted, EndpointError):
        _show_what_there_is(planned.path, level, as_json)
        raise


def _capped(draw: Draw, usd: float | None) -> Draw:
    from topdraw.sampling.budget import Budget

    if usd is None:
        return draw
    return dataclasses.replace(draw, budget=dataclasses.replace(draw.budget or Budget(), usd=usd))


def _refuse_options_of_a_draw(draw: Draw) -> None:
    strange = sorted(name for name in draw.given if name not in _OF_A_FOLDER)
    if strange:
        raise click.UsageError(
            f"FOLDER is shown as it is, and {strange[0]!r} is about drawing. Name the study to go"
            " on with it: topdraw study NAME --out FOLDER ..."
        )


def _show_what_there_is(path: Path, level: float, as_json: bool) -> None:
    from topdraw.studies.folder import is_study, open_study
    from topdraw.studies.material import material_of

    if is_study(path) and material_of(open_study(path)):
        _show(open_study(path), level, as_json)


def _show(study: Study, level: float, as_json: bool) -> None:
    from topdraw.errors import StoreError
    from topdraw.reports.study_files import table_json, write_study
    from topdraw.studies.material import material_of

    found: Sequence[Material] = material_of(study)
    if not found:
        raise StoreError(f"The study {study.path} has no scored samples yet.")
    page = _kind(study.plan.study).page(study, found, level)
    path = write_study(study.path, page, command=_command(study, sys.argv[1:]))
    tables: Mapping[str, object] = {
        panel.key: table_json(panel.table) for panel in page.panels if panel.table
    }
    if as_json:
        click.echo(json.dumps({"claim": page.claim, "tables": tables, "page": str(path)}))
        return
    click.echo(whole(page.claim))
    for panel in page.panels:
        click.echo(f"\n{panel.title}\n{whole(panel.claim)}")
        if panel.table is not None:
            click.echo(_told(panel.table, study.path / "tables" / f"{panel.key}.csv"))
    for note in page.notes:
        click.echo("\n" + whole(note))
    click.echo(f"\nPage: {path}")


def _told(table: Tabular, file: Path) -> str:
    """A table for a terminal, or where it is; of a paper's numbers those that we have too."""
    from topdraw.reports.tabular import aligned_text, shown

    rows = table.rows
    if "ours" in table.columns:
        at = table.columns.index("ours")
        rows = tuple(row for row in rows if shown(row[at]) not in ("-", "none"))
    if len(rows) > _MOST_ROWS:
        return f"{len(table.rows):,} rows: {file}"
    more = len(table.rows) - len(rows)
    lines = [aligned_text(dataclasses.replace(table, rows=rows))] if rows else []
    lines += [f"{more:,} rows without a number of ours: {file}, and the page."] if more else []
    return "\n".join(lines)


def _command(study: Study, words: Sequence[str]) -> str:
    if words[:1] != ["study"]:  # called from Python
        return shlex.join(["topdraw", "study", str(study.path)])
    return shlex.join(["topdraw", *words])
