"""`topdraw select`: one chosen sample per problem, as JSON lines.

Not here: selectors. Try it: `topdraw select runs/try --selector majority`.
"""

from __future__ import annotations

import json
from contextlib import suppress

import click

from topdraw.cli.grouped import GroupedCommand
from topdraw.cli.options import (
    by_option,
    evidence_argument,
    json_option,
    value_option,
    with_option,
)
from topdraw.cli.shown import line


@click.command("select", cls=GroupedCommand)
@evidence_argument
@click.option(
    "--selector",
    "-s",
    default="majority",
    show_default=True,
    help="best_of_n, majority, mbr(f1), filter(tests, best_of_n), knockout, ... (docs/choosing.md)",
)
@by_option
@value_option
@with_option
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the draw among ties.")
@json_option
def command(
    run: str,
    columns: tuple[str, ...],
    model: str | None,
    selector: str,
    by: str | None,
    value: str | None,
    named: tuple[str, ...],
    seed: int,
    as_json: bool,
) -> None:
    """Print the sample a selector chooses for every problem of RUN, a run or a table of samples.

    One JSON line per problem with --json; otherwise a short line per problem. When the task has a
    verifier, the selector's expected accuracy follows on stderr.
    """
    from topdraw.analysis.accuracy import accuracy
    from topdraw.analysis.select import select
    from topdraw.cli.evidence import opened
    from topdraw.cli.steps import apply_named
    from topdraw.selection.candidates import NoVerdict

    evidence = opened(run, columns, model)
    by, value = apply_named(evidence, named, by=by, value=value)
    reached = None
    if (by or evidence.manifest.scorer) in evidence.scorers():
        # Before the first choice is printed: it refuses what there is nothing to choose by.
        with suppress(NoVerdict):
            reached = accuracy(evidence, selector, by=by, value=value)
    for choice in select(evidence, selector, by=by, value=value, rng=seed):
        output = None if choice.sample is None else choice.sample.output
        row = {
            "problem_id": choice.problem.id,
            "index": None if choice.sample is None else choice.sample.index,
            "probability": round(choice.probability, 6),
            "among": choice.among,
            "output": output,
        }
        if as_json:
            click.echo(json.dumps(row))
        else:
            shown = "(unanswered)" if output is None else line(output, 100)
            click.echo(f"{line(choice.problem.id)}\t{shown}")
    if reached is not None:
        warning, judged, _ = reached.method.partition(";")
        said = f" ({warning})" if judged and warning.startswith("CHOOSER") else ""
        click.echo(f"{selector}: {reached}{said}", err=True)
