"""What is made of a study: its tables, its figures and one page, the same again at any time.

Not here: what stands in them (`study_monkeys`, `study_greedy`).
Try it: `topdraw study FOLDER`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from topdraw.core.estimate import Estimate
from topdraw.errors import StoreError
from topdraw.reports.document import write_page
from topdraw.reports.figure_file import save_figure
from topdraw.reports.panel import Panel
from topdraw.reports.panels import render_panels
from topdraw.reports.tabular import Cell, Tabular, csv_text, latex_text
from topdraw.store.segments import write_atomically

PAGE = "study.html"
_ENDINGS = frozenset({".json", ".csv", ".tex", ".svg", ".png"})


@dataclass(frozen=True, slots=True)
class StudyPage:
    """What a study shows.

    Attributes:
        title: of the study, in a few words.
        claim: the finding, in one sentence with its interval.
        panels: in the order shown; the table of each is a file named by its key.
        facts: what the numbers stand on, as (name, value).
        notes: what to know before quoting a number.
        kicker: what it stands on, in a few words above the claim.
        lead: a sentence or two after the claim.
        bibtex: what to cite.
    """

    title: str
    claim: str
    panels: tuple[Panel, ...]
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    kicker: tuple[str, ...] = ()
    lead: str = ""
    bibtex: tuple[str, ...] = ()


def write_study(folder: Path, page: StudyPage, *, command: str) -> Path:
    """Write tables, figures and page of a study and return where the page lies.

    Tables and figures of before that this page does not have are removed.

    Args:
        folder: of the study.
        page: what it shows.
        command: what makes it again.

    Raises:
        StoreError: when a file cannot be written.
    """
    made = {
        f"{stem}.{suffix}": text.encode()
        for stem, table in _tables(page.panels)
        for suffix, text in _forms(table).items()
    }
    _replace(_made(folder / "tables"), made)
    _draw(_made(folder / "figures"), page.panels)
    text = render_panels(
        page.title,
        page.claim,
        page.panels,
        page.facts,
        notes=page.notes,
        command=command,
        kicker=page.kicker,
        lead=page.lead,
        bibtex=page.bibtex,
    )
    return write_page(text, folder / PAGE)


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made: {error}.") from error
    return folder


def _tables(panels: Sequence[Panel]) -> Iterator[tuple[str, Tabular]]:
    """Tables by the stems of their files: the first of a panel has its key, others a number."""
    for panel in panels:
        if panel.table is not None:
            yield panel.key, panel.table
        for at, (_, table) in enumerate(panel.tables, start=2):
            yield f"{panel.key}-{at}", table


def _replace(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        write_atomically(folder / name, data)
    _keep(folder, set(files))


def _keep(folder: Path, names: set[str]) -> None:
    """Remove what another page of the same study left."""
    for file in sorted(folder.iterdir()):
        if file.name not in names and file.suffix in _ENDINGS:
            file.unlink(missing_ok=True)


def _draw(folder: Path, panels: Sequence[Panel]) -> None:
    """Figures as files: a panel's wide ones, by its key; PNG where the extra is there."""
    names = set()
    for panel in panels:
        # A figure is there in two widths, the wide one first.
        for at, svg in enumerate((svg for svg in panel.figures[::2] if svg), start=1):
            stem = panel.key if at == 1 else f"{panel.key}-{at}"
            found = save_figure(svg, folder / stem)
            names |= {path.name for path in (found.svg, found.png) if path is not None}
    _keep(folder, names)


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
