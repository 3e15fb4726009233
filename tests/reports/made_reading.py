"""A Bayesian reading of rewards of our choosing, without a run.

Not here: tests. Try it: `python -m pytest tests/reports/test_posterior_figure.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from topdraw.analysis.bayes.of_run import Reading, read
from topdraw.analysis.bayes.rows import Scored


def made_reading(
    rewards: Sequence[Sequence[float]],
    golds: Sequence[Sequence[float]] | None = None,
    *,
    value: str = "reward",
    gold: str | None = None,
    unit: float = 1.0,
    ns: Iterable[int] | None = None,
    betas: Iterable[float] | None = None,
) -> Reading:
    """A reading; by default a sample is correct when its reward is above the problem's mean."""
    r = [np.array(each, dtype=float) * unit for each in rewards]
    g = [(each > each.mean()).astype(float) for each in r]
    if golds is not None:
        g = [np.array(each, dtype=float) for each in golds]
    data = Scored(value, r, g, gold is not None)
    return read(data, by="judge", gold=gold, betas=betas, ns=ns)
