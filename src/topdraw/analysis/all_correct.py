"""pass^k over k: how often all k samples of a problem are correct, of a summary's problems.

Not here: pass^k of a run at one k (`estimates.pass_hat_k`), the formula (`coverage`).
Try it: `topdraw report RUN --k 1,2,4`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from topdraw.analysis.coverage import pass_hat_k
from topdraw.analysis.intervals import mean_estimate
from topdraw.analysis.summary import ProblemRow
from topdraw.core.estimate import Estimate


def pass_hat_curve(rows: Iterable[ProblemRow], ks: Sequence[int]) -> tuple[Estimate, ...]:
    """pass^k = C(c, k) / C(n, k), averaged over the problems that have a scored sample.

    Args:
        rows: problems of a run that no rule stopped; with one, c / n is no estimate.
        ks: samples used, each at most the smallest n.

    Returns:
        One estimate for each k; `missing` counts samples that the verifier failed on.

    Raises:
        DomainError: if a k is below 1 or above some n.

    References:
        Yao et al. 2024 (arXiv 2406.12045), section 4.
    """
    kept = list(rows)
    n = np.array([row.n for row in kept if row.n], np.int64)
    c = np.array([row.c for row in kept if row.n], np.int64)
    missing = sum(row.missing + row.unscored for row in kept)
    return tuple(
        mean_estimate(pass_hat_k(n, c, k), missing=missing, method=f"pass^{k}, exact and unbiased")
        for k in ks
    )
