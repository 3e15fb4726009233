"""Answer files of Arena-Hard: tokens and markup of each answer, by model and question.

Not here: what style does to a verdict (`winrate.style`).
Try it: `topdraw winrate judgments.jsonl --answers model.jsonl --answers baseline.jsonl`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from topdraw.analysis.winrate.cells import identity, inner
from topdraw.errors import FormatError
from topdraw.store.json_rows import JsonRow, json_rows

#: Model and question to its counts, in the order of `style.COUNTS`.
Answers: TypeAlias = Mapping[tuple[str, str], tuple[float, float, float, float]]
_FIELDS = ("token_len", "header_count", "list_count", "bold_count")


def read_answers(paths: Sequence[str]) -> dict[tuple[str, str], tuple[float, float, float, float]]:
    """The counts in these files; of two answers to one question, the first.

    Args:
        paths: answer files, of one model or several each.

    Raises:
        FormatError: when a row lacks a field or has one of a wrong kind; names file and line.
    """
    found: dict[tuple[str, str], tuple[float, float, float, float]] = {}
    for path in paths:
        for row in json_rows(path):
            model = identity(row, ("model", "model_id"), "the model")
            question = identity(row, ("uid", "question_id"), "the question")
            found.setdefault((model.rsplit("/", 1)[-1], question), _counts(row))
    return found


def _counts(row: JsonRow) -> tuple[float, float, float, float]:
    about = inner(row, "metadata") or inner(row, "conv_metadata")
    if not about:
        raise FormatError(
            f"{row.where} has no 'metadata' with token and markup counts; style control needs it.",
            hint="Arena-Hard's own utils/add_markdown_info.py adds it.",
        )
    tokens, headers, lists, bold = (_total(row, name, about.get(name)) for name in _FIELDS)
    return tokens, headers, lists, bold


def _total(row: JsonRow, name: str, value: object) -> float:
    parts = list(value.values()) if isinstance(value, dict) else [value]
    total = 0.0
    for one in parts:
        if isinstance(one, bool) or not isinstance(one, int | float):
            raise FormatError(f"{row.where}: {name!r} in 'metadata' is no count.")
        total += one
    return total
