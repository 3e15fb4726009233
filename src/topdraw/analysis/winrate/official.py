"""The tables that AlpacaEval's length control needs and that it downloads: read, and recognised.

Not here: the regression (`winrate.controlled`). They are CC BY-NC and never shipped.
Try it: `topdraw winrate annotations.json --gamed df_gamed.csv`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topdraw.analysis.winrate.controlled import Gamed, Weights
from topdraw.core.records import FloatArray
from topdraw.errors import FormatError
from topdraw.store.json_rows import json_rows

#: Sums that others quote for the files of the hub's data set tatsu-lab/alpaca_eval.
SHA256 = {
    "97aeec3f1c7de6dee6fd31fe66f1702623f4614c3efe1c6fc5f4927cd5fd674d": "df_gamed.csv",
    "e28d875bb334f75e17acd1e4ed659b261860e3db379cf5de29060301bed0a18b": (
        "instruction_difficulty.csv"
    ),
}
_WEIGHTS = ("np.tanh(std_delta_len)", "instruction_difficulty", "not_gamed_baseline.astype(float)")
_INDEX = ("index", "")
_NOTHING = ("", "nan")


@dataclass(frozen=True, slots=True)
class Tables:
    """What the user supplied for length control; each is None when it was not given.

    Attributes:
        difficulty: of each instruction, by its index.
        gamed: rows of the regulariser models.
        weights: stored weights, by model.
        order: index of each instruction, by its text.
        official: whether every table given is byte for byte an official one.
        read: what was read, one line each, with its SHA-256.
    """

    difficulty: Mapping[int, float] | None = None
    gamed: Gamed | None = None
    weights: Mapping[str, Weights] | None = None
    order: Mapping[str, int] | None = None
    official: bool = False
    read: tuple[str, ...] = ()


def read_tables(
    *,
    gamed: str | None = None,
    difficulty: str | None = None,
    weights: str | None = None,
    instructions: str | None = None,
) -> Tables:
    """The tables in these files.

    Args:
        gamed: `df_gamed.csv`: rows of the two regulariser models, with difficulties.
        difficulty: `instruction_difficulty.csv`; of both, difficulties of `gamed` are used, as
            alpaca_eval does.
        weights: stored weights, `baseline_gpt4_1106_preview.csv`.
        instructions: a JSON list with `instruction`, in the order of the benchmark, such as the
            baseline's `model_outputs.json`.

    Raises:
        FormatError: when a file is not what it should be; names file, line and column.
    """
    read: list[str] = []
    official = []
    for path in (gamed, difficulty):
        if path is not None:
            digest = _digest(Path(path))
            official.append(digest in SHA256)
            read.append(f"{path} (SHA-256 {digest[:12]}..., {SHA256.get(digest, 'not official')})")
    table = None if difficulty is None else read_difficulty(difficulty)
    rows = None
    if gamed is not None:
        rows, table = read_gamed(gamed)
    return Tables(
        difficulty=table,
        gamed=rows,
        weights=None if weights is None else read_weights(weights),
        order=None if instructions is None else read_order(instructions),
        official=bool(official) and all(official),
        read=tuple(read),
    )


def read_difficulty(path: str) -> dict[int, float]:
    """Difficulty by index of the instruction.

    Args:
        path: CSV with the index in its first column.

    Raises:
        FormatError: as `read_tables`.
    """
    found: dict[int, float] = {}
    for line, row in _csv_rows(path, (_INDEX, ("instruction_difficulty",))):
        index = _index(path, line, row[0])
        if index in found:
            raise FormatError(f"{path}, line {line} has index {index} a second time.")
        found[index] = _number(path, line, row[1])
    return found


def read_gamed(path: str) -> tuple[Gamed, dict[int, float]]:
    """The regulariser rows, and the difficulty of each index among them.

    Args:
        path: CSV with index, preference (0 to 1), std_delta_len, instruction_difficulty.

    Raises:
        FormatError: as `read_tables`.
    """
    names = (("index",), ("preference",), ("std_delta_len",), ("instruction_difficulty",))
    rows = []
    difficulty: dict[int, float] = {}
    for line, row in _csv_rows(path, names):
        index = _index(path, line, row[0])
        hard = _number(path, line, row[3])
        difficulty.setdefault(index, hard)
        if any(cell.strip().lower() in _NOTHING for cell in row[1:3]):
            continue  # a failed judgment or an unknown length, which the original drops as well
        value, delta = (_number(path, line, cell) for cell in row[1:3])
        if not 0 <= value <= 1:
            raise FormatError(f"{path}, line {line}: the preference {value:g} is not in [0, 1].")
        rows.append((value, delta, hard))
    if not rows:
        raise FormatError(f"{path} has no row with a preference.")
    value, delta, hard = np.array(rows, dtype=float).T
    return Gamed(value, delta, hard), difficulty


def read_weights(path: str) -> dict[str, Weights]:
    """Stored weights by model.

    Args:
        path: CSV with the model in its first column and the three columns of the formula.

    Raises:
        FormatError: as `read_tables`.
    """
    names = (("", "model"), *((name,) for name in _WEIGHTS))
    return {
        row[0]: Weights(*(_number(path, line, cell) for cell in row[1:]))
        for line, row in _csv_rows(path, names)
    }


def read_order(path: str) -> dict[str, int]:
    """The index of each instruction: its place in the file, the first of several.

    Args:
        path: JSON list or lines with `instruction`.

    Raises:
        FormatError: when a row has none.
    """
    found: dict[str, int] = {}
    for at, row in enumerate(json_rows(path)):
        text = row.fields.get("instruction")
        if not isinstance(text, str):
            raise FormatError(f"{row.where} has no 'instruction'.")
        found.setdefault(text, at)
    return found


def difficulties(table: Mapping[int, float], indices: list[int], where: str) -> FloatArray:
    """The difficulty of each index.

    Args:
        table: by index.
        indices: of the instructions.
        where: the file they come from, for the message.

    Raises:
        FormatError: if the table lacks one.
    """
    lacking = next((one for one in indices if one not in table), None)
    if lacking is not None:
        raise FormatError(
            f"The difficulty table has no instruction {lacking}, which {where} holds.",
            hint="LC with tables is for AlpacaEval's own instructions; leave --gamed and "
            "--difficulty out for others.",
        )
    return np.array([table[one] for one in indices], dtype=float)


def _csv_rows(path: str, columns: tuple[tuple[str, ...], ...]) -> list[tuple[int, list[str]]]:
    """Line and cells of the columns, each named by one of several names."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"{path} cannot be read: {error}.") from None
    reader = csv.reader(io.StringIO(text))
    header = [name.strip() for name in next(reader, [])]
    places = [next((header.index(one) for one in names if one in header), -1) for names in columns]
    if -1 in places:
        lacking = columns[places.index(-1)][0]
        raise FormatError(
            f"{path} has no column {lacking!r}; its first line names {', '.join(header)[:200]}."
        )
    found = []
    for cells in reader:
        if not cells:
            continue
        if len(cells) != len(header):
            raise FormatError(
                f"{path}, line {reader.line_num} has {len(cells)} cells, not {len(header)}."
            )
        found.append((reader.line_num, [cells[at] for at in places]))
    if not found:
        raise FormatError(f"{path} is empty: it has no row.")
    return found


def _number(path: str, line: int, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FormatError(f"{path}, line {line}: {cell[:40]!r} is not a number.")
    return value


def _index(path: str, line: int, cell: str) -> int:
    value = _number(path, line, cell)
    if value != int(value):
        raise FormatError(f"{path}, line {line}: the index {cell[:40]!r} is not whole.")
    return int(value)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error}.") from None
