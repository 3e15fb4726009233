"""The page of the study of greedy against sampled answers.

Not here: the numbers (`studies.greedy`). Try it: `topdraw study good-bad-greedy`.
"""

from __future__ import annotations

from collections.abc import Sequence

from topdraw.analysis.estimates import pass_at_k
from topdraw.reports.panel import Panel
from topdraw.reports.study_files import StudyPage
from topdraw.reports.tabular import Tabular
from topdraw.studies.material import Material


def greedy_page(found: Sequence[Material], *, level: float = 0.95) -> StudyPage:
    """What the study shows.

    Args:
        found: sets of samples, scored.
        level: confidence level of every interval.
    """
    rows = [
        (one.task, one.model, pass_at_k(one.evidence, 1, by=one.by, level=level)) for one in found
    ]
    table = Tabular(("task", "model", "pass@1"), tuple(rows))
    panel = Panel("greedy", "Greedy", "Greedy against sampled.", table=table)
    return StudyPage(
        "The Good, The Bad, and The Greedy", "Greedy differs from the mean sample.", (panel,)
    )
