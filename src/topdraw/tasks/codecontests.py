"""CodeContests: competition problems, judged by what a program prints for what it reads.

Not here: running programs and comparing outputs (scorer "io_tests").
Try it: `topdraw tasks codecontests -o path=FILE --problems 3`.

Origin of data and comparison: Li et al. 2022 (arXiv 2203.07814),
https://github.com/google-deepmind/code_contests. Rows are the hub's (`name, description,
public_tests, private_tests, generated_tests, solutions, time_limit, cf_rating`), whose tests are
`{"input": [...], "output": [...]}`, or those of its `convert_riegeli_to_json.py`, a list of
`{"input", "output"}`. Public, private and generated tests stay apart. The riegeli files themselves
are protocol buffers and are not read.
"""

from __future__ import annotations

from collections.abc import Mapping

from topdraw.core.origin import Origin
from topdraw.core.records import Json, Problem, Task
from topdraw.core.registry import task
from topdraw.errors import DomainError, FormatError
from topdraw.tasks.benchmark import benchmark
from topdraw.tasks.cells import find, shown, text
from topdraw.tasks.files import Row
from topdraw.tasks.source import read_rows

VERSION = "1"
ASK = (
    "Write a {language} program that solves this problem. It reads standard input and writes "
    "standard output. Answer with the whole program in one Markdown code block.\n\n"
)
GROUPS = ("public", "private", "generated")
LANGUAGES = {"python": "Python 3", "cpp": "C++17", "c": "C"}
ORIGIN = Origin(
    task="codecontests",
    about="Competition problems; a program's outputs are compared.",
    page="https://github.com/google-deepmind/code_contests",
    licence="CC BY 4.0",
    problems=165,
    scorer="io_tests",
    hub="deepmind/code_contests",
)
_NUMBERS = {1: "python2", 2: "cpp", 3: "python", 4: "java"}


@task("codecontests", origin=ORIGIN)
def load(
    *,
    path: str = "",
    problems: int | None = None,
    language: str = "python",
    solutions: int = 3,
    generated: int = -1,
) -> Task:
    """CodeContests' problems, from a file or the hub.

    Args:
        path: a file, a folder or `hf`; see `tasks.source`.
        problems: only the first so many; None takes all.
        language: asked for, "python", "cpp" or "c"; an answer may name another in its fence.
        solutions: known-correct solutions to keep per problem, in Python 3 and C++, for
            `topdraw audit-tests` and the time limit; 0 for none.
        generated: generated tests to keep per problem; -1 keeps all.

    Raises:
        ConfigError: when no path is given, or there is no such file.
        FormatError: naming file and line, when a row is no problem.
        DomainError: when a number is outside its range, or the language is not known.
    """
    if language not in LANGUAGES:
        raise DomainError(f"language={language!r}: known are {', '.join(LANGUAGES)}.")
    if solutions < 0 or generated < -1:
        raise DomainError(f"solutions={solutions}, generated={generated}: at least 0 and -1.")

    def problem(_: str, row: Row) -> Problem:
        tests: dict[str, Json] = {name: _pairs(row, f"{name}_tests") for name in GROUPS}
        if generated >= 0:
            tests["generated"] = _pairs(row, "generated_tests")[:generated]
        if not any(tests.values()):
            raise FormatError(f"{row.place}: the problem has no tests.")
        target: dict[str, Json] = {
            "tests": tests,
            "rule": "tokens",
            "cpu_seconds": _seconds(find(row, "time_limit")),
            "language": language,
            "solutions": [*_solutions(row, solutions)],
        }
        ask = ASK.format(language=LANGUAGES[language])
        about = {name: find(row, name) for name in ("cf_rating", "difficulty", "source")}
        kept = {name: value for name, value in about.items() if value is not None}
        return Problem(text(row, "name"), ask + text(row, "description"), target, kept)

    rows = read_rows(path, ORIGIN, problems=problems)
    return benchmark(ORIGIN, VERSION, rows, problem, decoding={"max_tokens": 2048})


def _pairs(row: Row, column: str) -> list[Json]:
    """Tests as [input, output], from a list of objects or an object of two lists."""
    value = find(row, column) or []
    if isinstance(value, Mapping):
        inputs, outputs = value.get("input"), value.get("output")
        if isinstance(inputs, list) and isinstance(outputs, list) and len(inputs) == len(outputs):
            return [_pair(row, column, one) for one in zip(inputs, outputs, strict=True)]
    elif isinstance(value, list) and all(isinstance(one, dict) for one in value):
        both = [(one.get("input"), one.get("output")) for one in value if isinstance(one, dict)]
        return [_pair(row, column, one) for one in both]
    raise FormatError(f"{row.place}: {column!r} must hold inputs and outputs, not {shown(value)}.")


def _pair(row: Row, column: str, pair: tuple[Json, Json]) -> Json:
    if not all(isinstance(one, str) for one in pair):
        raise FormatError(f"{row.place}: an input or output in {column!r} is no text.")
    return [*pair]


def _seconds(limit: Json) -> float:
    """A limit as the hub has it, {"seconds", "nanos"}, or as the converter's text of the same."""
    if isinstance(limit, Mapping):
        whole, nanos = limit.get("seconds"), limit.get("nanos")
        parts = [part for part in (whole, nanos) if isinstance(part, int | float)]
        return parts[0] + (parts[1] / 1e9 if len(parts) == 2 else 0) if parts else 0.0
    found = {}
    for line in str(limit or "").splitlines():
        name, _, value = line.partition(":")
        found[name.strip()] = value.strip()
    numbers = [float(found.get(key) or 0) for key in ("seconds", "nanos") if _whole(found.get(key))]
    return numbers[0] + (numbers[1] / 1e9 if len(numbers) == 2 else 0) if numbers else 0.0


def _whole(value: str | None) -> bool:
    return value is not None and value.isdecimal()


def _solutions(row: Row, most: int) -> list[str]:
    """Correct solutions as a model would answer, shortest first, Python 3 before C++."""
    value = find(row, "solutions") or []
    if isinstance(value, Mapping):
        languages, codes = value.get("language"), value.get("solution")
        pairs = list(zip(languages, codes, strict=False)) if _lists(languages, codes) else []  # type: ignore[arg-type]  # checked
    else:
        rows = value if isinstance(value, list) else []
        pairs = [
            (one.get("language"), one.get("solution")) for one in rows if isinstance(one, dict)
        ]
    found = [(_language(language), code) for language, code in pairs if isinstance(code, str)]
    known = [(name, code) for name, code in found if name in ("python", "cpp")]
    known.sort(key=lambda one: (one[0] != "python", len(one[1])))
    return [
        f"```{name}\n{code.rstrip()}\n```\n" for name, code in known[:most] if "```" not in code
    ]


def _lists(one: Json, other: Json) -> bool:
    return isinstance(one, list) and isinstance(other, list)


def _language(value: Json) -> str:
    if isinstance(value, int):
        return _NUMBERS.get(value, "")
    return {"PYTHON3": "python", "CPP": "cpp"}.get(str(value).upper(), "")
