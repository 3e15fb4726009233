"""Expected correctness of a strategy, problem by problem and k by k: exact where a form exists.

Not here: means and intervals over problems (`analysis.intervals`).
Try it: `python -m pytest tests/analysis/test_curves.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.analysis import coverage, vote_curve
from topdraw.analysis.selected import best_of_k, worst_of_k
from topdraw.analysis.simulated import SUBSETS, Simulated, simulated_of_k, simulated_vote_of_k
from topdraw.analysis.tournament_curve import knockout_of_k, swiss_of_k
from topdraw.analysis.weighted_curve import weighted_of_k
from topdraw.core.protocols import Selector
from topdraw.core.records import Candidates, FloatArray
from topdraw.core.seeds import Rng, generator
from topdraw.selection import consensus, likely, pick, tournament, vote
from topdraw.selection.resolve import NamedSelector, unbound


@dataclass(frozen=True, slots=True)
class Values:
    """What a strategy reaches on each problem.

    Attributes:
        values: shape (problems, ks), in [0, 1]; NaN where it chooses nobody.
        method: "exact", or how it was simulated and the error of the mean over problems.
    """

    values: FloatArray
    method: str


def scored(candidates: Candidates) -> Candidates:
    """The candidates without the missing ones."""
    return candidates.take(np.flatnonzero(~candidates.missing))


def at_all(selector: Selector, problems: Sequence[Candidates]) -> FloatArray:
    """Expected correctness over all samples of each problem: weights times verdicts.

    Args:
        selector: any selector.
        problems: with verdicts; missing samples weigh 0.

    Returns:
        Shape (problems,), in [0, 1]; NaN where the selector chooses nobody.
    """
    weights = [selector(one) for one in problems]
    # Thirds and sevenths add up to 1 + 2e-16.
    return np.array(
        [
            min(w @ one.passed, 1.0) if w.any() else np.nan
            for w, one in zip(weights, problems, strict=True)
        ]
    )


def at_ks(
    selector: NamedSelector,
    problems: Sequence[Candidates],
    ks: Sequence[int],
    *,
    rng: Rng = 0,
    subsets: int = SUBSETS,
) -> Values:
    """Expected correctness over k random samples of each problem, at each k.

    Exact for random, first, best_of_n, worst, mean_logprob, oracle and majority, and for what is
    the same by another name; a weighted majority is exact on the problems where
    `analysis.weighted_curve` can afford it. The rest, other selectors, and votes over more than
    1,000 samples are simulated with seeded subsets.

    Args:
        selector: what chooses.
        problems: without missing samples, each with at least max(ks) samples.
        ks: samples used.
        rng: seed or generator of the subsets.
        subsets: random subsets for each k.

    Raises:
        DomainError: if a problem has fewer samples than a k.
    """
    closed = _closed(selector.function)
    simulate = _simulation(selector.function, generator(rng), subsets)
    values, errors = np.empty((len(problems), len(ks))), np.zeros((len(problems), len(ks)))
    simulated = 0
    for at, one in enumerate(problems):
        exact = closed(one, ks)
        if exact is None:
            found = simulate(one, ks)
            exact, errors[at] = found.expected, found.error
            simulated += bool(found.error.any())
        values[at] = exact
    return Values(values, _method(errors, simulated, subsets))


def _method(errors: FloatArray, simulated: int, subsets: int) -> str:
    """What was simulated, on how many of the problems, and the error of the mean over problems."""
    if not simulated:
        return "exact"
    problems = errors.shape[0]
    # Errors of problems are independent; the mean over problems has their root mean square / P.
    largest = float(np.sqrt((errors**2).sum(axis=0)).max()) / problems
    told = f"simulated, {subsets} subsets, s.e. <= {_rounded_up(largest)}"
    if simulated == problems:
        return told
    return f"exact for {problems - simulated} of {problems} problems, the others {told}"


#: Shape (ks,); None when it must be simulated.
Closed = Callable[[Candidates, Sequence[int]], FloatArray | None]


def _closed(function: Selector) -> Closed:
    inner, options = unbound(function)
    if inner is vote.weighted_majority:
        weighted: Callable[..., FloatArray | None] = _weighted
        return functools.partial(weighted, **options)
    if inner is consensus.mbr and options.get("by", consensus.BY_ANSWER) == consensus.BY_ANSWER:
        return _majority
    if inner is tournament.round_robin and options.get("by", "value") == "value":
        return _CLOSED[pick.best_of_n]
    return _CLOSED.get(function, lambda one, ks: None)


def _random(one: Candidates, ks: Sequence[int]) -> FloatArray:
    return np.full(len(ks), one.passed.mean())


def _oracle(one: Candidates, ks: Sequence[int]) -> FloatArray:
    curve: FloatArray = coverage.coverage_curve([one.n], [int(one.passed.sum())], ks)[0]
    return curve


def _majority(one: Candidates, ks: Sequence[int]) -> FloatArray | None:
    if one.n > vote_curve.LARGEST:
        return None
    return vote_curve.majority_of_k(one.answer, one.passed, ks)


def _weighted(
    one: Candidates,
    ks: Sequence[int],
    *,
    weight: vote.VoteWeight = "sigmoid",
    value: vote.VoteValue = "value",
    pool: vote.Pool = "sum",
) -> FloatArray | None:
    cast = vote.ballots(one, weight=weight, value=value)
    log = np.where(cast.voters, cast.log, np.nan)
    return weighted_of_k(one.answer, log, one.passed, ks, pool=pool)


def _first(one: Candidates, ks: Sequence[int]) -> FloatArray:
    # The first of a subset is its best when the earlier is the better.
    return best_of_k(-np.arange(one.n, dtype=float), one.passed, ks)


_CLOSED: dict[object, Closed] = {
    pick.first: _first,
    pick.uniform: _random,
    pick.oracle: _oracle,
    pick.best_of_n: lambda one, ks: best_of_k(one.value, one.passed, ks),
    pick.worst: lambda one, ks: worst_of_k(one.value, one.passed, ks),
    vote.majority: _majority,
    likely.mean_logprob: lambda one, ks: best_of_k(vote.per_token(one), one.passed, ks),
}


def _simulation(
    function: Selector, rng: np.random.Generator, subsets: int
) -> Callable[[Candidates, Sequence[int]], Simulated]:
    inner, options = unbound(function)
    if inner is vote.weighted_majority:
        simulate: Callable[..., Simulated] = simulated_vote_of_k
        return functools.partial(simulate, rng=rng, subsets=subsets, **options)
    if inner in _TOURNAMENTS:
        return functools.partial(_TOURNAMENTS[inner], rng=rng, subsets=subsets, **options)
    return lambda one, ks: simulated_of_k(one, function, ks, rng=rng, subsets=subsets)


_TOURNAMENTS: dict[object, Callable[..., Simulated]] = {
    tournament.knockout: knockout_of_k,
    tournament.swiss: swiss_of_k,
}


def _rounded_up(error: float) -> str:
    digits = 1 - int(np.floor(np.log10(error)))
    return f"{np.ceil(error * 10**digits) / 10**digits:.{digits}f}"
