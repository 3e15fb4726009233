"""Selectors made of selectors: filter then choose, break ties, mix.

Not here: the parts. A part is named by its spec: `filter(tests, mix(majority, best_of_n))`.
Try it: `topdraw select RUN --selector "cascade(majority, best_of_n)"`.
"""

from __future__ import annotations

import numpy as np

from topdraw.core.records import BoolArray, Candidates, FloatArray
from topdraw.core.registry import selector
from topdraw.errors import DomainError
from topdraw.selection.resolve import Chooser, NamedSelector, part_of

#: What `filter` calls the ranking scorer's own value.
OWN_VALUE = "value"


@selector("filter")
def filtered(
    candidates: Candidates,
    /,
    *,
    by: str = OWN_VALUE,
    then: Chooser = "best_of_n",
    least: float = 0.5,
) -> FloatArray:
    """Choose by another selector among the samples that pass a check.

    A sample passes when the score by `by` is at least `least`: a verdict counts 1 when passed, so
    that 0.5 asks for a pass. Where none passes, or the other selector chooses none of those that
    do, it chooses among all. The check should be one that a user has: a public test, not the
    verifier by which the choice is judged.

    Args:
        candidates: the samples of one problem.
        by: the scorer that checks; "value" is the one that ranks.
        then: what chooses among those that pass.
        least: smallest score that passes.

    Returns:
        Shape (n,); all 0 when the other selector chooses nobody. A sample without a score by `by`
        does not pass.

    Raises:
        DomainError: if `least` is NaN.
        ConfigError: if `then` is greedy.

    References:
        Filter by the example tests, then choose: Li et al. 2022 (arXiv 2203.07814).
    """
    if np.isnan(least):
        raise DomainError("least is NaN; it must be a number.")
    part = part_of("filter", then)
    scores = candidates.value if by == OWN_VALUE else candidates.scores.get(by)
    if scores is None:
        return np.zeros(candidates.n)
    kept = ~candidates.missing & (scores >= least)
    weights = _among(candidates, kept, part)
    return weights if weights.any() else part(candidates)


def _filter_needs(*, by: str = OWN_VALUE, **_: object) -> tuple[str, ...]:
    return (OWN_VALUE,) if by == OWN_VALUE else (f"score:{by}",)


def _filter_parts(*, then: Chooser = "best_of_n", **_: object) -> tuple[NamedSelector, ...]:
    return (part_of("filter", then),)


filtered.needs_with = _filter_needs  # type: ignore[attr-defined]  # read when resolved
filtered.parts_with = _filter_parts  # type: ignore[attr-defined]  # read when resolved


@selector("cascade")
def cascade(
    candidates: Candidates, /, *, a: Chooser = "majority", b: Chooser = "best_of_n"
) -> FloatArray:
    """Choose by one selector, and by another among those that it does not tell apart.

    b chooses among the samples that a gives any weight, all samples of a winning answer for a
    vote; so `cascade(majority, best_of_n)` is the best sample of the commonest answer. Where b
    chooses nobody among them the weights of a stand; where a chooses nobody, b chooses among all.

    Args:
        candidates: the samples of one problem.
        a: what chooses first.
        b: what chooses among those.

    Returns:
        Shape (n,); all 0 when both choose nobody.

    Raises:
        ConfigError: if a part is greedy.
    """
    first, second = (part_of("cascade", each) for each in (a, b))
    weights = first(candidates)
    if not weights.any():
        return second(candidates)
    chosen = _among(candidates, weights > 0, second)
    return chosen if chosen.any() else weights


def _cascade_parts(
    *, a: Chooser = "majority", b: Chooser = "best_of_n"
) -> tuple[NamedSelector, ...]:
    return (part_of("cascade", a), part_of("cascade", b))


cascade.parts_with = _cascade_parts  # type: ignore[attr-defined]  # read when resolved


@selector("mix")
def mix(
    candidates: Candidates,
    /,
    *,
    a: Chooser = "majority",
    b: Chooser = "best_of_n",
    share: float = 0.5,
) -> FloatArray:
    """Choose by one selector with some probability, by another otherwise.

    share * a + (1 - share) * b: its expected accuracy is the same mixture of theirs. Where one
    chooses nobody the other has all the weight. It hedges; it is never better than the better one.

    Args:
        candidates: the samples of one problem.
        a: one selector.
        b: the other.
        share: probability of the first, in [0, 1].

    Returns:
        Shape (n,); all 0 when both choose nobody.

    Raises:
        DomainError: if the share is outside [0, 1].
        ConfigError: if a part is greedy.
    """
    if not 0 <= share <= 1:
        raise DomainError(f"share must lie in [0, 1]; {share} does not.")
    first, second = (part_of("mix", each)(candidates) for each in (a, b))
    if not (first.any() and second.any()):
        return first + second
    return share * first + (1 - share) * second


def _mix_parts(
    *, a: Chooser = "majority", b: Chooser = "best_of_n", **_: object
) -> tuple[NamedSelector, ...]:
    return (part_of("mix", a), part_of("mix", b))


mix.parts_with = _mix_parts  # type: ignore[attr-defined]  # read when resolved


def _among(candidates: Candidates, kept: BoolArray, part: NamedSelector) -> FloatArray:
    """The weights of a selector that sees these candidates alone."""
    places = np.flatnonzero(kept)
    weights = np.zeros(candidates.n)
    weights[places] = part(candidates.take(places))
    return weights
