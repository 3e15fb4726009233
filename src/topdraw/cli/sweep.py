"""`topdraw sweep`: a grid of decoding settings as one folder of runs, and which cell is best.

Not here: drawing (`sweep_draw`), numbers (analysis/), tables and figures (reports/).
Try it: `topdraw sweep countdown --problems 10 -n 8 --temperature 0:1.5:0.5 --out runs/sweep`.
"""

from __future__ import annotations

import dataclasses
import json
import shlex
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from topdraw.cli.draw import Draw, cell_options
from topdraw.cli.grouped import GroupedCommand
from topdraw.cli.options import (
    by_option,
    csv_option,
    form_of,
    json_option,
    latex_option,
    option,
    plan_option,
    task_options,
)
from topdraw.cli.report import parsed_ks
from topdraw.cli.shown import whole
from topdraw.cli.sweep_options import axes_of, grid_options

if TYPE_CHECKING:
    from topdraw.core.records import Task
    from topdraw.sampling.grid import Axes
    from topdraw.sampling.sweep import Sweep

_OF_A_FOLDER = ("by", "named", "ks", "level", "page", "as_json", "as_csv", "as_latex", "task")

#: Options whose name is not that of their variable.
_OPTIONS = {
    "only_plan": "--plan",
    "n": "-n",
    "n_at_zero": "--greedy-samples",
    "task_options": "--option",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Shown:
    """How a sweep is shown.

    Attributes:
        by: the verifier; None for the sweep's own.
        ks: samples used; None for those of a cell.
        level: confidence level.
        page: the file of the page; None for sweep.html in the folder.
        form: "text", "json", "csv" or "latex".
    """

    by: str | None
    ks: tuple[int, ...] | None
    level: float
    page: str | None
    form: str


def _ks(_: click.Context, __: click.Parameter, text: str | None) -> tuple[int, ...] | None:
    return None if text is None else tuple(parsed_ks(text))


@click.command("sweep", cls=GroupedCommand)
@click.argument("task", metavar="TASK|FOLDER")
@task_options
@grid_options
@option(
    "Run",
    "--out",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    about="Folder of the sweep; the same one goes on. Default: runs/sweep-TASK-MODEL.",
)
@by_option
@option(
    "Run",
    "--with",
    "named",
    multiple=True,
    metavar="SCORER",
    about="Scorer to apply to every cell, too, e.g. mine.py:score, for `topdraw report CELL`. May "
    "be repeated.",
)
@cell_options
@plan_option
@click.option(
    "--k", "ks", callback=_ks, metavar="K,K", help="Samples used by pass@k and votes; default: n."
)
@click.option(
    "--level",
    type=click.FloatRange(min=0.5, max=1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Confidence level of every interval.",
)
@click.option(
    "--page", type=click.Path(dir_okay=False), help="The page; default: FOLDER/sweep.html."
)
@json_option
@csv_option
@latex_option
def command(
    draw: Draw,
    task: str,
    out: str | None,
    by: str | None,
    named: tuple[str, ...],
    ks: tuple[int, ...] | None,
    level: float,
    page: str | None,
    only_plan: bool,
    as_json: bool,
    as_csv: bool,
    as_latex: bool,
    **given: Any,  # noqa: ANN401 - the axes and the options of the task
) -> None:
    """Draw TASK at every cell of a grid of settings: which temperature is best, and how surely?

    FOLDER gets a run for each cell. Killed at any moment, the same command goes on; further values
    add cells. `topdraw sweep FOLDER` shows a sweep again. Caps are those of the whole sweep.
    """
    shown = Shown(by, ks, level, page, form_of(as_json, as_csv, as_latex))
    if Path(task).is_dir():
        from topdraw.cli.steps import apply_named
        from topdraw.sampling.sweep import open_sweep

        _refuse_options_of_a_draw(draw.given)
        made = open_sweep(task)
        for run in filter(None, map(made.run, made.cells)) if named else ():
            apply_named(run, named)
        show_sweep(made, shown)
        return
    _draw_and_show(draw, task, given, out, shown, named, only_plan=only_plan)


def _refuse_options_of_a_draw(given: Collection[str]) -> None:
    strange = sorted(name for name in given if name not in _OF_A_FOLDER)
    if strange:
        option_ = _OPTIONS.get(
            strange[0], "--" + strange[0].removeprefix("grid_").replace("_", "-")
        )
        raise click.UsageError(
            f"FOLDER is shown as it is, and {option_} is about drawing. Name the task to go on "
            "with it: topdraw sweep TASK --out FOLDER ..."
        )


def _draw_and_show(
    draw: Draw,
    name: str,
    given: dict[str, Any],
    out: str | None,
    shown: Shown,
    named: Sequence[str],
    *,
    only_plan: bool,
) -> None:
    from topdraw.cli.steps import check_names, check_targets, load_task
    from topdraw.cli.sweep_draw import draw_sweep, plan
    from topdraw.errors import BudgetExhausted, ConfigError, EndpointError
    from topdraw.sampling.sweep import open_sweep
    from topdraw.sampling.turns import spent_of

    asked_axes, n_at_zero = axes_of(given), given.pop("n_at_zero")
    loaded = load_task(
        name,
        problems=given["problems"],
        task_seed=given["task_seed"],
        pairs=given["task_options"],
    )
    verifier = shown.by or loaded.scorer
    if not verifier:
        raise ConfigError(
            f"The task {name!r} has no scorer of its own.", hint="Name one with --by."
        )
    check_names(scorers=[verifier, *named])
    check_targets(loaded, verifier)
    asked = _asked(loaded, draw, asked_axes, n_at_zero, out, shown.by)
    if only_plan:
        told = plan(asked, loaded, draw)
        text = json.dumps(dataclasses.asdict(told)) if shown.form == "json" else str(told)
        click.echo(text)
        return
    try:
        show_sweep(draw_sweep(asked, loaded, draw, [verifier, *named]), shown)
    except (BudgetExhausted, EndpointError):
        made = open_sweep(asked.path)
        if any(spent_of(run).samples for run in filter(None, map(made.run, made.cells))):
            show_sweep(made, shown)
        raise


def _asked(
    task: Task,
    draw: Draw,
    axes: Axes,
    n_at_zero: int,
    out: str | None,
    by: str | None,
) -> Sweep:
    from topdraw.sampling.plan import with_task_defaults
    from topdraw.sampling.sweep import Sweep, default_folder
    from topdraw.scoring.resolve import resolve_scorer

    return Sweep(
        path=Path(out) if out else default_folder(task.name, draw.model or "builtin"),
        task=task.name,
        axes=axes,
        base=with_task_defaults(draw.decoding, task.decoding),
        n=draw.n,
        n_at_zero=n_at_zero,
        seed=draw.seed,
        by=resolve_scorer(by).name if by else "",
    )


def made_by(made: Sweep, words: Sequence[str]) -> str:
    """The command that makes a sweep and its page again.

    Args:
        made: the sweep.
        words: those of the command line.
    """
    if words[:1] != ["sweep"]:  # called from Python
        return shlex.join(["topdraw", "sweep", str(made.path)])
    return shlex.join(["topdraw", *words])


def show_sweep(made: Sweep, shown: Shown) -> None:
    """Write the page of a sweep and print its table, or everything as JSON.

    Args:
        made: with scored runs.
        shown: how.

    Raises:
        ConfigError: when no cell has a run.
        StoreError: when a run cannot be read, or the page not be written.
    """
    from topdraw.analysis.variability_cells import sweep_reading
    from topdraw.reports.document import write_page
    from topdraw.reports.sweep_page import sweep_page
    from topdraw.reports.sweep_table import sweep_claim, sweep_json, sweep_notes, sweep_tabular
    from topdraw.reports.tabular import aligned_text, csv_text, latex_text
    from topdraw.scoring.resolve import is_scorer_spec, resolve_scorer

    by = resolve_scorer(shown.by).name if shown.by and is_scorer_spec(shown.by) else shown.by
    reading = sweep_reading(made, by=by, ks=shown.ks, level=shown.level)
    page = write_page(
        sweep_page(reading, command=made_by(made, sys.argv[1:])),
        shown.page or made.path / "sweep.html",
    )
    table = sweep_tabular(reading)
    if shown.form == "json":
        click.echo(json.dumps({**sweep_json(reading), "page": str(page)}))
    elif shown.form == "csv":
        click.echo(csv_text(table), nl=False)
    elif shown.form == "latex":
        click.echo(latex_text(table), nl=False)
    else:
        told = [sweep_claim(reading), *sweep_notes(reading)]
        click.echo("\n".join([aligned_text(table), "", *map(whole, told), "", f"Page: {page}"]))
