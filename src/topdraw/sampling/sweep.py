"""A sweep: one folder of runs, one for each cell of a grid of decoding settings.

Not here: the grid (`topdraw.sampling.grid`), what it says (`topdraw.analysis.variability_cells`).
Try it: `topdraw sweep countdown -n 8 --problems 10 --temperature 0:1:0.5 --out runs/sweep`.

    sweep.json          the axes and what all cells share; written first, replaced as a whole
    t0.7-r1.1/          a run like any other, for each cell
"""

from __future__ import annotations

import dataclasses
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from topdraw._version import __version__
from topdraw.core.protocols import Model
from topdraw.core.records import Decoding, Json, Problem, Task
from topdraw.errors import DomainError, ResumeConflict, StoreError
from topdraw.models.connect import connect
from topdraw.sampling.budget import Budget
from topdraw.sampling.engine import sample
from topdraw.sampling.grid import Axes, Cell, cells, checked_axes
from topdraw.sampling.plan import as_task, with_task_defaults
from topdraw.sampling.prices import PriceTable
from topdraw.sampling.turns import Part, Turn, draw_in_turn
from topdraw.store.manifest import FILE as MANIFEST
from topdraw.store.run import Durability, Run
from topdraw.store.segments import write_atomically

SCHEMA = 1
FILE = "sweep.json"


