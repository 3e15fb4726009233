"""Drawing a sweep from the command line: what it will take, and every cell with its progress.

Not here: options (`sweep_options`), what is shown at the end (`sweep`).
Try it: `topdraw sweep countdown --problems 5 -n 4 --temperature 0,1 --out runs/sweep --plan`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import click

from topdraw.cli.draw import Draw
from topdraw.cli.drawing import draw_what_there_is
from topdraw.cli.outlook import Outlook, Share, model_of, outlook, require_price
from topdraw.cli.pace import many
from topdraw.cli.steps import score_run
from topdraw.core.records import Task
from topdraw.errors import BudgetExhausted, EndpointError
from topdraw.reports.sweep_table import told_settings
from topdraw.sampling.budget import Budget
from topdraw.sampling.prices import read_prices
from topdraw.sampling.sweep import Sweep, draw_cells, make_sweep
from topdraw.sampling.turns import Part


def plan(asked: Sweep, task: Task, draw: Draw) -> Outlook:
    """What a sweep will take, from what its cells have taken so far, or guessed.

    Args:
        asked: the sweep; its folder need not exist.
        task: its problems.
        draw: the settings that all cells share.

    Raises:
        StoreError: when a run that is there cannot be read.
        FormatError: when the table of prices cannot.
    """
    name, longest = model_of(draw), asked.base.max_tokens
    shares = [Share(asked.part(cell), task, name, longest) for cell in asked.cells]
    return outlook(shares, draw, what="cells")


def draw_sweep(asked: Sweep, task: Task, draw: Draw, scorers: Sequence[str]) -> Sweep:
    """Draw and score what is missing of a sweep, cell by cell, with progress.

    Samples that a server does not give in one cell do not keep the others from being drawn.

    Args:
        asked: the sweep.
        task: its problems.
        draw: the settings that all cells share.
        scorers: score every cell.

    Raises:
        ConfigError: when a cap in USD has no price to go by.
        BudgetExhausted: when a cap stopped it; what is drawn is scored.
        EndpointError: when samples could not be drawn, after all cells or where a cell got none.
        ResumeConflict: when the folder holds another sweep.
    """
    prices = None if draw.prices is None else read_prices(draw.prices)
    require_price(draw, prices)
    made = make_sweep(asked)
    cells = {cell.name: (at, cell) for at, cell in enumerate(asked.cells, start=1)}
    troubles: list[EndpointError] = []

    def drawn(part: Part, left: Budget | None) -> None:
        number, cell = cells[part.name]
        told = told_settings(cell.settings)
        click.echo(f"Cell {number} of {len(cells)}: {told}.", err=True)
        own = dataclasses.replace(draw, n=part.wanted, decoding=cell.decoding, budget=left)
        run, stopped = draw_what_there_is(task, own, out=part.path, greedy=False)
        score_run(run, scorers)
        if isinstance(stopped, BudgetExhausted):
            raise BudgetExhausted(
                f"The cap of the sweep is reached in cell {cell.name}.",
                hint=f"What is drawn is in {made.path}; with a larger cap the same command goes "
                "on.",
            ) from stopped
        if stopped is not None:
            troubles.append(stopped)

    draw_cells(made, asked.cells, drawn, budget=draw.budget, prices=prices)
    if troubles:
        raise troubles[0]
    click.echo(f"{many(len(cells), 'cell')} in {made.path}", err=True)
    return made
