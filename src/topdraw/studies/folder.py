"""A study's folder: its plan, its runs, and what is made of them.

Not here: what a study says (`monkeys`, `greedy`) and how it is shown (`reports.study_files`).
Try it: `topdraw study monkeys --out studies/monkeys`.

    study.json       the plan, written first
    runs/NAME/       a run like any other, for each leg
    prices.toml      prices of the study's own, from --prices; architectures.toml, likewise, is put
                     there by hand
    tables/ figures/ study.html        made of the runs, again at any time
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from topdraw.errors import StoreError
from topdraw.sampling.turns import Part
from topdraw.store.manifest import FILE as MANIFEST
from topdraw.studies.plan import FILE, Leg, Plan, joined, read_plan, write_plan

RUNS = "runs"
PRICES = "prices.toml"
ARCHITECTURES = "architectures.toml"


@dataclass(frozen=True, slots=True)
class Study:
    """A folder with a plan and the runs drawn so far.

    Attributes:
        path: the folder.
        plan: what it is made of.
    """

    path: Path
    plan: Plan

    def part(self, leg: Leg) -> Part:
        """The run of a leg, begun or not."""
        return Part(leg.name, self.path / RUNS / leg.name, leg.n)


def is_study(path: str | PathLike[str]) -> bool:
    """Whether a folder holds a study."""
    return (Path(path) / FILE).is_file()


def open_study(path: str | PathLike[str]) -> Study:
    """The study in a folder.

    Raises:
        StoreError: when there is none, it is damaged, or a later version made it.
    """
    return Study(Path(path), read_plan(Path(path)))


def make_study(path: str | PathLike[str], asked: Plan) -> Study:
    """Make a study's folder, or join the one there when it is the same.

    Args:
        path: the folder.
        asked: what is wanted.

    Returns:
        The study as it is stored now: runs of before stay in it.

    Raises:
        ResumeConflict: naming what differs, when the folder holds another study.
        StoreError: when the folder holds something else, or cannot be written.
    """
    folder = Path(path)
    plan = joined(read_plan(folder), asked) if is_study(folder) else asked
    if plan is asked:
        _refuse_strangers(folder)
    try:
        (folder / RUNS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"No study can be made in {folder}: {error}.") from error
    write_plan(folder, plan)
    return Study(folder, plan)


def _refuse_strangers(folder: Path) -> None:
    if (folder / MANIFEST).exists():
        raise StoreError(f"{folder} is a run, not a folder for a study.", hint="Name a new folder.")
    if folder.is_file():
        raise StoreError(f"{folder} is a file, not a folder.", hint="Name a new folder.")
    strangers = sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []
    strangers = [
        name
        for name in strangers
        if not name.startswith(".") and name not in (RUNS, PRICES, ARCHITECTURES)
    ]
    if strangers:
        raise StoreError(
            f"{folder} is no study, and not empty: it has {strangers[0]!r}.",
            hint="Name a new folder.",
        )
