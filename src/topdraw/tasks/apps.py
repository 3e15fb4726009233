"""APPS: programming problems from contests and interviews, judged by inputs and outputs.

Not here: running programs and comparing outputs (scorer "io_tests").
Try it: `topdraw tasks apps -o path=FILE --problems 3`.

Origin: Hendrycks et al. 2021 (arXiv 2105.09938), https://github.com/hendrycks/apps. Rows are the
hub's (`problem_id, question, input_output, solutions, starter_code, difficulty`), where
`input_output` and `solutions` are JSON text. With `fn_name`, a function (or a method of
`class Solution`) is called, else programs read standard input. APPS has hidden tests alone: the
group is called "hidden".
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from topdraw.core.origin import Origin
from topdraw.core.records import Json, Problem, Task
from topdraw.core.registry import task
from topdraw.errors import DomainError, FormatError
from topdraw.tasks.benchmark import benchmark
from topdraw.tasks.cells import find, text
from topdraw.tasks.files import Row
from topdraw.tasks.source import read_rows

VERSION = "1"
HIDDEN = "hidden"
STDIN = "It reads standard input and writes standard output."
CALLED = "It defines {name}, which is called with each input."
ASK = (
    "Write a Python 3 program that solves this problem. {how} "
    "Answer with the whole program in one Markdown code block.\n\n{question}\n"
)
ORIGIN = Origin(
    task="apps",
    about="Contest and interview problems; a program's outputs are compared.",
    page="https://github.com/hendrycks/apps",
    licence="MIT",
    problems=5000,
    scorer="io_tests",
    hub="codeparrot/apps",
)


@task("apps", origin=ORIGIN)
def load(
    *, path: str = "", problems: int | None = None, difficulty: str = "", solutions: int = 3
) -> Task:
    """APPS' problems, from a file or the hub; those without tests are left out.

    Args:
        path: a file, a folder or `hf`; see `tasks.source`.
        problems: only the first so many; None takes all.
        difficulty: only "introductory", "interview" or "competition"; "" takes all.
        solutions: known-correct solutions to keep per problem, for `topdraw audit-tests` and the
            time limit; 0 for none.

    Raises:
        ConfigError: when no path is given, or there is no such file.
        FormatError: naming file and line, when a row is no problem, or no row has tests.
        DomainError: when problems < 1 or solutions < 0.
    """
    if solutions < 0 or (problems is not None and problems < 1):
        raise DomainError(f"problems={problems}, solutions={solutions}: at least 1 and 0.")
    rows = [
        row
        for row in read_rows(path, ORIGIN)
        if find(row, "input_output") and difficulty in ("", find(row, "difficulty"))
    ]
    if not rows:
        raise FormatError(f"{path} has no problem with tests of difficulty {difficulty!r}.")

    def problem(name: str, row: Row) -> Problem:
        said = find(row, "problem_id", "id")
        tests = _object(row, "input_output")
        entry = tests.get("fn_name")
        named = isinstance(entry, str) and entry.isidentifier()
        target: dict[str, Json] = {
            "tests": {HIDDEN: _pairs(row, tests, named)},
            "rule": "lines",
            "language": "python",
            "entry": entry if named else "",
            "solutions": [*_solutions(row, solutions)],
        }
        how = CALLED.format(name=entry) if named else STDIN
        question = text(row, "question")
        starter = find(row, "starter_code")
        if isinstance(starter, str) and starter.strip():
            question = f"{question.rstrip()}\n\n```python\n{starter.strip()}\n```"
        about: dict[str, Json] = {"difficulty": find(row, "difficulty")}
        prompt = ASK.format(how=how, question=question)
        return Problem(f"apps/{said}" if said is not None else name, prompt, target, about)

    return benchmark(ORIGIN, VERSION, rows[:problems], problem, decoding={"max_tokens": 2048})


def _object(row: Row, column: str) -> Mapping[str, Json]:
    value = find(row, column)
    found = _parsed(row, column, value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise FormatError(f"{row.place}: {column!r} must be an object of inputs and outputs.")
    return found


def _parsed(row: Row, column: str, value: str) -> Json:
    try:
        found: Json = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{row.place}: {column!r} is not JSON ({error}).") from error
    return found


def _pairs(row: Row, tests: Mapping[str, Json], named: bool) -> list[Json]:
    inputs, outputs = tests.get("inputs"), tests.get("outputs")
    if not isinstance(inputs, list) or not isinstance(outputs, list) or not inputs:
        raise FormatError(f"{row.place}: 'input_output' must have lists of inputs and outputs.")
    if len(inputs) != len(outputs):
        raise FormatError(f"{row.place}: {len(inputs)} inputs but {len(outputs)} outputs.")
    if named:
        return [[given, expected] for given, expected in zip(inputs, outputs, strict=True)]
    return [[_lines(g), _lines(e)] for g, e in zip(inputs, outputs, strict=True)]


def _lines(value: Json) -> str:
    """A text, or a list of its lines, as some rows have it."""
    if isinstance(value, list):
        return "\n".join(str(line) for line in value)
    return str(value)


def _solutions(row: Row, most: int) -> list[str]:
    value = find(row, "solutions")
    found = _parsed(row, "solutions", value) if isinstance(value, str) and value.strip() else value
    codes = [code for code in found if isinstance(code, str)] if isinstance(found, list) else []
    return [f"```python\n{code.rstrip()}\n```\n" for code in codes if "```" not in code][:most]
