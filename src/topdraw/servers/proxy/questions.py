"""What a selector needs a judge to be asked while serving.

Not here: asking (`judging`). Try it: `python -m doctest src/topdraw/servers/proxy/questions.py -v`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from topdraw.flows.table import Plans, Ways

#: What selectors call the comparisons that are made while serving, and how they are made.
PAIRS = "judge"
PICKS: Mapping[str, Plans] = {"usc": "usc", "listwise": "listwise"}

_PLAN = re.compile(rf"\b(knockout|round_robin|swiss)\s*\(([^()]*\b{PAIRS}\b[^()]*)\)")
_CALLS = re.compile(r"\bcalls\s*=\s*(\d{1,9})")


def ways_of(name: str, select: str, seed: int = 0) -> Ways:
    """What is asked for a selector.

    Args:
        name: of the comparisons.
        select: the selector as the user wrote it.
        seed: of brackets and orders.

    Examples:
        >>> ways_of("judge", "filter(public, knockout(judge))").plan
        'knockout'
        >>> ways_of("judge", "swiss(judge, calls=20)").calls, ways_of("judge", "mbr(judge)").plan
        (20, 'round_robin')
    """
    if name in PICKS:
        return Ways(PICKS[name], seed=seed)
    found = _PLAN.search(select)
    if found is None:
        return Ways("round_robin", seed=seed)
    calls = _CALLS.search(found[2])
    return Ways(found[1], calls=int(calls[1]) if calls else None, seed=seed)  # type: ignore[arg-type]  # one of them
