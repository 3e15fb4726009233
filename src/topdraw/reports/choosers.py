"""Who would choose which sample of a problem: the strategies of a summary, as weights.

Not here: the selectors (`topdraw.selection`).
Try it: `python -m pytest tests/reports/test_choosers.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from topdraw.analysis.summary import Summary
    from topdraw.core.records import Candidates, FloatArray


def chosen_by(arrays: Candidates, summary: Summary) -> dict[str, FloatArray]:
    """Each real strategy's probability of picking each sample, for strategies in the summary.

    Args:
        arrays: the samples of a problem, by the summary's scorers.
        summary: of the same run.

    Returns:
        By strategy, shape (samples,); sums to 1, or is 0 where the strategy chooses nobody. Empty
        where drawing waited for a pass: who waits keeps it.
    """
    from topdraw.selection.pick import best_of_n
    from topdraw.selection.vote import majority, weighted_majority

    known = {
        "majority": majority,
        "best_of_n": best_of_n,
        "weighted_majority": weighted_majority,
    }
    waited = summary.stopping is not None and summary.stopping.waited
    there = set() if waited else {curve.strategy for curve in summary.curves}
    return {name: known[name](arrays) for name in known if name in there}
