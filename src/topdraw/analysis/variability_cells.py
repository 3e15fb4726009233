"""What a sweep says: each cell's numbers, and which cells cannot be told from the best.

Not here: drawing the cells (`topdraw.sampling.sweep`), tables and figures (`topdraw.reports`).
Try it: `python -m pytest tests/analysis/test_variability_cells.py`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.coverage import coverage_curve
from topdraw.analysis.curves import at_ks, scored
from topdraw.analysis.estimates import judge
from topdraw.analysis.intervals import mean_estimate, paired_difference
from topdraw.analysis.samples_used import whole_k
from topdraw.analysis.variability_lengths import mean_length
from topdraw.analysis.variability_repeats import Determinism, repeats_of
from topdraw.core.estimate import Estimate
from topdraw.core.records import Candidates, FloatArray, Sample
from topdraw.core.seeds import Rng, generator
from topdraw.errors import ConfigError, DomainError
from topdraw.sampling.grid import Cell
from topdraw.sampling.sweep import Sweep
from topdraw.selection.candidates import candidates
from topdraw.selection.resolve import resolve_selector
from topdraw.store.run import Run

State: TypeAlias = Literal["complete", "not drawn in full", "not scored in full", "not begun"]


@dataclass(frozen=True, slots=True)
class Against:
    """One cell against the best.

    Attributes:
        difference: mean of this cell less that of the best, paired over problems; 0 for the best.
        p_value: of it, times the number of comparisons, at most 1; 1 for the best.
        is_best: whether it is the best (the first of equals).
        is_tied: whether it cannot be told from the best at the level asked for.
    """

    difference: Estimate
    p_value: float
    is_best: bool
    is_tied: bool


@dataclass(frozen=True, slots=True)
class CellReading:
    """One cell of a sweep.

    Attributes:
        cell: its settings.
        n: the fewest scored samples of an answered problem; 0 without any.
        problems: problems with a scored sample.
        missing: samples without a score.
        state: how far it is.
        mean: accuracy of one sample, a mean over problems; NaN where nothing is scored.
        coverage: pass@k for each k of the sweep; NaN where k > n.
        majority: accuracy of the vote over k samples for each k; likewise, and without answers.
        tokens: output tokens of a sample.
        repeats: of a cell at temperature 0 with several samples a problem, whether they are alike.
        against: against the best cell; None for a cell that is not drawn and scored in full.
    """

    cell: Cell
    n: int
    problems: int
    missing: int
    state: State
    mean: Estimate
    coverage: tuple[Estimate, ...]
    majority: tuple[Estimate, ...]
    tokens: Estimate
    repeats: Determinism | None = None
    against: Against | None = None


@dataclass(frozen=True, slots=True)
class SweepReading:
    """What a sweep says.

    Attributes:
        sweep: the sweep.
        by: the verifier.
        ks: samples used.
        cells: in the order of the sweep; those without a run have NaN throughout.
        best: the complete cell with the largest mean; None when no cell is complete.
        settings: for each axis the best cell's value, with the range over all cells that cannot
            be told from it.
        problems: problems that the comparison stands on.
        level: confidence level of everything.
    """

    sweep: Sweep
    by: str
    ks: tuple[int, ...]
    cells: tuple[CellReading, ...]
    best: CellReading | None
    settings: Mapping[str, Estimate]
    problems: int
    level: float

    @property
    def tied(self) -> tuple[CellReading, ...]:
        """The cells that cannot be told from the best, itself included."""
        return tuple(one for one in self.cells if one.against is not None and one.against.is_tied)


def against_best(means: ArrayLike, *, level: float = 0.95, rng: Rng = 0) -> tuple[Against, ...]:
    """The best of several columns, and which of the others cannot be told from it.

    Each column is compared with the best by the sign-flip test of `paired_difference`, and its
    p-value is multiplied by the number of comparisons (Bonferroni). The columns that stay form a
    set that holds the truly best one with probability `level`, though the best was picked from the
    same numbers: were the truly best column t thrown out, some column would have beaten t in its
    own test at p <= (1 - level) / (C - 1), and the C - 1 tests against t do that with probability
    1 - level at most. Holm's steps would multiply by less, but that argument then fails, for it
    needs a reference that was fixed beforehand.

    Args:
        means: shape (problems, columns), in [0, 1]. A problem with a NaN is left out for all.
        level: of the set and of each interval.
        rng: seed or generator of the tests; all columns see the same flips.

    Returns:
        Each column against the best.

    Raises:
        DomainError: if no problem has all columns, or a number lies outside its range.

    References:
        Hsu 1981: simultaneous confidence intervals for all distances from the "best".
    """
    table = np.asarray(means, dtype=float)
    if table.ndim != 2 or not table.shape[1]:
        raise DomainError(f"Means have the shape {table.shape}; they need problems and columns.")
    table = table[~np.isnan(table).any(axis=1)]
    if not len(table):
        raise DomainError("No problem has a number in every column.")
    best, times = int(table.mean(axis=0).argmax()), max(table.shape[1] - 1, 1)
    seed = int(generator(rng).integers(2**63))
    found = []
    for at, column in enumerate(table.T):
        told = paired_difference(
            column, table[:, best], level=level, rng=seed, method="less the best cell"
        )
        p_value = 1.0 if at == best else min(1.0, told.p_value * times)
        found.append(Against(told, p_value, at == best, at == best or p_value > 1 - level))
    return tuple(found)


def sweep_reading(
    sweep: Sweep,
    *,
    by: str | None = None,
    ks: Sequence[int] | None = None,
    level: float = 0.95,
    rng: Rng = 0,
) -> SweepReading:
    """What the runs of a sweep say: every cell's numbers, the best, and what equals it.

    Only cells that are drawn and scored in full are compared, on problems that all of them have a
    score of: half a cell has other problems.

    Args:
        sweep: with scored runs.
        by: the verifier; default the sweep's own, else the task's.
        ks: samples used by coverage and votes; default the samples of a cell.
        level: confidence level, in (0, 1).
        rng: seed or generator of the tests.

    Raises:
        ConfigError: if no cell has a run, or no verifier is known.
        DomainError: if a k is not whole or < 1.
        StoreError: if a run cannot be read.
    """
    used = tuple(sorted({whole_k(k) for k in ks})) if ks else (sweep.n,)
    if used[0] < 1:
        raise DomainError(f"k is {used[0]}; it must be at least 1.")
    runs = {cell.name: sweep.run(cell) for cell in sweep.cells}
    begun = [run for run in runs.values() if run is not None]
    if not begun:
        raise ConfigError(f"The sweep {sweep.path} has no cell yet.")
    verifier = judge(begun[0], by or sweep.by or None)
    read = [_read(sweep, cell, runs[cell.name], verifier, used, level) for cell in sweep.cells]
    complete = [at for at, one in enumerate(read) if one.reading.state == "complete" and one.means]
    columns = [[read[at].means.get(key, math.nan) for key in begun[0].problems] for at in complete]
    table = np.array(columns, float).reshape(len(complete), len(begun[0].problems)).T
    shared = int((~np.isnan(table).any(axis=1)).sum()) if complete else 0
    versus = against_best(table, level=level, rng=rng) if shared else ()
    found = dict(zip(complete, versus, strict=bool(versus)))
    cells = tuple(
        dataclasses.replace(one.reading, against=found.get(at)) for at, one in enumerate(read)
    )
    best = next((one for one in cells if one.against is not None and one.against.is_best), None)
    return SweepReading(
        sweep=sweep,
        by=verifier,
        ks=used,
        cells=cells,
        best=best,
        settings={} if best is None else _settings(sweep, best, cells, level, shared),
        problems=shared,
        level=level,
    )


def _settings(
    sweep: Sweep, best: CellReading, cells: Sequence[CellReading], level: float, problems: int
) -> dict[str, Estimate]:
    tied = [one.cell.settings for one in cells if one.against is not None and one.against.is_tied]
    told = f"best of the grid; range over {len(tied)} cells that cannot be told from the best"
    return {
        name: Estimate(
            best.cell.settings[name],
            min(each[name] for each in tied),
            max(each[name] for each in tied),
            level,
            told,
            problems,
        )
        for name in sweep.axes
    }


class _Read(NamedTuple):
    """A cell before it is compared, and its mean by problem id."""

    reading: CellReading
    means: Mapping[str, float]


def _read(
    sweep: Sweep, cell: Cell, run: Run | None, by: str, ks: Sequence[int], level: float
) -> _Read:
    nothing = Estimate(math.nan, level=level)
    none = tuple(nothing for _ in ks)
    if run is None:
        state: State = "not begun"
        return _Read(CellReading(cell, 0, 0, 0, state, nothing, none, none, nothing), {})
    samples = run.samples()
    by_now = by if by in run.scorers() else None
    found = candidates(run, by=by_now, samples=samples)
    kept = [scored(one) for one in found.values() if by_now and not one.missing.all()]
    n = np.array([one.n for one in kept], np.int64)
    c = np.array([one.passed.sum() for one in kept], np.int64)
    missing = sum(int(one.missing.sum()) for one in found.values())
    known = [k for k in ks if k <= n.min(initial=max(ks))] if kept else []

    def at_each(values: FloatArray, what: str) -> tuple[Estimate, ...]:
        told = {
            k: mean_estimate(column, level=level, missing=missing, method=f"{what}{k}")
            for k, column in zip(known, values.T, strict=True)
        }
        return tuple(told.get(k, nothing) for k in ks)

    votes = any((one.answer >= 0).any() for one in kept)
    reading = CellReading(
        cell=cell,
        n=int(n.min()) if kept else 0,
        problems=len(kept),
        missing=missing,
        state=_state(sweep, cell, run, by, samples),
        mean=mean_estimate(c / n, level=level, missing=missing, method="one sample (mean)"),
        coverage=at_each(coverage_curve(n, c, known), "pass@") if known else none,
        majority=at_each(at_ks(resolve_selector("majority"), kept, known).values, "majority of ")
        if known and votes
        else none,
        tokens=mean_length(_lengths(found), level=level, method="output tokens of a sample"),
        repeats=repeats_of(run, by=by_now, level=level) if cell.decoding.greedy else None,
    )
    answered = [key for key, one in found.items() if by_now and not one.missing.all()]
    return _Read(reading, dict(zip(answered, (c / n).tolist(), strict=True)))


def _state(sweep: Sweep, cell: Cell, run: Run, by: str, samples: Sequence[Sample]) -> State:
    wanted = sweep.part(cell).wanted
    if sum(one.index < wanted for one in samples) < len(run.problems) * wanted:
        return "not drawn in full"
    scores = run.scores(by)
    keys = ((one.sampler, one.problem_id, one.index) for one in samples)
    return "complete" if all(key in scores for key in keys) else "not scored in full"


def _lengths(found: Mapping[str, Candidates]) -> FloatArray:
    known = [one.length_tokens[one.length_tokens > 0] for one in found.values()]
    return np.array([each.mean() for each in known if each.size], float)
