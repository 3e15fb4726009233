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
@click.argument("task")
@draw_options
@task_options
@greedy_option
@out_option
@json_option
def command(
    draw: Draw,
    task: str,
    problems: int | None,
    task_seed: int | None,
    task_options: tuple[str, ...],
    greedy: bool,
    out: str | None,
    as_json: bool,
) -> None:
    """Draw n samples of every problem of TASK (a task's name, or a .jsonl file).

    Stopped half-way, the same command draws only what is missing; a larger -n tops up.
    """
    from topdraw.cli.steps import draw_run, load_task

    loaded = load_task(task, problems=problems, task_seed=task_seed, pairs=task_options)
    run = draw_run(loaded, draw, out=out, greedy=greedy)
    samples = len(run.samples())
    if as_json:
        click.echo(
            json.dumps({"run": str(run.path), "problems": len(run.problems), "samples": samples})
        )
        return
    click.echo(f"{samples:,} samples of {len(run.problems):,} problems in {run.path}", err=True)
    click.echo(str(run.path))
