"""Which strategies of a run are compared, and by how much they differ over the same problems.

Not here: their values (`analysis.strategies`), the intervals (`analysis.intervals`).
Try it: `python -m pytest tests/analysis/test_summary.py -k paired`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from topdraw.analysis.intervals import paired_difference
from topdraw.analysis.strategies import Pool, Strategy
from topdraw.core.estimate import Estimate


class Comparison(NamedTuple):
    """One strategy less another: their names and the mean of a - b over problems."""

    a: str
    b: str
    estimate: Estimate


def comparisons(
    compared: Sequence[Strategy], pool: Pool, *, missing: int, rng: np.random.Generator
) -> list[Comparison]:
    """All less the mean sample, the best real strategy less greedy, the oracle less the best.

    Where drawing waited for a pass of the verifier, keeping that sample is a strategy, and the only
    one for what was drawn: then greedy and the oracle less the mean sample, the oracle less greedy.

    Args:
        compared: strategies on the same problems, "random" and "oracle" among them.
        pool: the problems.
        missing: samples left out, to be handed on.
        rng: of the sign flips.
    """
    by_name = {one.name: one for one in compared}
    mean, oracle, greedy = by_name["random"], by_name["oracle"], by_name.get("greedy")
    if pool.waits_for(oracle.chooser):
        pairs = [(greedy, mean), (oracle, mean), (oracle, greedy)]
    else:
        best = best_real(compared)
        pairs = [(one, mean) for one in compared if one.real or one is greedy]
        pairs += [(best, greedy if best.real else None), (oracle, best)]
    return [
        Comparison(a.name, b.name, _paired(a, b, pool, missing, rng))
        for a, b in pairs
        if a is not None and b is not None
    ]


def selection_gap(
    compared: Sequence[Strategy], pool: Pool, *, missing: int, rng: np.random.Generator
) -> Estimate:
    """The oracle less the best real strategy; NaN where drawing waited for the oracle's verdict.

    Args:
        compared: as in `comparisons`.
        pool: the problems.
        missing: samples left out, to be handed on.
        rng: of the sign flips.
    """
    oracle = next(one for one in compared if one.name == "oracle")
    if pool.waits_for(oracle.chooser):
        return Estimate(math.nan)
    return _paired(oracle, best_real(compared), pool, missing, rng)


def _paired(
    a: Strategy, b: Strategy, pool: Pool, missing: int, rng: np.random.Generator
) -> Estimate:
    # The oracle is right wherever a choice among the same samples can be: never below it.
    # (On average over subsets a simulated one can be, by its error; then nothing is claimed.)
    ordered = a.name == "oracle" and b.name != "greedy" and not (b.at_n > a.at_n + 1e-9).any()
    over = f", {pool.rule.about_all()}" if pool.rule else " at k = n"
    method = f"{a.name} less {b.name}{over}"
    if a.name == "oracle" and not pool.waits_for(a.chooser):
        method += ", the best real strategy of this run"
    return paired_difference(
        a.at_n, b.at_n, rng=rng, ordered=ordered, missing=missing, method=method
    )


def best_real(compared: Sequence[Strategy]) -> Strategy:
    """The real strategy that does best at last; the mean sample when there is none."""
    real = [one for one in compared if one.real and not np.isnan(one.at_n).all()]
    fallback = [one for one in compared if one.name == "random"]
    return max(real or fallback, key=lambda one: float(np.nanmean(one.at_n)))
