"""Ledgers of a few records for tests, and what is in them.

Not here: tests. Try it: `python -m pytest tests/store`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.store.strategies import make

from topdraw.core.records import Sample, Score
from topdraw.store import parquet
from topdraw.store.ledger import Ledger
from topdraw.store.rows import SAMPLES, SCORES, SampleRow, pack_sample, pack_score, unpack_sample

SOME = [make(problem, at, f"{problem}{at}") for problem in ("a", "b") for at in range(5)]
MISSING, RIGHT, WRONG = Score.missing("down"), Score.verdict(True), Score.verdict(False)


def sample_ledger(folder: Path) -> Ledger:
    """A ledger of samples; its folder need not exist."""
    return Ledger(SAMPLES, folder / "segments", folder / "samples")


def score_ledger(folder: Path) -> Ledger:
    """A ledger of scores; its folder need not exist."""
    return Ledger(SCORES, folder / "segments", folder)


def write(book: Ledger, samples: Iterable[Sample]) -> None:
    """Store samples in a segment of their own."""
    append(book, map(pack_sample, samples))


def store(book: Ledger, scored: Iterable[tuple[int, Score]]) -> None:
    """Store scores of the samples of problem "p" in a segment of their own."""
    append(book, (pack_score(make("p", at), score) for at, score in scored))


def append(book: Ledger, bodies: Iterable[bytes]) -> None:
    """Store records in a segment of their own."""
    journal = book.journal()
    for body in bodies:
        journal.append(body)
    journal.close()


def read(book: Ledger) -> list[Sample]:
    """The samples, sorted."""
    rows = [row for row in book.rows() if isinstance(row, SampleRow)]
    return sorted(map(unpack_sample, rows), key=lambda one: (one.problem_id, one.index))


def verdicts(book: Ledger) -> dict[int, bool | None]:
    """What each sample's score says."""
    return {row.index: getattr(row, "passed", None) for row in book.rows() if hasattr(row, "index")}


def rows_in_parts(book: Ledger) -> int:
    """Rows as any reader of Parquet counts them."""
    return sum(map(len, indices_in_parts(book)))


def indices_in_parts(book: Ledger) -> list[list[int]]:
    """The indices in each part, oldest part first."""
    with parquet.connect() as connection:
        return [
            [row[0] for row in connection.execute(f"SELECT index FROM '{path}'").fetchall()]
            for path in parquet.parts(book.parts)
        ]
