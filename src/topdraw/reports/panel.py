"""One panel of a page: a claim, a figure, the table behind it, and how it was computed.

Not here: where panels stand (`page`) and what each one shows (a module of its own).
Try it: `python -m pytest tests/reports/test_panel.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from topdraw.reports.tabular import Tabular


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel of a page.

    Attributes:
        key: its place in the page (`#key`): lower case, digits and hyphens.
        title: a few words.
        claim: what it shows, in one sentence with an interval.
        figures: the same figure as SVG text for a wide and for a narrow screen, escaped where it
            was made; empty when there is none.
        table: the numbers behind it; None when there are none.
        how: how it was computed, in a few sentences.
        notes: what to beware of, a sentence each.
        prose: paragraphs between the claim and the figure.
        tables: further tables below the first, each with its caption.
    """

    key: str
    title: str
    claim: str
    figures: tuple[str, ...] = ()
    table: Tabular | None = None
    how: str = ""
    notes: tuple[str, ...] = ()
    prose: tuple[str, ...] = ()
    tables: tuple[tuple[str, Tabular], ...] = ()
