"""Judged files of MixEval: a score for each problem of a split.

Not here: the overall score (`winrate.mixeval`).
Try it: `python -m pytest tests/analysis/winrate/test_read_mixeval.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topdraw.analysis.winrate.cells import identity, number, stem, text
from topdraw.analysis.winrate.mixeval import judged_score
from topdraw.core.records import FloatArray
from topdraw.errors import FormatError
from topdraw.store.json_rows import JsonRow

FREE_FORM, MULTIPLE_CHOICE = "free-form", "multiple-choice"


@dataclass(frozen=True, slots=True)
class Split:
    """One split of one model.

    Attributes:
        model: its name.
        path: the file.
        kind: "free-form" or "multiple-choice".
        instructions: of each row.
        benchmark: the one each row was taken from.
        stored: shape (rows,): scores in [0, 1] that MixEval averages; NaN = none.
        judged: shape (rows,): the same without those that it drew at random because the judge gave
            none.
    """

    model: str
    path: Path
    kind: str
    instructions: tuple[str, ...]
    benchmark: tuple[str, ...]
    stored: FloatArray
    judged: FloatArray


def read_split(rows: Sequence[JsonRow]) -> Split:
    """The split in the rows of one file.

    The model's name is that of the folder in MixEval's layout
    (`<model>/<benchmark>/<version>/judge_results_*.jsonl`), else the file's.

    Args:
        rows: of one file.

    Raises:
        FormatError: when a row lacks a field or has one of a wrong kind; names file and line.
    """
    kind = MULTIPLE_CHOICE if _is_choice(rows[0]) else FREE_FORM
    stored = np.array([_stored(row, kind) for row in rows])
    random = np.array([_is_random(row) for row in rows], dtype=bool)
    return Split(
        model=_model(rows[0].path),
        path=rows[0].path,
        kind=kind,
        instructions=tuple(f"{kind} {_key(row)}" for row in rows),
        benchmark=tuple(text(row, "benchmark_name", "") for row in rows),
        stored=stored,
        judged=np.where(random, math.nan, stored),
    )


def _is_choice(row: JsonRow) -> bool:
    return "options" in row.fields or "choice" in text(row, "problem_type", "").lower()


def _key(row: JsonRow) -> str:
    return identity(row, ("id", "prompt", "formated_input"), "the problem")


def _stored(row: JsonRow, kind: str) -> float:
    if "eval_result" in row.fields:
        return float(bool(row.fields["eval_result"]))
    if kind == MULTIPLE_CHOICE and "judge_option" in row.fields:
        return float(row.fields["judge_option"] == _target(row))
    value = number(row, "judge_score")
    if not math.isnan(value) and not 0 <= value <= 1:
        raise FormatError(f"{row.where}: the score {value:g} is not between 0 and 1.")
    return value


def _target(row: JsonRow) -> str:
    target, options = row.fields.get("target"), row.fields.get("options")
    if isinstance(target, list) and len(target) == 1 and isinstance(options, list):
        at = target[0]
        if isinstance(at, int) and 0 <= at < len(options):
            return chr(ord("A") + at)
    raise FormatError(f"{row.where} has no 'target' that is the number of one of its 'options'.")


def _is_random(row: JsonRow) -> bool:
    """Whether MixEval drew the score: a judge was asked, and its text holds none."""
    if "judge_response" not in row.fields or "judge_score" not in row.fields:
        return False
    said = row.fields["judge_response"]
    return math.isnan(judged_score(said if isinstance(said, str) else None))


def _model(path: Path) -> str:
    parents = path.resolve().parents
    if path.name.startswith("judge_results_") and len(parents) > 3:
        return parents[2].name
    name = stem(path)
    for ending in ("_close_freeform", "_close_multichoice", "_ff", "_mp"):
        name = name.removesuffix(ending)
    return name
