"""Panels of single sets: greedy against sampled, categories, shares of problems, lengths, claims.

Not here: the numbers (`studies.greedy.reading`), other panels of the study (`study_greedy`).
Try it: `python -m pytest tests/reports/test_greedy_sets.py`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from topdraw.analysis.variability import Variation
from topdraw.core.estimate import Estimate
from topdraw.reports.difference_figure import difference_figure
from topdraw.reports.frame import NARROW, WIDE
from topdraw.reports.panel import Panel
from topdraw.reports.tabular import Cell, Tabular
from topdraw.reports.visible import plain
from topdraw.studies.greedy.claims import Claim, pooled_spread, standing
from topdraw.studies.greedy.reading import GreedyReading, SampledSet

_MOST_ROWS, _MOST_NAMED = 24, 4
_HEADS = (
    "problems",
    "greedy",
    "one sample (mean)",
    "greedy less sampled",
    "full runs",
    "std of full runs",
    "std by chance",
    "p (std)",
    "gap of full runs",
)
_HOW = (
    "Greedy is the share of problems whose one answer at temperature 0 is correct; one sample "
    "(mean) the mean over problems of the share of their samples that is. Their difference is "
    "paired over problems, with a sign-flip test; it stands (a full dot) when its p-value among "
    "all sets (Holm) is below 1 less the level and zero lies outside its interval. A full run is "
    "one sample of every problem. Std is that of the population of full runs, as papers print it, "
    "with a chi-square interval; by chance is what samples that are independent between problems "
    "would show (a model: sqrt(sum p(1-p)) / P), and p how often chance alone makes more. Gap is "
    "the best full run less the worst: of runs seen, so without an interval, and it grows with "
    "their number."
)


def sets_told(reading: GreedyReading) -> str:
    """The finding in one sentence: where greedy answers differ from the mean sample.

    Args:
        reading: of the study.
    """
    known = [one for one in reading.sets if math.isfinite(one.difference.value)]
    if not known:
        best = max(reading.sets, key=lambda one: one.sampled.value)
        return (
            f"One sample of {best.label} is right on {best.sampled} of problems; "
            f"{_spread_told(reading)}; no set has greedy answers."
        )
    sure = standing(known, reading.level)
    largest = max(sure or known, key=lambda one: abs(one.difference.value))
    gap = largest.difference
    whole = largest.variability.overall if largest.variability else None
    numbers = f"greedy {whole.greedy}, one sample {whole.sampled}" if whole else ""
    if not sure:
        return (
            f"Greedy decoding and sampling cannot be told apart in {_any_of(len(known))}; the "
            f"largest difference is {gap} ({largest.label}: {numbers})."
        )
    better = sum(one.difference.value > 0 for one in sure)
    worse = len(sure) - better
    told = f"Greedy decoding beats the mean sample in {better} of {_many(len(known), 'set')}"
    if not better:
        told = f"The mean sample beats greedy decoding in {worse} of {_many(len(known), 'set')}"
    elif worse:
        told += f" and loses in {worse}"
    return f"{told}, most on {largest.label}, by {gap} ({numbers})."


def _any_of(count: int) -> str:
    return "the one set there is" if count == 1 else f"any of {count:,} sets"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _spread_told(reading: GreedyReading) -> str:
    ratio = pooled_spread(reading.sets, reading.level)
    if math.isnan(ratio.value):
        return "there are no two full runs to compare"
    return f"full runs lie {ratio} times as far apart as chance makes them"


def set_panels(reading: GreedyReading) -> list[Panel]:
    """Greedy against sampled first; then categories, shares and lengths where there are any.

    Args:
        reading: of the study.
    """
    made = (_categories(reading.sets), _shares(reading.sets), _lengths(reading.sets))
    return [_greedy(reading), *(one for one in made if one is not None)]


def _greedy(reading: GreedyReading) -> Panel:
    sure = standing(reading.sets, reading.level)
    known = [one for one in reading.sets if math.isfinite(one.difference.value)][:_MOST_ROWS]
    rows = [(one.label, one.difference) for one in known]
    figures = (
        difference_figure(
            rows, "greedy less the mean sample", size, stands=[one in sure for one in known]
        )
        for size in (WIDE, NARROW)
    )
    return Panel(
        "greedy",
        "Greedy against sampled",
        _stands_told(reading),
        figures=tuple(svg for svg in figures if svg),
        table=Tabular(("task", "model", *_HEADS), tuple(map(_row, reading.sets))),
        how=_HOW,
        notes=tuple(_spread_notes(reading)),
    )


def _stands_told(reading: GreedyReading) -> str:
    """Which differences stand, and how far apart full runs lie."""
    known = [one for one in reading.sets if math.isfinite(one.difference.value)]
    if not known:
        return f"No set has greedy answers; {_spread_told(reading)}."
    sure = standing(known, reading.level)
    told = "; ".join(f"{one.label} {one.difference}" for one in sure[:_MOST_NAMED])
    more = f" and {len(sure) - _MOST_NAMED} more" if len(sure) > _MOST_NAMED else ""
    stands = f"stands on {told}{more}" if sure else "stands nowhere"
    return f"Greedy less the mean sample {stands}; {_spread_told(reading)}."


def _row(one: SampledSet) -> tuple[Cell, ...]:
    found = one.variability
    if found is None:
        return (one.task, one.name, len(one.drawn.keys), None, one.sampled, *(None,) * 6)
    return (one.task, one.name, *_numbers(found.overall))


def _numbers(one: Variation) -> tuple[Cell, ...]:
    apart = one.spread
    runs: tuple[Cell, ...] = (None,) * 5
    if apart is not None:
        runs = (apart.runs, apart.std, apart.chance_std, apart.by_chance, apart.gap)
    return (one.problems, one.greedy, one.sampled, one.difference, *runs)


def _spread_notes(reading: GreedyReading) -> Iterator[str]:
    for one in reading.sets:
        apart = one.variability.overall.spread if one.variability else None
        if apart is not None and apart.left_out:
            lack = "1 index lacks" if apart.left_out == 1 else f"{apart.left_out:,} indices lack"
            yield f"{one.label}: {lack} the verdict of some problem."


def _categories(sets: Sequence[SampledSet]) -> Panel | None:
    rows = [
        (one.task, one.name, plain(each.name, 60), *_numbers(each))
        for one in sets
        if one.variability is not None
        for each in one.variability.categories
    ]
    if not rows:
        return None
    wide = [
        (f"{task}, {name}: {kind}", gap)
        for task, name, kind, _, _, _, gap, *_ in rows
        if isinstance(gap, Estimate) and (gap.low > 0 or gap.high < 0)
    ]
    wide.sort(key=lambda pair: -abs(pair[1].value))
    known = sum(isinstance(row[6], Estimate) and math.isfinite(row[6].value) for row in rows)
    if not known:
        claim = f"{len(rows)} categories; none has greedy answers."
    elif wide:
        name, gap = wide[0]
        claim = (
            f"In {len(wide)} of {known} categories zero lies outside the interval of greedy less "
            f"sampled, which chance alone makes of about 1 in 20; the largest is {gap} ({name})."
        )
    else:
        claim = f"In none of {known} categories does zero lie outside the interval."
    return Panel(
        "categories",
        "By category",
        claim,
        table=Tabular(("task", "model", "category", *_HEADS), tuple(rows)),
        how=_HOW + " Intervals are of each category by itself.",
    )


def _shares(sets: Sequence[SampledSet]) -> Panel | None:
    known = [(one, one.shares) for one in sets if one.shares is not None]
    if not known:
        return None
    rows = tuple(
        (
            one.task,
            one.name,
            shares.problems,
            shares.one.greedy,
            shares.one.tie,
            shares.one.sampled,
            shares.majority.greedy,
            shares.majority.tie,
            shares.majority.sampled,
        )
        for one, shares in known
    )
    one, shares = max(known, key=lambda pair: 1 - pair[1].one.tie.value)
    return Panel(
        "shares",
        "Wins and ties, problem by problem",
        f"On {one.label}, the greedy answer beats one random sample on {shares.one.greedy} of "
        f"problems, ties on {shares.one.tie} and loses on {shares.one.sampled}.",
        table=Tabular(
            (
                "task",
                "model",
                "problems",
                "greedy better than a sample",
                "tie",
                "sample better",
                "greedy right, most samples wrong",
                "same",
                "greedy wrong, most samples right",
            ),
            rows,
        ),
        how=(
            "Against one random sample, a problem counts g (1 - p) as a win and (1 - g) p as a "
            "loss, with the greedy verdict g and the share p of its samples that is correct: the "
            "mean over all samples, none is picked. The last three columns ask whether the greedy "
            "answer does what most samples do. Wilson intervals over problems."
        ),
    )


def _lengths(sets: Sequence[SampledSet]) -> Panel | None:
    found = [
        (one, one.variability.lengths)
        for one in sets
        if one.variability is not None and math.isfinite(one.variability.lengths.sampled.value)
    ]
    if not found:
        return None
    both = [(one, each) for one, each in found if _finite(each.greedy_less_sampled)]
    claim = "No greedy answers to compare the lengths of samples with."
    if both:
        one, each = max(both, key=lambda pair: abs(pair[1].greedy_less_sampled.value))
        gap = each.greedy_less_sampled
        sure = sum(_away(each.greedy_less_sampled) for _, each in both)
        longer = "longer" if gap.value > 0 else "shorter"
        claim = (
            f"Greedy answers and samples differ in length in {sure} of {_many(len(both), 'set')}; "
            f"most on {one.label}, where greedy answers are {longer}: {each.greedy} tokens "
            f"against {each.sampled} (difference {gap})."
        )
    return Panel(
        "lengths",
        "Lengths",
        claim,
        table=Tabular(
            (
                "task",
                "model",
                "greedy (tokens)",
                "sampled",
                "greedy less sampled",
                "correct samples",
                "wrong samples",
                "correct less wrong",
            ),
            tuple(
                (
                    one.task,
                    one.name,
                    each.greedy,
                    each.sampled,
                    each.greedy_less_sampled,
                    each.correct,
                    each.wrong,
                    each.correct_less_wrong,
                )
                for one, each in found
            ),
        ),
        how=(
            "Output tokens, a mean over problems with Student's interval. Differences are within "
            "problems: they do not say that hard problems have long outputs. Correct and wrong: "
            "over problems that have both. Each interval is of one set by itself."
        ),
    )


def _finite(one: Estimate) -> bool:
    return math.isfinite(one.value)


def _away(one: Estimate) -> bool:
    return one.low > 0 or one.high < 0


def claims_panel(found: Sequence[Claim]) -> Panel:
    """What the paper claims, and whether our samples support it.

    Args:
        found: every claim.
    """
    counts = Counter(one.verdict for one in found)
    return Panel(
        "claims",
        "The paper's claims against these samples",
        f"Of {len(found)} claims of the paper these samples support {counts['supported']} and "
        f"contradict {counts['contradicted']}; on {counts['cannot tell']} they cannot tell.",
        table=Tabular(
            ("claim", "these samples", "decided by", "source"),
            tuple((one.text, one.verdict, f"{one.decided_by}.", one.source) for one in found),
        ),
        how=(
            "A claim is supported or contradicted by intervals alone: a difference counts where it "
            "stands among all that were looked at (Holm over sets; Bonferroni over the values of "
            "a setting). Where the intervals leave both open, the samples cannot tell. A model "
            "and a task of one's own can support a claim; they cannot prove it for others."
        ),
    )
