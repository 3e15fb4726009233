"""Expected correctness over k random samples by simulation, for selectors without a closed form.

Not here: what is exact: best-of-k (`analysis.selected`), votes (`.vote_curve`, and mostly
`.weighted_curve`), coverage.
Try it: `python -m pytest tests/analysis/test_simulated.py`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.samples_used import whole_k
from topdraw.core.protocols import Selector
from topdraw.core.records import Candidates, FloatArray, IntArray
from topdraw.errors import DomainError
from topdraw.selection.vote import TIE, Pool, VoteValue, VoteWeight, ballots, relative

#: Random subsets for each k, unless there are no more than that: then all of them.
SUBSETS = 400


@dataclass(frozen=True, slots=True)
class Simulated:
    """Expected correctness of one problem.

    Attributes:
        expected: shape (ks,), in [0, 1]; NaN where no subset chose anybody.
        error: shape (ks,). Monte Carlo standard error; 0 where all subsets were looked at.
    """

    expected: FloatArray
    error: FloatArray


def simulated_of_k(
    candidates: Candidates,
    selector: Selector,
    ks: Sequence[int],
    *,
    rng: np.random.Generator,
    subsets: int = SUBSETS,
) -> Simulated:
    """Probability that the selector's pick among k random samples is correct, any selector.

    Subsets are prefixes of the same random orders for every k, so that a curve is not ragged.
    Where C(n, k) <= subsets, k = 1 and k = n among them, all subsets are taken and nothing is
    random. Samples keep their order inside a subset. Subsets in which the selector chooses nobody
    are left out.

    Args:
        candidates: one problem, without missing samples.
        selector: any selector.
        ks: samples used, each 1 <= k <= n.
        rng: generator of the orders.
        subsets: how many random subsets at each k.

    Raises:
        DomainError: if a k is outside 1..n.
    """

    def correct(chosen: IntArray) -> FloatArray:
        each = [candidates.take(row) for row in np.sort(chosen, axis=1)]
        weights = [selector(one) for one in each]
        return np.array(
            [w @ one.passed if w.any() else np.nan for w, one in zip(weights, each, strict=True)]
        )

    return _over_subsets(correct, candidates.n, ks, rng, subsets)


def simulated_vote_of_k(
    candidates: Candidates,
    ks: Sequence[int],
    *,
    rng: np.random.Generator,
    weight: VoteWeight = "sigmoid",
    value: VoteValue = "value",
    pool: Pool = "sum",
    subsets: int = SUBSETS,
) -> Simulated:
    """The same for a weighted majority, all subsets of one k at once.

    Args:
        candidates: one problem, without missing samples.
        ks: samples used, each 1 <= k <= n.
        rng: generator of the orders.
        weight: as in `selection.vote.weighted_majority`.
        value: likewise.
        pool: likewise.
        subsets: how many random subsets at each k.

    Raises:
        DomainError: if a k is outside 1..n.
    """
    cast, answered = ballots(candidates, weight=weight, value=value), candidates.answer >= 0
    votes = cast.voters
    # Outputs without an answer never compete by weight, and must not set the scale either.
    log = np.where(answered, cast.log, -np.inf)
    # The last two columns: voters without an answer, and samples that do not vote.
    labels, members = np.unique(candidates.answer[answered], return_inverse=True)
    column = np.full(candidates.n, labels.size)
    column[answered] = members
    column[~votes] = labels.size + 1
    verdicts = candidates.passed.astype(np.float64)

    def correct(chosen: IntArray) -> FloatArray:
        rows, width = chosen.shape[0], labels.size + 2
        cell = np.arange(rows)[:, None] * width + column[chosen]

        def tally(weights: FloatArray) -> FloatArray:
            flat = np.bincount(cell.ravel(), weights.ravel(), rows * width)
            return flat.reshape(rows, width)[:, :-1].astype(np.float64)

        count, right = tally(np.ones(cell.shape)), tally(verdicts[chosen])
        weights = relative(log[chosen])
        if pool == "max":
            total = np.zeros(rows * width)
            np.maximum.at(total, cell.ravel(), weights.ravel())
            total = total.reshape(rows, width)[:, :-1]
        else:
            total = tally(weights) / (np.maximum(count, 1) if pool == "mean" else 1)
        total = np.where(count > 0, total, -np.inf)
        silent = ~(count[:, :-1] > 0).any(axis=1)
        total[~silent, -1] = -np.inf
        winners = (total >= total.max(axis=1, keepdims=True) * (1 - TIE)) & (count > 0)
        share = np.divide(right, count, out=np.zeros_like(right), where=count > 0)
        number = winners.sum(axis=1)
        picks: FloatArray = (share * winners).sum(axis=1) / np.where(number > 0, number, np.nan)
        return picks

    return _over_subsets(correct, candidates.n, ks, rng, subsets)


def _over_subsets(
    correct: Callable[[IntArray], FloatArray],
    n: int,
    ks: Sequence[int],
    rng: np.random.Generator,
    subsets: int,
) -> Simulated:
    if not all(1 <= whole_k(k) <= n for k in ks):
        raise DomainError(f"k out of {n} samples needs 1 <= k <= {n}, not {list(ks)}.")
    expected, error = np.full(len(ks), np.nan), np.zeros(len(ks))
    for at, chosen in enumerate(_subsets(n, ks, rng, subsets)):
        picks = correct(chosen)
        picks = picks[~np.isnan(picks)]
        if picks.size:
            expected[at] = min(float(picks.mean()), 1.0)
        if math.comb(n, ks[at]) > subsets and picks.size > 1:
            error[at] = picks.std(ddof=1) / math.sqrt(picks.size)
    return Simulated(expected, error)


def _subsets(
    n: int, ks: Sequence[int], rng: np.random.Generator, subsets: int
) -> Iterator[IntArray]:
    orders = rng.permuted(np.tile(np.arange(n), (subsets, 1)), axis=1)
    for k in ks:
        if math.comb(n, k) <= subsets:
            yield np.array(list(itertools.combinations(range(n), k)), dtype=np.int64)
        else:
            yield orders[:, :k]
