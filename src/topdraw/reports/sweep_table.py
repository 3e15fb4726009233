"""A sweep as a table, as JSON, and in sentences.

Not here: the numbers (`analysis.variability_cells`), figures (`sweep_lines`, `sweep_heat`).
Try it: `topdraw sweep FOLDER`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from topdraw.core.estimate import Estimate
from topdraw.reports.tabular import Cell as TableCell
from topdraw.reports.tabular import Tabular
from topdraw.sampling.grid import written

if TYPE_CHECKING:
    from topdraw.analysis.variability_cells import CellReading, SweepReading


def sweep_tabular(reading: SweepReading) -> Tabular:
    """One row for each cell: its settings, its numbers, and how it stands against the best.

    Args:
        reading: of a sweep.
    """
    return Tabular(
        columns=(*(axis.replace("_", " ") for axis in reading.sweep.axes), *_numbers(reading)),
        rows=tuple((*one.cell.settings.values(), *_row(one)) for one in reading.cells),
    )


def cells_tabular(reading: SweepReading) -> Tabular:
    """The same with one column for all settings, for a page.

    Args:
        reading: of a sweep.
    """
    return Tabular(
        columns=("cell", *_numbers(reading)),
        rows=tuple((one.cell.name, *_row(one)) for one in reading.cells),
    )


def _numbers(reading: SweepReading) -> tuple[str, ...]:
    return (
        "one sample (mean)",
        *(f"pass@{k}" for k in reading.ks),
        *(f"majority of {k}" for k in reading.ks),
        "output tokens",
        "less the best (interval unadjusted)",
        "p (adjusted)",
        "standing",
    )


def _row(one: CellReading) -> tuple[TableCell, ...]:
    other = one.against if one.against and not one.against.is_best else None
    return (
        one.mean,
        *one.coverage,
        *one.majority,
        one.tokens,
        other.difference if other else None,
        other.p_value if other else None,
        standing(one),
    )


def standing(one: CellReading) -> str:
    """How a cell stands against the best: "best", "not told apart", "below", or how far it is."""
    if one.against is None:
        return one.state
    if one.against.is_best:
        return "best"
    return "not told apart" if one.against.is_tied else "below"


def told_settings(settings: Mapping[str, float]) -> str:
    """A cell's settings in words.

    Examples:
        >>> told_settings({"temperature": 0.5, "repetition_penalty": 1.0})
        'temperature 0.5, repetition penalty 1'
    """
    return ", ".join(
        f"{name.replace('_', ' ')} {written(value)}" for name, value in settings.items()
    )


def sweep_claim(reading: SweepReading) -> str:
    """The finding in one sentence: the best cell, its accuracy, and what equals it.

    Args:
        reading: of a sweep.
    """
    if reading.best is None:
        return "No cell is drawn and scored in full yet."
    best, compared = reading.best, sum(one.against is not None for one in reading.cells)
    model, settings = reading.sweep.model, told_settings(best.cell.settings)
    named = f"{model} at {settings}" if model else settings.capitalize()
    if compared == 1:
        return f"{named}: {best.mean} of single samples are correct."
    claim = (
        f"{named} is the best of {compared} cells: {best.mean} of its single samples are correct"
    )
    others = len(reading.tied) - 1
    if not others:
        return f"{claim}; every other cell is below it."
    which = "one other" if others == 1 else f"{others} others"
    span = ", ".join(_ranges(reading.settings))
    return f"{claim}; {which} cannot be told from it" + (f" ({span})." if span else ".")


def _ranges(settings: Mapping[str, Estimate]) -> Iterable[str]:
    for name, one in settings.items():
        if one.low < one.high:
            span = f"{written(one.low)} to {written(one.high)}"
            yield f"{name.replace('_', ' ')} {span}"


def sweep_notes(reading: SweepReading) -> list[str]:
    """What to know before quoting the best cell, a sentence each.

    Args:
        reading: of a sweep.
    """
    notes = []
    compared = sum(one.against is not None for one in reading.cells)
    if compared > 1:
        notes.append(
            "The best cell was picked on the same problems, so its own number is a little too "
            "good; the set of cells that cannot be told from it holds the truly best one with "
            f"probability {reading.level:.0%}."
        )
    left = [one for one in reading.cells if one.against is None]
    if left:
        notes.append(
            f"{len(left)} of {len(reading.cells)} cells are left out of the comparison: "
            + ", ".join(f"{one.cell.name} ({one.state})" for one in left[:10])
            + (", ..." if len(left) > 10 else ".")
        )
    for one in reading.cells:
        if one.repeats is not None:
            notes.append(f"{told_settings(one.cell.settings)}: {one.repeats}")
    missing = sum(one.missing for one in reading.cells)
    if missing:
        notes.append(f"{missing:,} samples have no score; they are in no number.")
    return notes


def sweep_json(reading: SweepReading) -> dict[str, object]:
    """The whole reading as JSON values.

    Args:
        reading: of a sweep.
    """
    return {
        "sweep": str(reading.sweep.path),
        "task": reading.sweep.task,
        "model": reading.sweep.model,
        "axes": {name: list(values) for name, values in reading.sweep.axes.items()},
        "n": reading.sweep.n,
        "by": reading.by,
        "ks": list(reading.ks),
        "level": reading.level,
        "problems_compared": reading.problems,
        "best": reading.best.cell.name if reading.best else None,
        "not_told_apart": [one.cell.name for one in reading.tied],
        "settings": {name: one.as_dict() for name, one in reading.settings.items()},
        "cells": [_cell_json(one, reading) for one in reading.cells],
        "notes": sweep_notes(reading),
    }


def _cell_json(one: CellReading, reading: SweepReading) -> dict[str, object]:
    against = one.against
    return {
        "cell": one.cell.name,
        "run": str(reading.sweep.path / one.cell.name),
        "settings": dict(one.cell.settings),
        "state": one.state,
        "standing": standing(one),
        "n": one.n,
        "problems": one.problems,
        "missing": one.missing,
        "mean": one.mean.as_dict(),
        "pass_at_k": {str(k): e.as_dict() for k, e in zip(reading.ks, one.coverage, strict=True)},
        "majority": {str(k): e.as_dict() for k, e in zip(reading.ks, one.majority, strict=True)},
        "output_tokens": one.tokens.as_dict(),
        "less_the_best": against.difference.as_dict() if against else None,
        "p_adjusted": None if against is None or math.isnan(against.p_value) else against.p_value,
    }
