"""Expected correctness of a weighted vote over k random samples, exact at every k where tractable.

Not here: what a ballot weighs (`selection.vote`); plain votes (`.vote_curve`), always exact.
Try it: `python -m pytest tests/analysis/test_weighted_curve.py`.

As in `vote_curve`, one polynomial in x for each answer, but the place of "more votes" is taken by
"more weight": `analysis.vote_states` lists every weight that an answer can reach with the number of
subsets that reach it, and each of them is asked in turn whether all other answers stay below. Few
distinct weights (a judge's six levels) or small classes make few states; many distinct weights in a
large class make 2^size, and the vote is simulated instead (`.simulated`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from topdraw.analysis.samples_used import whole_k
from topdraw.analysis.vote_curve import LARGEST, half_law, unit_nodes
from topdraw.analysis.vote_states import States, finite_weights, states_of
from topdraw.core.records import BoolArray, FloatArray, IntArray
from topdraw.errors import DomainError
from topdraw.selection.vote import TIE, Pool

#: Multiplications for one problem beyond which its vote is simulated: about a tenth of a second.
MOST_WORK = 50_000_000


def weighted_of_k(
    answer: IntArray,
    log_weight: FloatArray,
    passed: BoolArray,
    ks: Sequence[int],
    *,
    pool: Pool = "sum",
    most_work: int = MOST_WORK,
) -> FloatArray | None:
    """Probability that the answer of most weight among k random samples is correct.

    Over all C(n, k) subsets, ties split equally between answers; inside an answer the verdicts of
    its voters in the subset are averaged. Samples without an answer never win unless no answered
    sample votes. Subsets in which nobody votes are left out.

    Args:
        answer: shape (n,). Class of the answer; -1 for none.
        log_weight: shape (n,). Logarithm of the weight; NaN for a sample that does not vote.
        passed: shape (n,). Verdicts.
        ks: samples used, each 1 <= k <= n.
        pool: what the weights of one answer become: "sum", "mean" or "max".
        most_work: multiplications allowed.

    Returns:
        Shape (len(ks),), in [0, 1]; NaN where no subset has a voter. None when it would take more
        work than allowed, n > 1000, or weights span more than a double can hold.

    Raises:
        DomainError: if a k is outside 1..n.

    Examples:
        >>> answers, right = np.array([0, 1, 1]), np.array([True, False, False])
        >>> weighted_of_k(answers, np.log([3.0, 1.0, 1.0]), right, [1, 2, 3]).round(4)
        array([0.3333, 0.6667, 1.    ])

    References:
        Li et al. 2022 (arXiv 2206.02336), eq. 3, over all subsets of k.
    """
    n = answer.shape[0]
    if not all(1 <= whole_k(k) <= n for k in ks):
        raise DomainError(f"A vote of k out of {n} needs 1 <= k <= {n}: {list(ks)}.")
    votes = ~np.isnan(log_weight)
    answered = votes & (answer >= 0)
    weights = finite_weights(log_weight[answered]) if n <= LARGEST else None
    if weights is None:
        return None
    most = max(ks, default=1)
    rows = most_work // ((most + 1) * (n + 1))
    classes = _classes(answer[answered], weights, passed[answered], pool, rows)
    asked = None if classes is None else _asked(classes)
    if classes is None or asked is None or asked.rank.size > rows:
        return None
    free = half_law(n - int(answered.sum()))[: most + 1]
    chances = _won(classes, asked, free, most)
    silent = votes & ~answered
    chances += _nobody_answered(int(silent.sum()), n - int(votes.sum()), n)[: most + 1] * (
        passed[silent].mean() if silent.any() else 0.0
    )
    picked = np.array(list(ks), dtype=np.int64)
    chosen = _law_without(n - int(votes.sum()), n, most)[picked]
    with np.errstate(invalid="ignore"):
        return np.minimum(chances[picked] / chosen, 1.0)


class _Class:
    """One answer: by ascending rank of its weight, the subsets that reach it.

    Attributes:
        size: its samples.
        ranks: shape (states,). Rank among the weights of all answers, rising.
        ways: shape (states, size + 1). Subsets with this weight and so many samples, over 2^size.
        right: likewise, each times the share of its samples that are right.
        below: shape (states + 1, size + 1). Subsets with less weight than each state, the empty one
            included; last, all.
    """

    __slots__ = ("below", "ranks", "right", "size", "ways")

    def __init__(self, states: States, ranks: IntArray) -> None:
        self.size = states.size
        self.ranks, row = np.unique(ranks, return_inverse=True)
        shape = (self.ranks.size, self.size + 1)
        cell = row * shape[1] + states.count
        self.ways: FloatArray = _spread(cell, states.ways, shape)
        self.right: FloatArray = _spread(cell, states.right, shape)
        empty = np.zeros((1, shape[1]))
        empty[0, 0] = 0.5**self.size
        self.below = np.concatenate([empty, self.ways]).cumsum(axis=0)

    def at(self, rank: IntArray) -> _Place:
        """Where weights of these ranks lie among its own."""
        place = np.searchsorted(self.ranks, rank)
        own = np.minimum(place, self.ranks.size - 1)
        return _Place(place, own, self.ranks[own] == rank)


def _spread(cell: IntArray, values: FloatArray, shape: tuple[int, int]) -> FloatArray:
    return np.bincount(cell, values, shape[0] * shape[1]).astype(np.float64).reshape(shape)


class _Place(NamedTuple):
    """Of each weight: own states below it, the state that may equal it, and whether it does."""

    below: IntArray
    own: IntArray
    equal: BoolArray


class _Asked(NamedTuple):
    """Every weight that may win, once for each node of the integral over y that splits its ties."""

    rank: IntArray
    y: FloatArray
    share: FloatArray


def _classes(
    answer: IntArray, weights: FloatArray, passed: BoolArray, pool: Pool, most: int
) -> list[_Class] | None:
    """The answers, the largest first; None when one can weigh more than so many weights."""
    labels, sizes = np.unique(answer, return_counts=True)
    found = []
    for label in labels[np.argsort(-sizes)]:
        here = answer == label
        states = states_of(weights[here], passed[here], pool, most)
        if states is None:
            return None
        found.append(states)
    if not found:
        return []
    ranks = _ranks(np.concatenate([one.strength for one in found]))
    ends = np.cumsum([one.strength.size for one in found])[:-1]
    return [_Class(one, each) for one, each in zip(found, np.split(ranks, ends), strict=True)]


def _ranks(strength: FloatArray) -> IntArray:
    """Dense ranks, those within `TIE` of each other equal."""
    order = np.argsort(strength, kind="stable")
    rising = strength[order]
    new = np.concatenate([[0], np.cumsum(rising[:-1] < rising[1:] * (1 - TIE))])
    ranks = np.empty(strength.size, np.int64)
    ranks[order] = new[: strength.size]
    return ranks


def _asked(classes: Sequence[_Class]) -> _Asked:
    reached = [one.ranks for one in classes] or [np.zeros(0, np.int64)]
    ranks, answers = np.unique(np.concatenate(reached), return_counts=True)
    found = [unit_nodes(int(number) - 1) for number in answers]
    counts = [y.size for y, _ in found]
    y = np.concatenate([np.zeros(0), *(each for each, _ in found)])
    share = np.concatenate([np.zeros(0), *(each for _, each in found)])
    return _Asked(np.repeat(ranks, counts), y, share)


def _won(classes: Sequence[_Class], asked: _Asked, free: FloatArray, most: int) -> FloatArray:
    """P(an answer wins and its sample is right, k drawn) times C(n, k) / 2^n, for k = 0..most.

    One pass over the answers with two products for each weight asked about: `lost`, in which none
    of them has it alone or first among equals, and `won`, in which one of them has.
    """
    if not classes:
        return np.zeros(most + 1)
    places = [one.at(asked.rank) for one in classes]
    equal = np.stack([place.equal for place in places])
    first = equal.argmax(axis=0)
    last = len(classes) - 1 - equal[::-1].argmax(axis=0)
    lost = np.repeat(free[None, :], asked.rank.size, axis=0)
    won = np.zeros_like(lost)
    for at, (one, place) in enumerate(zip(classes, places, strict=True)):
        kernel = one.below[place.below]
        tied = place.equal
        kernel[tied] += one.ways[place.own[tied]] * asked.y[tied, None]
        width = min(lost.shape[1] + one.size, most + 1)
        grown = np.zeros((asked.rank.size, width))
        begun = first < at
        grown[begun] = _times(won[begun], kernel[begun], most)
        grown[tied] += _times(lost[tied], one.right[place.own[tied]], most)
        won, ahead = grown, last > at
        rest = np.zeros_like(won)
        rest[ahead] = _times(lost[ahead], kernel[ahead], most)
        lost = rest
    total = np.zeros(most + 1)
    total[: won.shape[1]] = asked.share @ won
    return total


def _times(state: FloatArray, kernel: FloatArray, most: int) -> FloatArray:
    """Product of polynomials, row by row, up to x^most; the loop is over the shorter one."""
    short, long = (kernel, state) if kernel.shape[1] <= state.shape[1] else (state, kernel)
    out = np.zeros((short.shape[0], min(short.shape[1] + long.shape[1] - 1, most + 1)))
    for shift in range(min(short.shape[1], out.shape[1])):
        width = min(long.shape[1], out.shape[1] - shift)
        out[:, shift : shift + width] += short[:, shift : shift + 1] * long[:, :width]
    return out


def _nobody_answered(silent: int, nonvoters: int, n: int) -> FloatArray:
    """Subsets of k with a voter and no answered one, over 2^n, for k = 0..n."""
    law = half_law(silent).copy()
    law[0] = 0.0
    out = np.zeros(n + 1)
    out[: silent + nonvoters + 1] = np.convolve(law, half_law(nonvoters))
    return out * 0.5 ** (n - silent - nonvoters)


def _law_without(nonvoters: int, n: int, most: int) -> FloatArray:
    """Subsets of k with a voter, over 2^n, for k = 0..most."""
    law = half_law(n)[: most + 1].copy()
    none = half_law(nonvoters)[: most + 1] * 0.5 ** (n - nonvoters)
    law[: none.size] -= none
    # Where every subset is without a voter, exactly nothing is left.
    law[law < 1e-12 * half_law(n)[: most + 1]] = 0.0
    return law
