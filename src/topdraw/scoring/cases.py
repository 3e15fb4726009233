"""The input/output cases of a program in a problem's target, by group.

Not here: running programs (`io_tests`) and comparing outputs (`outputs`).
Try it: `python -m pytest tests/scoring/test_cases.py`.

    tests         {"public": [[input, output], ...], "private": ..., "generated": ...}, in the
                  order in which they are run
    entry         name of a function that is called instead, with each input's list of arguments
    rule          how outputs are compared, see `outputs`; with entry, outputs are JSON values
    tolerance     largest absolute difference of numbers, instead of the rule's own
    cpu_seconds   stated limit of one case
    language      of outputs that name none, "python" by default
    solutions     known-correct ones, each as a model would answer
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from topdraw.core.records import Json, Problem
from topdraw.scoring.outputs import RULES, Rule
from topdraw.scoring.programs import Program
from topdraw.scoring.sandbox.jobs import CPP, PYTHON, C, Language

LANGUAGES: Mapping[str, Language] = {
    **dict.fromkeys(("python", "py", "python3"), PYTHON),
    **dict.fromkeys(("cpp", "c++", "cc", "cxx"), CPP),
    "c": C,
}
FOREIGN = frozenset(
    "ada c# clojure cs csharp d dart elixir erlang fortran f# fsharp go golang haskell hs java"
    " javascript js jl julia kotlin kt lisp lua ml nim objc ocaml pascal perl php pl r racket rb"
    " rs ruby rust scala scheme swift ts typescript vb zig".split()
)
"""What fences call languages that nothing here can run; other words name none ("text")."""


class IoCase(NamedTuple):
    """One test: its group, what goes in and what must come out."""

    group: str
    given: Json
    expected: Json


@dataclass(frozen=True, slots=True)
class Cases:
    """How a program of inputs and outputs is judged.

    Attributes:
        tests: at least one, groups in the order in which they are run.
        entry: function to call; "" for programs of standard input and output.
        rule: of comparison.
        tolerance: of numbers; None for the rule's own.
        cpu_seconds: stated for one case; 0 when nothing is.
        language: of outputs that name none.
    """

    tests: tuple[IoCase, ...]
    entry: str = ""
    rule: Rule = "tokens"
    tolerance: float | None = None
    cpu_seconds: float = 0.0
    language: str = "python"


def read_cases(problem: Problem) -> Cases | str:
    """The cases in a problem's target, or in one line why there are none.

    Examples:
        >>> read_cases(Problem("1", "", {"tests": {"public": [["1", "2"]]}})).tests
        (IoCase(group='public', given='1', expected='2'),)
        >>> read_cases(Problem("1", "", {"tests": {}}))
        'the target has no input/output tests'
    """
    target = problem.target if isinstance(problem.target, dict) else {}
    groups, rule, tolerance = target.get("tests"), target.get("rule"), target.get("tolerance")
    entry, seconds, language = (target.get(key) for key in ("entry", "cpu_seconds", "language"))
    entry = entry if isinstance(entry, str) else ""
    tests = [
        IoCase(name, pair[0], pair[1])
        for name, pairs in (groups.items() if isinstance(groups, dict) else ())
        for pair in (pairs if isinstance(pairs, list) else ())
        if isinstance(pair, list) and len(pair) == 2
    ]
    if not tests:
        return "the target has no input/output tests"
    bad = next((test for test in tests if not _fits(test, entry)), None)
    if bad is not None:
        return f"a {bad.group} test has no {'list of arguments' if entry else 'texts'}"
    found: Rule = next((known for known in RULES if known == rule), "tokens")
    return Cases(
        tests=tuple(tests),
        entry=entry,
        rule=found,
        tolerance=tolerance if _number(tolerance) else None,  # type: ignore[arg-type]  # checked
        cpu_seconds=seconds if _number(seconds) else 0.0,  # type: ignore[arg-type]  # checked
        language=language if isinstance(language, str) and language in LANGUAGES else "python",
    )


def _fits(test: IoCase, entry: str) -> bool:
    if entry:
        return isinstance(test.given, list)
    return isinstance(test.given, str) and isinstance(test.expected, str)


def _number(value: Json) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and value >= 0  # type: ignore[arg-type,operator]  # checked


def language_of(program: Program, default: str) -> Language:
    """The language a program is run in: what its fence says, where that is known.

    Examples:
        >>> language_of(Program("", "fence", "c++"), "python").name
        'C++'
    """
    return LANGUAGES.get(program.language, LANGUAGES[default])


def is_foreign(program: Program) -> bool:
    """Whether a program's fence names a language that nothing here can run.

    Examples:
        >>> is_foreign(Program("", "fence", "java")), is_foreign(Program("", "fence", "text"))
        (True, False)
    """
    return program.language in FOREIGN


def by_group(tests: Sequence[IoCase], marks: str) -> dict[str, str]:
    """Marks of tests in order as marks by group.

    Examples:
        >>> by_group([IoCase("a", "", ""), IoCase("b", "", ""), IoCase("b", "", "")], "+-.")
        {'a': '+', 'b': '-.'}
    """
    found: dict[str, str] = {}
    for test, one in zip(tests, marks, strict=True):
        found[test.group] = found.get(test.group, "") + one
    return found
