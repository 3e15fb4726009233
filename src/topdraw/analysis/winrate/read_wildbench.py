"""Evaluation files of WildBench: scores, and comparisons with a reference model.

Not here: WB-Score and WB-Reward (`winrate.wildbench`).
Try it: `python -m pytest tests/analysis/winrate/test_read_wildbench.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topdraw.analysis.winrate.cells import identity, inner, number, stem, text
from topdraw.analysis.winrate.wildbench import EMPTY, TRUNCATED, groups_of
from topdraw.core.records import BoolArray, FloatArray
from topdraw.errors import ConfigError, FormatError
from topdraw.store.json_rows import JsonRow, json_rows

_IDS = ("session_id", "id")
#: The three that WB-Reward is averaged over.
REFERENCES = ("gpt-4-turbo-2024-04-09", "claude-3-haiku-20240307", "Llama-2-70b-chat-hf")

Tags = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of one model.

    Attributes:
        model: its name.
        path: the file.
        instructions: of each row.
        score: shape (rows,), 1 to 10; NaN = failed judgment.
        length: shape (rows,): characters of the output; NaN = not stored.
        whole: shape (rows,): False where the output is empty or truncated.
        groups: of each row; empty without tags.
    """

    model: str
    path: Path
    instructions: tuple[str, ...]
    score: FloatArray
    length: FloatArray
    whole: BoolArray
    groups: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Comparisons of one model with one reference.

    Attributes:
        model: its name.
        reference: of the other.
        path: the file.
        instructions: of each row.
        side: shape (rows,): 1 the model won, -1 the reference, 0 a tie, NaN failed.
        extent: shape (rows,): 2 much, 1 slightly.
        length: shape (rows,): characters of the model's output.
        reference_length: likewise.
        whole: shape (rows,): False where either output is empty or truncated.
        model_first: shape (rows,): 1 the judge saw the model as A, 0 as B, NaN unknown.
        groups: of each row; empty without tags.
    """

    model: str
    reference: str
    path: Path
    instructions: tuple[str, ...]
    side: FloatArray
    extent: FloatArray
    length: FloatArray
    reference_length: FloatArray
    whole: BoolArray
    model_first: FloatArray
    groups: tuple[tuple[str, ...], ...]


def read_tags(path: str) -> dict[str, list[str]]:
    """The tags of each task, from the benchmark's own rows.

    Args:
        path: JSON list or lines with `id` or `session_id`, `primary_tag`, `secondary_tags`.

    Raises:
        FormatError: when a row has no id or no primary tag.
    """
    found = {}
    for row in json_rows(path):
        text(row, "primary_tag")
        for name in _IDS:
            if name in row.fields:
                found[identity(row, (name,), "the task")] = _row_tags(row)
        identity(row, _IDS, "the task")
    return found


def read_scores(rows: Sequence[JsonRow], tags: Tags | None = None) -> Scores:
    """The scores in the rows of one file.

    Args:
        rows: of one file.
        tags: of each task; default those in the rows.

    Raises:
        FormatError: when a row lacks a field or has one of a wrong kind; names file and line.
    """
    outputs = [_output(row, row.fields.get("model_output")) for row in rows]
    return Scores(
        model=stem(rows[0].path),
        path=rows[0].path,
        instructions=tuple(identity(row, _IDS, "the task") for row in rows),
        score=np.array([_score(row) for row in rows]),
        length=np.array([math.nan if one is None else float(len(one)) for one in outputs]),
        whole=np.array([one is None or _is_whole(one) for one in outputs], dtype=bool),
        groups=_groups(rows, tags),
    )


def read_comparisons(
    rows: Sequence[JsonRow], tags: Tags | None = None, reference: str | None = None
) -> Comparisons:
    """The comparisons in the rows of one file.

    Args:
        rows: of one file.
        tags: of each task; default those in the rows.
        reference: which of the two models it is; default what the folder (`ref=NAME`) says, else
            the one of WildBench's three references that occurs, else that the file is named after
            the other one.

    Raises:
        ConfigError: when it cannot be told which is the reference.
        FormatError: when a row lacks a field or has one of a wrong kind; names file and line.
    """
    model, other = _sides(rows[0], reference)
    pairs = [_pair(row, model, other) for row in rows]
    return Comparisons(
        model=stem(rows[0].path) if other != stem(rows[0].path) else model,
        reference=other,
        path=rows[0].path,
        instructions=tuple(identity(row, _IDS, "the task") for row in rows),
        side=np.array([_side(row, model, other) for row in rows]),
        extent=np.array([number(row, "extent", texts=True) for row in rows]),
        length=np.array([float(len(a)) for a, _ in pairs]),
        reference_length=np.array([float(len(b)) for _, b in pairs]),
        whole=np.array([_is_whole(a) and _is_whole(b) for a, b in pairs], dtype=bool),
        model_first=np.array([_first(row, model, other) for row in rows]),
        groups=_groups(rows, tags),
    )


def _score(row: JsonRow) -> float:
    value = number(row, "score", texts=True)
    if math.isnan(value) and "score" in inner(row, "parsed_result"):
        value = number(JsonRow(row.path, row.line, dict(inner(row, "parsed_result"))), "score",
                       texts=True)  # fmt: skip
    if not math.isnan(value) and not 1 <= value <= 10:
        raise FormatError(f"{row.where}: the score {value:g} is not between 1 and 10.")
    return value


def _output(row: JsonRow, value: object) -> str | None:
    if isinstance(value, list) and value:
        value = value[0]
    if value is not None and not isinstance(value, str):
        raise FormatError(f"{row.where} has an output that is not a text.")
    return value


def _is_whole(output: str) -> bool:
    return output not in ("", EMPTY) and not output.endswith(TRUNCATED)


def _row_tags(row: JsonRow) -> list[str]:
    second = row.fields.get("secondary_tags")
    more = [str(tag) for tag in second] if isinstance(second, list) else []
    return [text(row, "primary_tag", ""), *more]


def _groups(rows: Sequence[JsonRow], tags: Tags | None) -> tuple[tuple[str, ...], ...]:
    if tags is None:
        return tuple(tuple(groups_of(_row_tags(row))) for row in rows)
    keys = (identity(row, _IDS, "the task") for row in rows)
    return tuple(tuple(groups_of(tags.get(key, ()))) for key in keys)


def _sides(row: JsonRow, reference: str | None) -> tuple[str, str]:
    names = list(inner(row, "model_outputs"))
    if len(names) != 2:
        raise FormatError(f"{row.where} compares {len(names)} outputs; a comparison has two.")
    folders = [part.removeprefix("ref=") for part in row.path.parts if part.startswith("ref=")]
    wanted = [reference] if reference is not None else [*folders, *REFERENCES]
    for one in wanted:
        # A name may come with its owner: "meta-llama/Llama-2-70b-chat-hf".
        found = [name for name in names if one == name or one == name.rsplit("/", 1)[-1]]
        if len(found) == 1:
            return next(name for name in names if name != found[0]), found[0]
    own = [name for name in names if name.rsplit("/", 1)[-1] == stem(row.path)]
    if len(own) == 1 and reference is None:
        return own[0], next(name for name in names if name != own[0])
    raise ConfigError(
        f"{row.where} compares {' and '.join(map(repr, names))}, and nothing says which is the "
        "reference.",
        hint="Name it with --reference.",
    )


def _pair(row: JsonRow, model: str, other: str) -> tuple[str, str]:
    outputs = inner(row, "model_outputs")
    found = [_output(row, outputs.get(name)) for name in (model, other)]
    if None in found:
        raise FormatError(f"{row.where} lacks the output of {model!r} or {other!r}.")
    return found[0] or "", found[1] or ""


def _side(row: JsonRow, model: str, other: str) -> float:
    winner = row.fields.get("winner")
    return {model: 1.0, other: -1.0, "tie": 0.0}.get(str(winner), math.nan)


def _first(row: JsonRow, model: str, other: str) -> float:
    shown = inner(row, "assignment").get("A")
    return {model: 1.0, other: 0.0}.get(str(shown), math.nan)
