"""The page of win rates: who is ahead in each benchmark, by how much, and the tables behind it.

Not here: the numbers (`analysis.winrate`), tables and words (`winrate_panel`).
Try it: `topdraw winrate annotations.json --out page.html`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from topdraw.reports.cite import Cite, digest_of
from topdraw.reports.difference_figure import difference_figure
from topdraw.reports.frame import NARROW, WIDE
from topdraw.reports.pages import Page, page_text
from topdraw.reports.panel import Panel
from topdraw.reports.winrate_panel import (
    difference_notes,
    differences_table,
    kinds,
    lengths_table,
    notes,
    position_table,
    scores_table,
)

if TYPE_CHECKING:
    from topdraw.analysis.winrate.of_files import WinRates
    from topdraw.analysis.winrate.result import Difference, Result

_HOW = (
    "Each benchmark's own numbers stand as it computes them. Ours is the same mean over "
    "instructions with an interval over instructions; differences are paired over the instructions "
    "that both models have, and adjusted p allows for all of them."
)


def winrate_page(found: WinRates, files: Sequence[str], *, command: str = "") -> str:
    """The page as text.

    Args:
        found: results of one file or more.
        files: the files they were read from.
        command: what makes this page again; left out when empty.

    Raises:
        StoreError: if a file cannot be read any more.
    """
    groups = kinds(found.results)
    panels = [_panel(at, *group, found.differences) for at, group in enumerate(groups, start=1)]
    title, results = groups[0]
    finding = f"{title}: {_ahead(results)}"
    facts = (("files", ", ".join(files)), ("data", digest_of(files)))
    return page_text(Page("Win rates", finding, panels, cite=Cite(command, facts)))


def _panel(at: int, title: str, results: Sequence[Result], every: Sequence[Difference]) -> Panel:
    names = {results[0].name, *(name for one in results for name in one.more)}
    gaps = [o for o in every if o.kind[:3] == results[0].kind[:3] and o.kind[3] in names]
    several = len({one.kind[3] for one in gaps}) > 1
    rows = [
        (f"{one.kind[3] + ': ' if several else ''}{one.a} less {one.b}", one.estimate)
        for one in gaps
    ]
    figures = tuple(difference_figure(rows, "difference in points", x) for x in (WIDE, NARROW))
    more = [
        ("Differences", differences_table(gaps) if gaps else None),
        ("Lengths", lengths_table(results)),
        ("Position", position_table(results)),
    ]
    return Panel(
        f"kind-{at}",
        title,
        _ahead(results),
        tuple(svg for svg in figures if svg),
        scores_table(results),
        _HOW,
        (*notes(results), *difference_notes(gaps)),
        tables=tuple((name, table) for name, table in more if table is not None),
    )


def _ahead(results: Sequence[Result]) -> str:
    known = [one for one in results if math.isfinite(one.estimate.value)]
    if not known:
        return "Nothing could be scored."
    best, *others = sorted(known, key=lambda one: -one.estimate.value)
    told = f"{best.model} has {best.estimate}"
    return f"{told}, {others[0].model} {others[0].estimate}." if others else f"{told}."
