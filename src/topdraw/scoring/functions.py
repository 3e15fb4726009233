"""Verifier of written functions: runs them on hidden inputs and compares what comes back.

Not here: running them (`topdraw.scoring.runner` says what its restricted process protects against
and what not; a full sandbox is planned) and making the problems (`topdraw.tasks.functions`).
Try it: `topdraw run functions --model builtin -n 8`.

Target: `{"tests": [[input, output], ...], "examples": [[input, output], ...], "entry": "f"}`;
examples and entry are optional. An output is the body of `def f(x):`, or a whole definition of f,
bare or in a Markdown fence (the last one counts). Right iff every hidden input gives the hidden
output, types included: True is not 1, 2.0 is not 2, a tuple is not a list. The comparison happens
here, on plain values, never in the program's process.

The answer (for votes) is the program's behaviour: its outputs on the inputs of the examples and
on probes made from them by fixed rules (one more, double, reversed, ...), never on hidden tests.
Functions that behave alike there vote together, whether right or wrong; a program that fails on
all of them, or a problem without examples, has no answer. The same idea, with generated inputs:
AlphaCode, Li et al. 2022 (arXiv 2203.07814), section 4.6.
"""

from __future__ import annotations

import hashlib
import json
import re
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.core.registry import scorer
from topdraw.scoring.runner import BODY, Outcome, run_programs

LONGEST_PROGRAM = 20_000
MOST_PROBES = 12
_LONGEST_ANSWER = 200
_FENCE = re.compile(r"^[ \t]*```[^\n`]*\n(.*?)(?:^[ \t]*```|\Z)", re.MULTILINE | re.DOTALL)


class _Tests(NamedTuple):
    entry: str
    inputs: list[Json]
    expected: list[Json]
    public: list[Json]


