"""`topdraw tasks`: the tasks there are, or the problems of one.

Not here: the tasks. Try it: `topdraw tasks countdown --problems 3`.
"""

from __future__ import annotations

import json

import click

from topdraw.cli.options import json_option, task_options
from topdraw.cli.shown import line


@click.command("tasks")
@click.argument("task", required=False)
@task_options
@json_option
def command(
    task: str | None,
    problems: int | None,
    task_seed: int | None,
    task_options: tuple[str, ...],
    as_json: bool,
) -> None:
    """List the tasks; with TASK (a name, or a .jsonl file) show its problems."""
    if task is None:
        _list(as_json)
        return
    from topdraw.cli.steps import load_task

    loaded = load_task(task, problems=problems, task_seed=task_seed, pairs=task_options)
    for problem in loaded.problems:
        if as_json:
            row = {"id": problem.id, "prompt": problem.prompt, "target": problem.target}
            click.echo(json.dumps(row))
        else:
            click.echo(f"{line(problem.id)}\t{line(problem.prompt, 2000)}")
    if not as_json:
        scorer = f", scored by {loaded.scorer}" if loaded.scorer else ", without a scorer"
        click.echo(
            f"{loaded.name} version {loaded.version}: {len(loaded.problems):,} problems{scorer}",
            err=True,
        )


def _list(as_json: bool) -> None:
    from topdraw.core.registry import names

    for name in names("task"):
        problems, scorer, description = _describe(name)
        if as_json:
            row = {"task": name, "problems": problems, "scorer": scorer}
            click.echo(json.dumps({**row, "description": description}))
        else:
            size = "-" if problems is None else f"{problems:,}"
            click.echo(f"{name:<12} {size:>6}  {scorer or '-':<10} {description}")


def _describe(name: str) -> tuple[int | None, str, str]:
    from topdraw.core.registry import lookup
    from topdraw.errors import InputError
    from topdraw.tasks.load import load

    try:
        task = load(name)
    except InputError:
        about = (lookup("task", name).__doc__ or "").strip().splitlines()
        return None, "", about[0] if about else ""
    return len(task.problems), task.scorer, task.description
