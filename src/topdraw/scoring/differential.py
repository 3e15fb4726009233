"""Functions judged by inputs alone: right is what the reference solution gives, as in evalplus.

Not here: comparing two values (`oracles`) and the scorer (`unit_tests`).
Try it: `python -m pytest tests/scoring/test_differential.py`.

The reference runs in the sandbox as well, once per problem and before any candidate; what it gives
stays in this process. A group of inputs ("base", then "plus") is one sandbox job under one limit:
max(4 s, 4 x the reference's processor time for the whole group); evalplus gives every single
input that much. A program that fails a group is not run on later ones.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from topdraw.errors import DomainError
from topdraw.scoring.arguments import shaped
from topdraw.scoring.checking import check
from topdraw.scoring.marks import PASSED, WRONG, mark
from topdraw.scoring.oracles import agrees
from topdraw.scoring.plain_text import text_of
from topdraw.scoring.programs import function
from topdraw.scoring.sandbox.jobs import Calls, Limits
from topdraw.scoring.sandbox.outcome import Case, Outcome, Verdict
from topdraw.scoring.suites import Suite
from topdraw.scoring.timed import FACTOR, REFERENCE_SECONDS, limits, reached

SOMETHING = "something"
"""The oracle of functions that return what is no plain data: a bool, or whether it is not None."""

_KEPT = 128
_SHOWN = 60


@dataclass(slots=True)
class Judged:
    """What became of a program.

    Attributes:
        marks: of each test by group; a group that was not run is not there.
        reason: what the first failed test says.
        missing: why it could not be judged; "" when it was.
    """

    marks: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class _Group:
    inputs: tuple[tuple[object, ...], ...]
    expected: tuple[object, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Asked:
    """A suite that is found again by its digest."""

    digest: str
    suite: Suite = field(compare=False)


class NoReferenceError(Exception):
    """The reference gives nothing to compare with; its text says why."""


def judge_by_inputs(suite: Suite, programs: Sequence[str]) -> list[Judged]:
    """What becomes of each program on the inputs of a suite.

    Args:
        suite: with inputs and a solution.
        programs: sources; each runs in processes of its own.

    Returns:
        One per program, in order; all missing, with the reason, when the reference fails.
    """
    try:
        groups = _expected(_Asked(_digest(suite), suite))
    except NoReferenceError as error:
        return [Judged(missing=str(error)) for _ in programs]
    found = [Judged() for _ in programs]
    left = list(range(len(programs)))
    for name, group in groups.items():
        allowed = limits(FACTOR * group.seconds)
        outcomes = check([_calls(suite, programs[i], group.inputs, allowed) for i in left])
        for i, outcome in zip(left, outcomes, strict=True):
            try:
                _judge(found[i], suite, name, group, outcome)
            except Exception as error:  # noqa: BLE001  ours, and this program's alone
                found[i].missing = f"{type(error).__name__}: {error}"
        left = [i for i in left if not found[i].reason and not found[i].missing]
    return found


def _calls(
    suite: Suite, program: str, inputs: tuple[tuple[object, ...], ...], allowed: Limits
) -> Calls:
    if suite.oracle == SOMETHING:
        program = f"{program}\n{_SOMETHING.format(name=suite.entry)}"
    return Calls(program, suite.entry, inputs, allowed)


_SOMETHING = """
def _topdraw_plainly(call):
    def plainly(*arguments):
        found = call(*arguments)
        return found if isinstance(found, bool) else found is not None
    return plainly

{name} = _topdraw_plainly({name})
"""


def _judge(judged: Judged, suite: Suite, name: str, group: _Group, outcome: Outcome) -> None:
    if outcome.missing:
        judged.missing = outcome.missing
        return
    marks = []
    cases = reached(outcome, len(group.inputs))
    for case, expected, arguments in zip(cases, group.expected, group.inputs, strict=True):
        marks.append(_mark(case, expected, arguments, suite))
        if marks[-1] != PASSED and not judged.reason:
            gave = f"gave {_short(case.value)}, not {_short(expected)}"
            judged.reason = case.message or (gave if case.verdict == Verdict.RAN else "not run")
    judged.marks[name] = "".join(marks)


def _mark(case: Case, expected: object, arguments: tuple[object, ...], suite: Suite) -> str:
    if case.verdict != Verdict.RAN:
        return mark(case.verdict)
    oracle = "" if suite.oracle == SOMETHING else suite.oracle
    right = agrees(case.value, expected, arguments, atol=suite.atol, oracle=oracle)
    return PASSED if right else WRONG


def _short(value: object) -> str:
    return text_of(value)[:_SHOWN]


def _digest(suite: Suite) -> str:
    values = [suite.entry, suite.head, suite.solution, dict(suite.inputs), suite.oracle]
    text = json.dumps([*values, list(suite.shape)])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@functools.lru_cache(maxsize=_KEPT)
def _expected(asked: _Asked) -> Mapping[str, _Group]:
    """What the reference gives on each group.

    Raises:
        NoReferenceError: when it gives nothing on an input; never remembered.
    """
    suite = asked.suite
    program = function(suite.solution, entry=suite.entry, head=suite.head).source
    try:
        inputs = {
            name: tuple(shaped(call, suite.shape) for call in calls if isinstance(call, list))
            for name, calls in suite.inputs.items()
        }
    except DomainError as error:
        raise NoReferenceError(str(error)) from error
    allowed = limits(REFERENCE_SECONDS)
    outcomes = check([_calls(suite, program, calls, allowed) for calls in inputs.values()])
    return {
        name: _Group(calls, _values(name, outcome, len(calls)), outcome.cpu_seconds)
        for (name, calls), outcome in zip(inputs.items(), outcomes, strict=True)
    }


def _values(name: str, outcome: Outcome, count: int) -> tuple[object, ...]:
    if outcome.missing:
        raise NoReferenceError(f"the reference solution: {outcome.missing}")
    for at, case in enumerate(outcome.cases, start=1):
        if case.verdict != Verdict.RAN:
            why = case.message or outcome.message or str(outcome.verdict)
            raise NoReferenceError(f"the reference solution fails {name} test {at}: {why}")
    if len(outcome.cases) != count:
        raise NoReferenceError(f"the reference solution: {outcome.message or outcome.verdict}")
    return tuple(case.value for case in outcome.cases)
