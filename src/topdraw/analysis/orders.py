"""Which of several runs wins, under greedy decoding and under sampling, and if that reverses.

Not here: single differences (`analysis.comparison`).
Try it: `topdraw compare RUN RUN RUN`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.clusters import Clusters
from topdraw.analysis.comparison import ClusterBy, cluster_labels, flip_seed
from topdraw.analysis.intervals import mean_estimate, paired_difference, resamples
from topdraw.analysis.measures import Contender, contender, has_greedy, measure, measured
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray
from topdraw.core.seeds import Rng, generator
from topdraw.errors import ConfigError, DomainError
from topdraw.store.evidence import Evidence

#: Resamples of the problems behind each probability of an order; its error is 1 % at most.
DRAWS = 4000
_SAME = 1e-12


@dataclass(frozen=True, slots=True)
class Duel:
    """Two runs under one way of decoding.

    Attributes:
        difference: mean of a - b over problems, with interval and p-value.
        ahead: bootstrap probability over problems that the mean of a exceeds that of b, a tie
            counted half; how sure the order is, not how large the difference.
        wins: share of problems on which a is better.
        ties: share on which both are equal.
        losses: share on which b is better.
    """

    difference: Estimate
    ahead: float
    wins: Estimate
    ties: Estimate
    losses: Estimate


@dataclass(frozen=True, slots=True)
class Pair:
    """Two runs under both ways of decoding.

    Attributes:
        a: name of the first.
        b: name of the second.
        mean: under sampling: the mean sample of each problem.
        greedy: under greedy decoding; None when not all runs have greedy samples.
        reversal: bootstrap probability that greedy decoding and sampling name different winners;
            NaN without greedy samples.
    """

    a: str
    b: str
    mean: Duel
    greedy: Duel | None
    reversal: float


@dataclass(frozen=True, slots=True)
class Orders:
    """Several runs over the problems that all share.

    Attributes:
        names: of the runs.
        shared: how many problems all numbers stand on.
        mean: of each run, the mean sample.
        greedy: of each run; empty when not all have greedy samples.
        mean_rank: of each run, 1 for the best; equal values share the mean of their ranks.
        greedy_rank: likewise; empty without greedy samples.
        pairs: each two runs, the earlier one first.
    """

    names: tuple[str, ...]
    shared: int
    mean: tuple[Estimate, ...]
    greedy: tuple[Estimate, ...]
    mean_rank: tuple[float, ...]
    greedy_rank: tuple[float, ...]
    pairs: tuple[Pair, ...]

    @property
    def reversed(self) -> tuple[Pair, ...]:
        """Pairs whose observed winner under greedy decoding loses under sampling."""
        return tuple(
            pair
            for pair in self.pairs
            if pair.greedy is not None
            and pair.greedy.difference.value * pair.mean.difference.value < -_SAME
        )


def orders(
    names: Sequence[str],
    mean: ArrayLike,
    greedy: ArrayLike | None = None,
    *,
    level: float = 0.95,
    clusters: Clusters = None,
    rng: Rng = 0,
    draws: int = DRAWS,
) -> Orders:
    """Who wins, from arrays.

    Args:
        names: of the runs, at least two.
        mean: shape (runs, problems), in [0, 1]: share of correct samples. No NaN.
        greedy: likewise, whether the greedy sample is correct; None without greedy samples.
        level: confidence level of the intervals.
        clusters: a label for each problem, as in `intervals.mean_estimate`.
        rng: seed or generator of resamples and sign flips; all runs see the same resamples.
        draws: resamples of the problems.

    Raises:
        DomainError: if there are fewer than two runs, the shapes disagree, or a value is NaN or
            outside [0, 1].

    References:
        Song et al. 2024 (arXiv 2407.10457), section 3: greedy decoding against sampling.
    """
    sampled = _table(names, mean)
    single = None if greedy is None else _table(names, greedy)
    seed = flip_seed(rng)
    weights = resamples(sampled.shape[1], draws, generator(rng), clusters=clusters)
    drawn = weights @ sampled.T
    drawn_greedy = None if single is None else weights @ single.T
    pairs = []
    for i, j in itertools.combinations(range(len(names)), 2):
        by_mean = _duel(sampled, drawn, i, j, level, clusters, seed)
        by_greedy, reversal = None, math.nan
        if single is not None and drawn_greedy is not None:
            by_greedy = _duel(single, drawn_greedy, i, j, level, clusters, seed)
            reversal = _reversal(drawn[:, i] - drawn[:, j], drawn_greedy[:, i] - drawn_greedy[:, j])
        pairs.append(Pair(names[i], names[j], by_mean, by_greedy, reversal))
    return Orders(
        names=tuple(names),
        shared=sampled.shape[1],
        mean=_estimates(sampled, level, clusters, "mean sample"),
        greedy=() if single is None else _estimates(single, level, clusters, "greedy"),
        mean_rank=_ranks(sampled),
        greedy_rank=() if single is None else _ranks(single),
        pairs=tuple(pairs),
    )


def orders_of(
    runs: Sequence[Evidence],
    *,
    by: str | None = None,
    names: Sequence[str] = (),
    level: float = 0.95,
    clusters: ClusterBy = None,
    rng: Rng = 0,
    draws: int = DRAWS,
) -> Orders:
    """Who wins among runs, over the problems that all of them have scored samples of.

    Args:
        runs: scored runs, or tables, at least two.
        by: the verifier of all; default each task's own.
        names: what to call them; default the last part of their paths.
        level: confidence level of the intervals.
        clusters: as in `comparison.compare`.
        rng: seed or generator.
        draws: resamples of the problems.

    Raises:
        ConfigError: if no problem is shared by all, or a run has no scored sample.
        DomainError: if there are fewer than two runs.
        UnknownNameError: if a run has no scores by the verifier.
    """
    given = list(names) or [""] * len(runs)
    each = [contender(run, by=by, name=name) for run, name in zip(runs, given, strict=True)]
    if len(each) < 2:
        raise DomainError(f"Who wins takes at least two runs, not {len(each)}.")
    keys = [key for key in each[0].answered if all(key in set(one.answered) for one in each[1:])]
    if not keys:
        raise ConfigError(
            f"{', '.join(one.name for one in each)} share no problem with scored samples.",
            hint="Problems are matched by their ids; compare runs of one task.",
        )
    greedy = [measured(one, measure("greedy"), keys) for one in each if has_greedy(one)]
    complete = len(greedy) == len(each)
    table = np.array(greedy) if complete else np.empty((0, len(keys)))
    # A greedy sample that was lost takes its problem out of this comparison, not of the others'.
    kept = np.asarray(~np.isnan(table).any(axis=0))
    if not kept.any():
        complete, kept = False, np.ones(len(keys), bool)
    used = [key for key, keep in zip(keys, kept, strict=True) if keep]
    return orders(
        _names(each),
        np.array([measured(one, measure("mean@1"), used) for one in each]),
        table[:, kept] if complete else None,
        level=level,
        clusters=cluster_labels(each[0].run, used, clusters),
        rng=rng,
        draws=draws,
    )


def _names(each: Sequence[Contender]) -> list[str]:
    names = [one.name for one in each]
    return names if len(set(names)) == len(names) else [str(one.run.path) for one in each]


def _table(names: Sequence[str], values: ArrayLike) -> FloatArray:
    table = np.asarray(values, float)
    if len(names) < 2:
        raise DomainError(f"Who wins takes at least two runs, not {len(names)}.")
    if table.ndim != 2 or len(table) != len(names) or not table.shape[1]:
        raise DomainError(f"{len(names)} runs need one row of problems each, not {table.shape}.")
    if not ((table >= -1e-9) & (table <= 1 + 1e-9)).all():
        raise DomainError("Who wins needs numbers in [0, 1] on every problem, without NaN.")
    return table


def _duel(
    table: FloatArray,
    drawn: FloatArray,
    i: int,
    j: int,
    level: float,
    clusters: Clusters,
    seed: int,
) -> Duel:
    gap = table[i] - table[j]
    moves = drawn[:, i] - drawn[:, j]
    ahead = float(((moves > _SAME) + 0.5 * (np.abs(moves) <= _SAME)).mean())
    shares = (gap > _SAME, np.abs(gap) <= _SAME, gap < -_SAME)
    wins, ties, losses = (
        mean_estimate(share, clusters=clusters, level=level, method="share of problems")
        for share in shares
    )
    difference = paired_difference(table[i], table[j], clusters=clusters, level=level, rng=seed)
    return Duel(difference, ahead, wins, ties, losses)


def _reversal(mean: FloatArray, greedy: FloatArray) -> float:
    """Share of resamples in which the two ways of decoding name different winners."""
    apart = (np.abs(mean) > _SAME) & (np.abs(greedy) > _SAME)
    return float((apart & (mean * greedy < 0)).mean())


def _estimates(
    table: FloatArray, level: float, clusters: Clusters, method: str
) -> tuple[Estimate, ...]:
    return tuple(mean_estimate(row, clusters=clusters, level=level, method=method) for row in table)


def _ranks(table: FloatArray) -> tuple[float, ...]:
    from scipy.stats import rankdata

    # Means that differ in their last bit are equal.
    return tuple(float(rank) for rank in rankdata(-table.mean(axis=1).round(12)))
