"""A task from the rows of any table: its columns mapped to a problem's fields.

Not here: the tables (`jsonl`, `csv_file`, `parquet_file`, `hf`); files that hold samples, which are
drawn with `recorded:FILE` as the model.
Try it: `topdraw tasks questions.jsonl`.

A column is named as it stands in the file, or as a path of names (and of list positions from 0)
with dots: `extra.answer`. Columns that are not named are looked for under usual names, in any
case: id, problem_id, task_id, question_id, uid, idx, index; prompt, question, problem,
instruction, query, input; target, answer, solution, ground_truth, expected_answer, expected,
output. All other columns become metadata.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from topdraw.core.origin import Origin
from topdraw.core.records import Json, Problem, Task
from topdraw.core.registry import names, unknown_name
from topdraw.errors import ConfigError, FormatError
from topdraw.tasks.files import Row, kind_of, stem
from topdraw.tasks.source import read_rows

VERSION = "1"
IDS = ("id", "problem_id", "task_id", "question_id", "uid", "idx", "index")
PROMPTS = ("prompt", "question", "problem", "instruction", "query", "input")
TARGETS = ("target", "answer", "solution", "ground_truth", "expected_answer", "expected", "output")


def file_task(
    path: str,
    *,
    origin: Origin,
    suffixes: Sequence[str],
    columns: Mapping[str, str],
    scorer: str,
    problems: int | None,
) -> Task:
    """The task of one file of a known kind, named after the file.

    Args:
        path: the file.
        origin: of the task that was asked for it.
        suffixes: what its name may end in, apart from .gz.
        columns: the user's name, or "", for each of "id", "prompt" and "target".
        scorer: registered name of the default scorer; "" for none.
        problems: only the first so many; None takes all.

    Raises:
        ConfigError: when no path is given, there is no such file, or it is of another kind.
        FormatError: naming file and line, when a row cannot be read as a problem, an id comes
            twice, or there is no problem at all.
        DomainError: when problems < 1.
        UnknownNameError: when nobody registered the scorer.
    """
    if not path:
        raise ConfigError(
            f"The task {origin.task!r} needs a file.", hint="Give its path: -o path=FILE"
        )
    file = Path(path)
    if file.is_file() and kind_of(file) not in suffixes:
        raise ConfigError(f"{path!r} does not end in {' or '.join(suffixes)}.")
    known_scorer(scorer)
    rows = read_rows(path, origin, problems=problems)
    return table_task(
        rows,
        stem(file) or origin.task,
        columns=columns,
        scorer=scorer,
        about=f"Problems of {file.name}.",
    )


def known_scorer(scorer: str) -> None:
    """Refuse a scorer that nobody registered, before any file is read.

    Raises:
        UnknownNameError: with all known names, the closest first.
    """
    if scorer and scorer not in names("scorer"):
        raise unknown_name("scorer", scorer, names("scorer"))


def table_task(
    rows: Sequence[Row], name: str, *, columns: Mapping[str, str], scorer: str, about: str
) -> Task:
    """The task of a table's rows.

    Args:
        rows: at least one.
        name: of the task.
        columns: as in `file_task`; what is "" is looked for in the first row.
        scorer: registered name of the default scorer; "" for none.
        about: one line for listings.

    Raises:
        FormatError: naming the place, when a row cannot be read as a problem or an id comes twice.
    """
    found = _columns(rows[0], columns)
    made = [_problem(row, found) for row in rows]
    return Task(
        name=name,
        version=VERSION,
        problems=tuple(_distinct(rows, made)),
        scorer=scorer,
        description=about,
    )


def _columns(row: Row, asked: Mapping[str, str]) -> dict[str, str]:
    """The columns to read, "" for none: those asked for, else the first usual name in the row."""
    found: dict[str, str] = {}
    for field, usual in (("id", IDS), ("prompt", PROMPTS), ("target", TARGETS)):
        others = [name for name in usual if name not in (*found.values(), *asked.values())]
        found[field] = asked[field] or _usual(row.values, others)
    if not found["prompt"]:
        raise FormatError(
            f"{row.place}: no column looks like a prompt; there are {_listed(row.values)}.",
            hint="Name it: -o prompt=COLUMN",
        )
    return found


def _usual(values: Mapping[str, Json], usual: Sequence[str]) -> str:
    by_lower = {key.lower(): key for key in reversed(list(values))}
    return next((by_lower[name] for name in usual if name in by_lower), "")


def _listed(values: Mapping[str, Json]) -> str:
    return ", ".join(list(values)[:20]) or "none"


def _problem(row: Row, columns: dict[str, str]) -> Problem:
    prompt = _read(row, columns["prompt"])
    if not isinstance(prompt, str) or not prompt:
        raise FormatError(
            f"{row.place}: the prompt in column {columns['prompt']!r} must be a text, "
            f"not {json.dumps(prompt)[:60]}."
        )
    used = set(columns.values())
    return Problem(
        id=_id(row, columns["id"]),
        prompt=prompt,
        target=_read(row, columns["target"]) if columns["target"] else None,
        metadata={key: value for key, value in row.values.items() if key not in used},
    )


def _id(row: Row, column: str) -> str:
    if not column:
        return str(row.number)
    value = _read(row, column)
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise FormatError(
            f"{row.place}: the id in column {column!r} must be a text or a whole number, "
            f"not {json.dumps(value)[:60]}."
        )
    return str(value)


def _read(row: Row, column: str) -> Json:
    if column in row.values:
        return row.values[column]
    value: Json = dict(row.values)
    for part in column.split("."):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise FormatError(
                f"{row.place}: no column {column!r}; there are {_listed(row.values)}."
            )
    return value


def _distinct(rows: Sequence[Row], problems: Sequence[Problem]) -> Sequence[Problem]:
    first: dict[str, str] = {}
    for row, problem in zip(rows, problems, strict=True):
        if problem.id in first:
            hint = f"Its first problem is at {first[problem.id]}. Ids must differ."
            raise FormatError(f"{row.place}: the id {problem.id!r} comes twice.", hint=hint)
        first[problem.id] = row.place
    return problems
