"""`topdraw tasks`: the tasks there are, or the problems of one.

Not here: the tasks. Try it: `topdraw tasks countdown --problems 3`.
"""

from __future__ import annotations

import json
from typing import NamedTuple

import click

from topdraw.cli.options import json_option, task_options
from topdraw.cli.shown import line
from topdraw.core.records import Json


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
    """List the tasks; with TASK (a name, a file, a folder or hf:NAME) show its problems."""
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
        about = _describe(name)
        if as_json:
            click.echo(json.dumps(about.as_dict()))
        else:
            size = "-" if about.problems is None else f"{about.problems:,}"
            some = about.packaged not in (None, about.problems)
            needs = f"- ({about.packaged:,} packaged)" if some else about.needs
            scorer = about.scorer or "-"
            click.echo(f"{name:<12} {size:>6}  {scorer:<10} {needs:<16} {about.description}")


class _About(NamedTuple):
    task: str
    problems: int | None
    packaged: int | None
    scorer: str
    needs: str
    extra: str
    page: str
    licence: str
    description: str

    def as_dict(self) -> dict[str, Json]:
        known: dict[str, Json] = self._asdict()
        return {**known, "scorer_known": _is_scorer(self.scorer)}


def _describe(name: str) -> _About:
    """What is known of a task without reading a file or asking the hub."""
    from topdraw.core.registry import lookup, origin_of

    loader = lookup("task", name)
    origin = origin_of(loader)
    if origin is None:
        return _described_by_itself(name, loader)
    needs = "file or hub" if origin.hub else "file"
    return _About(
        task=name,
        problems=origin.problems,
        packaged=origin.packaged_problems or None,
        scorer=origin.scorer,
        needs="-" if origin.packaged else needs,
        extra="datasets" if origin.hub else "",
        page=origin.page,
        licence=origin.licence,
        description=origin.about,
    )


def _described_by_itself(name: str, loader: object) -> _About:
    """A task without an origin: one that makes its problems, or a third party's."""
    from topdraw.errors import InputError
    from topdraw.tasks.load import load

    try:
        task = load(name)
    except InputError:
        first = (loader.__doc__ or "").strip().splitlines()[:1]
        return _About(name, None, None, "", "options", "", "", "", "".join(first))
    return _About(name, len(task.problems), None, task.scorer, "-", "", "", "", task.description)


def _is_scorer(name: str) -> bool:
    from topdraw.core.registry import names

    return not name or name in names("scorer")
