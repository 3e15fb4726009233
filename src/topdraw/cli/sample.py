"""`topdraw sample`: draw n samples of every problem into a run directory.

Not here: scoring. Try it: `topdraw sample countdown -n 10 --problems 5 --out runs/try`.
"""

from __future__ import annotations

import json
from collections.abc import Collection

import click

from topdraw.cli.draw import Draw, draw_options
from topdraw.cli.grouped import GroupedCommand
from topdraw.cli.options import (
    greedy_option,
    json_option,
    option,
    out_option,
    plan_option,
    task_options,
)

_OF_THE_RUN = {
    "out": "--out",
    "problems": "--problems",
    "task_seed": "--task-seed",
    "task_options": "--option",
}


@click.command("sample", cls=GroupedCommand)
@click.argument("task", required=False)
@task_options
@option(
    "Run",
    "--resume",
    type=click.Path(exists=True, file_okay=False),
    metavar="RUN",
    about="Go on with this run: its task, model, decoding, seed, stopping rule and n; a larger "
    "-n tops up.",
)
@out_option
@greedy_option
@draw_options
@option(
    "Stopping",
    "--by",
    metavar="SCORER",
    about="Scorer whose verdicts, answers or values count. Default: the task's own; of 'best' and "
    "the built-in model its reward.",
)
@plan_option
@json_option
def command(
    draw: Draw,
    task: str | None,
    resume: str | None,
    problems: int | None,
    task_seed: int | None,
    task_options: tuple[str, ...],
    greedy: bool,
    out: str | None,
    by: str | None,
    only_plan: bool,
    as_json: bool,
) -> None:
    """Draw n samples of every problem of TASK (a task's name, a file, a folder or hf:NAME).

    Stopped half-way, the same command draws only what is missing; a larger -n tops up, and so does
    --resume RUN -n N. A run of an endpoint needs its --endpoint again: no address is stored.
    """
    from topdraw.cli.drawing import check_by, draw_run, reopened, stopping_rule, stops_by
    from topdraw.cli.steps import check_targets, load_task, tell_plan

    if task is None and resume is None:
        raise click.UsageError("Give a TASK, or --resume RUN.")
    if resume is not None:
        _refuse_what_a_run_has(draw.given)
        loaded, draw, greedy, before = reopened(resume, draw, greedy=greedy)
        check_by(draw, before)
        out, scorer = resume, by or (before.by if before else stops_by(draw, loaded.scorer, None))
        until = stopping_rule(draw, scorer, before=before, how="--by")
    else:
        check_by(draw)
        loaded = load_task(task or "", problems=problems, task_seed=task_seed, pairs=task_options)
        scorer = by or stops_by(draw, loaded.scorer, None)
        until = stopping_rule(draw, scorer, how="--by")
        if until is not None:
            check_targets(loaded, until.by)
    if only_plan:
        tell_plan(loaded, draw, out=out, greedy=greedy, as_json=as_json)
        return
    run = draw_run(loaded, draw, out=out, greedy=greedy, until=until, by=scorer)
    samples = sum(
        len(run.drawn(one.hash)) for one in run.manifest.samplers if one.role == "sampled"
    )
    if as_json:
        row = {"run": str(run.path), "problems": len(run.problems), "samples": samples}
        click.echo(json.dumps(row))
        return
    click.echo(f"{samples:,} samples of {len(run.problems):,} problems in {run.path}", err=True)
    click.echo(str(run.path))


def _refuse_what_a_run_has(given: Collection[str]) -> None:
    if "task" in given:
        raise click.UsageError("Give a TASK or --resume RUN, not both: a run has its task.")
    for name, spelled in _OF_THE_RUN.items():
        if name in given:
            raise click.UsageError(
                f"{spelled} has no place beside --resume RUN: a run has its own."
            )