@dataclass(frozen=True, slots=True)
class Sweep:
    """A folder of runs over a grid.

    Attributes:
        path: the folder.
        task: name of the task.
        axes: values of each setting that varies.
        base: every other setting.
        n: samples per problem of a cell.
        n_at_zero: the same of a cell at temperature 0, where every sample should be alike.
        seed: of every run.
        by: the verifier; "" for the task's own.
    """

    path: Path
    task: str
    axes: Axes
    base: Decoding
    n: int
    n_at_zero: int = 1
    seed: int = 0
    by: str = ""

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells, the first axis slowest."""
        return cells(self.axes, self.base)

    @property
    def model(self) -> str:
        """The model that its cells are drawn from; "" while none is begun.

        Raises:
            StoreError: when a run cannot be read.
        """
        run = next(filter(None, map(self.run, self.cells)), None)
        identity = {} if run is None else run.manifest.model
        known = (identity.get(key) for key in ("model", "name", "spec"))
        return str(next((word for word in known if word), ""))

    def part(self, cell: Cell) -> Part:
        """The run of a cell, begun or not."""
        wanted = self.n_at_zero if cell.decoding.greedy else self.n
        return Part(cell.name, self.path / cell.name, wanted)

    def run(self, cell: Cell) -> Run | None:
        """The run of a cell; None when it is not begun.

        Raises:
            StoreError: when it cannot be read.
        """
        return self.part(cell).run


def default_folder(task: str, model: str) -> Path:
    """Where a sweep lies when the user names no place.

    Examples:
        >>> str(default_folder("gsm8k", "org/Llama 8B"))
        'runs/sweep-gsm8k-org-Llama-8B'
    """
    words = (re.sub(r"[^A-Za-z0-9._-]+", "-", each).strip("-.")[:40] for each in (task, model))
    return Path("runs") / "-".join(["sweep", *(word or "x" for word in words)])


def is_sweep(path: str | PathLike[str]) -> bool:
    """Whether a folder holds a sweep."""
    return (Path(path) / FILE).is_file()


def open_sweep(path: str | PathLike[str]) -> Sweep:
    """The sweep in a folder.

    Raises:
        StoreError: when there is none, it is damaged, or a later version made it.
    """
    file = Path(path) / FILE
    try:
        values = json.loads(file.read_bytes())
        schema = values["schema"]
        if schema > SCHEMA:
            raise StoreError(
                f"{file} has schema {schema}; this topdraw reads up to {SCHEMA}.",
                hint="Update with: pip install -U topdraw",
            )
        base = {**values["decoding"], "stop": tuple(values["decoding"]["stop"])}
        axes = checked_axes(values["axes"])
        known = {name: values[name] for name in ("task", "n", "n_at_zero", "seed", "by")}
        return Sweep(Path(path), axes=axes, base=Decoding(**base), **known)
    except FileNotFoundError as error:
        raise StoreError(f"{path} is no sweep: it has no {FILE}.") from error
    except StoreError:
        raise
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(f"{file} cannot be read: {error!r}.") from error


def make_sweep(asked: Sweep) -> Sweep:
    """Make a sweep's folder, or join the one there when it is the same.

    Further values of an axis are added to the grid, and values left out stay in it. Another n is
    the n from now on; what was drawn beyond it stays.

    Args:
        asked: the sweep.

    Returns:
        The sweep as it is stored now.

    Raises:
        ResumeConflict: naming what differs, when the folder holds another sweep.
        DomainError: when a number is outside its range.
        StoreError: when the folder holds something else, or cannot be written.
    """
    for name, count in (("n", asked.n), ("n_at_zero", asked.n_at_zero)):
        if count < 1:
            raise DomainError(f"{name} is {count}; it must be at least 1 sample per problem.")
    if is_sweep(asked.path):
        grown = _joined(open_sweep(asked.path), asked)
    else:
        grown = asked
        _refuse_strangers(asked.path)
    _ = grown.cells  # refuses values that no decoding can have
    values: dict[str, Json] = {
        "schema": SCHEMA,
        "topdraw": __version__,
        "task": grown.task,
        "axes": {name: list(each) for name, each in grown.axes.items()},
        "decoding": grown.base.as_dict(),
        "n": grown.n,
        "n_at_zero": grown.n_at_zero,
        "seed": grown.seed,
        "by": grown.by,
    }
    try:
        grown.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"No sweep can be made in {grown.path}: {error}.") from error
    write_atomically(grown.path / FILE, json.dumps(values, indent=2).encode() + b"\n")
    return grown


def _refuse_strangers(path: Path) -> None:
    if (path / MANIFEST).exists():
        raise StoreError(f"{path} is a run, not a folder for a sweep.", hint="Name a new folder.")
    strangers = sorted(each.name for each in path.iterdir()) if path.is_dir() else []
    strangers = [name for name in strangers if not name.startswith(".")]
    if strangers or path.is_file():
        has = f"it has {strangers[0]!r}" if strangers else "it is a file"
        raise StoreError(f"{path} is no sweep, and not empty: {has}.", hint="Name a new folder.")


def _joined(old: Sweep, asked: Sweep) -> Sweep:
    varied = {*old.axes, *asked.axes}
    fixed, other = (
        {name: value for name, value in one.base.as_dict().items() if name not in varied}
        for one in (old, asked)
    )
    pairs: dict[str, tuple[object, object]] = {
        "task": (old.task, asked.task),
        "axes": (", ".join(old.axes), ", ".join(asked.axes)),
        "seed": (old.seed, asked.seed),
        "verifier": (old.by, asked.by),
    }
    pairs |= {name: (fixed.get(name), other.get(name)) for name in {**fixed, **other}}
    found = [
        f"{name}: the sweep has {has!r}, asked {wants!r}"
        for name, (has, wants) in pairs.items()
        if has != wants
    ]
    if found:
        raise ResumeConflict(
            f"{old.path} was drawn with something else: {'; '.join(found)}.",
            hint="Name another folder, or ask for what this sweep has.",
        )
    axes = {name: tuple(sorted({*old.axes[name], *asked.axes[name]})) for name in old.axes}
    return dataclasses.replace(asked, axes=axes)


def sweep(
    problems: Task | Iterable[Problem],
    model: Model | str,
    n: int,
    *,
    axes: Mapping[str, Iterable[float]],
    out: str | PathLike[str],
    n_at_zero: int = 1,
    by: str = "",
    base: Decoding | None = None,
    seed: int = 0,
    concurrency: int | None = None,
    budget: Budget | None = None,
    prices: PriceTable | None = None,
    durability: Durability = "group",
) -> Sweep:
    """Draw n samples of every problem in every cell of a grid; the same call goes on.

    Args:
        problems: a task, or problems with distinct ids.
        model: a model, or a spec for `connect`.
        n: samples per problem of each cell, >= 1.
        axes: values of temperature, top_p, top_k, repetition_penalty, presence_penalty or
            frequency_penalty, whichever vary.
        out: the folder; each cell is a run in it.
        n_at_zero: samples per problem at temperature 0; more than one shows whether the model is
            deterministic there (`analysis.variability_repeats`).
        by: the verifier that the sweep is to be judged by; "" for the task's own.
        base: every other setting of the decoding; None for the defaults and the task's own.
        seed: of every run, so that cells share the seeds of their samples.
        concurrency: as of `sample`.
        budget: caps on the whole sweep.
        prices: come before the shipped table.
        durability: as of `sample`.

    Raises:
        ResumeConflict: when `out` holds another sweep, or its cells were drawn otherwise.
        DomainError: for a number outside its range.
        ConfigError: for an axis that cannot vary.
        BudgetExhausted: when a cap stopped it; everything drawn is on disk.
        EndpointError: when samples could not be drawn.
    """
    task = as_task(problems)
    decoding = with_task_defaults(base or Decoding(), task.decoding)
    asked = Sweep(Path(out), task.name, checked_axes(axes), decoding, n, n_at_zero, seed, by)
    made = make_sweep(asked)
    drawer = connect(model) if isinstance(model, str) else model

    decodings = {cell.name: cell.decoding for cell in asked.cells}

    def draw(part: Part, left: Budget | None) -> None:
        sample(
            task,
            drawer,
            part.wanted,
            **dataclasses.asdict(decodings[part.name]),
            seed=seed,
            out=part.path,
            concurrency=concurrency,
            budget=left,
            prices=prices,
            durability=durability,
        )

    draw_cells(made, asked.cells, draw, budget=budget, prices=prices)
    return made


def draw_cells(
    made: Sweep,
    wanted: Sequence[Cell],
    draw: Turn,
    *,
    budget: Budget | None = None,
    prices: PriceTable | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Draw cells of a sweep under caps on the whole of it; see `turns.draw_in_turn`.

    Args:
        made: as `make_sweep` gives it.
        wanted: the cells to draw, of that sweep.
        draw: draws what is missing of a cell.
        budget: caps on the sweep.
        prices: come before the shipped table, for a cap in USD.
        clock: seconds that never go back.

    Raises:
        BudgetExhausted: when a cap is reached before the last cell is begun; `draw` raises its own.
    """
    names = {cell.name for cell in wanted}
    others = [made.part(cell) for cell in made.cells if cell.name not in names]
    parts = [made.part(cell) for cell in wanted]
    draw_in_turn(
        parts, draw, whole="sweep", beside=others, budget=budget, prices=prices, clock=clock
    )
