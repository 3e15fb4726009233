"""What a page and a table say of samples that are not there: not drawn, not scored yet, missing.

Not here: counting them (`analysis.summary`), what a stopping rule leaves open (`stopping`).
Try it: `python -m pytest tests/reports/test_lacking.py`.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from topdraw.analysis.summary import ProblemRow, Summary


def samples_drawn(summary: Summary) -> str:
    """How many samples there are, of how many where drawing stopped short of them."""
    short = _short(summary)
    of = f"{summary.samples:,} of " if short else ""
    return of + _samples(summary.samples + short)


def unfinished(summary: Summary) -> str:
    """The end of a headline, " (7 of 10 problems unfinished)"; "" unless a rule left some."""
    stopping = summary.stopping
    count = len(stopping.unfinished) + len(stopping.untouched) if stopping else 0
    return f" ({count:,} of {_problems(summary.problems)} unfinished)" if count else ""


def untouched(summary: Summary) -> set[str]:
    """Problems without any sample."""
    if summary.stopping:
        return set(summary.stopping.untouched)
    return {row.problem_id for row in summary.rows if not _drawn(row)}


def lacking_notes(summary: Summary) -> list[str]:
    """What is still to be drawn and to be scored, and where the curves end until then."""
    return [*_not_drawn(summary), *_not_scored(summary), *_end_of_curves(summary)]


def missing_notes(summary: Summary) -> list[str]:
    """How many samples the scorer failed on."""
    if not summary.missing:
        return []
    return [
        f"{summary.missing:,} of {summary.samples:,} samples could not be scored. They are "
        "left out of n and count neither as right nor as wrong."
    ]


def _drawn(row: ProblemRow) -> int:
    """Samples of a problem; where a rule stopped the drawing, those of whole batches."""
    return row.n + row.missing + row.unscored


def _short(summary: Summary) -> int:
    """Samples asked for and not drawn; 0 where a rule says how many there are to be."""
    if summary.stopping:
        return 0
    return sum(max(summary.wanted - _drawn(row), 0) for row in summary.rows)


def _not_drawn(summary: Summary) -> list[str]:
    none = len(untouched(summary))
    if summary.stopping and none:
        has, them = ("has", "it") if none == 1 else ("have", "them")
        return [
            f"{none:,} of {_problems(summary.problems)} {has} no sample yet; "
            f"topdraw sample --resume draws {them}."
        ]
    if not _short(summary):
        return []
    complete = sum(_drawn(row) >= summary.wanted for row in summary.rows)
    empty = f" {_problems(none)} without a sample {_are(none)} in no number." if none else ""
    return [
        f"{samples_drawn(summary)} drawn ({complete:,} of {_problems(summary.problems)} complete); "
        f"the rest was not drawn.{empty} topdraw sample --resume RUN draws the rest."
    ]


def _not_scored(summary: Summary) -> list[str]:
    if not summary.unscored:
        return []
    has, them = ("has", "it") if summary.unscored == 1 else ("have", "them")
    return [
        f"{summary.unscored:,} of {_samples(summary.samples)} {has} no score by {summary.by} "
        f"yet; score {them}: topdraw score RUN {shlex.quote(summary.by)}."
    ]


def _end_of_curves(summary: Summary) -> list[str]:
    """Why curves end before the k asked for; under a rule that is the rule's own note."""
    if summary.stopping or not summary.n:
        return []
    if not summary.wanted:
        return _poorest(summary)
    if summary.n >= summary.wanted:
        return []
    poorest = next(row for row in summary.rows if row.n == summary.n)
    undrawn = max(summary.wanted - _drawn(poorest), 0)
    reasons = [
        text
        for count, text in (
            (undrawn, f"{undrawn:,} {_are(undrawn)} not drawn"),
            (
                poorest.unscored,
                f"{poorest.unscored:,} {'has' if poorest.unscored == 1 else 'have'} no score yet",
            ),
            (poorest.missing, f"{poorest.missing:,} could not be scored"),
        )
        if count
    ]
    return [
        f"Curves end at k = {summary.n:,}, for {poorest.problem_id} has no more scored samples: "
        f"of its {summary.wanted:,}, {', '.join(reasons)}."
    ]


def _poorest(summary: Summary) -> list[str]:
    """Which problem of a table ends the curves, where others have more samples."""
    most = max((row.n for row in summary.rows), default=0)
    poor = [row.problem_id for row in summary.rows if row.n == summary.n]
    if most <= summary.n or not poor:
        return []
    rest = f" and {_problems(len(poor) - 1)} more" if len(poor) > 1 else ""
    return [
        f"k ends at {summary.n:,}: {poor[0]!r}{rest} {'have' if rest else 'has'} "
        f"{_samples(summary.n)}, others up to {most:,}."
    ]


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _problems(count: int) -> str:
    return "1 problem" if count == 1 else f"{count:,} problems"


def _samples(count: int) -> str:
    return "1 sample" if count == 1 else f"{count:,} samples"
