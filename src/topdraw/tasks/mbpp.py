"""MBPP: Python functions to write from one sentence and three assertions.

Not here: running what a model wrote; scorer "unit_tests". More tests: `topdraw.tasks.evalplus`.
Try it: `topdraw tasks mbpp -o path=mbpp.jsonl --problems 3`.

Origin of data and prompt: Austin et al. 2021 (arXiv 2108.07732),
https://github.com/google-research/google-research/tree/master/mbpp. Rows are those of
`mbpp.jsonl` (`text, code, task_id, test_list, test_setup_code`), or of `sanitized-mbpp.json`
(`prompt, code, task_id, test_list, test_imports`). A program is right iff every assertion of
`test_list` holds; they call the function by its name, which is read from the first of them.
The paper evaluates tasks 11 to 510: part=test, the default, takes those; part=all takes every row.
"""

from __future__ import annotations

import re

from topdraw.core.origin import Origin
from topdraw.core.records import Json, Problem, Task
from topdraw.core.registry import task
from topdraw.errors import DomainError, FormatError
from topdraw.tasks.benchmark import benchmark, known_style
from topdraw.tasks.cells import find, text, texts
from topdraw.tasks.files import Row
from topdraw.tasks.humaneval import STYLES, decoding
from topdraw.tasks.source import read_rows

VERSION = "1"
STOP = ("[DONE]",)
PAPER = range(11, 511)
ASK = (
    "You are an expert Python programmer, and here is your task: {task} "
    "Your code should pass these tests:\n\n{tests}\n"
)
_ENDS = {"completion": "[BEGIN]\n", "chat": "\nAnswer in one Markdown code block.\n"}
ORIGIN = Origin(
    task="mbpp",
    about="Write a Python function from a sentence and three assertions.",
    page="https://github.com/google-research/google-research/tree/master/mbpp",
    licence="CC BY 4.0",
    problems=500,
    scorer="unit_tests",
    hub="google-research-datasets/mbpp",
    config="full",
)

_CALL = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?=\s*\()")
_AROUND = {
    *("abs", "all", "any", "assert", "bool", "dict", "float", "int", "isclose", "len", "list"),
    *("max", "min", "not", "print", "round", "set", "sorted", "str", "sum", "tuple", "type"),
}


@task("mbpp", origin=ORIGIN)
def load(
    *, path: str = "", problems: int | None = None, style: str = "completion", part: str = "test"
) -> Task:
    """MBPP's functions, from a file or the hub.

    Args:
        path: a file, a folder or `hf`; see `tasks.source`.
        problems: only the first so many; None takes all.
        style: "completion": the paper's prompt without examples, which ends in `[BEGIN]`, with
            outputs that end at `[DONE]`; "chat": the same request for an answer in a code block.
        part: "test" for the tasks 11 to 510, "all" for all.

    Raises:
        ConfigError: when no path is given, or there is no such file.
        FormatError: naming file and line, when a row is no problem.
        DomainError: when problems < 1, or style or part is not known.
    """
    known_style(style, STYLES)
    if part not in ("test", "all"):
        raise DomainError(f"part={part!r}: known are test, all.")
    if problems is not None and problems < 1:
        raise DomainError(f"problems={problems}: at least 1.")
    rows = [row for row in read_rows(path, ORIGIN) if part == "all" or _number(row) in PAPER]
    if not rows:
        raise FormatError(f"{path} has no task from 11 to 510.", hint="Take all: -o part=all")

    def problem(_: str, row: Row) -> Problem:
        tests = texts(row, "test_list")
        request = ASK.format(task=text(row, "text", "prompt").strip(), tests="\n".join(tests))
        target: dict[str, Json] = {
            "entry": called(row, tests[0]),
            "setup": _setup(row),
            "asserts": [*tests],
            "solution": text(row, "code").replace("\r\n", "\n"),
        }
        return Problem(f"mbpp/{_number(row)}", request + _ENDS[style], target)

    return benchmark(ORIGIN, VERSION, rows[:problems], problem, decoding=decoding(style, STOP))


def _number(row: Row) -> int:
    number = find(row, "task_id")
    said = str(number).rpartition("/")[2]
    if not said.isdecimal():
        raise FormatError(f"{row.place}: 'task_id' must be a whole number, not {number!r}.")
    return int(said)


def _setup(row: Row) -> str:
    imports = texts(row, "test_imports") if find(row, "test_imports") else []
    code = find(row, "test_setup_code")
    return "\n".join([*imports, *([code] if isinstance(code, str) and code else [])])


def called(row: Row, assertion: str) -> str:
    """The name of the function that an assertion tests: the first call of no builtin function.

    Raises:
        FormatError: when it calls nothing.

    Examples:
        >>> called(Row("f:1", 1, "f", {}), "assert set(similar((3, 4), (5, 4))) == set([4])")
        'similar'
    """
    name = next((name for name in _CALL.findall(assertion) if name not in _AROUND), None)
    if name is None:
        raise FormatError(f"{row.place}: no function is called in {assertion[:60]!r}.")
    return str(name)
