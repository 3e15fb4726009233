"""The columns of a plain table: counts, or scored samples, as arrays.

Not here: reading them as a run (`topdraw.store.plain`), files (`plain_files`).
Try it: `python -m pytest tests/store/test_plain.py`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from topdraw.core.records import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts, each distinct one kept once.

    Attributes:
        codes: shape (rows,). Position in `words`; -1 where the cell is empty.
        words: the distinct texts.
    """

    codes: IntArray
    words: tuple[str, ...]

    def listed(self, rows: IntArray) -> list[str | None]:
        """The texts in some rows; None where a cell is empty.

        Args:
            rows: positions.
        """
        words: list[str | None] = [*self.words, None]
        return [words[code] for code in self.codes[rows].tolist()]

    def at(self, row: int) -> str | None:
        """The text in a row; None where the cell is empty."""
        code = int(self.codes[row])
        return None if code < 0 else self.words[code]


@dataclass(frozen=True, slots=True)
class CountColumns:
    """Counts, one row for each problem of a model.

    Attributes:
        model: shape (rows,). Position in the table's models; 0 when it names none.
        problem: shape (rows,). Position in the table's problems.
        n: shape (rows,). Samples.
        c: shape (rows,), 0 <= c <= n. The correct ones.
    """

    model: IntArray
    problem: IntArray
    n: IntArray
    c: IntArray


@dataclass(frozen=True, slots=True)
class SampleColumns:
    """Scored samples, a row each, ordered by model, problem and index.

    Attributes:
        model: shape (rows,). Position in the table's models; 0 when it names none.
        problem: shape (rows,). Position in the table's problems.
        index: shape (rows,). Index of the sample.
        greedy: shape (rows,). True for reference samples at temperature 0.
        temperature: shape (rows,). NaN when unknown.
        tokens: shape (rows,). Output tokens; -1 when unknown.
        logprob: shape (rows,). Sum over the output, in nats; NaN when unknown.
        verdicts: by verifier, shape (rows,): 1 passed, 0 not, -1 missing.
        values: by ranking scorer, shape (rows,): larger is better, NaN is missing.
        votes: by scorer of answers alone: the answers.
        answer: the answers that come with every verdict; None without such a column.
        output: the outputs; None without such a column.
        finish_reason: how outputs ended; None without such a column.
    """

    model: IntArray
    problem: IntArray
    index: IntArray
    greedy: BoolArray
    temperature: FloatArray
    tokens: IntArray
    logprob: FloatArray
    verdicts: Mapping[str, IntArray] = field(default_factory=dict)
    values: Mapping[str, FloatArray] = field(default_factory=dict)
    votes: Mapping[str, Texts] = field(default_factory=dict)
    answer: Texts | None = None
    output: Texts | None = None
    finish_reason: Texts | None = None


def take(
    columns: CountColumns | SampleColumns, rows: IntArray | BoolArray
) -> CountColumns | SampleColumns:
    """The same columns with other rows.

    Args:
        columns: of a table.
        rows: positions, or a mask.
    """
    changes = {f.name: _taken(getattr(columns, f.name), rows) for f in dataclasses.fields(columns)}
    return type(columns)(**changes)


def _taken(column: Any, rows: IntArray | BoolArray) -> Any:  # noqa: ANN401 - any kind of column
    if isinstance(column, Mapping):
        return {name: _taken(each, rows) for name, each in column.items()}
    if isinstance(column, Texts):
        return Texts(column.codes[rows], column.words)
    taken: NDArray[Any] | None = None if column is None else column[rows]
    return taken
