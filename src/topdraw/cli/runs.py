"""`topdraw runs`: the runs in a folder, one line each.

Not here: one run in detail (`topdraw show`). Try it: `topdraw runs`.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from topdraw.cli.options import json_option
from topdraw.cli.pace import compact
from topdraw.cli.shown import line

if TYPE_CHECKING:
    from topdraw.store.catalog import Entry

_HEAD = ("name", "task", "model", "n", "drawn", "of", "scored by", "size", "state")
_NAMES, _NUMBERS = (0, 1, 2, 6), (3, 4, 5, 7)
_LONGEST_NAME, _SHORTEST_NAME, _GAP = 60, 5, 2
_COLOURS = {
    "complete": "green",
    "unfinished": "yellow",
    "until": "yellow",
    "being written": "cyan",
    "damaged": "red",
}


@click.command("runs")
@click.argument("folder", default="runs", type=click.Path(file_okay=False))
@json_option
def command(folder: str, as_json: bool) -> None:
    """List the runs in FOLDER (default: ./runs) and how far each is.

    States: complete; unfinished, the same command goes on; being written, by another process now;
    until, a stopping rule decides whether more is wanted; damaged, with the reason below.
    """
    from topdraw.errors import ConfigError
    from topdraw.store.catalog import catalog

    if not Path(folder).is_dir():
        raise ConfigError(
            f"There is no folder {folder!r}.",
            hint="`topdraw demo` makes a first run; `topdraw runs FOLDER` looks elsewhere.",
        )
    if as_json:
        for entry in catalog(folder):
            click.echo(json.dumps(_as_json(entry)))
        return
    entries = list(catalog(folder))
    if not entries:
        click.echo(f"There is no run in {line(folder)}.", err=True)
        return
    _print_table(entries)
    for entry in entries:
        if entry.trouble:
            click.echo(f"{line(entry.path.name)}: {line(entry.trouble, 400)}", err=True)


def _as_json(entry: Entry) -> dict[str, object]:
    manifest = entry.manifest
    sampled = manifest.sampler("sampled") if manifest else None
    return {
        "run": str(entry.path),
        "state": entry.state,
        "task": manifest and manifest.task.get("name"),
        "model": manifest and dict(manifest.model),
        "n": sampled and sampled.n,
        "problems": entry.problems,
        "drawn": entry.drawn,
        "wanted": entry.wanted,
        "scorers": list(entry.scorers),
        "bytes": entry.bytes,
        "created": manifest and manifest.created,
        "trouble": entry.trouble,
    }


def _cells(entry: Entry) -> tuple[str, ...]:
    from topdraw.cli.facts import model_name

    manifest = entry.manifest
    name, size = line(entry.path.name, _LONGEST_NAME), f"{compact(entry.bytes)}B"
    if manifest is None:
        return (name, "", "", "", "", "", "", size, entry.state)
    sampled = manifest.sampler("sampled")
    return (
        name,
        line(str(manifest.task.get("name", "")), _LONGEST_NAME),
        line(model_name(manifest.model), _LONGEST_NAME),
        f"{sampled.n:,}" if sampled else "",
        f"{entry.drawn:,}",
        f"{entry.wanted:,}",
        line(", ".join(entry.scorers), _LONGEST_NAME),
        size,
        entry.state,
    )


def _print_table(entries: list[Entry]) -> None:
    """Aligned columns: names give way to a terminal's width, numbers and states never do."""
    from rich.cells import cell_len

    rows = [_HEAD, *map(_cells, entries)]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    if sys.stdout.isatty():
        _shrink(widths, shutil.get_terminal_size().columns)
    for at, row in enumerate(rows):
        *cells, state = [_fitted(row[i], i, width) for i, width in enumerate(widths)]
        style = {"bold": True} if at == 0 else {"fg": _COLOURS[row[-1]]}
        click.echo("  ".join([*cells, click.style(state.rstrip(), **style)]))


def _shrink(widths: list[int], columns: int) -> None:
    """Narrow the widest name until the row fits, as far as names can be read."""
    while sum(widths) + _GAP * (len(widths) - 1) > columns:
        widest = max(_NAMES, key=lambda at: widths[at])
        if widths[widest] <= _SHORTEST_NAME:
            return
        widths[widest] -= 1


def _fitted(cell: str, at: int, width: int) -> str:
    from rich.cells import cell_len, set_cell_size

    if cell_len(cell) > width:
        return set_cell_size(cell, width - 1) + "…"
    pad = " " * (width - cell_len(cell))
    return pad + cell if at in _NUMBERS else cell + pad