@scorer("functions")
def score_functions(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    """A verdict per sample: does the function it writes pass every hidden test?

    Equal programs are run once. Hanging, exiting, forking or eating memory costs a program only
    its own verdict.

    Args:
        problem: its target holds the tests (see the module).
        samples: of this problem.

    Returns:
        Verdicts with the program's behaviour as answer. Missing scores when the target has no
        tests, when no process could be started to run the programs in, or when a program was
        ended from outside twice.

    Examples:
        >>> double = Problem("1", "", {"tests": [[4, 8]], "examples": [[1, 2]]})
        >>> outputs = ["return x*2", "return 2", "return x+x"]
        >>> scores = score_functions(double, [Sample("1", i, o) for i, o in enumerate(outputs)])
        >>> [score.passed for score in scores], scores[0].answer == scores[2].answer
        ([True, False, True], True)
    """
    tests = _read_tests(problem.target)
    if tests is None:
        return [Score.missing("the problem's target has no tests") for _ in samples]
    known = {sample.output: _too_long(sample.output) for sample in samples}
    written = [output for output, score in known.items() if score is None]
    inputs = [*tests.inputs, *tests.public]
    found = run_programs([spellings(o, tests.entry) for o in written], inputs, entry=tests.entry)
    known |= {o: _score(outcome, tests) for o, outcome in zip(written, found, strict=True)}
    return [known[sample.output] or Score.missing("not run") for sample in samples]


# Threads that may score different problems at once: they wait for child processes.
score_functions.workers = 4  # type: ignore[attr-defined]  # read by scoring.engine


def _too_long(output: str) -> Score | None:
    if len(output) <= LONGEST_PROGRAM:
        return None
    return Score.verdict(False, note=f"longer than {LONGEST_PROGRAM} characters")


def _read_tests(target: Json) -> _Tests | None:
    if not isinstance(target, dict):
        return None
    tests, examples = _pairs(target.get("tests")), _pairs(target.get("examples"))
    if not tests:
        return None
    entry = target.get("entry", "f")
    shown = [given for given, _ in examples]
    return _Tests(
        entry if isinstance(entry, str) and entry.isidentifier() else "f",
        [given for given, _ in tests],
        [expected for _, expected in tests],
        [*shown, *probes(shown)],
    )


def _pairs(value: Json) -> list[tuple[Json, Json]]:
    pairs = value if isinstance(value, list) else []
    return [(pair[0], pair[1]) for pair in pairs if isinstance(pair, list) and len(pair) == 2]


def spellings(output: str, entry: str = "f") -> list[str]:
    r"""The sources an output may stand for, most likely first.

    Args:
        output: a body, a definition, or either in a Markdown fence.
        entry: the function's name.

    Returns:
        Sources as `run_programs` takes them. The text is changed (indented, tabs widened) only
        in the later ones, for outputs that are no Python as they stand.

    Examples:
        >>> spellings("return x+1")[0]
        '#topdraw: body\nreturn x+1\n'
    """
    blocks = _FENCE.findall(output)
    code = (blocks[-1] if blocks else output).strip("\n")
    # What was written goes first: tabs and indents inside literals are part of the program.
    plain = textwrap.dedent(code.expandtabs())
    if re.search(rf"^[ \t]*(?:async )?def {entry}\b", code, re.MULTILINE):
        return [text + "\n" for text in dict.fromkeys([code, textwrap.dedent(code), plain])]
    head = f"def {entry}(x):\n"
    # A continuation of the prompt starts in the middle of an indented line.
    continued = head + " " * 4 + code.lstrip() + "\n"
    unevenly = head + textwrap.indent(plain, " ") + "\n"
    return [f"{BODY}{code}\n", f"{head}{code}\n", continued, unevenly]


def probes(shown: Sequence[Json]) -> list[Json]:
    """Further inputs of the same kind as those shown, by fixed rules; at most 12, all distinct.

    Args:
        shown: inputs of the public examples.

    Examples:
        >>> probes([6]), probes(["ab"])
        ([7, 15, 3], ['ba', 'abab', 'a'])
    """
    seen = {_text(value) for value in shown}
    found: dict[str, Json] = {}
    for value in shown:
        for other in _neighbours(value):
            text = _text(other)
            if text not in seen:
                found.setdefault(text, other)
    return list(found.values())[:MOST_PROBES]


def _neighbours(value: Json) -> list[Json]:
    if isinstance(value, bool) or value is None:
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, 2 * value + 3, value // 2]
    if isinstance(value, str):
        return [value[::-1], value + value, value[:1]]
    if isinstance(value, list):
        bumped: list[Json] = [v + 1 if type(v) is int else v for v in value]
        return [value[::-1], value + value, bumped, value[:1]]
    return []


def _text(value: Json) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _score(outcome: Outcome, tests: _Tests) -> Score:
    if outcome.missing:
        return Score.missing(outcome.missing)
    count = len(tests.inputs)
    answer = _behaviour(outcome, count)
    for given, expected, output in zip(tests.inputs, tests.expected, outcome.outputs, strict=False):
        if output.error or not same(output.value, expected):
            gave = output.error or _text(output.value)[:60]
            call = f"{tests.entry}({_text(given)[:60]})"
            return Score.verdict(False, answer=answer, note=f"{call}: {gave}")
    return Score.verdict(True, answer=answer, note=f"{count} of {count} tests")


def _behaviour(outcome: Outcome, skip: int) -> str | None:
    public = outcome.outputs[skip:]
    if all(output.error for output in public):
        return None
    # Which error it was does not matter: "!" is no JSON value.
    text = " ".join("!" if output.error else _text(output.value) for output in public)
    if len(text) <= _LONGEST_ANSWER:
        return text
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def same(value: Json, expected: Json) -> bool:
    """Whether two plain values are equal, types included; NaN equals NaN.

    Examples:
        >>> same([1, "a"], [1, "a"]), same(True, 1), same(2.0, 2)
        (True, False, False)
    """
    if type(value) is not type(expected):
        return False
    if isinstance(value, list) and isinstance(expected, list):
        return len(value) == len(expected) and all(map(same, value, expected))
    if isinstance(value, dict) and isinstance(expected, dict):
        return value.keys() == expected.keys() and all(same(value[k], expected[k]) for k in value)
    if isinstance(value, float) and value != value:
        return expected != expected
    return value == expected
