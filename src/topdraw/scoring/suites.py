"""The tests of a function in a problem's target: test source, or inputs and a reference solution.

Not here: running them (`unit_tests`, `differential`).
Try it: `python -m pytest tests/scoring/test_suites.py`.

    entry                name of the function under test
    head                 what the prompt began with, for outputs that go on from there
    test                 source that defines check(candidate), as HumanEval has it
    asserts, setup       assertions that call the function by name, as MBPP has them
    inputs               {"base": [[argument, ...], ...], "plus": ...}, as evalplus has them; what
                         the reference solution gives is right
    shape, atol, oracle  of inputs: types that JSON does not have, tolerance, another comparison
    solution             a reference, as a model would answer
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from topdraw.core.records import Json, Problem
from topdraw.scoring.programs import standing


@dataclass(frozen=True, slots=True)
class Suite:
    """How a function is judged.

    Attributes:
        entry: its name.
        head: what the prompt began with; "" when a whole program is asked for.
        test: source of the tests; "" when they are inputs.
        setup: source that the tests need.
        inputs: arguments of each call by group, as JSON; empty when the tests are source.
        shape: how arguments are made of JSON values (see `arguments`).
        atol: absolute tolerance of numbers; 0 for evalplus' rule.
        oracle: name of a comparison in `oracles`; "" for evalplus' rule.
        solution: a reference solution; "" when none is known.
    """

    entry: str
    head: str = ""
    test: str = ""
    setup: str = ""
    inputs: Mapping[str, tuple[Json, ...]] = field(default_factory=dict)
    shape: tuple[str, ...] = ()
    atol: float = 0.0
    oracle: str = ""
    solution: str = ""


def read_suite(problem: Problem) -> Suite | str:
    r"""The suite in a problem's target, or in one line why there is none.

    Examples:
        >>> read_suite(Problem("1", "", {"entry": "f", "asserts": ["assert f(1) == 2"]})).test
        'assert f(1) == 2\n'
        >>> read_suite(Problem("1", "", "42"))
        'the target has no tests'
    """
    target = problem.target
    if not isinstance(target, dict):
        return "the target has no tests"
    entry, inputs, atol = target.get("entry"), _groups(target.get("inputs")), target.get("atol")
    if not isinstance(entry, str) or not entry.isidentifier():
        return f"the target's entry {str(entry)[:40]!r} is no function's name"
    test = _text(target, "test")
    setup = standing(_text(target, "head")) if test else _text(target, "setup")
    test = test or "".join(f"{line}\n" for line in _texts(target.get("asserts")))
    if not test and not inputs:
        return "the target has no tests"
    solution = _text(target, "solution")
    if inputs and not test and not solution:
        return "the target has inputs but no solution to compare with"
    return Suite(
        entry=entry,
        head=_text(target, "head"),
        test=test,
        setup=setup,
        inputs={} if test else inputs,
        shape=tuple(_texts(target.get("shape"))),
        atol=float(atol) if isinstance(atol, int | float) else 0.0,
        oracle=_text(target, "oracle"),
        solution=solution,
    )


def known_solutions(problem: Problem) -> list[str]:
    """The known-correct solutions of a code problem, each as a model would answer, distinct.

    The target's `solution`, then its `solutions`, a list.

    Examples:
        >>> known_solutions(Problem("1", "", {"solution": "a", "solutions": ["b", "a"]}))
        ['a', 'b']
    """
    target = problem.target
    if not isinstance(target, dict):
        return []
    found = [_text(target, "solution"), *_texts(target.get("solutions"))]
    return list(dict.fromkeys(text for text in found if text))


def _text(target: Mapping[str, Json], key: str) -> str:
    value = target.get(key)
    return value if isinstance(value, str) else ""


def _texts(value: Json) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _groups(value: Json) -> dict[str, tuple[Json, ...]]:
    groups = value if isinstance(value, dict) else {}
    return {
        name: tuple(calls)
        for name, calls in groups.items()
        if isinstance(calls, list) and all(isinstance(call, list) for call in calls)
    }
