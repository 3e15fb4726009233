"""What a pairwise judge said of two samples of a problem, kept beside the run's scores.

One JSON line for each comparison in `comparisons/NAME.jsonl`, appended; a torn last line is left
out. Not here: asking a judge (`selection.asking`).
Try it: `python -m pytest tests/store/test_comparisons.py`.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from topdraw.core.records import FloatArray
from topdraw.errors import ConfigError, FormatError, ResumeConflict
from topdraw.store.run import Run
from topdraw.store.segments import write_atomically

FOLDER = "comparisons"
_LONGEST_LINE = 2**20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One question to a judge.

    Attributes:
        problem_id: the problem.
        sampler: hash of the sampler of both samples.
        first: index of the sample that was shown first.
        second: index of the other one.
        first_better: probability that the first is better, in [0, 1]; a verdict is 1, 0 or 1/2;
            NaN where the judge gave none.
        missing_reason: why it gave none; "" when it gave one.
    """

    problem_id: str
    sampler: str
    first: int
    second: int
    first_better: float
    missing_reason: str = ""

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What was asked."""
        return self.problem_id, self.sampler, self.first, self.second


@dataclass(frozen=True, slots=True)
class Comparisons:
    """All comparisons of one name.

    Attributes:
        rows: with a verdict.
        missing: questions that never had one, each once.
    """

    rows: tuple[Comparison, ...]
    missing: tuple[Comparison, ...] = ()

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
        ConfigError: if the name is no such name, or a comparison is of a sample with itself,
            outside [0, 1], or has neither a verdict nor a reason why not.
    """
    path = _path(run, name)
    data = "".join([_line(row) for row in rows]).encode("ascii")
    path.parent.mkdir(exist_ok=True)
    with path.open("a+b") as file:
        _cut_torn_line(file)
        file.write(data)


def _cut_torn_line(file: IO[bytes]) -> None:
    """Take off what a killed writer left without an end; behind it ours would be lost."""
    size = file.seek(0, os.SEEK_END)
    if size:
        file.seek(-1, os.SEEK_END)
    if not size or file.read(1) == b"\n":
        return
    at = max(size - _LONGEST_LINE, 0)
    file.seek(at)
    tail = file.read()
    file.truncate(at + tail.rfind(b"\n") + 1)


def claim_comparisons(run: Run, name: str, source: str) -> None:
    """Note whose comparisons a name stands for, so that those of two judges never mix.

    Args:
        run: the run.
        name: of the judge.
        source: what tells it from another.

    Raises:
        ConfigError: if it is no name.
        ResumeConflict: if the comparisons there are of another source.
    """
    path = _path(run, name).with_suffix(".json")
    known = json.loads(path.read_bytes()).get("source") if path.exists() else None
    if known == source:
        return
    if name in comparison_names(run):
        if known is not None:
            raise ResumeConflict(
                f"The comparisons {name!r} of {run.path} were made by another judge, or by one "
                "that was asked in another way.",
                hint="Give these another name: --name NAME.",
            )
        raise ResumeConflict(
            f"{run.path} has comparisons {name!r}, and nobody noted who made them.",
            hint="Give these another name: --name NAME.",
        )
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, json.dumps({"source": source}).encode() + b"\n")


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
    found = [_read(path, at, line) for at, line in enumerate(lines, 1)]
    told = {row.key for row in found if not row.missing_reason}
    missing = {row.key: row for row in found if row.missing_reason and row.key not in told}
    return Comparisons(
        tuple(row for row in found if not row.missing_reason), tuple(missing.values())
    )


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
    fits = bool(row.missing_reason) if math.isnan(row.first_better) else 0 <= row.first_better <= 1
    if row.first == row.second or not fits:
        raise ConfigError(
            f"{row} is no comparison: it needs two samples and a probability in [0, 1]."
        )
    verdict = None if row.missing_reason else float(row.first_better)
    values = [row.problem_id, row.sampler, row.first, row.second, verdict]
    told = dict(zip(_FIELDS, values, strict=True))
    if row.missing_reason:
        told[_WHY] = row.missing_reason[:300]
    return json.dumps(told) + "\n"


_FIELDS = ("problem_id", "sampler", "first", "second", "first_better")
_WHY = "missing_reason"


def _read(path: Path, at: int, line: bytes) -> Comparison:
    try:
        found = json.loads(line)
        why = found.get(_WHY, "")
        verdict = math.nan if why and found["first_better"] is None else found["first_better"]
        problem_id, sampler, first, second = (found[name] for name in _FIELDS[:4])
        row = Comparison(problem_id, sampler, first, second, verdict, why)
        fits = (
            isinstance(row.problem_id, str)
            and isinstance(row.sampler, str)
            and isinstance(row.missing_reason, str)
            and all(type(index) is int for index in (row.first, row.second))
            and not isinstance(row.first_better, bool)
            and (bool(why) or (math.isfinite(row.first_better) and 0 <= row.first_better <= 1))
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        fits = False
    if not fits:
        raise FormatError(
            f"Line {at} of {path} is no comparison.", hint=f"It needs {', '.join(_FIELDS)}."
        )
    return row
