"""Annotation files of alpaca_eval: preferences, lengths, and who was shown first, by model.

Not here: numbers made of them (`winrate.plain`, `.controlled`).
Try it: `python -m pytest tests/analysis/winrate/test_read_alpaca.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topdraw.analysis.winrate.cells import identity, inner, length, number, stem, text
from topdraw.core.records import FloatArray
from topdraw.store.json_rows import JsonRow

_IDS = ("instruction", "instruction_sha1", "index")
#: How near a stored preference lies to what its log-probabilities say.
_NEAR = 1e-4


@dataclass(frozen=True, slots=True)
class Annotations:
    """Judgments of one model against one baseline.

    Attributes:
        model: its name.
        baseline: of the other.
        path: the file.
        lines: shape (rows,): where each row begins.
        instructions: of each row.
        index: shape (rows,): the benchmark's number of the instruction; NaN where not stored.
        preference: shape (rows,): as stored; NaN = failed.
        length: shape (rows,): characters of the model's output; NaN = not stored.
        baseline_length: likewise.
        model_first: shape (rows,): 1 the judge saw the model first, 0 second, NaN unknown.
        constant: whether the model's outputs are all the same text.
    """

    model: str
    baseline: str
    path: Path
    lines: tuple[int, ...]
    instructions: tuple[str, ...]
    index: FloatArray
    preference: FloatArray
    length: FloatArray
    baseline_length: FloatArray
    model_first: FloatArray
    constant: bool


def read_annotations(rows: Sequence[JsonRow]) -> list[Annotations]:
    """The annotations of each model in the rows of one file.

    The model's name is that of the folder in alpaca_eval's own layout
    (`<model>/<annotator>/annotations.json`), where `generator_2` may be another one; else the
    file's (`<model>.annotations.json`), else `generator_2`. A file with several models or baselines
    is split by them.

    Args:
        rows: of one file.

    Raises:
        FormatError: when a row lacks a field or has one of a wrong kind; names file and line.
    """
    found: dict[tuple[str, str], list[JsonRow]] = {}
    for row in rows:
        sides = (text(row, "generator_2", ""), text(row, "generator_1", ""))
        found.setdefault(sides, []).append(row)
    path = rows[0].path
    names = {model: model or "unnamed" for model, _ in found}
    if len(names) == 1:
        (stored,) = names
        names[stored] = _of_path(path, text(rows[0], "annotator", "")) or stored or stem(path)
    return [_annotations(names[model], each) for (model, _), each in found.items()]


def shown_first(preference: float, raw: object) -> float:
    """Whether the judge saw the model's output first, from what it preferred and why.

    The judge names one of "m" (shown first) and "M". With q = P(m) / (P(m) + P(M)) the stored
    preference is 1 + q when the model stood first, 2 - q when it stood second.

    Args:
        preference: as stored.
        raw: `raw_completion`, with the log-probabilities of the first token.

    Returns:
        1, 0, or NaN when it cannot be told.

    References:
        alpaca_eval 0.6.6, `weighted_alpaca_eval_gpt4_turbo`; checked on its annotations.
    """
    q = _share_of_first(raw)
    if math.isnan(q) or math.isnan(preference) or abs(q - 0.5) < _NEAR:
        return math.nan
    first, second = abs(preference - 1 - q), abs(preference - 2 + q)
    if min(first, second) > _NEAR:
        return math.nan
    return float(first < second)


def _share_of_first(raw: object) -> float:
    if not isinstance(raw, Mapping):
        return math.nan
    found = raw.get("logprobs")
    content = found.get("content") if isinstance(found, Mapping) else None
    token = content[0] if isinstance(content, list) and content else None
    top = token.get("top_logprobs") if isinstance(token, Mapping) else None
    share = {"m": 0.0, "M": 0.0}
    for one in top if isinstance(top, list) else []:
        if isinstance(one, Mapping) and one.get("token") in share:
            logprob = one.get("logprob")
            if isinstance(logprob, int | float) and logprob <= 0:
                share[str(one["token"])] = math.exp(logprob)
    total = sum(share.values())
    return share["m"] / total if total > 0 else math.nan


def _of_path(path: Path, annotator: str) -> str:
    folder = path.resolve().parent
    if stem(path) != "annotations":
        named = path.name.removesuffix(".gz").removesuffix(".json").removesuffix(".jsonl")
        return stem(path) if named.endswith(".annotations") else ""
    return folder.parent.name if annotator and folder.name == annotator else folder.name


def _annotations(model: str, rows: Sequence[JsonRow]) -> Annotations:
    preference = _array([number(row, "preference") for row in rows])
    raw = [inner(row, "raw_completion") for row in rows]
    first = [shown_first(p, one) for p, one in zip(preference.tolist(), raw, strict=True)]
    outputs = {row.fields.get("output_2") for row in rows}
    return Annotations(
        model=model,
        baseline=text(rows[0], "generator_1", "baseline"),
        path=rows[0].path,
        lines=tuple(row.line for row in rows),
        instructions=tuple(identity(row, _IDS, "the instruction") for row in rows),
        index=_array([number(row, "index") for row in rows]),
        preference=preference,
        length=_array([length(row, "output_2", "len_2") for row in rows]),
        baseline_length=_array([length(row, "output_1", "len_1") for row in rows]),
        model_first=_array(first),
        constant=len(rows) > 1 and len(outputs) == 1 and None not in outputs,
    )


def _array(values: Sequence[float]) -> FloatArray:
    return np.array(values, dtype=float)
