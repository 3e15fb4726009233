"""`topdraw export`: a run written as another tool's file.

Not here: the formats (`topdraw.store.formats`). Try it: `topdraw export runs/try --format plain`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from topdraw.cli.grouped import GroupedCommand
from topdraw.cli.options import by_option, run_argument, value_option

if TYPE_CHECKING:
    from topdraw.core.records import Sample
    from topdraw.store.formats.protocol import Held
    from topdraw.store.run import Run

_PAIRS = "trl-preference"
_T = TypeVar("_T")


@click.command("export", cls=GroupedCommand)
@run_argument
@click.option("--format", "format_name", metavar="NAME", required=True, help="Which format.")
@click.option(
    "--out", type=click.Path(dir_okay=False), metavar="FILE", help="The file; default: stdout."
)
@click.option(
    "--selector",
    "-s",
    metavar="SELECTOR",
    help="Write the one sample per problem that it chooses. Default: all, or the first.",
)
@by_option
@value_option
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the draw among ties.")
def command(
    run: str,
    format_name: str,
    out: str | None,
    selector: str | None,
    by: str | None,
    value: str | None,
    seed: int,
) -> None:
    """Write RUN as a file of another tool, by the names that `topdraw import` lists.

    Formats of one sample per problem (alpaca, arena-hard, wildbench, mixeval, trl-sft) take the
    one that --selector chooses, else the first that has its score. An only sample is written
    whatever its score; problems without a choice among several are counted. trl-preference pairs a
    sample that passed with one that did not; or, with --selector or --value, the chosen sample with
    the one of the worst value. A file is written whole or not at all.
    """
    from topdraw.cli.pace import many
    from topdraw.cli.shown import line
    from topdraw.cli.steps import stored_name
    from topdraw.errors import ConfigError
    from topdraw.store.formats.exporting import about, held, write
    from topdraw.store.formats.known import find
    from topdraw.store.run import Run

    form = find(format_name)
    opened = Run.open(run)
    if out is not None and Path(out).is_file():
        raise ConfigError(f"{out} is there already.", hint="Name another file, or remove it first.")
    left_out: list[str] = []
    asked, written = [0], [0]
    verdict = stored_name(opened, by) or _own_verifier(opened)
    ranked = stored_name(opened, value) or _own_value(opened, verdict)
    if form.name == _PAIRS:
        ranked = ranked if value or selector else verdict
        problems = _counted(_pairs(opened, selector or "oracle", verdict, ranked, seed), asked)
    else:
        chooser = selector or ("first" if form.one_each else None)
        picks = None if chooser is None else _picked(opened, chooser, verdict, ranked, seed)
        problems = held(
            opened, scorers=opened.scorers(), picks=picks, one_each=bool(chooser), left_out=left_out
        )
    pieces = _counted(write(form, problems, about(opened, by=verdict, value=ranked)), written)
    _send(pieces, out, form.name)
    if left_out:
        first = line(left_out[0], 80)
        told = f"{many(len(left_out), 'problem')} with several samples, none chosen"
        click.echo(f"Left out: {told} (the first: {first}).", err=True)
    elif form.name == _PAIRS and asked > written:
        told = many(asked[0] - written[0], "problem")
        click.echo(f"Left out: {told} without one sample better than another.", err=True)


def _send(pieces: Iterator[bytes], out: str | None, name: str) -> None:
    if out is not None:
        click.echo(f"{out}: {_save(Path(out), pieces):,} bytes of {name}.", err=True)
        return
    for piece in pieces:
        click.echo(piece, nl=False)


def _counted(items: Iterable[_T], seen: list[int]) -> Iterator[_T]:
    """The same items; the one number in the list says how many passed."""
    for item in items:
        seen[0] += 1
        yield item


def _pairs(run: Run, selector: str, by: str, basis: str, seed: int) -> Iterator[Held]:
    """Problems with the sample that a selector chooses and the worst by a stored scorer.

    Raises:
        ConfigError: when no stored scorer says what is worse.
    """
    from topdraw.errors import ConfigError
    from topdraw.store.formats.exporting import held

    if basis not in run.scorers():
        raise ConfigError(
            "A pair needs a scorer of the run that says which sample is worse.",
            hint="Name a verifier with --by, or one that ranks with --value.",
        )
    picks = _picked(run, selector, by, basis, seed)
    worst = _picked(run, "worst", by, basis, seed)
    return held(run, scorers=[basis], picks=picks, worst=worst)


def _own_verifier(run: Run) -> str:
    """The task's scorer where it has scored."""
    return run.manifest.scorer if run.manifest.scorer in run.scorers() else ""


def _own_value(run: Run, by: str) -> str:
    """What ranks: the usual scorer, else the only one without verdicts."""
    from topdraw.analysis.accuracy import default_value
    from topdraw.store.table import columns

    usual = default_value(run, by)
    if usual:
        return usual
    others = [one for one in run.scorers() if one != by and not columns(run, one).judged.any()]
    return others[0] if len(others) == 1 else ""


def _picked(run: Run, selector: str, by: str, value: str, seed: int) -> dict[str, Sample]:
    """Problem id to what a selector chooses; without those that it leaves open."""
    from topdraw.analysis.select import select

    choices = select(run, selector, by=by or None, value=value or None, rng=seed)
    return {one.problem.id: one.sample for one in choices if one.sample is not None}


def _save(path: Path, pieces: Iterator[bytes]) -> int:
    """Write a file whole or not at all; gives its size."""
    import os
    import secrets

    from topdraw.errors import StoreError

    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(draft, "xb") as file:
            for piece in pieces:
                file.write(piece)
            size = file.tell()
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{path} could not be written: {error.strerror or error}.") from error
    return size
