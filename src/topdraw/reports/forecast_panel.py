"""The panel "beyond the samples" of a report: coverage at ten times the samples, by a model.

Not here: the numbers (`analysis.scaling`), tables and words (`fit_panel`).
Try it: `python -m pytest tests/reports/test_forecast_panel.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from topdraw.errors import DomainError
from topdraw.reports.fit_panel import fit_panels
from topdraw.reports.panel import Panel

if TYPE_CHECKING:
    from topdraw.analysis.summary import Summary
    from topdraw.store.evidence import Evidence

_FEWEST = 10


def forecast_panel(evidence: Evidence, summary: Summary) -> Panel | None:
    """What ten times the samples would solve, by a model.

    Args:
        evidence: a scored run, or a table.
        summary: of the same.

    Returns:
        None below ten samples per problem, where a forecast says nothing, and of a run that a rule
        stopped after fewer.

    Raises:
        StoreError: if the run cannot be read.
    """
    from topdraw.analysis.scaling.reading import scaling_of

    try:
        found = scaling_of(evidence, by=summary.by, selectors=(), draws=50)
    except DomainError:  # too few samples, or a rule that does not guarantee them
        return None
    if found.k_max < _FEWEST or not found.forecasts:
        return None
    return fit_panels([found])[0]
