r"""MATH and files like it: competition problems with level, subject and a boxed answer.

Not here: comparing answers (scorer "math"). Prompt: see `topdraw.tasks.boxed`.
Try it: `topdraw tasks math500 -o path=FILE --problems 3`.

Origin of data and answer rule: Hendrycks et al. 2021 (arXiv 2103.03874),
https://github.com/hendrycks/math: 5,000 test problems as test/SUBJECT/NUMBER.json with problem,
level, type, solution; the answer is what the solution's last box holds. MATH-500 is the subset of
Lightman et al. 2023 (arXiv 2305.20050): problem, solution, answer, subject, level, unique_id.
Files with question and gt, as Qwen2.5-Math writes them, are read as well.
"""

from __future__ import annotations

import dataclasses
import re

from topdraw.core.origin import Origin
from topdraw.core.records import Json, Problem, Task
from topdraw.core.registry import task
from topdraw.errors import FormatError
from topdraw.tasks.benchmark import benchmark, in_split
from topdraw.tasks.boxed import DECODING, asked, boxed
from topdraw.tasks.cells import find, shown, text
from topdraw.tasks.files import Row
from topdraw.tasks.source import HUB, known_count, read_rows

VERSION = "1"
ORIGIN = Origin(
    task="math",
    about="Competition mathematics (MATH); the answer is boxed.",
    page="https://github.com/hendrycks/math",
    licence="MIT",
    problems=5000,
    scorer="math",
    hub="EleutherAI/hendrycks_math",
)
ORIGIN_500 = Origin(
    task="math500",
    about="500 problems of MATH; the answer is boxed.",
    page="https://huggingface.co/datasets/HuggingFaceH4/MATH-500",
    licence="MIT",
    problems=500,
    scorer="math",
    hub="HuggingFaceH4/MATH-500",
)
SUBJECTS = (
    "algebra",
    "counting_and_probability",
    "geometry",
    "intermediate_algebra",
    "number_theory",
    "prealgebra",
    "precalculus",
)
"""The configurations of the hub's copy of MATH, in the order of its folders."""
_UNIQUE = re.compile(r"(?:test|train)/([a-z_]+/[0-9]+)\.json")


@task("math", origin=ORIGIN)
def load(
    *,
    path: str = "",
    problems: int | None = None,
    style: str = "zero-shot",
    split: str = ORIGIN.split,
) -> Task:
    """MATH's problems, from a file, the original's folder or the hub.

    Args:
        path: a file, a folder or `hf`; see `tasks.source`.
        problems: only the first so many; None takes all.
        style: "zero-shot" asks for steps and a box, "plain" for nothing.
        split: "test", or "train" for training; ids of other splits than test say so.

    Raises:
        ConfigError: when no path is given or there is no such file.
        FormatError: naming file and line, when a row is no problem.
        DomainError: when problems < 1 or the style is not known.
    """
    known_count(problems)
    origin = dataclasses.replace(ORIGIN, split=split)
    return _task(origin, _rows(path, origin, problems), style)


@task("math500", origin=ORIGIN_500)
def load_500(*, path: str = "", problems: int | None = None, style: str = "zero-shot") -> Task:
    """MATH-500's problems, from a file, a folder or the hub.

    Args:
        path: a file, a folder or `hf`; see `tasks.source`.
        problems: only the first so many; None takes all.
        style: "zero-shot" asks for steps and a box, "plain" for nothing.

    Raises:
        ConfigError: when no path is given or there is no such file.
        FormatError: naming file and line, when a row is no problem.
        DomainError: when problems < 1 or the style is not known.
    """
    return _task(ORIGIN_500, read_rows(path, ORIGIN_500, problems=problems), style)


def _rows(path: str, origin: Origin, problems: int | None) -> list[Row]:
    if path not in (HUB, f"{HUB}:{origin.hub}"):
        return read_rows(path, origin, problems=problems)
    rows: list[Row] = []
    for subject in SUBJECTS:
        left = None if problems is None else problems - len(rows)
        if left != 0:
            rows += read_rows(path, dataclasses.replace(origin, config=subject), problems=left)
    return rows


def _task(origin: Origin, rows: list[Row], style: str) -> Task:
    def problem(name: str, row: Row) -> Problem:
        return Problem(
            id=in_split(_id(row) or name, origin.split),
            prompt=asked(text(row, "problem", "question"), style),
            target=_answer(row),
            metadata={
                "level": _level(find(row, "level")),
                "subject": find(row, "subject", "type"),
                "solution": find(row, "solution"),
            },
        )

    return benchmark(origin, VERSION, rows, problem, decoding=DECODING.get(style))


def _id(row: Row) -> str:
    """The problem's place in the original folder, "math/algebra/7", where the row knows it."""
    found = _UNIQUE.fullmatch(str(find(row, "unique_id")))
    if found:
        return f"math/{found[1]}"
    subject = find(row, "type")
    if row.file.isdecimal() and isinstance(subject, str):
        return f"math/{subject.lower().replace('&', 'and').replace(' ', '_')}/{row.file}"
    return ""


def _answer(row: Row) -> str:
    own = find(row, "answer", "gt", "target")
    if own is not None:
        # A whole number written as 2.0 is a number's column in a table, not an answer.
        if isinstance(own, float) and own.is_integer():
            own = int(own)
        if isinstance(own, bool) or not isinstance(own, str | int | float) or own == "":
            raise FormatError(f"{row.place}: 'answer' must be a text, not {shown(own)}.")
        return str(own)
    solution = text(row, "solution")
    found = boxed(solution)
    if found is None:
        raise FormatError(
            f"{row.place}: the solution has no \\boxed{{...}}: ...{solution[-40:]!r}."
        )
    return found


def _level(value: Json) -> Json:
    """1 to 5; "Level 3" is 3, and what is unknown is None."""
    digits = re.fullmatch(r"(?:Level )?([1-5])", str(value))
    return int(digits[1]) if digits else None
