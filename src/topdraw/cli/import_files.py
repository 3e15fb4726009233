"""`topdraw import`: a run made of samples that other tools have written.

Not here: the formats (`topdraw.store.formats`), printing the report (`topdraw.cli.imported`).
Try it: `topdraw import samples.jsonl --out runs/mine`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from topdraw.cli.options import json_option

if TYPE_CHECKING:
    from topdraw.store.formats.importing import TaskProblems


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@click.option("--format", "format_name", metavar="NAME", help="Of which format; default: looks.")
@click.option(
    "--map",
    "columns",
    multiple=True,
    metavar="OURS=THEIRS,...",
    help="Of rows of any names, which field is what: problem=question,text=response,...",
)
@click.option("--model", metavar="NAME", help="Of files with several models, whose samples.")
@click.option(
    "--task", metavar="TASK", help="Task or JSONL file whose prompts and targets the samples have."
)
@click.option(
    "--option",
    "-o",
    "task_options",
    multiple=True,
    metavar="KEY=VALUE",
    help="An option of the task, e.g. -o path=FILE; may be repeated.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False),
    metavar="RUN",
    help="Run directory to make. Default: runs/ and the file's name.",
)
@json_option
def command(
    files: tuple[str, ...],
    format_name: str | None,
    columns: tuple[str, ...],
    model: str | None,
    task: str | None,
    task_options: tuple[str, ...],
    out: str | None,
    as_json: bool,
) -> None:
    """Make a run of FILEs that other tools have written, and say what was in them.

    Formats, found by themselves: lm-eval, inspect, humaneval, evalplus, livecodebench, alpaca,
    alpaca-annotations, arena-hard, wildbench, mixeval, qwen-math, gsm8k-solutions, prm800k,
    swebench, swebench-report, tree-of-thought, trl-preference, trl-sft, and plain: JSON lines,
    lists, Parquet or Arrow of any names.

    Averages in a file are not believed. The scores of single samples are kept, named after the
    source; `topdraw score RUN SCORER` makes others, `topdraw report RUN` compares strategies.
    """
    from topdraw.cli.imported import report_lines
    from topdraw.cli.progress import progress
    from topdraw.store.formats.importing import import_files

    folder = out or str(Path("runs") / _stem(files[0]))
    known = None if task is None else _task(task, task_options)
    with progress("Importing", unit="rows") as advance:
        report = import_files(
            files,
            folder,
            format_name=format_name,
            columns=_mapped(columns),
            model=model,
            task=known,
            on_rows=lambda rows: advance(rows, 0, ""),
        )
    if as_json:
        click.echo(json.dumps(report.as_dict()))
        return
    for text in report_lines(report):
        click.echo(text)


def _stem(file: str) -> str:
    name = Path(file).name
    for ending in (".gz", ".jsonl", ".json", ".eval", ".parquet", ".arrow", ".ndjson"):
        name = name.removesuffix(ending)
    return name.lstrip(".") or "imported"


def _mapped(columns: Sequence[str]) -> dict[str, str]:
    """Our names to the file's; a comma stands between two of them."""
    from topdraw.errors import ConfigError

    found = {}
    for pair in (one for text in columns for one in text.split(",")):
        ours, equals, theirs = (part.strip() for part in pair.partition("="))
        if not equals or not ours or not theirs:
            raise ConfigError(f"--map is OURS=THEIRS, as in problem=question, not {pair!r}.")
        found[ours] = theirs
    return found


def _task(name: str, options: Sequence[str]) -> TaskProblems:
    from topdraw.cli.steps import load_task
    from topdraw.store.formats.importing import TaskProblems

    task = load_task(name, problems=None, task_seed=None, pairs=options)
    return TaskProblems(task.name, task.version, task.problems, task.scorer)
