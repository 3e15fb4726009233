"""Per-test results of a program as a short text in a score's note, and back.

Not here: running tests. A score's note is one line for people; each test's result stands in it.
Try it: `python -c "from topdraw.scoring.marks import *; print(marks_of('2 of 4 tests (+2-1.1)'))"`

    5 of 7 tests (+4e1+1.1); completion; first failed: test 5: ValueError
    public 2 of 2 (+2), private 1 of 3 (+1-1.1); fence; first failed: private test 2: gave '3'

A run of equal marks is a mark and how many: + passed, - gave something else, e raised or exited,
t ran out of time, m of memory, o put out too much, . was not run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import groupby

from topdraw.scoring.sandbox.outcome import Verdict

PASSED, WRONG, NOT_RUN = "+", "-", "."
_MARKS: Mapping[Verdict | None, str] = {
    None: NOT_RUN,
    Verdict.PASSED: PASSED,
    Verdict.RAN: PASSED,
    Verdict.FAILED: WRONG,
    Verdict.ERROR: "e",
    Verdict.SYNTAX: "e",
    Verdict.CPU_TIMEOUT: "t",
    Verdict.WALL_TIMEOUT: "t",
    Verdict.MEMORY: "m",
    Verdict.OUTPUT_LIMIT: "o",
    Verdict.HARNESS_OVERLOAD: NOT_RUN,
    Verdict.CRASH: NOT_RUN,
}
ONLY = "tests"
_REASON = 160
_GROUP = re.compile(r"(?:(\w+) )?(\d+) of (\d+)(?: tests)? \(((?:[-+etmo.]\d+)*)\)")
_PIECE = re.compile(r"([-+etmo.])(\d+)")


def mark(verdict: Verdict | None) -> str:
    """The mark of a case; a call or run that came to its end counts as passed until compared."""
    return _MARKS[verdict]


def note(groups: Mapping[str, str], *, rule: str = "", reason: str = "") -> str:
    """The note of a score.

    Args:
        groups: marks of each test, by the group's name (a word); `ONLY` for the only group.
        rule: how the program was found in the output.
        reason: what the first failed test says, or why there is none; hostile text is put on one
            line and cut short.

    Returns:
        Groups, rule and reason, parted by semicolons; what is empty is left out.

    Examples:
        >>> note({"public": "++", "private": "+-."}, rule="fence", reason="gave '3'")
        "public 2 of 2 (+2), private 1 of 3 (+1-1.1); fence; first failed: private test 2: gave '3'"
    """
    where, said = first_failed(groups), " ".join(reason.split())[:_REASON]
    counts = ", ".join(_group(name, marks) for name, marks in groups.items() if marks)
    failed = f"first failed: {where}" if where else ""
    last = ": ".join(part for part in (failed, said) if part)
    return "; ".join(part for part in (counts, rule, last) if part)


def _group(name: str, marks: str) -> str:
    count = f"{marks.count(PASSED)} of {len(marks)}"
    runs = "".join(f"{letter}{len(list(run))}" for letter, run in groupby(marks))
    return f"{count} tests ({runs})" if name == ONLY else f"{name} {count} ({runs})"


def first_failed(groups: Mapping[str, str]) -> str:
    """Which test failed first, in words; "" when every test that was run passed.

    Examples:
        >>> first_failed({"tests": "++-+"}), first_failed({"base": "++", "plus": ".."})
        ('test 3', '')
    """
    for name, marks in groups.items():
        at = next((i for i, one in enumerate(marks) if one not in (PASSED, NOT_RUN)), None)
        if at is not None:
            return f"test {at + 1}" if name == ONLY else f"{name} test {at + 1}"
    return ""


def marks_of(text: str) -> dict[str, str]:
    """The marks of each test in a note, by group; empty when there are none.

    Args:
        text: a score's note.

    Examples:
        >>> marks_of("public 2 of 2 (+2), private 1 of 3 (+1-1.1); fence")
        {'public': '++', 'private': '+-.'}
    """
    found = {}
    for name, _, total, runs in _GROUP.findall(text.split(";", 1)[0]):
        lengths = [(letter, int(count)) for letter, count in _PIECE.findall(runs)]
        if sum(count for _, count in lengths) == int(total):
            found[name or ONLY] = "".join(letter * count for letter, count in lengths)
    return found
