"""Drawing a sweep from the command line: what it will take, and every cell with its progress.

Not here: options (`sweep_options`), what is shown at the end (`sweep`).
Try it: `topdraw sweep countdown --problems 5 -n 4 --temperature 0,1 --out runs/sweep --plan`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import click

from topdraw.cli.draw import Draw
from topdraw.cli.drawing import draw_what_there_is
from topdraw.cli.pace import compact, dollars, many
from topdraw.cli.steps import score_run
from topdraw.core.records import Task
from topdraw.errors import BudgetExhausted, ConfigError, EndpointError
from topdraw.models.charge import CHARACTERS_PER_TOKEN
from topdraw.models.connect import connect
from topdraw.reports.sweep_table import told_settings
from topdraw.sampling.budget import Budget
from topdraw.sampling.grid import Cell
from topdraw.sampling.prices import Price, PriceTable, price_of, read_prices
from topdraw.sampling.sweep import Sweep, draw_cells, make_sweep, spent_of

_CHUNK = 16
_GUESSED_OUTPUT_TOKENS = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sweep will take.

    Attributes:
        cells: cells asked for.
        complete: of them, those with nothing left to draw.
        problems: problems in each.
        samples: samples still to be drawn.
        drawn: samples that are drawn already.
        prompt_tokens: still to be charged for prompts, about.
        output_tokens: the same for outputs.
        basis: where the length of an output comes from.
        usd: what they cost; None when the price is unknown.
        basis_usd: which price, of which day; or why there is none.
    """

    cells: int
    complete: int
    problems: int
    samples: int
    drawn: int
    prompt_tokens: int
    output_tokens: int
    basis: str
    usd: float | None
    basis_usd: str

    def __str__(self) -> str:
        about = f"about {compact(self.prompt_tokens)} of prompts"
        cost = "unknown" if self.usd is None else f"about {dollars(self.usd)}"
        return "\n".join(
            [
                f"cells     {self.cells:,}, {self.complete:,} of them complete",
                f"problems  {self.problems:,} in each",
                f"samples   {self.samples:,} to draw, {self.drawn:,} drawn already",
                f"tokens    {about}, {compact(self.output_tokens)} of outputs ({self.basis})",
                f"cost      {cost} ({self.basis_usd})",
            ]
        )


def plan(asked: Sweep, task: Task, draw: Draw) -> Plan:
    """What a sweep will take, from what its cells have taken so far, or guessed.

    Args:
        asked: the sweep; its folder need not exist.
        task: its problems.
        draw: the settings that all cells share.

    Raises:
        StoreError: when a run that is there cannot be read.
        FormatError: when the table of prices cannot.
    """
    problems, left, requests, drawn, complete = len(task.problems), 0, 0, 0, 0
    samples = outputs = 0
    chunk = draw.server.chunk or _CHUNK
    for cell in asked.cells:
        run, wanted = asked.run(cell), asked.wanted(cell)
        missing = problems * wanted if run is None else asked.missing(cell)
        left += missing
        requests += -(-missing // min(chunk, wanted))
        complete += not missing
        if run is not None:
            spent = spent_of(run)
            drawn += spent.samples
            samples, outputs = samples + spent.known_samples, outputs + spent.known_output_tokens
    each, basis = _output_tokens(samples, outputs, asked.base.max_tokens)
    prompt = sum(len(problem.prompt) for problem in task.problems) / problems / CHARACTERS_PER_TOKEN
    name = _model_of(draw)
    price = price_of(name, read_prices(draw.prices) if draw.prices else None)
    tokens = (round(requests * prompt), round(left * each))
    return Plan(
        cells=len(asked.cells),
        complete=complete,
        problems=problems,
        samples=left,
        drawn=drawn,
        prompt_tokens=tokens[0],
        output_tokens=tokens[1],
        basis=basis,
        usd=None if price is None else price.cost_usd(*tokens),
        basis_usd=_basis_usd(name, price, paid=bool(draw.server.endpoint)),
    )


def _basis_usd(model: str, price: Price | None, *, paid: bool) -> str:
    if price is not None:
        return f"prices of {price.date}"
    if not paid:
        return "the model runs on this machine"
    return f"no table has the price of {model!r}; give one with --prices" if model else "no --model"


def _output_tokens(samples: int, tokens: int, longest: int | None) -> tuple[float, str]:
    if samples:
        return tokens / samples, f"{tokens / samples:.0f} each, as in those drawn"
    if longest is not None:
        return float(longest), f"at most {longest:,} each"
    return float(_GUESSED_OUTPUT_TOKENS), f"a guess of {_GUESSED_OUTPUT_TOKENS:,} each"


def _require_price(draw: Draw, prices: PriceTable | None) -> None:
    """Refuse a cap in USD that cannot be kept, before a folder is made."""
    if draw.budget is None or draw.budget.usd is None:
        return
    name = _model_of(draw)
    if not draw.server.endpoint:
        identity = connect(name).identity
        name = str(identity.get("model") or identity.get("name") or "")
    if name and price_of(name, prices) is None:
        raise ConfigError(
            f"The price of {name!r} is unknown, so that a cap of {draw.budget.usd:g} USD cannot "
            "be kept.",
            hint="Name it in a table of prices: --prices FILE; or cap the tokens.",
        )


def _model_of(draw: Draw) -> str:
    return draw.model or ("" if draw.server.endpoint else "builtin")


def draw_sweep(asked: Sweep, task: Task, draw: Draw, verifier: str) -> Sweep:
    """Draw and score what is missing of a sweep, cell by cell, with progress.

    Samples that a server does not give in one cell do not keep the others from being drawn.

    Args:
        asked: the sweep.
        task: its problems.
        draw: the settings that all cells share.
        verifier: scores every cell.

    Raises:
        ConfigError: when a cap in USD has no price to go by.
        BudgetExhausted: when a cap stopped it; what is drawn is scored.
        EndpointError: when samples could not be drawn, after all cells or where a cell got none.
        ResumeConflict: when the folder holds another sweep.
    """
    prices = None if draw.prices is None else read_prices(draw.prices)
    _require_price(draw, prices)
    made = make_sweep(asked)
    numbers = {cell.name: at for at, cell in enumerate(asked.cells, start=1)}
    troubles: list[EndpointError] = []

    def drawn(cell: Cell, wanted: int, left: Budget | None) -> None:
        told = told_settings(cell.settings)
        click.echo(f"Cell {numbers[cell.name]} of {len(numbers)}: {told}.", err=True)
        own = dataclasses.replace(draw, n=wanted, decoding=cell.decoding, budget=left)
        run, stopped = draw_what_there_is(task, own, out=made.path / cell.name, greedy=False)
        score_run(run, [verifier])
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
    click.echo(f"{many(len(numbers), 'cell')} in {made.path}", err=True)
    return made
