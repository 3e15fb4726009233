"""What a summary says, in sentences: the finding, how to read it, and what to beware of.

Not here: the numbers. Every number in a sentence is one of the summary's estimates or counts.
Try it: `python -m pytest tests/reports/test_finding.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from topdraw.core.estimate import Estimate
from topdraw.reports.lacking import lacking_notes, missing_notes, unfinished, untouched
from topdraw.reports.stopping import spent, stopping_notes
from topdraw.reports.strategies import is_real, phrase

if TYPE_CHECKING:
    from topdraw.analysis.picked import Pick
    from topdraw.analysis.summary import Curve, Summary

_NAMED, _FEW = 5, 30


@dataclass(frozen=True, slots=True)
class Claim:
    """A part of the finding: words, then an estimate.

    Attributes:
        words: what the number is of.
        estimate: the number with its interval.
        after: what follows it, with the space or comma before; "" for nothing.
    """

    words: str
    estimate: Estimate
    after: str = ""


def at(curve: Curve, k: int) -> Estimate | None:
    """The curve's estimate at k; None where it was not measured or is NaN."""
    for each, estimate in zip(curve.k, curve.estimates, strict=True):
        if each == k and math.isfinite(estimate.value):
            return estimate
    return None


def curve_of(summary: Summary, strategy: str) -> Curve | None:
    """The first curve of that strategy; None when the summary has none."""
    return next((curve for curve in summary.curves if curve.strategy == strategy), None)


def at_last(summary: Summary, curve: Curve) -> Estimate | None:
    """The curve's estimate at k = n, or over all that a stopping rule drew."""
    if summary.stopping is None:
        return at(curve, summary.n)
    return curve.drawn if curve.drawn and math.isfinite(curve.drawn.value) else None


def best_real(summary: Summary) -> Curve | None:
    """The real selector with the largest value at last; None when there is none."""
    known = [
        (estimate.value, curve)
        for curve in summary.curves
        if is_real(curve, summary.by) and (estimate := at_last(summary, curve)) is not None
    ]
    return max(known, key=lambda pair: pair[0])[1] if known else None


def finding(summary: Summary) -> list[Claim]:
    """The finding as claims: the best real selector at last, one sample, the oracle.

    Args:
        summary: of a run; claims it cannot support are left out. Where drawing waited for the first
            pass, keeping it comes first and is no oracle.
    """
    claims: list[tuple[str, Estimate | None, str]] = []
    best, stopping = best_real(summary), summary.stopping
    one, oracle = curve_of(summary, "random"), curve_of(summary, "oracle")
    if stopping is not None and stopping.waited and oracle is not None:
        claims.append((spent(stopping), oracle.drawn, ""))
    elif best is not None and (stopping is not None or summary.n > 1):
        drawn = f"{spent(stopping)}," if stopping is not None else _samples(summary.n)
        words, value = f"{drawn} {_chosen(summary, best)}", _honest(summary, best)
        claims.append((words, value, _naive(summary, best)))
    if one is not None and one.k:
        claims.append(("one sample", at(one, one.k[0]), ""))
    if oracle is not None and (stopping is not None or summary.n > 1) and not _waited(summary):
        among = " with all that was drawn" if stopping else f" with {_samples(summary.n)}"
        claims.append(("an oracle would reach", at_last(summary, oracle), among))
    known = [Claim(words, e, after) for words, e, after in claims if e is not None]
    return [replace(known[0], words=_capital(known[0].words)), *known[1:]] if known else []


def _chosen(summary: Summary, best: Curve) -> str:
    """Who chose, after "100 samples "; nobody by name where another half names another."""
    pick = lucky(summary)
    return f"chosen by the best of {pick.among} selectors" if pick else phrase(best)


def _honest(summary: Summary, best: Curve) -> Estimate | None:
    """What the best selector reaches on problems that had no say in picking it."""
    pick = lucky(summary)
    return pick.estimate if pick else at_last(summary, best)


def _naive(summary: Summary, best: Curve) -> str:
    """What the best selector reaches on the problems that picked it, where that was luck."""
    naive = at_last(summary, best) if lucky(summary) else None
    return f" ({_bare(naive)} on the problems it was picked on)" if naive else ""


