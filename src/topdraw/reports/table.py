"""The table of all strategies: rows and columns as data, as plain text, for a terminal, as JSON.

Not here: the page (`page`) and the numbers (analysis/summary).
Try it: `topdraw report RUN`.
"""

from __future__ import annotations

import dataclasses
import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from topdraw.core.estimate import Estimate
from topdraw.core.records import Json
from topdraw.reports.finding import at, best_real, beware, headline, reading
from topdraw.reports.strategies import in_order, look
from topdraw.reports.visible import plain

if TYPE_CHECKING:
    from rich.table import Table as RichTable
    from rich.text import Text

    from topdraw.analysis.summary import Curve, Summary

_LONG = 2000


@dataclass(frozen=True, slots=True)
class Row:
    """One strategy of the table.

    Attributes:
        label: its name for people.
        strategy: its registered name.
        key: suffix of its CSS class.
        cells: one per column; None where it was not measured.
        best: whether it is the best real selector in the last column.
    """

    label: str
    strategy: str
    key: str
    cells: tuple[Estimate | None, ...]
    best: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Accuracy of every strategy at a few k.

    Attributes:
        columns: "k = 1", 10, 100, ... up to n, and n itself, or those asked for; then "all drawn"
            where a rule stopped the drawing.
        rows: strategies in the order of `strategies.ORDER`.
        tokens: output tokens per problem in each column; NaN when unknown.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    tokens: tuple[float, ...]

    @property
    def counted(self) -> bool:
        """Whether the tokens of some column are known."""
        return not all(map(math.isnan, self.tokens))


def strategy_table(summary: Summary) -> Table:
    """The table behind the figure.

    Args:
        summary: of a run.
    """
    measured = {k for curve in summary.curves for k in curve.k}
    ends = {summary.n, summary.stopping.reach if summary.stopping else summary.n}
    powers = {10**p for p in range(len(str(max(ends | {1}))))}
    ks = summary.asked or tuple(sorted((powers | ends) & measured))
    best = best_real(summary)
    known = [c for c in in_order(summary.curves) if c.strategy != "worst"]
    rows = [_row(curve, ks, curve is best, stopped=bool(summary.stopping)) for curve in known]
    return Table(
        (*(f"k = {k:,}" for k in ks), *(["all drawn"] if summary.stopping else [])),
        tuple(row for row in rows if any(row.cells)),
        _spent(summary, ks),
    )


def _row(curve: Curve, ks: tuple[int, ...], best: bool, *, stopped: bool) -> Row:
    style = look(curve.strategy)
    cells = [at(curve, k) for k in ks]
    if style.reference:
        known = (one for one in curve.estimates if math.isfinite(one.value))
        cells = [next(known, None), *[None] * (len(ks) - 1)] if ks else []
    cells += [curve.drawn] if stopped else []
    return Row(plain(curve.label, 60), curve.strategy, style.key, tuple(cells), best)


def _spent(summary: Summary, ks: tuple[int, ...]) -> tuple[float, ...]:
    """Output tokens per problem in each column."""
    stopping = summary.stopping
    if stopping is None:
        per_sample = summary.output_tokens / summary.samples if summary.samples else math.nan
        return tuple(per_sample * k if per_sample > 0 else math.nan for k in ks)
    # Beyond the first samples the rule decides how many there are.
    known = [stopping.tokens * k if k <= stopping.first else math.nan for k in ks]
    every = [*known, stopping.tokens_per_problem]
    return tuple(count if count > 0 else math.nan for count in every)


def text_table(summary: Summary) -> str:
    """The table as aligned text without any control sequence, for pipes and logs.

    Args:
        summary: of a run.
    """
    table = strategy_table(summary)
    grid = [["", *table.columns]]
    grid += [[row.label, *map(_cell, row.cells)] for row in table.rows]
    if table.counted:
        grid.append(["output tokens per problem", *map(_tokens, table.tokens)])
    widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in grid
    ]
    notes = [f"Note: {plain(note, _LONG)}" for note in beware(summary)]
    told = (plain(headline(summary), _LONG), "", *lines, "", plain(reading(summary), _LONG))
    return "\n".join([*told, *notes])


def rich_table(summary: Summary) -> RichTable:
    """The table for a terminal: intervals in a lighter tone, the best real selector in bold.

    Args:
        summary: of a run.
    """
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    table = strategy_table(summary)
    drawn = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    drawn.add_column("strategy")
    for name in table.columns:
        drawn.add_column(name, justify="right", no_wrap=True)
    for row in table.rows:
        cells = [_rich_cell(cell, bold=row.best) for cell in row.cells]
        drawn.add_row(Text(row.label, style="bold" if row.best else ""), *cells)
    tokens = [Text(_tokens(count), style="dim") for count in table.tokens]
    if table.counted:
        drawn.add_row(Text("tokens per problem", style="dim"), *tokens)
    return drawn


def _rich_cell(estimate: Estimate | None, *, bold: bool) -> Text:
    from rich.text import Text

    number, _, interval = _cell(estimate).partition(" ")
    parts = [(number, "bold" if bold else "")] + ([(f" {interval}", "dim")] if interval else [])
    return Text.assemble(*parts)


def print_table(summary: Summary, *, file: TextIO | None = None) -> None:
    """Print headline, table and reading: with colour on a terminal, plain anywhere else.

    Args:
        summary: of a run.
        file: where to; default: standard output.

    Raises:
        OSError: when it cannot be written.
    """
    out = file or sys.stdout
    if not out.isatty():
        out.write(text_table(summary) + "\n")
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=out, highlight=False)
    console.print(Text(plain(headline(summary), _LONG), style="bold"))
    console.print(rich_table(summary))
    console.print(Text(plain(reading(summary), _LONG)))
    for note in beware(summary):
        console.print(Text(f"Note: {plain(note, _LONG)}", style="yellow"))


def summary_json(summary: Summary) -> dict[str, Json]:
    """The whole summary as JSON values, with its headline; NaN becomes None.

    Args:
        summary: of a run.
    """
    curves = tuple(_asked(curve, summary.asked) for curve in summary.curves)
    shown = dataclasses.replace(summary, curves=curves)
    values = {name: _jsonable(value) for name, value in dataclasses.asdict(shown).items()}
    return {"headline": headline(summary), "reading": reading(summary), **values}


def _asked(curve: Curve, ks: tuple[int, ...]) -> Curve:
    """The curve at the k asked for; a reference, which costs one sample, and no k: as it is."""
    if not ks or look(curve.strategy).reference:
        return curve
    places = [at for at, k in enumerate(curve.k) if k in ks]
    return dataclasses.replace(
        curve,
        k=tuple(curve.k[at] for at in places),
        estimates=tuple(curve.estimates[at] for at in places),
        band=tuple(curve.band[at] for at in places) if curve.band else (),
    )


def _jsonable(value: object) -> Json:
    if isinstance(value, dict):
        return {str(key): _jsonable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, bool | int | str) or value is None else str(value)


def _cell(estimate: Estimate | None) -> str:
    return "" if estimate is None else str(estimate)


def _tokens(count: float) -> str:
    return "-" if math.isnan(count) else f"{count:,.0f}"
