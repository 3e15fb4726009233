"""What the paper claims, and whether our data support it, contradict it, or cannot tell.

Not here: its numbers for models that we have too (`beside`).
Try it: `topdraw study monkeys`, panel *Claims*.

References:
    Brown et al. 2024, Large Language Monkeys (arXiv 2407.21787 v3), sections 2 to 4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from topdraw.analysis.cost_budget import AtBudget
from topdraw.analysis.cost_of_k import UNITS
from topdraw.analysis.cost_report import CostComparison
from topdraw.core.estimate import Estimate
from topdraw.studies.monkeys.pairs import BUDGETS, Pair, Passing
from topdraw.studies.monkeys.reading import TOLERANCE, Chosen, Reading

Verdict: TypeAlias = Literal["supports", "contradicts", "cannot tell"]

#: The largest mean error among the eight published fits (figure 5, Llama-3-8B on MiniF2F).
WORST_FIT = 0.0297
#: Exponents of a family this near each other count as one.
PARALLEL = 0.1

RISES = "Coverage rises with every decade of samples"
LINE = "Coverage rises nearly log-linearly"
LAW = "An exponentiated power law describes coverage"
FLAT = "Selection without a verifier saturates, coverage does not"
PASSES = "A weaker model with many samples passes a stronger one with one"
CHEAPER = "At an equal budget a weaker model with more samples can win"
FAMILY = "Curves of a family are shifted, with one slope"
WHERE = {
    RISES: "section 2.1",
    LINE: "abstract, section 3.1",
    LAW: "section 3.1, Figure 5",
    FLAT: "section 4.1, Figure 7",
    PASSES: "section 2.2",
    CHEAPER: "section 2.3, Table 1",
    FAMILY: "section 3.2",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim of the paper on one task.

    Attributes:
        text: what the paper says, in short; a key of `WHERE`.
        task: ours.
        who: the model, or the models.
        verdict: what our data say to it.
        words: why, in a sentence with the interval that decides.
        number: that number.
    """

    text: str
    task: str
    who: str
    verdict: Verdict
    words: str
    number: Estimate


def claims_of(one: Reading) -> list[Claim]:
    """What one model on one task says to the claims about coverage and selection.

    Args:
        one: its reading.
    """
    return [_rises(one), _straight(one), _law(one), *(_flat(one, each) for each in one.chosen)]


def _rises(one: Reading) -> Claim:
    """By the least whole decade: a piece of one at the end brings little whatever the curve does.

    Coverage never falls, so that its gain is always above 0: it has to be above the tolerance.
    """
    whole = [each for each in one.rise.decades if each.end == 10 * each.start]
    least = min(whole or one.rise.decades, key=lambda each: each.gain.value)
    span = f"from k = {least.start:,} to {least.end:,}"
    words = f"least {span}: {_signed(least.gain)}"
    if not whole:
        words = f"{words}; {one.n:,} samples are less than a decade"
        return Claim(RISES, one.task, one.name, "cannot tell", words, least.gain)
    verdict: Verdict = "cannot tell"
    if least.gain.low >= TOLERANCE:
        verdict = "supports"
    elif least.gain.high < TOLERANCE:
        verdict = "contradicts"
    return Claim(RISES, one.task, one.name, verdict, words, least.gain)


def _straight(one: Reading) -> Claim:
    """Nearly log-linear: it rises in every decade, no further off a line than the worst fit is."""
    error, bend = one.rise.line_error, one.rise.bend
    words = (
        f"the best straight line over log k is off by {error} on average; in the middle, at k = "
        f"{one.rise.middle:,}, coverage lies {_signed(bend)} from the line between its ends"
    )
    verdict, rises = fits(error), _rises(one)
    if one.n < 100:
        words = f"{words}; {one.n:,} samples are less than two decades"
        verdict = "cannot tell"
    elif verdict == "supports" and rises.verdict != "supports":
        words = f"{words}; but a level curve is near a line, too: {rises.words}"
        verdict = rises.verdict
    return Claim(LINE, one.task, one.name, verdict, words, error)


def fits(error: Estimate) -> Verdict:
    """Whether a curve is as near as the published fits are, by the interval of its error.

    Args:
        error: mean distance from coverage.

    Examples:
        >>> fits(Estimate(0.01, 0.005, 0.02)), fits(Estimate(0.02, 0.01, 0.04))
        ('supports', 'cannot tell')
    """
    if error.high <= WORST_FIT:
        return "supports"
    return "contradicts" if error.low > WORST_FIT else "cannot tell"


def _law(one: Reading) -> Claim:
    """The law describes coverage where its error is surely no larger than the worst published."""
    error = one.rise.law_error
    if one.law is None:
        words = f"coverage is the same at every k ({error}), so that there is no law"
        return Claim(LAW, one.task, one.name, "cannot tell", words, error)
    words = (
        f"mean error {error}; published fits are off by up to {WORST_FIT:g}, the best straight "
        f"line over log k by {_signed(one.rise.less)} more than the law"
    )
    return Claim(LAW, one.task, one.name, fits(error), words, error)


