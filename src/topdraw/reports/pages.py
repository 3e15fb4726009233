"""A page of your own: a finding, panels in order, and how to make it again.

Not here: what a panel holds (`panel`), lines (`series_figure`), the report of a run (`page`).
Try it: `python -m pytest tests/reports/test_pages.py`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from topdraw.reports.cite import Cite
from topdraw.reports.document import write_page
from topdraw.reports.panel import Panel
from topdraw.reports.panels import render_panels


@dataclass(frozen=True, slots=True)
class Page:
    """A page before it is markup.

    Attributes:
        kind: what it is of, in a few words; stands atop and in the browser's title.
        finding: the answer, in one sentence with its interval.
        panels: in the order shown; the first figure belongs on the first screen.
        kicker: what it stands on (task, model, counts), in a few words above the finding.
        lead: one or two sentences after the finding.
        notes: what to know before quoting a number, a sentence each.
        cite: how to make it again and whom to cite.
    """

    kind: str
    finding: str
    panels: Sequence[Panel]
    kicker: tuple[str, ...] = ()
    lead: str = ""
    notes: tuple[str, ...] = ()
    cite: Cite = field(default_factory=Cite)


def page_text(page: Page) -> str:
    """The page as text that encodes to UTF-8: one file that asks the network for nothing.

    Args:
        page: all of it; its texts are escaped here, its figures were where they were made.

    Raises:
        ValueError: if two panels have one key, or a key cannot be an anchor.
    """
    return render_panels(
        page.kind,
        page.finding,
        page.panels,
        page.cite.facts,
        notes=page.notes,
        command=page.cite.command,
        kicker=page.kicker,
        lead=page.lead,
        about=page.cite.about,
        bibtex=page.cite.bibtex,
    )


def save_page(page: Page, out: str | os.PathLike[str]) -> Path:
    """Write the page and return where it lies.

    Args:
        page: all of it.
        out: the file; folders on the way are made.

    Raises:
        ValueError: as in `page_text`.
        StoreError: if it cannot be written.
    """
    return write_page(page_text(page), out)
