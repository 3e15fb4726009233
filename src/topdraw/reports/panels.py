"""A sequence of panels as sections of a page, or as a page of their own.

Not here: what a panel shows (`<topic>_panel`), the report of a run (`page`).
Try it: `python -m pytest tests/reports/test_panels.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from topdraw.core.estimate import Estimate
from topdraw.reports.document import render
from topdraw.reports.panel import Panel
from topdraw.reports.tabular import Cell, Tabular, shown
from topdraw.reports.visible import plain

#: Anchors of the report page itself; no panel may take one.
RESERVED = frozenset(
    "main curves table results cost difficulty differences paired problems all all-table "
    "reproduce command ground axis-k axis-tokens axis-usd axis-flops".split()
)
_MOST_ROWS, _BESIDE, _SHORT = 1000, 3, 8


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
    """

    panel: Panel
    figures: tuple[Markup, ...]
    table: TableView | None

    @property
    def folded(self) -> bool:
        """Whether the table starts folded: a long one, where a figure already shows it."""
        return bool(self.figures) and self.table is not None and len(self.table.rows) > _SHORT


def render_panels(
    title: str,
    claim: str,
    panels: Sequence[Panel],
    facts: Sequence[tuple[str, str]] = (),
    *,
    notes: Sequence[str] = (),
    command: str = "",
) -> str:
    """A page of panels alone, as text that encodes to UTF-8.

    Args:
        title: what the page is of, in a few words.
        claim: the finding, in one sentence with its interval.
        panels: in the order shown.
        facts: what the numbers stand on, as (name, value) for people.
        notes: what to know before quoting a number, a sentence each.
        command: what makes this page again; left out when empty.

    Raises:
        ValueError: if two panels have one key, or a key cannot be an anchor.
    """
    views = panel_views(panels)
    ground = [("ground", "Reproduce" if command else "Ground")] if facts or command else []
    return render(
        "panels.html",
        title=f"{title}: {claim}",
        kind=title,
        claim=claim,
        notes=notes,
        panels=views,
        sections=[(view.panel.key, view.panel.title) for view in views] + ground,
        facts=facts,
        command=command,
    )


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
    return [_view(panel) for panel in panels]


def _view(panel: Panel) -> PanelView:
    made = (plain(svg, len(svg)) for svg in panel.figures if svg)
    figures = tuple(Markup(svg) for svg in made)  # noqa: S704 - see PanelView
    return PanelView(panel, figures, table_view(panel.table) if panel.table else None)


def table_view(table: Tabular) -> TableView:
    """A table ready for a page.

    Args:
        table: any table; a column in which every cell that is there is text stands to the left.
    """
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
