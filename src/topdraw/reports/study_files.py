"""What is made of a study: its tables, its figures and one page, the same again at any time.

Not here: what stands in them (`study_monkeys`, `study_greedy`).
Try it: `topdraw study FOLDER`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from topdraw.core.estimate import Estimate
from topdraw.errors import StoreError
from topdraw.reports.document import write_page
from topdraw.reports.panel import Panel
from topdraw.reports.panels import render_panels
from topdraw.reports.tabular import Cell, Tabular, csv_text, latex_text
from topdraw.store.segments import write_atomically

PAGE = "study.html"


@dataclass(frozen=True, slots=True)
class StudyPage:
    """What a study shows.

    Attributes:
        title: of the study, in a few words.
        claim: the finding, in one sentence with its interval.
        panels: in the order shown; the table of each is a file named by its key.
        facts: what the numbers stand on, as (name, value).
        notes: what to know before quoting a number.
    """

    title: str
    claim: str
    panels: tuple[Panel, ...]
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def write_study(folder: Path, page: StudyPage, *, command: str) -> Path:
    """Write tables and page of a study and return where the page lies.

    Args:
        folder: of the study.
        page: what it shows.
        command: what makes it again.

    Raises:
        StoreError: when a file cannot be written.
    """
    tables = folder / "tables"
    try:
        tables.mkdir(exist_ok=True)
    except OSError as error:
        raise StoreError(f"{tables} cannot be made: {error}.") from error
    for panel in page.panels:
        if panel.table is not None:
            for suffix, text in _forms(panel.table).items():
                write_atomically(tables / f"{panel.key}.{suffix}", text.encode())
    text = render_panels(
        page.title, page.claim, page.panels, page.facts, notes=page.notes, command=command
    )
    return write_page(text, folder / PAGE)


def _forms(table: Tabular) -> Mapping[str, str]:
    return {
        "json": json.dumps(table_json(table), indent=1) + "\n",
        "csv": csv_text(table),
        "tex": latex_text(table),
    }


def table_json(table: Tabular) -> list[dict[str, object]]:
    """The rows of a table as objects that JSON can hold; numbers with all digits.

    Args:
        table: any table. An estimate is an object; a number that is none is null.
    """
    return [
        {name: _plain(cell) for name, cell in zip(table.columns, row, strict=True)}
        for row in table.rows
    ]


def _plain(cell: Cell) -> object:
    if isinstance(cell, Estimate):
        return cell.as_dict()
    return None if isinstance(cell, float) and cell != cell else cell