def lucky(summary: Summary) -> Pick | None:
    """The pick of the best selector, where some halves of the problems pick another one."""
    pick = summary.pick
    return pick if pick is not None and pick.share < 1 else None


def headline(summary: Summary) -> str:
    """The finding as one line of text; says so when nothing could be scored."""
    claims = finding(summary)
    if not claims:
        return "Nothing could be scored yet."
    told = [
        f"{claim.words}{'' if claim.words.endswith('reach') else ':'} {claim.estimate}{claim.after}"
        for claim in claims
    ]
    return "; ".join(told) + headline_end(summary)


def headline_end(summary: Summary) -> str:
    """What a headline closes with: problems left unfinished, samples that are all alike."""
    cold = " Drawn at temperature 0: votes and pass@k cannot gain." if summary.cold else ""
    if summary.cold and _gained(summary):
        cold = " Drawn at temperature 0: only what the server varies can gain."
    return f"{unfinished(summary)}.{cold}"


def _gained(summary: Summary) -> bool:
    """Whether more samples solved more problems."""
    one, oracle = curve_of(summary, "random"), curve_of(summary, "oracle")
    first = at(one, one.k[0]) if one is not None and one.k else None
    last = at_last(summary, oracle) if oracle is not None else None
    return first is not None and last is not None and last.value > first.value + 1e-9


def reading(summary: Summary) -> str:
    """One paragraph that says what the numbers mean.

    Args:
        summary: of a run; sentences it cannot support are left out.
    """
    oracle = curve_of(summary, "oracle")
    # Where a rule stopped the drawing, the first samples may all be wrong and a later one right.
    last = [oracle.drawn] if oracle is not None and oracle.drawn else []
    if oracle is not None and not any(e.value for e in (*oracle.estimates, *last)):
        return "No sample of any problem was correct: there is nothing yet to choose from."
    return " ".join(
        sentence
        for sentence in (
            _coverage(summary),
            _gain(summary),
            _gap(summary),
            _greedy(summary),
            _never(summary),
        )
        if sentence
    )


def beware(summary: Summary) -> list[str]:
    """What a reader must know before believing a number: one sentence each, loudest first."""
    notes = stopping_notes(summary.stopping) if summary.stopping else []
    notes += lacking_notes(summary)
    notes += _made_worse(summary)
    judged = [c.label for c in summary.curves if c.chooser == summary.by and c.strategy != "oracle"]
    if summary.by and judged:
        notes.append(
            f"The scorer {summary.by!r} both chose and graded. What it chose is then an upper "
            "bound like the oracle and not a result; rank with another scorer (--value)."
        )
    return notes + missing_notes(summary) + _unanswered(summary) + _few(summary)


def _unanswered(summary: Summary) -> list[str]:
    """Problems that have samples and are in no number all the same."""
    # Of a table nobody knows how many were wanted: no other note tells of a count of 0.
    empty = untouched(summary) if summary.stopping or summary.wanted else set()
    names = [name for name in summary.unanswered if name not in empty]
    if not names:
        return []
    rest = len(names) - _NAMED
    some = ", ".join(names[:_NAMED]) + (f" and {rest:,} more" if rest > 0 else "")
    return [
        f"{_problems(len(names))} without a single scored "
        f"{'batch' if summary.stopping else 'sample'}, left out of every number: {some}."
    ]


def _few(summary: Summary) -> list[str]:
    """The problems that the numbers stand on, when they are few."""
    answered = summary.problems - len(summary.unanswered)
    if not 0 < answered < _FEW:
        return []
    some = (
        f"{answered:,} of {_problems(summary.problems)} {'is' if answered == 1 else 'are'} in the"
    )
    which = f"{some} numbers" if summary.unanswered else _problems(answered)
    return [f"Only {which}: the intervals are wide and rest on few cases."]


def _made_worse(summary: Summary) -> list[str]:
    """Over-optimisation, where the data show it: choosing among n is worse than not choosing."""
    fallen = [d.a for d in summary.differences if d.b == "random" and d.estimate.high < 0]
    return [
        f"Choosing made it worse: {curve.label} falls from {curve.estimates[0]} at k ="
        f" {curve.k[0]} to "
        + (
            f"{curve.drawn} over all drawn."
            if curve.drawn
            else f"{curve.estimates[-1]} at k = {curve.k[-1]}."
        )
        for curve in summary.curves
        if curve.strategy in fallen and (len(curve.k) > 1 or curve.drawn)
    ]


