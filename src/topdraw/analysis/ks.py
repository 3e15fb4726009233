"""The k that a report looks at: by default, or those asked for when the run has samples for them.

Not here: what is computed at them. Try it: `python -m pytest tests/analysis/test_ks.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from topdraw.analysis.samples_used import Source, require_samples, whole_k
from topdraw.analysis.strategies import Pool
from topdraw.core.records import Candidates
from topdraw.errors import DomainError
from topdraw.store.evidence import Evidence


def default_ks(n: int) -> tuple[int, ...]:
    """1, 2, 3, 5, 10, 20, 30, 50, 100, ... as far as n, and n.

    Args:
        n: the largest, >= 1.

    Examples:
        >>> default_ks(64)
        (1, 2, 3, 5, 10, 20, 30, 50, 64)
    """
    steps = (digit * 10**power for power in range(len(str(n))) for digit in (1, 2, 3, 5))
    return tuple(sorted({k for k in steps if k < n} | {n}))


def coverage_reach(pool: Pool, found: Mapping[str, Candidates], by: str) -> int:
    """The largest k at which coverage by this verifier is known: n, or more where it is corrected.

    Args:
        pool: the problems.
        found: their candidates by this verifier.
        by: the verifier.
    """
    if pool.rule is None or not pool.waits_for(by):
        return pool.n
    return pool.rule.reach({key: found[key] for key in pool.keys})


def checked_ks(
    ks: Iterable[int], run: Evidence, pool: Pool, found: Mapping[str, Candidates], by: str
) -> tuple[int, ...]:
    """The k asked for, rising, each once.

    Args:
        ks: whole numbers.
        run: the run, or the table.
        pool: its problems.
        found: their candidates by this verifier.
        by: the verifier.

    Raises:
        DomainError: if there is none, or one is below 1 or beyond what is known of the run.
    """
    used = tuple(sorted({whole_k(k) for k in ks}))
    if not used:
        raise DomainError("There is no k to look at; name at least one.")
    if pool.rule is not None and pool.waits_for(by):
        pool.rule.coverage({key: found[key] for key in pool.keys}, used, f"k = {used[-1]}")
        return used
    start = pool.start(found)
    n = np.array([one.n or pool.n for one in start], np.int64)
    source = Source(run, by, np.array([found[key].n for key in pool.keys], np.int64))
    for k in (used[0], used[-1]):
        if pool.rule is not None:
            pool.rule.require_start(k, f"k = {k}")
        require_samples(list(pool.keys), n, k, f"k = {k}", source)
    return used
