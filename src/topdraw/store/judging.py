"""What judging a run cost: a bill for each judge, apart from that of the samples.

    judging/<name and model>/          segments and parts, as of `bill/`, and whose they are

Not here: the bill of the samples (`store.bill`), what judges said (`comparisons`, scores).
Try it: `python -m pytest tests/store/test_judging.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from topdraw.core.billing import Bill
from topdraw.errors import StoreError
from topdraw.store.bill import bills, total
from topdraw.store.folders import SEGMENTS, scorer_folder
from topdraw.store.ledger import Ledger
from topdraw.store.rows import BILL
from topdraw.store.segments import write_atomically
from topdraw.store.writers import BillWriter

if TYPE_CHECKING:
    from topdraw.store.run import Run

FOLDER = "judging"
_WHOSE = "_judge.json"


@dataclass(frozen=True, slots=True)
class Judging:
    """What one judge of a run cost.

    Attributes:
        name: under which its scores or comparisons are stored.
        model: that was asked; "" when nobody says.
        bill: of its requests. Its samples are replies, and none of them is kept as a sample; a
            request whose replies held no verdict is one of the unused.
        endpoints: the same by endpoint.
    """

    name: str
    model: str
    bill: Bill
    endpoints: dict[str, Bill] = field(default_factory=dict)


def judge_writer(run: Run, name: str, model: str) -> BillWriter:
    """A context manager to note the requests of a judge with.

    Args:
        run: the run that is judged.
        name: under which its scores or comparisons are stored.
        model: that is asked.

    Raises:
        StoreError: when it cannot be written.
    """
    ledger = _ledger(run.path / FOLDER / scorer_folder(f"{name}@{model}"), run.recovered)
    path = ledger.parts / _WHOSE
    if not path.exists():
        try:
            ledger.parts.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{ledger.parts} cannot be made: {error}.") from error
        whose = json.dumps({"name": name, "model": model}, ensure_ascii=False)
        write_atomically(path, whose.encode("utf-8", "surrogatepass") + b"\n")
    return BillWriter(ledger.journal())


def judgings(run: Run) -> list[Judging]:
    """What each judge of a run cost, by name; those that were never asked are left out.

    Raises:
        StoreError: when a file cannot be read.
    """
    found = [_judging(path, run.recovered) for path in _folders(run.path)]
    return sorted((one for one in found if one.bill.requests), key=lambda one: one.name)


def judge_ledgers(path: Path, notes: list[str]) -> list[Ledger]:
    """Where the requests of the judges of a run lie.

    Args:
        path: of the run.
        notes: what had to be cut, see `Ledger`.
    """
    return [_ledger(folder, notes) for folder in _folders(path)]


def _folders(path: Path) -> list[Path]:
    return sorted(one.parent for one in (path / FOLDER).glob(f"*/{_WHOSE}"))


def _ledger(folder: Path, notes: list[str]) -> Ledger:
    return Ledger(BILL, folder / SEGMENTS, folder, notes)


def _judging(folder: Path, notes: list[str]) -> Judging:
    try:
        whose = json.loads((folder / _WHOSE).read_bytes())
        name, model = str(whose["name"]), str(whose["model"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StoreError(f"{folder / _WHOSE} cannot be read: {error!r}.") from error
    endpoints = bills(_ledger(folder, notes))
    return Judging(name, model, total(endpoints.values(), kept_samples=0), endpoints)
