"""What a stored stopping rule does to estimates: how far it got, and coverage in spite of it.

Not here: the rule (`core.until`), drawing by it (`sampling.stopping`), runs (`analysis.stopped`).
Try it: `python -m pytest tests/analysis/test_stopping.py`.

Where drawing stops once a problem is solved, hard problems have more samples than easy ones and the
last sample is a right one: c / n and everything made of it is biased. Three numbers are not.

- *Coverage*, when the rule waits for a pass by the verifier that counts: `stopped_coverage`.
- Anything over the first samples of a problem, those that no rule can have prevented: `guaranteed`.
- What a strategy makes of all that was drawn, as the value of drawing like that and no other way.

All this is of problems that the rule has ended. What is under way when a draw is interrupted is
harder than the rest; until it is drawn to its end, numbers are of what there is, and say so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.coverage import coverage_curve
from topdraw.analysis.samples_used import require_samples, whole_k
from topdraw.core.classes import classes, equivalence
from topdraw.core.records import FloatArray, Score
from topdraw.core.until import Until
from topdraw.errors import DomainError
from topdraw.sampling.best import can_be_settled, is_best_settled
from topdraw.sampling.stopping import is_settled


def stopped_coverage(
    before: ArrayLike, last: ArrayLike, correct: ArrayLike, ks: Sequence[int]
) -> FloatArray:
    """pass@k of each problem whose samples were drawn in batches until the first pass.

    phi_k = 0 for k <= m, 1 - C(b-c, k-m) / C(b, k-m) for k = m+1..m+b, and beyond it 1 if c > 0:
    no batch before the last held a pass, and within the last the order is exchangeable, because the
    rule looks at whole batches. E phi_k = 1 - (1-p)^k for every k up to the cap; that is the only
    function of (m, c) with this expectation. At k = 1 it is c / b of the first batch, never c / n.

    Args:
        before: shape (problems,), m >= 0. Scored samples in the batches before the last.
        last: shape (problems,), b >= 0. Scored samples in the last batch.
        correct: shape (problems,), 0 <= c <= b. Those of the last batch that passed.
        ks: each >= 1, and at most m + b for problems with c = 0.

    Returns:
        Shape (problems, len(ks)), in [0, 1].

    Raises:
        DomainError: if a k is out of range, m < 0, or c outside 0..b.

    Examples:
        >>> stopped_coverage([4], [2], [1], [1, 4, 5, 6, 99])
        array([[0. , 0. , 0.5, 1. , 1. ]])

    References:
        Girshick, Mosteller & Savage 1946, Unbiased estimates for certain binomial sampling
        problems with applications; Haldane 1945 for batches of one.
    """
    m, b, c = (np.asarray(x, dtype=np.int64) for x in np.broadcast_arrays(before, last, correct))
    k = np.array([whole_k(each) for each in ks], dtype=np.int64)
    if (c < 0).any() or (c > b).any() or (m < 0).any():
        raise DomainError(f"Batches need m >= 0 and 0 <= c <= b; got m={m}, b={b}, c={c}.")
    never = c == 0
    names = [f"problem {at}" for at in np.flatnonzero(never)]
    for asked in {int(k.min(initial=1)), int(k.max(initial=1))}:
        require_samples(names, (m + b)[never], asked, f"pass@{asked}")
    curve = np.where(never[:, None], 0.0, (k > m[:, None]).astype(float))
    for start, size in sorted({(int(x), int(y)) for x, y in zip(m, b, strict=True)}):
        here = (m == start) & (b == size)
        inside = (k > start) & (k <= start + size)
        if inside.any():
            found = coverage_curve(b[here], c[here], (k[inside] - start).tolist())
            curve[np.ix_(here, inside)] = found
    return curve


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far a stopping rule got with one problem.

    Attributes:
        drawn: samples 0..drawn-1 are those it looked at: whole batches.
        before: those of them before the last batch; all of them where no batch ended it.
        ended: whether it ended the problem; else more are to be drawn.
    """

    drawn: int
    before: int
    ended: bool


def outcome(until: Until, cap: int, scores: Sequence[Score]) -> Outcome:
    """What the rule makes of a problem's samples, look by look as they were drawn.

    Args:
        until: the rule.
        cap: most samples of a problem, >= 1.
        scores: by `until.by`, of samples 0, 1, ... without a gap. Those after the end of the rule,
            and those of a batch that is not complete, make no difference.

    Examples:
        >>> outcome(Until("pass", by="x"), 8, [Score.verdict(False), Score.verdict(True)])
        Outcome(drawn=2, before=1, ended=True)
    """
    seen, votes = 0, Counter[int]()
    joined = classes([score.answer for score in scores], equivalence(until.by))
    for end in _looks(until.batch, cap):
        if end > len(scores):
            return Outcome(seen, seen, ended=False)
        new = scores[seen:end]
        votes.update(one for one in joined[seen:end] if one >= 0)
        passed = until.rule == "pass" and any(score.passed for score in new)
        settled = until.rule == "settled" and is_settled(until, votes, cap - end)
        best = until.rule == "best" and is_best_settled(
            until, [score.value for score in scores[:end]], cap - end
        )
        if passed or settled or best or end == cap:
            return Outcome(end, seen, ended=True)
        seen = end
    raise DomainError(f"A problem has at most {cap} samples; it must be at least 1.")


def guaranteed(until: Until, cap: int) -> int:
    """Samples that every problem has, whatever they hold: up to the first look that can end it.

    Args:
        until: the rule.
        cap: most samples of a problem, >= 1.

    Examples:
        >>> guaranteed(Until("pass", by="x", batch=4), 100)
        4
        >>> guaranteed(Until("settled", by="x", batch=1, confidence=0.95), 100)
        4
    """
    for end in _looks(until.batch, cap):
        if until.rule == "best":
            can = can_be_settled(until, end, cap - end)
        else:
            can = until.rule == "pass" or is_settled(until, Counter({0: end}), cap - end)
        if can:
            return end
    return cap


def _looks(batch: int, cap: int) -> Iterator[int]:
    yield from range(batch, cap, batch)
    if cap >= 1:
        yield cap
