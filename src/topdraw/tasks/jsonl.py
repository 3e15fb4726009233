"""A task from any JSONL file: one JSON object a line, its columns mapped to a problem's fields.

Not here: files that hold samples; those are drawn with `recorded:FILE` as the model.
Try it: `topdraw tasks questions.jsonl`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from topdraw.core.records import Json, Problem, Task
from topdraw.core.registry import names, task, unknown_name
from topdraw.errors import ConfigError, DomainError, FormatError

VERSION = "1"
IDS = ("id", "problem_id", "task_id", "question_id", "uid", "idx", "index")
PROMPTS = ("prompt", "question", "problem", "instruction", "query", "input")
TARGETS = ("target", "answer", "solution", "ground_truth", "expected_answer", "expected", "output")


class _Row(NamedTuple):
    place: str
    line: int
    values: dict[str, Json]


@task("jsonl")
def load(
    *,
    path: str = "",
    id: str = "",  # noqa: A002  the column's name, as users write it
    prompt: str = "",
    target: str = "",
    scorer: str = "number",
    problems: int | None = None,
) -> Task:
    """The problems of a JSONL file.

    A column is named as it stands in the file, or as a path of names (and of list positions from
    0) with dots: `extra.answer`. Columns that are not named are looked for under usual names, in
    any case: id, problem_id, task_id, question_id, uid, idx, index; prompt, question, problem,
    instruction, query, input; target, answer, solution, ground_truth, expected_answer, expected,
    output. All other columns become metadata.

    Args:
        path: the file, UTF-8, with or without a byte order mark; blank lines are skipped.
        id: column of the ids; without one, the line's number is the id.
        prompt: column of the prompts, text.
        target: column of the targets, any JSON; without one, problems have no target.
        scorer: registered name of the default scorer; "" for none.
        problems: only the first so many; None takes all.

    Returns:
        A task named after the file.

    Raises:
        ConfigError: when no path is given, or there is no such file.
        FormatError: naming file and line, when a line cannot be read as a problem, an id comes
            twice, or there is no problem at all.
        DomainError: when problems < 1.
        UnknownNameError: when nobody registered the scorer.
    """
    if not path:
        raise ConfigError("The task 'jsonl' needs a file.", hint="Give its path: -o path=FILE")
    if problems is not None and problems < 1:
        raise DomainError(f"problems={problems}: at least 1.")
    if scorer and scorer not in names("scorer"):
        raise unknown_name("scorer", scorer, names("scorer"))
    file = Path(path)
    rows = list(itertools.islice(_rows(file), problems))
    if not rows:
        raise FormatError(f"{file} holds no problem.")
    columns = _columns(rows[0], {"id": id, "prompt": prompt, "target": target})
    return Task(
        name=file.stem or "jsonl",
        version=VERSION,
        problems=tuple(_distinct(rows, [_problem(row, columns) for row in rows])),
        scorer=scorer,
        description=f"Problems of {file.name}.",
    )


def _rows(file: Path) -> Iterator[_Row]:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"Cannot read {str(file)!r}: {error.strerror or error}.") from error
    # Only at "\n": U+2028 and its like stand inside of texts.
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            place = f"{file}:{number}"
            yield _Row(place, number, _object(place, line))


def _object(place: str, line: bytes) -> dict[str, Json]:
    try:
        values: Json = json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise FormatError(f"{place}: not UTF-8 (byte {error.start + 1}).") from error
    except RecursionError as error:
        raise FormatError(f"{place}: nested too deeply.") from error
    except ValueError as error:
        hint = "A JSONL file has one complete JSON object per line."
        raise FormatError(f"{place}: not JSON ({error}).", hint=hint) from error
    if not isinstance(values, dict):
        shown = "a list" if isinstance(values, list) else json.dumps(values)[:40]
        hint = "A JSONL file has one JSON object per line; a whole list is not JSONL."
        raise FormatError(f"{place}: a JSON object is needed, not {shown}.", hint=hint)
    return values


def _columns(row: _Row, asked: dict[str, str]) -> dict[str, str]:
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


def _usual(values: dict[str, Json], usual: Sequence[str]) -> str:
    by_lower = {key.lower(): key for key in reversed(values)}
    return next((by_lower[name] for name in usual if name in by_lower), "")


def _listed(values: dict[str, Json]) -> str:
    return ", ".join(list(values)[:20]) or "none"


def _problem(row: _Row, columns: dict[str, str]) -> Problem:
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


def _id(row: _Row, column: str) -> str:
    if not column:
        return str(row.line)
    value = _read(row, column)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise FormatError(
            f"{row.place}: the id in column {column!r} must be a text or a whole number, "
            f"not {json.dumps(value)[:60]}."
        )
    return str(value)


def _read(row: _Row, column: str) -> Json:
    if column in row.values:
        return row.values[column]
    value: Json = row.values
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


def _distinct(rows: Sequence[_Row], problems: Sequence[Problem]) -> Sequence[Problem]:
    first: dict[str, str] = {}
    for row, problem in zip(rows, problems, strict=True):
        if problem.id in first:
            hint = f"Its first problem is at {first[problem.id]}. Ids must differ."
            raise FormatError(f"{row.place}: the id {problem.id!r} comes twice.", hint=hint)
        first[problem.id] = row.place
    return problems
