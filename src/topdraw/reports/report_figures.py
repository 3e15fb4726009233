"""The figures of a report as files, for papers and slides.

Not here: the page (`page`), how a figure becomes a file (`figure_file`).
Try it: `topdraw report RUN --figures figures`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from topdraw.reports.axis import axes
from topdraw.reports.difficulty import difficulty_figure
from topdraw.reports.figure import curves_figure
from topdraw.reports.figure_file import FigureFiles, save_figure
from topdraw.reports.gather import costs_of, panels_of

if TYPE_CHECKING:
    from topdraw.analysis.cost import Tables
    from topdraw.analysis.summary import Summary
    from topdraw.store.evidence import Evidence


def report_figures(
    evidence: Evidence, summary: Summary, tables: Tables | None = None
) -> dict[str, str]:
    """The wide figures of a report's page, in the order of the page, by the name of a file.

    Args:
        evidence: a scored run or a table.
        summary: of the same evidence.
        tables: prices and architectures of one's own.
    """
    gap, rows = (None, ()) if summary.stopping else (summary.gap, summary.rows)
    ks = {k for curve in summary.curves for k in curve.k}
    found = {
        "curves" if axis.key == "k" else f"curves-{axis.key}": curves_figure(
            summary.curves, gap=gap, axis=axis
        )
        for axis in axes(ks, costs_of(evidence, summary, tables))
    }
    found["difficulty"] = difficulty_figure(rows)
    for panel in panels_of(evidence, summary, tables):
        found[panel.key] = panel.figures[0] if panel.figures else ""
    return {name: svg for name, svg in found.items() if svg}


def save_report_figures(
    evidence: Evidence,
    summary: Summary,
    folder: str | os.PathLike[str],
    tables: Tables | None = None,
) -> list[FigureFiles]:
    """Write the figures of a report as SVG, and as PNG where that can be done here.

    Args:
        evidence: a scored run or a table.
        summary: of the same evidence.
        folder: where to; made when it is not there.
        tables: prices and architectures of one's own.

    Raises:
        StoreError: if a file cannot be written.
    """
    made = report_figures(evidence, summary, tables)
    return [save_figure(svg, Path(folder) / name) for name, svg in made.items()]
