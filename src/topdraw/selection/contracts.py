"""`check_selector`: what every selector must do, checked on hard and on random candidates.

Not here: whether a selector is any good; `analysis.accuracy` measures that.
Try it: `python -c "from topdraw.selection.contracts import *; check_selector('best_of_n')"`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from topdraw.core.protocols import Selector
from topdraw.core.records import BoolArray, Candidates, FloatArray
from topdraw.core.seeds import Rng, generator
from topdraw.selection.pick import compared
from topdraw.selection.resolve import NamedSelector, resolve_selector

_TOLERANCE = 1e-9


def check_selector(selector: str | Selector, /, *, rng: Rng = 0, trials: int = 100) -> None:
    """Check that a selector keeps the contract; quiet when it does.

    Weights have shape (n,), are finite and >= 0 and sum to 1; or to 0, which is allowed only when
    all samples are missing or none has what the selector `needs`. Missing samples weigh 0. Another
    order of the samples gives the same weights in that order, and equal samples weigh the same,
    unless it was registered with `ordered=True`. The input is left as it was, the same input gives
    the same weights, and the verdicts are not looked at unless `needs` says "passed".

    Args:
        selector: a spec or a function.
        rng: seed or generator of the candidates and orders tried.
        trials: random candidates tried, besides the hard ones.

    Raises:
        AssertionError: naming what was broken, with the candidates that broke it.

    Examples:
        >>> check_selector("majority")
    """
    resolved = resolve_selector(selector)
    random = generator(rng)
    for plain in _cases(random, trials):
        candidates = _with_needs(plain, resolved.needs, random)
        weights = _checked_weights(resolved, candidates)
        _check_steady(resolved, candidates, weights)
        if not resolved.ordered:
            _check_order(resolved, candidates, weights, random)


def _checked_weights(resolved: NamedSelector, candidates: Candidates) -> FloatArray:
    before = _columns(candidates, copied=True)
    weights = np.asarray(resolved(candidates))
    _require(weights.shape == (candidates.n,), resolved, f"shape {weights.shape}", candidates)
    _require(bool(np.isfinite(weights).all()), resolved, "weights not finite", candidates)
    _require(bool((weights >= 0).all()), resolved, "negative weights", candidates)
    _require(not weights[candidates.missing].any(), resolved, "a missing sample chosen", candidates)
    total = float(weights.sum())
    empty = total == 0.0 and not _complete(resolved, candidates).any()
    _require(empty or abs(total - 1) < _TOLERANCE, resolved, f"weights sum to {total}", candidates)
    same = all(np.array_equal(a, b, equal_nan=True) for a, b in
               zip(before, _columns(candidates), strict=True))  # fmt: skip
    _require(same, resolved, "the candidates were changed", candidates)
    return weights


def _complete(resolved: NamedSelector, candidates: Candidates) -> BoolArray:
    """Where a sample is not missing and has all that the selector needs to choose it."""
    usable = ~candidates.missing
    for name in ("value", "logprob"):
        if name in resolved.needs:
            usable &= ~np.isnan(getattr(candidates, name))
    if "length_tokens" in resolved.needs:
        usable &= candidates.length_tokens > 0
    for need in resolved.needs:
        kind, _, name = need.partition(":")
        if kind == "score":
            usable &= ~np.isnan(candidates.scores[name])
        elif kind == "pairs":
            usable &= compared(candidates.pairs[name], ~candidates.missing)
    return usable & candidates.greedy if "greedy" in resolved.needs else usable


def _columns(candidates: Candidates, *, copied: bool = False) -> list[np.ndarray]:
    """All arrays of the candidates, in one order."""
    plain = [getattr(candidates, f.name) for f in dataclasses.fields(candidates)]
    found = [each for each in plain if isinstance(each, np.ndarray)]
    found += [*candidates.scores.values(), *candidates.pairs.values()]
    return [each.copy() for each in found] if copied else found


def _check_steady(resolved: NamedSelector, candidates: Candidates, weights: FloatArray) -> None:
    again = np.asarray(resolved(candidates))
    _require(_close(again, weights), resolved, "two calls, two results", candidates)
    if "passed" not in resolved.needs:
        flipped = dataclasses.replace(candidates, passed=~candidates.passed)
        blind = _close(np.asarray(resolved(flipped)), weights)
        _require(blind, resolved, "it looks at the verdicts (declare needs='passed')", candidates)


def _check_order(
    resolved: NamedSelector,
    candidates: Candidates,
    weights: FloatArray,
    random: np.random.Generator,
) -> None:
    order = random.permutation(candidates.n)
    moved = np.asarray(resolved(candidates.take(order)))
    _require(
        _close(moved, weights[order]), resolved, "the order of the samples matters", candidates
    )
    if candidates.pairs:  # two samples of equal columns may still meet the others differently
        return
    rows = list(zip(*(map(repr, column.tolist()) for column in _columns(candidates)),
                    strict=True))  # fmt: skip
    first = {row: i for i, row in reversed(list(enumerate(rows)))}
    twins = np.array([first[row] for row in rows], dtype=np.int64)
    _require(
        _close(weights, weights[twins]), resolved, "equal samples, unequal weights", candidates
    )


def _close(a: FloatArray, b: FloatArray) -> bool:
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=0, atol=_TOLERANCE))


def _require(kept: bool, resolved: NamedSelector, what: str, candidates: Candidates) -> None:
    if not kept:
        raise AssertionError(f"selector {resolved.name!r}: {what}, for {candidates}")


def _cases(random: np.random.Generator, trials: int) -> Iterator[Candidates]:
    for n in (0, 1, 2, 5):
        plain = _random(random, n)
        yield plain
        yield dataclasses.replace(plain, missing=np.ones(n, bool))
        yield dataclasses.replace(plain, value=np.full(n, np.nan), logprob=np.full(n, np.nan))
        yield dataclasses.replace(plain, value=np.full(n, 1.0), answer=np.zeros(n, np.int64))
        yield dataclasses.replace(plain, answer=np.full(n, -1))
        yield dataclasses.replace(plain, value=np.linspace(-1e6, 0.0, n) if n else np.zeros(0))
    for _ in range(trials):
        yield _random(random, int(random.integers(1, 13)))


def _with_needs(
    candidates: Candidates, needs: Sequence[str], random: np.random.Generator
) -> Candidates:
    """The candidates with the scores and the pairs that a selector needs, some of them NaN."""
    n, names = candidates.n, [need.partition(":") for need in needs]
    levels = [0.0, 0.25, 0.5, 1.0, 1.0, np.nan]
    return dataclasses.replace(
        candidates,
        scores={name: random.choice(levels, size=n) for kind, _, name in names if kind == "score"},
        pairs={name: random.choice(levels, (n, n)) for kind, _, name in names if kind == "pairs"},
    )


def _random(random: np.random.Generator, n: int) -> Candidates:
    """Candidates with ties, NaNs, missing scores and outputs without an answer."""
    value = random.choice([0.0, 0.25, 0.5, 1.0, 3.0, 700.0, np.nan], size=n)
    return Candidates(
        value=value,
        answer=random.integers(-1, 3, size=n),
        passed=random.random(n) < 0.5,
        length_tokens=random.integers(0, 4, size=n),
        logprob=np.where(random.random(n) < 0.2, np.nan, -random.integers(0, 5, size=n) / 2),
        missing=random.random(n) < 0.2,
        greedy=random.random(n) < 0.3,
    )
