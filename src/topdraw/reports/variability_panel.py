"""The panel "greedy against sampled": accuracy under both, and the spread of full runs.

Not here: the numbers (`analysis.variability`), markup (`panels`).
Try it: `python -m pytest tests/reports/test_variability_panel.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from topdraw.core.estimate import Estimate
from topdraw.errors import ConfigError
from topdraw.reports.frame import NARROW, WIDE
from topdraw.reports.panel import Panel
from topdraw.reports.tabular import Tabular
from topdraw.reports.variability_figure import variation_figure
from topdraw.reports.visible import plain

if TYPE_CHECKING:
    from topdraw.analysis.summary import Summary
    from topdraw.analysis.variability import Flip, Variability, Variation
    from topdraw.analysis.variability_repeats import Determinism
    from topdraw.store.evidence import Evidence

#: Keys of a problem's metadata that name its kind, the first that fits is shown.
CATEGORIES = ("category", "subject", "type", "level", "difficulty", "family", "topic")
_MOST_CATEGORIES, _MOST_NAMED = 30, 5


def variability_panel(evidence: Evidence, summary: Summary) -> Panel | None:
    """Greedy decoding against sampling, per category where problems have one.

    Args:
        evidence: a scored run, or a table of scored samples.
        summary: of the same.

    Returns:
        None of counts, and where there is neither a greedy output nor a second full run.

    Raises:
        StoreError: if the run cannot be read.
    """
    from topdraw.analysis.variability import variability
    from topdraw.analysis.variability_repeats import repeats_of

    try:
        found = variability(evidence, by=summary.by, category=category_of(evidence))
    except ConfigError:  # counts, or nothing scored among the first samples
        return None
    if math.isnan(found.overall.greedy.value) and found.overall.spread is None:
        return None
    return panel_of(found, repeats_of(evidence, by=summary.by))


def category_of(evidence: Evidence) -> str:
    """The key of the metadata that parts the problems into at most thirty kinds; "" without one.

    Args:
        evidence: a run or a table.
    """
    problems = evidence.problems.values()
    for name in CATEGORIES:
        kinds = {str(one.metadata[name]) for one in problems if name in one.metadata}
        if 2 <= len(kinds) <= _MOST_CATEGORIES:
            return name
    return ""


def panel_of(found: Variability, repeats: Determinism | None = None) -> Panel:
    """The panel of these numbers.

    Args:
        found: of a run.
        repeats: what its repeated greedy draws showed, where its samples are such.
    """
    figures = tuple(variation_figure(found.overall, layout) for layout in (WIDE, NARROW))
    return Panel(
        key="greedy",
        title=_title(found, repeats),
        claim=str(repeats) if repeats else greedy_sentence(found.overall),
        figures=figures if figures[0] else (),
        table=_table(found),
        how=_how(found),
        notes=tuple(_notes(found)),
    )


def _title(found: Variability, repeats: Determinism | None) -> str:
    if repeats:
        return "Repeats at temperature 0"
    is_sampled = math.isnan(found.overall.greedy.value)
    return "Full runs" if is_sampled else "Greedy against sampled"


def greedy_sentence(one: Variation) -> str:
    """Whether greedy decoding and sampling differ, in one sentence.

    Args:
        one: of all problems.
    """
    if math.isnan(one.difference.value):
        if one.spread is None:
            return f"One sample is right on {one.sampled} of problems."
        return (
            f"One sample is right on {one.sampled} of problems; {one.spread.runs} full runs lie "
            f"between {one.spread.worst.value:.3f} and {one.spread.best.value:.3f}."
        )
    told = f"Greedy decoding is right on {one.greedy} of problems, one sample on {one.sampled}"
    gap = one.difference
    if gap.low <= 0 <= gap.high:
        return f"{told}: they cannot be told apart (difference {gap})."
    better = "greedy" if gap.value > 0 else "sampling"
    return f"{told}: {better} is better (difference {gap})."


def _table(found: Variability) -> Tabular:
    """One row for all problems and one for each category, in the columns of the paper."""
    rows = [_row("all problems", found.overall)]
    rows += [_row(plain(one.name, 60), one) for one in found.categories]
    return Tabular(
        (
            found.category or "set",
            "problems",
            "greedy",
            "one sample (mean)",
            "greedy less sampled",
            "std of full runs",
            "std by chance",
            "gap of full runs",
        ),
        tuple(rows),
    )


def _row(name: str, one: Variation) -> tuple[str | int | Estimate | None, ...]:
    apart = one.spread
    known = (apart.std, apart.chance_std, apart.gap) if apart else (None,) * 3
    return (name, one.problems, one.greedy, one.sampled, one.difference, *known)


def _how(found: Variability) -> str:
    apart = found.overall.spread
    told = (
        f"Correct is what {found.by} says. The difference is paired over problems, between the "
        "greedy verdict and the share of the problem's samples that is correct. "
    )
    if apart is not None:
        made = (
            "the j-th scored sample of every problem"
            if apart.closed_up
            else "the samples of one index, of all problems"
        )
        told += (
            f"A full run is {made}: {apart.runs} of them. Std is that of the population of runs, "
            "as papers print it, with a chi-square interval; by chance is what samples that are "
            "independent between problems would show (a model: sqrt(sum p(1-p)) / P). "
        )
    return told


def _notes(found: Variability) -> Iterable[str]:
    apart, length = found.overall.spread, found.lengths
    if apart is not None and apart.left_out:
        lacking = "1 index lacks" if apart.left_out == 1 else f"{apart.left_out:,} indices lack"
        made = (
            f"run j of {apart.runs:,} is therefore the j-th scored sample of each problem"
            if apart.closed_up
            else f"full runs are the {apart.runs:,} others"
        )
        yield f"{lacking} the verdict of some problem: {made}."
    if apart is not None and apart.std.low > apart.chance_std.value > 0:
        yield (
            f"Full runs lie further apart than independent samples would (std {apart.std} against "
            f"{apart.chance_std.value:.3f}): chance alone does so {_once_in(apart.by_chance)}. If "
            "it is not chance, something that all samples of one run share moves them."
        )
    if apart is not None and apart.gap.value > 0:
        yield (
            f"Who draws once reports something between {apart.worst.value:.3f} and "
            f"{apart.best.value:.3f}: a gap of {apart.gap.value:.3f} over {apart.runs} full runs, "
            f"where chance alone makes about {apart.chance_gap.value:.3f}."
        )
    for flips, what in (
        (found.greedy_only, "Greedy is right and most samples are wrong"),
        (found.sampled_only, "Greedy is wrong and most samples are right"),
    ):
        if flips:
            yield f"{what} on {_many(len(flips))}: {_named(flips)}."
    if not math.isnan(length.greedy_less_sampled.value):
        yield (
            f"Greedy outputs have {length.greedy} tokens, sampled ones {length.sampled} "
            f"(difference {length.greedy_less_sampled})."
        )
    lost = found.missing + found.greedy_missing
    if lost:
        yield f"Outputs without a score, which are in no number: {lost:,}."


def _once_in(probability: float) -> str:
    if not probability >= 1e-6:
        return "less than once in a million"
    return f"about once in {float(f'{1 / probability:.2g}'):,.0f}"


def _many(count: int) -> str:
    return f"{count:,} problem{'' if count == 1 else 's'}"


def _named(flips: Sequence[Flip]) -> str:
    told = ", ".join(
        f"{plain(one.problem_id, 40)} ({one.sampled:.0%} of samples)" for one in flips[:_MOST_NAMED]
    )
    more = len(flips) - _MOST_NAMED
    return told + (f" and {more} more" if more > 0 else "")
