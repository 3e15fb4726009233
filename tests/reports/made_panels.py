"""Panels made by hand, plain and hostile ones.

Not here: tests. Try it: `python -m pytest tests/reports/test_panels.py`.
"""

from __future__ import annotations

from tests.reports.hostile import EVERYTHING

from topdraw.core.estimate import Estimate
from topdraw.reports.frame import label
from topdraw.reports.panel import Panel
from topdraw.reports.tabular import Tabular

HALF = Estimate(0.5, 0.4, 0.6, n=100)


def figures(text: str = "0.50") -> tuple[str, str]:
    """The same small figure twice: a mark and a label."""
    wide, narrow = (
        f'<svg class="figure {name}" viewBox="0 0 {width} 60" role="img" aria-label="One mark.">'
        f'<g class="s-one"><path class="mark" d="M20 20h8v8h-8z"/>{label(36, 29, text, "end")}</g>'
        "</svg>"
        for name, width in (("wide", 880), ("narrow", 360))
    )
    return wide, narrow


def plain_panel(key: str = "greedy", title: str = "Greedy against sampled") -> Panel:
    """A panel with everything."""
    table = Tabular(
        ("cell", "solved", "majority", "tokens", "usd"),
        (("t0.7", HALF, Estimate(0.61, 0.5, 0.7), 12345, 0.25), ("t1.0", HALF, None, -3, 0.5)),
    )
    return Panel(
        key,
        title,
        "Greedy solves 0.50 [0.40, 0.60] of the problems.",
        figures(),
        table,
        "Student intervals over problems.",
        ("Only 12 problems: an interval of [0.40, 0.60] is wide.",),
    )


def hostile_panel() -> Panel:
    """A panel whose every text is hostile."""
    cells = ((EVERYTHING, HALF), (EVERYTHING, EVERYTHING))
    table = Tabular((EVERYTHING, EVERYTHING), cells)
    drawn = figures(EVERYTHING)
    return Panel("odd", EVERYTHING, EVERYTHING, drawn, table, EVERYTHING, (EVERYTHING,))