def _waited(summary: Summary) -> bool:
    return summary.stopping is not None and summary.stopping.waited


def _coverage(summary: Summary) -> str:
    oracle = curve_of(summary, "oracle")
    points = {k: e for k in oracle.k if (e := at(oracle, k)) is not None} if oracle else {}
    n = summary.stopping.reach if summary.stopping else summary.n
    earlier = [k for k in points if k <= n / 2]
    if not earlier or n not in points:
        return ""
    k = max(earlier)
    before, last = points[k], points[n]
    per_doubling = (last.value - before.value) / math.log2(n / k)
    state = "still rises" if per_doubling >= 0.01 else "has levelled off"
    return f"Coverage {state}: {_bare(before)} at k = {k:,}, {_bare(last)} at k = {n:,}."


def _gain(summary: Summary) -> str:
    best, one, stopping = best_real(summary), curve_of(summary, "random"), summary.stopping
    if stopping is not None and stopping.waited:
        best = curve_of(summary, "oracle")
    if best is None or one is None or (stopping is None and summary.n < 2):
        return ""
    reached = at_last(summary, best)
    if stopping is None:
        text = f"The best selector, {best.label}, reaches {reached} with {_samples(summary.n)}"
    elif stopping.waited:
        text = f"Keeping the first pass reaches {reached}"
    else:
        text = f"The best selector, {best.label}, reaches {reached} with all that was drawn"
    against = {d.b: d.estimate for d in summary.differences if d.a == best.strategy}
    pick = lucky(summary) if best.strategy != "oracle" else None
    if pick is not None:
        text += (
            f" on the very problems it was picked on; picked on half of them and valued on the "
            f"other, the best of {pick.among} reaches {pick.estimate}"
        )
        against = {"random": pick.less_random, "greedy": pick.less_greedy}
    gains = [
        f"{_more(against[other])} than {words}"
        for other, words in (("random", "one sample"), ("greedy", "the greedy answer"))
        if other in against and math.isfinite(against[other].value)
    ]
    return f"{text}, {' and '.join(gains)} (paired over problems)." if gains else f"{text}."


def _gap(summary: Summary) -> str:
    # Where nothing chooses, nothing was lost by choosing; and NaN is not above 0 either.
    if (
        best_real(summary) is None
        or not summary.gap.value > 0
        or (summary.stopping is None and summary.n < 2)
    ):
        return ""
    return (
        f"A gap of {summary.gap} to the oracle remains: right answers that were drawn, not chosen."
    )


def _greedy(summary: Summary) -> str:
    """Greedy decoding against a sample, in a sentence."""
    curve = curve_of(summary, "greedy")
    reached = at(curve, curve.k[0]) if curve is not None and curve.k else None
    pairs = {(d.a, d.b): d.estimate for d in summary.differences}
    less = pairs.get(("greedy", "random"))
    if reached is None or less is None or not math.isfinite(less.value):
        return ""
    text = f"Greedy decoding solves {reached}, {_more(less)} than the mean sample"
    if not less.low <= 0 <= less.high:
        return f"{text}."
    return f"{text}: these problems cannot tell the two apart."


def _more(difference: Estimate) -> str:
    """The difference with "more", or turned round with "less"."""
    if difference.value >= 0:
        return f"{difference} more"
    turned = replace(
        difference, value=-difference.value, low=-difference.high, high=-difference.low
    )
    return f"{turned} less"


def _never(summary: Summary) -> str:
    answered = summary.problems - len(summary.unanswered)
    if not answered:
        return ""
    if not summary.never_solved:
        which = "Every problem in the numbers" if summary.unanswered else "Every problem"
        return f"{which} was solved at least once."
    return f"{summary.never_solved:,} of {_problems(answered)} had no correct sample at all."


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _bare(estimate: Estimate) -> str:
    return str(estimate).partition(" ")[0]


def _samples(n: int) -> str:
    return "1 sample" if n == 1 else f"{n:,} samples"


def _problems(n: int) -> str:
    return "1 problem" if n == 1 else f"{n:,} problems"
