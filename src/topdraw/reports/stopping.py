"""What a page and a table say of a run whose drawing a rule stopped.

Not here: the numbers (`analysis.summary`) and why they stand (`analysis.stopping`).
Try it: `python -m pytest tests/reports/test_stopping.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from topdraw.analysis.summary import Stopping

_NAMED = 5
_ENDS = {
    "pass": "the first pass",
    "settled": "the vote was settled",
    "best": "the best score was settled",
}


def spent(stopping: Stopping) -> str:
    """How much was drawn and until when, as the beginning of a claim."""
    return f"{stopping.per_problem:.1f} samples per problem, drawn until {_ENDS[stopping.rule]}"


def stopping_notes(stopping: Stopping) -> list[str]:
    """What a reader must know of the rule before believing a number, one or two paragraphs."""
    if stopping.waited:
        why = "Hard problems have more of them than easy ones"
        known = (
            f"Coverage up to k = {stopping.reach:,} is corrected for that; “all drawn” is what "
            "drawing like this reaches"
        )
    else:
        why = "How many a problem has depends on what they hold"
        known = "“All drawn” is what drawing like this and then choosing reaches"
    start = "sample" if stopping.first == 1 else f"{stopping.first:,} samples"
    rule = (
        f"Samples were drawn {stopping.until}, at most {stopping.cap:,} of a problem. {why}, so "
        f"that a plain share of correct samples would mislead. {known}; all else looks at the "
        f"first {start} of each problem alone."
    )
    return [rule, *([_OF_THE_MODEL] if stopping.rule == "best" else []), *_unfinished(stopping)]


_OF_THE_MODEL = (
    "Its confidence is that of a MODEL: scores whose upper half is no heavier than an exponential "
    "tail. Where a few samples are far better than all others it stops too early."
)


def _unfinished(stopping: Stopping) -> list[str]:
    names = stopping.unfinished
    if not names:
        return []
    rest = len(names) - _NAMED
    some = ", ".join(names[:_NAMED]) + (f" and {rest:,} more" if rest > 0 else "")
    one = len(names) == 1
    reach = f", and coverage ends at k = {stopping.reach:,}" if stopping.waited else ""
    return [
        f"{'1 problem is' if one else f'{len(names):,} problems are'} unfinished: {some}. The rule "
        f"would draw more of {'it' if one else 'them'}. Until then “all drawn” counts "
        f"{'it as it is' if one else 'them as they are'}{reach}; topdraw sample --resume draws "
        "the rest."
    ]
