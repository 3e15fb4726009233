"""What a pairwise judge said of two samples of a problem, kept beside the run's scores.

One JSON line for each comparison in `comparisons/NAME.jsonl`, appended; a torn last line is left
out. Not here: asking a judge (`selection.asking`).
Try it: `python -m pytest tests/store/test_comparisons.py`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topdraw.core.records import FloatArray
from topdraw.errors import ConfigError, FormatError
from topdraw.store.run import Run

FOLDER = "comparisons"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One question to a judge.

    Attributes:
        problem_id: the problem.
        sampler: hash of the sampler of both samples.
        first: index of the sample that was shown first.
        second: index of the other one.
        first_better: probability that the first is better, in [0, 1]; a verdict is 1, 0 or 1/2.
    """

    problem_id: str
    sampler: str
    first: int
    second: int
    first_better: float


@dataclass(frozen=True, slots=True)
class Comparisons:
    """All comparisons of one name."""

    rows: tuple[Comparison, ...]

    def table(self, problem_id: str, keys: Sequence[tuple[str, int]]) -> FloatArray:
        """The comparisons of a problem as a matrix.

        Args:
            problem_id: the problem.
            keys: sampler and index of each of its n samples, in order.

        Returns:
            Shape (n, n): row first, column second; NaN where nobody was asked. A pair that was
            asked several times in one order has the mean.
        """
        place = {key: at for at, key in enumerate(keys)}
        summed, number = (np.zeros((len(keys), len(keys))) for _ in range(2))
        for row in self.rows:
            if row.problem_id != problem_id:
                continue
            one = place.get((row.sampler, row.first))
            other = place.get((row.sampler, row.second))
            if one is not None and other is not None:
                summed[one, other] += row.first_better
                number[one, other] += 1
        return np.divide(summed, number, out=np.full_like(summed, np.nan), where=number > 0)


def add_comparisons(run: Run, name: str, rows: Iterable[Comparison]) -> None:
    """Store comparisons in a run, after those that it has of that name.

    Args:
        run: the run.
        name: of the judge: letters, digits, ".", "_" and "-".
        rows: what it said.

    Raises:
        ConfigError: if the name is no such name, or a comparison is of a sample with itself or
            outside [0, 1].
    """
    path = _path(run, name)
    lines = [_line(row) for row in rows]
    path.parent.mkdir(exist_ok=True)
    with path.open("ab") as file:
        file.write("".join(lines).encode("ascii"))


def comparisons(run: Run, name: str) -> Comparisons:
    """The comparisons stored under a name.

    Args:
        run: the run.
        name: one of `comparison_names`.

    Raises:
        ConfigError: if it is no such name.
        FormatError: if a line is no comparison; says which.
    """
    path = _path(run, name)
    whole, mark, _torn = path.read_bytes().rpartition(b"\n")
    lines = whole.split(b"\n") if mark else []
    return Comparisons(tuple(_read(path, at, line) for at, line in enumerate(lines, 1)))


def comparison_names(run: Run) -> list[str]:
    """Names under which the run has comparisons, sorted."""
    return sorted(path.stem for path in (run.path / FOLDER).glob("*.jsonl"))


def _path(run: Run, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} is no name for comparisons.", hint="Use letters, digits, '.', '_' and '-'."
        )
    return run.path / FOLDER / f"{name}.jsonl"


def _line(row: Comparison) -> str:
    if row.first == row.second or not 0 <= row.first_better <= 1:
        raise ConfigError(
            f"{row} is no comparison: it needs two samples and a probability in [0, 1]."
        )
    values = [row.problem_id, row.sampler, row.first, row.second, float(row.first_better)]
    return json.dumps(dict(zip(_FIELDS, values, strict=True))) + "\n"


_FIELDS = ("problem_id", "sampler", "first", "second", "first_better")


def _read(path: Path, at: int, line: bytes) -> Comparison:
    try:
        found = json.loads(line)
        row = Comparison(*(found[name] for name in _FIELDS))
        fits = (
            isinstance(row.problem_id, str)
            and isinstance(row.sampler, str)
            and all(type(index) is int for index in (row.first, row.second))
            and not isinstance(row.first_better, bool)
            and math.isfinite(row.first_better)
            and 0 <= row.first_better <= 1
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        fits = False
    if not fits:
        raise FormatError(
            f"Line {at} of {path} is no comparison.", hint=f"It needs {', '.join(_FIELDS)}."
        )
    return row