def _flat(one: Reading, chosen: Chosen) -> Claim:
    """Selection saturates where, over the last decade, coverage surely gains more than it."""
    flat, behind = chosen.flat, chosen.behind
    from_k = f"flat from k = {flat.k} on" if flat.reached else f"not flat by k = {flat.last:,}"
    words = (
        f"from k = {chosen.since:,} to {flat.last:,} coverage gains {_signed(behind)} more than "
        f"{told(chosen)} ({_signed(chosen.gain)}; {from_k})"
    )
    verdict: Verdict = "cannot tell"
    if behind.low > 0:
        verdict = "supports"
    elif behind.high < 0:
        verdict = "contradicts"
    return Claim(FLAT, one.task, one.name, verdict, words, behind)


def told(chosen: Chosen) -> str:
    """A selector in words, with what it goes by.

    Args:
        chosen: of a reading.
    """
    words = {
        "majority": "majority vote",
        "best_of_n": "best of k",
        "weighted_majority": "weighted vote",
    }
    by = f" by {chosen.ranked_by}" if chosen.ranked_by else ""
    return words.get(chosen.selector, chosen.selector) + by


def claims_of_pair(two: Pair) -> list[Claim]:
    """What two models on one task say to the claims about weak models and budgets.

    Args:
        two: the pair.
    """
    found = [_passes(two.passing)]
    found += [
        _cheaper(two, each)
        for each in two.at_equal
        if each.strategy == "oracle" and (each.unit in BUDGETS or not two.units & BUDGETS)
    ]
    if not math.isnan(two.slope.value):
        found.append(_family(two))
    return found


def _who(passing: Passing) -> str:
    return f"{passing.weak} / {passing.strong}"


def _passes(one: Passing) -> Claim:
    spent = ", ".join(
        f"{each.ratio:.3g} times its {UNITS[unit]}"
        for unit, each in one.cost.items()
        if unit in BUDGETS or not one.cost.keys() & BUDGETS
    )
    if one.sure is not None:
        words = (
            f"{one.weak} with {one.sure:,} samples solves {one.less} more than {one.strong} with "
            f"one{f' ({spent})' if spent else ''}"
        )
        return Claim(PASSES, one.task, _who(one), "supports", words, one.less)
    words = (
        f"{one.weak} with {one.most:,} samples is {_signed(one.less)} from {one.strong} with one"
    )
    verdict: Verdict = "contradicts" if one.less.high < 0 else "cannot tell"
    return Claim(PASSES, one.task, _who(one), verdict, words, one.less)


def _cheaper(two: Pair, found: CostComparison) -> Claim:
    """The weaker model is the first of the comparison."""
    best = clearest(found)
    one, unit = two.passing, UNITS[found.unit]
    if best is None:
        words = f"no budget of {unit} buys a sample of both"
        return Claim(CHEAPER, one.task, _who(one), "cannot tell", words, Estimate(math.nan))
    at, p = best
    words = (
        f"at equal {unit}, {found.a} with {at.a.k:,} less {found.b} with {at.b.k:,} is "
        f"{_signed(at.difference)} (adjusted p {p:.2g}; clearest of {len(found.budgets)} budgets)"
    )
    verdict: Verdict = "cannot tell"
    if p < 1 - found.level:
        verdict = "supports" if at.difference.value > 0 else "contradicts"
    return Claim(CHEAPER, one.task, _who(one), verdict, words, at.difference)


def clearest(found: CostComparison) -> tuple[AtBudget, float] | None:
    """The budget at which two models can be told apart best, with its adjusted p.

    Args:
        found: two models at equal budgets.

    Returns:
        None where no budget buys a sample of both.
    """
    known = [
        (at, p)
        for at, p in zip(found.budgets, found.adjusted_p, strict=True)
        if math.isfinite(at.difference.value)
    ]
    return min(known, key=lambda pair: (pair[1], -abs(pair[0].difference.value)), default=None)


def _family(two: Pair) -> Claim:
    one = two.passing
    words = f"exponent b of {one.weak} less that of {one.strong} is {_signed(two.slope)}; "
    words += f"one slope is within {PARALLEL:g}"
    return Claim(FAMILY, one.task, _who(one), within(two.slope, PARALLEL), words, two.slope)


def within(number: Estimate, most: float) -> Verdict:
    """Whether a difference is small, by its interval.

    Args:
        number: a difference.
        most: the largest that counts as none.

    Examples:
        >>> within(Estimate(0.02, -0.03, 0.07), 0.1), within(Estimate(0.3, 0.2, 0.4), 0.1)
        ('supports', 'contradicts')
        >>> within(Estimate(0.05, -0.2, 0.3), 0.1)
        'cannot tell'
    """
    if -most <= number.low and number.high <= most:
        return "supports"
    if number.low > most or number.high < -most:
        return "contradicts"
    return "cannot tell"


def _signed(number: Estimate) -> str:
    """An estimate with its sign, as a difference is told."""
    return f"+{number}" if number.value > 0 else str(number)


def counted(found: Sequence[Claim]) -> dict[str, dict[Verdict, int]]:
    """For each claim how many of our rows say what, in the order of the paper.

    Args:
        found: claims of all models and tasks.
    """
    told: dict[str, dict[Verdict, int]] = {}
    for text in WHERE:
        each = [one.verdict for one in found if one.text == text]
        if each:
            told[text] = {verdict: each.count(verdict) for verdict in dict.fromkeys(each)}
    return told
