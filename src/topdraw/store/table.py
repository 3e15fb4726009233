"""A run's columns as arrays: what analysis needs of a million rows, without a million objects.

Not here: statistics; `topdraw.analysis`. Rows as values: `Run.samples`, `Run.scores`.
Try it: `python benchmarks/bench_store.py`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec
import numpy as np

from topdraw.core.records import BoolArray, FloatArray, IntArray
from topdraw.store import parquet
from topdraw.store.ledger import Ledger
from topdraw.store.rows import Kind, Row, SampleRow, ScoreRow, unpack_sample, unpack_score
from topdraw.store.run import Run
from topdraw.store.segments import read_segments

if TYPE_CHECKING:
    from numpy.typing import NDArray

Arrays = dict[str, "NDArray[Any]"]


@dataclass(frozen=True, slots=True)
class ScoreColumns:
    """One entry per scored sample of a role, ordered by problem and index.

    Attributes:
        problem: shape (rows,). Position of the problem in the task.
        index: shape (rows,). Index of the sample.
        value: shape (rows,). The scorer's value; NaN when it gave none.
        passed: shape (rows,). True where a verifier passed it.
        judged: shape (rows,). True where a verifier gave a verdict.
        missing: shape (rows,). True where the scorer failed.
    """

    problem: IntArray
    index: IntArray
    value: FloatArray
    passed: BoolArray
    judged: BoolArray
    missing: BoolArray


@dataclass(frozen=True, slots=True)
class SampleColumns:
    """One entry per sample of a role, ordered by problem and index.

    Attributes:
        problem: shape (rows,). Position of the problem in the task.
        index: shape (rows,). Index of the sample.
        output_tokens: shape (rows,). 0 when unknown.
        prompt_tokens: shape (rows,). 0 when unknown.
        logprob: shape (rows,). In nats; NaN when unknown.
    """

    problem: IntArray
    index: IntArray
    output_tokens: IntArray
    prompt_tokens: IntArray
    logprob: FloatArray


@dataclass(frozen=True, slots=True)
class Counts:
    """Tallies of one verifier, in the order of the task's problems.

    Attributes:
        n: shape (problems,). Samples with a verdict.
        c: shape (problems,). Of these, those that passed.
        missing: shape (problems,). Samples that the verifier failed on; not in n.
    """

    n: IntArray
    c: IntArray
    missing: IntArray


_SCORE_SQL = {
    "value": "coalesce(value, 'nan'::DOUBLE)",
    "passed": "coalesce(passed, false)",
    "judged": "passed IS NOT NULL",
    "missing": "missing",
}
_SAMPLE_SQL = {
    "output_tokens": "output_tokens",
    "prompt_tokens": "prompt_tokens",
    "logprob": "coalesce(logprob, 'nan'::DOUBLE)",
}
_TALLIES = ("rows", "keys", "n", "c", "missing")
_SUMS = ", ".join(f"sum({name})::BIGINT AS {name}" for name in _TALLIES)


def columns(run: Run, scorer: str, *, role: str = "sampled") -> ScoreColumns:
    """The scores of one scorer as arrays.

    Args:
        run: where they lie.
        scorer: its name; all arrays are empty when it has no scores.
        role: "sampled" or "greedy".

    Raises:
        StoreError: when a file cannot be read.
    """
    ledger = run.score_ledger(scorer)
    return ScoreColumns(**_first(_arrays(run, ledger, role, _SCORE_SQL, _score_values)))


def sample_columns(run: Run, *, role: str = "sampled") -> SampleColumns:
    """The samples of one role as arrays, without their texts.

    Raises:
        StoreError: when a file cannot be read.
    """
    ledger = run.sample_ledger()
    return SampleColumns(**_first(_arrays(run, ledger, role, _SAMPLE_SQL, _sample_values)))


def counts(run: Run, scorer: str, *, role: str = "sampled") -> Counts:
    """n, c and missing per problem, as `analysis.coverage` wants them.

    Raises:
        StoreError: when a file cannot be read.
    """
    return _counts_of_parts(run, scorer, role) or _counts_of(run, columns(run, scorer, role=role))


def _counts_of(run: Run, found: ScoreColumns) -> Counts:
    judged, problems = found.judged & ~found.missing, len(run.problems)

    def tally(where: BoolArray) -> IntArray:
        return np.bincount(found.problem[where], minlength=problems).astype(np.int64)

    return Counts(tally(judged), tally(judged & found.passed), tally(found.missing))


def _counts_of_parts(run: Run, scorer: str, role: str) -> Counts | None:
    """The tallies made by the database, when all rows are in parts, each key once and as it is.

    None when it is otherwise: a writer is at work, a compaction was killed, or a text is damaged.
    """
    ledger = run.score_ledger(scorer)
    if any(True for _ in read_segments(ledger.segments, ledger.notes)):
        return None
    wanted = _wanted(run, role)
    groups = parquet.settled(ledger.parts, lambda paths: _grouped(paths, ledger.kind, wanted))
    if groups is None:
        return None
    place = {problem_id: at for at, problem_id in enumerate(run.problems)}
    at = np.array([place.get(problem_id, -1) for problem_id in groups["problem_id"]], dtype=int)
    tallies = np.zeros((3, len(place)), dtype=np.int64)
    tallies[:, at[at >= 0]] = [groups[name][at >= 0] for name in ("n", "c", "missing")]
    return Counts(*tallies)


def _grouped(paths: list[Path], kind: Kind, wanted: tuple[str, int]) -> Arrays | None:
    rows = parquet.source(paths, kind)
    with parquet.connect() as connection:
        query = f"SELECT 1 FROM {rows} WHERE original <> '' LIMIT 1"  # noqa: S608  # quoted
        if connection.execute(query).fetchall():
            return None
        # 64 indices at a time as bits of one number: a quarter of the time of count(DISTINCT).
        tallied = (
            "SELECT problem_id, count(*) AS rows, "  # noqa: S608  # quoted
            "count(*) FILTER (passed IS NOT NULL AND NOT missing) AS n, "
            "count(*) FILTER (passed AND NOT missing) AS c, "
            "count(*) FILTER (missing) AS missing, "
            'bit_count(bit_or(1::UBIGINT << ("index" & 63)::UBIGINT)) AS keys '
            f'FROM {rows} WHERE sampler = ? AND "index" < ? GROUP BY problem_id, "index" >> 6'
        )
        found = connection.execute(
            f"SELECT problem_id, {_SUMS} FROM ({tallied}) GROUP BY problem_id",  # noqa: S608  # quoted
            list(wanted),
        ).fetchnumpy()
    arrays = {name: np.ma.getdata(column) for name, column in found.items()}
    return arrays if np.array_equal(arrays["rows"], arrays["keys"]) else None


def _wanted(run: Run, role: str) -> tuple[str, int]:
    """The sampler of a role, and the index at which its samples end."""
    sampler = run.manifest.sampler(role)
    return (sampler.hash, sampler.end) if sampler else ("", 0)


def _score_values(row: Row) -> tuple[object, ...]:
    stored = cast("ScoreRow", row)
    value = unpack_score(stored).value if row.original else stored.value
    value = math.nan if value is None else value
    return value, bool(stored.passed), stored.passed is not None, stored.missing


def _sample_values(row: Row) -> tuple[object, ...]:
    sample = unpack_sample(cast("SampleRow", row))
    return sample.usage.output_tokens, sample.usage.prompt_tokens, sample.logprob


def _arrays(
    run: Run,
    ledger: Ledger,
    role: str,
    sql: Mapping[str, str],
    values: Callable[[Row], tuple[object, ...]],
) -> Arrays:
    wanted = _wanted(run, role)
    place = {problem_id: at for at, problem_id in enumerate(run.problems)}

    def loose(rows: Iterable[Row]) -> list[tuple[object, ...]]:
        return [
            (place[key[1]], key[2], *values(row))
            for row in rows
            if (key := row.key)[0] == wanted[0] and key[1] in place and key[2] < wanted[1]
        ]

    with ledger.reading():
        decode = msgspec.json.Decoder(ledger.kind.row).decode
        # Segments before parts: one compacted meanwhile is then found among the parts.
        tail = loose(map(decode, read_segments(ledger.segments, ledger.notes)))
        stored = parquet.settled(
            ledger.parts, lambda paths: _from_parts(paths, ledger.kind, wanted, place, sql)
        )
        damaged = parquet.select(ledger.parts, ledger.kind, where="original <> ''")
        rows = [*loose(itertools.starmap(ledger.kind.row, damaged)), *tail]
    names = ["problem", "index", *sql]
    found = zip(*rows, strict=True) if rows else itertools.repeat(())
    return {
        name: np.concatenate([stored[name], np.array(more, dtype=stored[name].dtype)])
        for name, more in zip(names, found, strict=False)
    }


def _from_parts(
    paths: list[Path],
    kind: Kind,
    wanted: tuple[str, int],
    place: Mapping[str, int],
    sql: Mapping[str, str],
) -> Arrays:
    """The rows whose text needed no care, so that ids can be compared within the database."""
    made = ", ".join(f'{expression} AS "{name}"' for name, expression in sql.items())
    with parquet.connect() as connection:
        ids = [(text, at) for text, at in place.items() if text.isascii() or _is_sound(text)]
        connection.execute(
            "CREATE TABLE ids AS SELECT unnest(?::VARCHAR[]) AS id, unnest(?::BIGINT[]) AS problem",
            [[text for text, _ in ids], [at for _, at in ids]],
        )
        found = connection.execute(
            f'SELECT problem, "index", {made} '  # noqa: S608  # quoted
            f"FROM {parquet.source(paths, kind)} JOIN ids ON id = problem_id "
            "WHERE sampler = ? AND \"index\" < ? AND original = ''",
            list(wanted),
        ).fetchnumpy()
    return {name: np.ma.getdata(column) for name, column in found.items()}


def _is_sound(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _first(arrays: Arrays) -> Arrays:
    """Sorted by problem and index, the first record of each; a missing score gives way."""
    missing = arrays.get("missing", np.zeros(len(arrays["index"]), dtype=bool))
    order = np.lexsort((missing, arrays["index"], arrays["problem"]))  # stable: oldest first
    problem, index = arrays["problem"][order], arrays["index"][order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (problem[1:] != problem[:-1]) | (index[1:] != index[:-1])
    return {name: column[order[new]] for name, column in arrays.items()}
