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
_TASK, _MODEL, _SCORERS, _SIZE = 1, 2, 6, 7
_NUMBERS = (3, 4, 5, _SIZE)
_LONGEST_TEXT, _SHORTEST_TEXT, _GAP = 60, 5, 2
_LONGEST_FILE_NAME = 255
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
    """List the runs in FOLDER (default: ./runs), the newest first, and how far each is.

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
    entries = sorted(catalog(folder), key=_created, reverse=True)
    if as_json:
        for entry in entries:
            click.echo(json.dumps(_as_json(entry)))
        return
    if not entries:
        click.echo(f"There is no run in {line(folder)}.", err=True)
        return
    _print_table(entries)
    for entry in entries:
        if entry.trouble:
            click.echo(f"{line(entry.path.name)}: {line(entry.trouble, 400)}", err=True)


def _created(entry: Entry) -> str:
    return entry.manifest.created if entry.manifest else ""


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
    name, size = line(entry.path.name, _LONGEST_FILE_NAME), f"{compact(entry.bytes)}B"
    if manifest is None:
        return (name, "", "", "", "", "", "", size, entry.state)
    sampled = manifest.sampler("sampled")
    return (
        name,
        line(str(manifest.task.get("name", "")), _LONGEST_TEXT),
        line(model_name(manifest.model), _LONGEST_TEXT),
        f"{sampled.n:,}" if sampled else "",
        f"{entry.drawn:,}",
        f"{entry.wanted:,}",
        line(", ".join(entry.scorers), _LONGEST_TEXT),
        size,
        entry.state,
    )


def _print_table(entries: list[Entry]) -> None:
    """Aligned columns: some give way to a terminal's width; names, counts and states never do."""
    from rich.cells import cell_len

    rows = [_HEAD, *map(_cells, entries)]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    if sys.stdout.isatty():
        _shrink(widths, shutil.get_terminal_size().columns)
    for at, row in enumerate(rows):
        *cells, state = [_fitted(row[i], i, width) for i, width in enumerate(widths) if width]
        style = {"bold": True} if at == 0 else {"fg": _COLOURS[row[-1]]}
        click.echo("  ".join([*cells, click.style(state.rstrip(), **style)]))


def _shrink(widths: list[int], columns: int) -> None:
    """Make the row fit: without size and task, with shorter texts, at last without those."""
    for at in (_SIZE, _TASK):
        if _width(widths) > columns:
            widths[at] = 0
    while _width(widths) > columns:
        widest = max(_MODEL, _SCORERS, key=lambda at: widths[at])
        if widths[widest] <= _SHORTEST_TEXT:
            break
        widths[widest] -= 1
    for at in (_SCORERS, _MODEL):
        if _width(widths) > columns:
            widths[at] = 0


def _width(widths: list[int]) -> int:
    return sum(width + _GAP for width in widths if width) - _GAP


def _fitted(cell: str, at: int, width: int) -> str:
    from rich.cells import cell_len, set_cell_size

    if cell_len(cell) > width:
        return set_cell_size(cell, width - 1) + "…"
    pad = " " * (width - cell_len(cell))
    return pad + cell if at in _NUMBERS else cell + pad
