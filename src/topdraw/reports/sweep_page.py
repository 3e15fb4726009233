"""The page of a sweep: which cell is best, heat map and lines, and the table behind them.

Not here: markup (`panels`), figures (`sweep_heat`, `sweep_lines`), numbers (analysis/).
Try it: `topdraw sweep FOLDER`, then open FOLDER/sweep.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from topdraw.core.estimate import Estimate
from topdraw.reports.frame import NARROW, WIDE, Layout
from topdraw.reports.panel import Panel
from topdraw.reports.panels import render_panels
from topdraw.reports.sweep_heat import HeatCell, HeatMap, heat_figure
from topdraw.reports.sweep_lines import MOST_LINES, SweepLine, lines_figure
from topdraw.reports.sweep_table import (
    cells_tabular,
    standing,
    sweep_claim,
    sweep_notes,
    told_settings,
)
from topdraw.sampling.grid import written

if TYPE_CHECKING:
    from topdraw.analysis.variability_cells import CellReading, SweepReading

_MARKS = {"best": "best", "not told apart": "\u2248"}
Number = Callable[["CellReading"], Estimate]


def sweep_page(reading: SweepReading, *, command: str = "") -> str:
    """The page as text.

    Args:
        reading: of a sweep.
        command: what makes this page again; left out when empty.
    """
    return render_panels(
        f"Sweep of {reading.sweep.task}",
        sweep_claim(reading),
        sweep_panels(reading),
        [*_facts(reading)],
        notes=sweep_notes(reading),
        command=command,
    )


def sweep_panels(reading: SweepReading) -> list[Panel]:
    """The sections of the page: the map, lines of each number, and the table.

    Args:
        reading: of a sweep.
    """
    axes = varied(reading)
    found = []
    if len(axes) >= 2:
        found.append(_heat_panel(reading, axes[0], axes[1]))
    if axes:
        found += _line_panels(reading, axes[0])
    found.append(
        Panel(
            "cells",
            "Every cell",
            "All numbers of every cell, and how each stands against the best.",
            table=cells_tabular(reading),
            how=_how(reading),
        )
    )
    return found


def varied(reading: SweepReading) -> list[str]:
    """The axes with more than one value, in their order.

    Args:
        reading: of a sweep.
    """
    return [name for name, values in reading.sweep.axes.items() if len(values) > 1]


def _how(reading: SweepReading) -> str:
    return (
        f"Correct is what {reading.by} says. Each cell's accuracy is the mean over problems of the "
        "share of its samples that is correct, with a Wilson interval over problems. A cell is "
        "compared with the best one by a paired sign-flip test over problems; its p-value is "
        "multiplied by the number of comparisons (Bonferroni), which stays valid although the best "
        "cell was picked from the same numbers. The interval beside a difference is unadjusted, of "
        "that cell alone: zero can lie outside it although the cell is not told apart. "
    )


def _facts(reading: SweepReading) -> Iterator[tuple[str, str]]:
    sweep = reading.sweep
    yield "task", sweep.task
    if sweep.model:
        yield "model", sweep.model
    for name, values in sweep.axes.items():
        yield name.replace("_", " "), ", ".join(map(written, values))
    yield "samples per problem", f"{sweep.n:,}"
    if any(cell.decoding.greedy for cell in sweep.cells):
        yield "samples at temperature 0", f"{sweep.n_at_zero:,}"
    yield "problems compared", f"{reading.problems:,}"
    yield "verifier", reading.by
    yield "seed", str(sweep.seed)
    rest = sweep.base.as_dict()
    told = {name: rest[name] for name in ("max_tokens", "stop") if rest.get(name)}
    if told:
        yield "other settings", ", ".join(f"{name} {value!r}" for name, value in told.items())


def _heat_panel(reading: SweepReading, across: str, down: str) -> Panel:
    columns, rows = reading.sweep.axes[across], reading.sweep.axes[down]
    groups = _grouped(reading.cells, (across, down))
    maps = [
        HeatMap(
            title,
            tuple(map(written, columns)),
            tuple(map(written, rows)),
            tuple(
                HeatCell(
                    columns.index(one.cell.settings[across]),
                    rows.index(one.cell.settings[down]),
                    one.mean,
                    _MARKS.get(standing(one), ""),
                )
                for one in cells
            ),
        )
        for title, cells in groups.items()
    ]

    def figure(layout: Layout) -> str:
        return heat_figure(
            maps, across=across.replace("_", " "), down=down.replace("_", " "), layout=layout
        )

    return Panel(
        "map",
        "The map",
        "Accuracy of one sample in every cell; the darker, the higher. Cells marked \u2248 cannot "
        "be told from the best one.",
        figures=(figure(WIDE), figure(NARROW)),
        how=_how(reading),
    )


def _grouped(cells: Sequence[CellReading], besides: Sequence[str]) -> dict[str, list[CellReading]]:
    """Cells by the settings besides these axes, in words."""
    found: dict[str, list[CellReading]] = {}
    for one in cells:
        rest = {name: x for name, x in one.cell.settings.items() if name not in besides}
        found.setdefault(told_settings(rest), []).append(one)
    return found


def _line_panels(reading: SweepReading, axis: str) -> Iterator[Panel]:
    k = reading.ks[-1]
    numbers: dict[str, tuple[str, str, Number]] = {
        "single": ("One sample", "share of single samples correct", lambda one: one.mean),
        "coverage": (f"pass@{k}", f"pass@{k}", lambda one: one.coverage[-1]),
        "votes": (f"Majority of {k}", f"majority vote of {k}", lambda one: one.majority[-1]),
        "tokens": ("Length", "output tokens of a sample", lambda one: one.tokens),
    }
    for key, (title, up, number) in numbers.items():
        panel = _line_panel(reading, axis, key, title, up, number)
        if panel is not None:
            yield panel


def _line_panel(
    reading: SweepReading, axis: str, key: str, title: str, up: str, number: Number
) -> Panel | None:
    fixed = [name for name in varied(reading) if name != axis]
    lines = []
    for cells in _grouped(reading.cells, (axis,)).values():
        settings = cells[0].cell.settings
        name = told_settings({each: settings[each] for each in fixed}) or up.split(" of ")[0]
        lines.append(SweepLine(name, {one.cell.settings[axis]: number(one) for one in cells}))
    across = axis.replace("_", " ")
    figures = tuple(
        lines_figure(lines, across=across, up=up, layout=layout) for layout in (WIDE, NARROW)
    )
    if not figures[0]:
        return None
    left = f" The first {MOST_LINES} of {len(lines)} lines." if len(lines) > MOST_LINES else ""
    return Panel(
        key,
        title,
        f"{up[0].upper()}{up[1:]} over {across}, with {reading.level:.0%} intervals.{left}",
        figures=figures,
        notes=("At temperature 0 a cell has too few samples for it.",) if key == "coverage" else (),
    )
