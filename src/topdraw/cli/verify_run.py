"""`topdraw verify-run`: check every record and every file of a run.

Not here: the checks; `topdraw.store.verify`. Try it: `topdraw verify-run runs/try`.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import click

from topdraw.cli.options import json_option, run_argument
from topdraw.cli.pace import many
from topdraw.cli.shown import line

if TYPE_CHECKING:
    from topdraw.store.verify import Verification


@click.command("verify-run")
@run_argument
@json_option
def command(run: str, as_json: bool) -> None:
    """Check every checksum of RUN: each record of its segments, each Parquet file, the counts.

    One line per problem on stdout; the exit code is 0 when the run is sound and 3 when it is not.
    Nothing is changed.
    """
    from topdraw.errors import StoreError
    from topdraw.store.verify import verify

    found = verify(run)
    if as_json:
        sound = {"run": run, "sound": not found.problems}
        click.echo(json.dumps(sound | dataclasses.asdict(found)))
    else:
        for problem in found.problems:
            click.echo(line(problem, 1000))
    if found.problems:
        raise StoreError(
            f"{run} is damaged in {many(len(found.problems), 'place')}.",
            hint="Readers leave damaged records out; a damaged Parquet file has to be moved out of "
            "the run. Then the command that drew it draws what is lost again.",
        )
    for note in _notes(found):
        click.echo(f"Note: {line(note, 400)}", err=True)
    what = f"{found.parts:,} Parquet files, {found.records:,} records in segments"
    click.echo(f"{line(run)} is sound: {what}.", err=True)


def _notes(found: Verification) -> list[str]:
    told = [
        (found.unchecked, "made by an older topdraw, which noted no checksum"),
        (found.unfinished, "being written, or cut off by a kill; reopening cuts it"),
        (found.torn, "what an earlier recovery cut off"),
    ]
    return [f"{', '.join(names)}: {why}." for names, why in told if names]
