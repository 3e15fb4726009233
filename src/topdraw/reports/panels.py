"""A sequence of panels as sections of a page, or as a page of their own.

Not here: what a panel shows (`<topic>_panel`), the report of a run (`page`).
Try it: `python -m pytest tests/reports/test_panels.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from topdraw.core.estimate import Estimate
from topdraw.reports.cite import with_versions
from topdraw.reports.document import render
from topdraw.reports.panel import Panel
from topdraw.reports.tabular import Cell, Tabular, shown, turned
from topdraw.reports.visible import plain

_WIDE, _FEW = 10, 3

#: Anchors of the report page itself; no panel may take one.
RESERVED = frozenset(
    "main curves table results cost difficulty differences paired problems all all-table "
    "reproduce command cite versions axis-k axis-tokens axis-usd axis-flops".split()
)
_MOST_ROWS, _BESIDE, _SHORT, _LONG = 1000, 3, 8, 24


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell ready for a page.

    Attributes:
        estimate: a number with its interval; None for everything else.
        text: what the cell says otherwise.
        sort: what to sort by; "" for a cell without a number.
        words: whether it is text and stands to the left.
    """

    estimate: Estimate | None
    text: str
    sort: str
    words: bool


@dataclass(frozen=True, slots=True)
class TableView:
    """A table ready for a page.

    Attributes:
        columns: (heading, whether the column is text).
        rows: at most a thousand.
        left_out: rows beyond them.
        stacked: whether a phone shows each row as a block of its own.
    """

    columns: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[CellView, ...], ...]
    left_out: int
    stacked: bool


@dataclass(frozen=True, slots=True)
class PanelView:
    """A panel ready for a page.

    Attributes:
        panel: what it says.
        figures: its SVG, trusted: escaped where it was made.
        table: the numbers behind it; None when there are none.
        tables: further tables: anchor, caption, the table.
    """

    panel: Panel
    figures: tuple[Markup, ...]
    table: TableView | None
    tables: tuple[tuple[str, str, TableView], ...] = ()

    @property
    def folded(self) -> bool:
        """Whether the table starts folded: a long one that a figure shows, or a very long one."""
        rows = 0 if self.table is None else len(self.table.rows)
        return rows > (_SHORT if self.figures else _LONG)


def render_panels(
    title: str,
    claim: str,
    panels: Sequence[Panel],
    facts: Sequence[tuple[str, str]] = (),
    *,
    notes: Sequence[str] = (),
    command: str = "",
    kicker: Sequence[str] = (),
    lead: str = "",
    about: str = "",
    bibtex: Sequence[str] = (),
) -> str:
    """A page of panels alone, as text that encodes to UTF-8; `pages.Page` holds the same by name.

    Args:
        title: what the page is of, in a few words.
        claim: the finding, in one sentence with its interval.
        panels: in the order shown.
        facts: what the numbers stand on, as (name, value) for people.
        notes: what to know before quoting a number, a sentence each.
        command: what makes this page again; left out when empty.
        kicker: what the page stands on (task, model, counts), in a few words above the claim.
        lead: a sentence or two after the claim.
        about: what the command does.
        bibtex: entries to cite.

    Raises:
        ValueError: if two panels have one key, or a key cannot be an anchor.
    """
    views = panel_views(panels)
    return render(
        "panels.html",
        title=f"{title}: {claim}",
        kind=title,
        kicker=kicker,
        claim=claim,
        lead=lead,
        notes=notes,
        panels=views,
        sections=[
            *((view.panel.key, view.panel.title) for view in views),
            ("reproduce", "Reproduce"),
        ],
        facts=with_versions(facts),
        command=_whole(command),
        about=about,
        bibtex=_whole("\n\n".join(bibtex)),
    )


def _whole(text: str) -> Markup:
    """A text that is copied: escaped here, for the door of a page shortens what is very long."""
    return escape(plain(text, len(text)))


def panel_views(panels: Sequence[Panel]) -> list[PanelView]:
    """Panels ready for a page.

    Args:
        panels: in the order shown.

    Raises:
        ValueError: if two panels have one key, or a key cannot be an anchor of a page.
    """
    taken = set(RESERVED)
    for panel in panels:
        if panel.key in taken or not re.fullmatch(r"[a-z][a-z0-9-]*", panel.key):
            raise ValueError(f"the key {panel.key!r} of a panel is taken or is no anchor")
        taken |= {panel.key, f"{panel.key}-table"}
        taken |= {f"{panel.key}-table-{at}" for at in range(2, len(panel.tables) + 2)}
    return [_view(panel) for panel in panels]


def _view(panel: Panel) -> PanelView:
    made = (plain(svg, len(svg)) for svg in panel.figures if svg)
    figures = tuple(Markup(svg) for svg in made)  # noqa: S704 - see PanelView
    more = tuple(
        (f"{panel.key}-table-{at}", caption, table_view(table))
        for at, (caption, table) in enumerate(panel.tables, start=2)
    )
    return PanelView(panel, figures, table_view(panel.table) if panel.table else None, more)


def table_view(table: Tabular) -> TableView:
    """A table ready for a page.

    Args:
        table: any table; a column in which every cell that is there is text stands to the left. One
            of a few rows that is too wide for a page is turned.
    """
    if len(table.columns) > _WIDE and 0 < len(table.rows) <= _FEW:
        table = turned(table)
    rows = tuple(tuple(_cell(cell) for cell in row) for row in table.rows[:_MOST_ROWS])
    words = [
        any(row[at].words for row in rows)
        and all(row[at].words or not row[at].sort for row in rows)
        for at in range(len(table.columns))
    ]
    return TableView(
        columns=tuple(zip(table.columns, words, strict=True)),
        rows=rows,
        left_out=len(table.rows) - len(rows),
        stacked=len(table.columns) > _BESIDE,
    )


def _cell(cell: Cell) -> CellView:
    if isinstance(cell, Estimate):
        there = math.isfinite(cell.value)
        return CellView(cell, "", f"{cell.value!r}" if there else "", words=False)
    if cell is None or isinstance(cell, str):
        text = shown(cell)
        return CellView(None, text, "", words=cell is not None)
    number = "" if math.isnan(cell) else repr(cell)
    return CellView(
        None, shown(cell).replace("-", "\u2212") if number else "-", number, words=False
    )
