"""`topdraw sample`: draw n samples of every problem into a run directory.

Not here: scoring. Try it: `topdraw sample countdown -n 10 --problems 5 --out runs/try`.
"""

from __future__ import annotations

import json

import click

from topdraw.cli.options import (
    Draw,
    draw_options,
    greedy_option,
    json_option,
    out_option,
    task_options,
)


@click.command("sample")
@click.argument("task", required=False)
@click.option(
    "--resume",
    type=click.Path(exists=True, file_okay=False),
    help="Go on with this run: its task, model, decoding and seed; -n says how many.",
)
@draw_options
@task_options
@greedy_option
@out_option
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
    as_json: bool,
) -> None:
    """Draw n samples of every problem of TASK (a task's name, or a .jsonl file).

    Stopped half-way, the same command draws only what is missing; a larger -n tops up, and so does
    --resume RUN -n N. A run of an endpoint needs its --endpoint again: no address is stored.
    """
    from topdraw.cli.steps import draw_run, load_task, reopened

    if (task is None) == (resume is None):
        raise click.UsageError("Give a TASK, or --resume RUN.")
    if resume is not None:
        loaded, draw, greedy = reopened(resume, draw)
        out = resume
    else:
        loaded = load_task(task or "", problems=problems, task_seed=task_seed, pairs=task_options)
    run = draw_run(loaded, draw, out=out, greedy=greedy)
    samples = len(run.samples())
    if as_json:
        row = {"run": str(run.path), "problems": len(run.problems), "samples": samples}
        click.echo(json.dumps(row))
        return
    click.echo(f"{samples:,} samples of {len(run.problems):,} problems in {run.path}", err=True)
    click.echo(str(run.path))
