"""A run's columns as arrays: what analysis needs of a million rows, without a million objects.

Not here: statistics; `topdraw.analysis`. Rows as values: `Run.samples`, `Run.scores`.
Try it: `python benchmarks/bench_store.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec
import numpy as np

from topdraw.core.records import BoolArray, FloatArray, IntArray
from topdraw.store import parquet
from topdraw.store.ledger import Ledger
from topdraw.store.rows import Row, SampleRow, ScoreRow, unpack_sample, unpack_score
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
    found, problems = columns(run, scorer, role=role), len(run.problems)
    judged = found.judged & ~found.missing

    def tally(where: BoolArray) -> IntArray:
        return np.bincount(found.problem[where], minlength=problems).astype(np.int64)

    return Counts(tally(judged), tally(judged & found.passed), tally(found.missing))


def _score_values(row: Row) -> tuple[object, ...]:
    score = unpack_score(cast("ScoreRow", row))
    return score.value, bool(score.passed), score.passed is not None, score.is_missing


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
    sampler = run.manifest.sampler(role)
    place = {problem_id: at for at, problem_id in enumerate(run.problems)}
    names = ["problem", "index", *sql]
    with ledger.reading():
        decode = msgspec.json.Decoder(ledger.kind.row).decode
        # Segments before parts: one compacted meanwhile is then found among the parts.
        tail = [decode(line) for line in read_segments(ledger.segments, ledger.notes)]
        wanted = (sampler.hash, sampler.end) if sampler else ("", 0)
        stored = _from_parts(ledger, wanted, place, sql)
        changed = parquet.select(ledger.parts, ledger.kind, where="original <> ''")
        rows = [*(ledger.kind.row(*one) for one in changed), *tail]
        loose = _from_rows(rows, wanted, place, values) or [[] for _ in names]
    return {
        name: np.concatenate([stored[name], np.asarray(loose[at]).astype(stored[name].dtype)])
        for at, name in enumerate(names)
    }


def _from_rows(
    rows: Iterable[Row],
    wanted: tuple[str, int],
    place: Mapping[str, int],
    values: Callable[[Row], tuple[object, ...]],
) -> list[list[object]]:
    found: list[tuple[object, ...]] = []
    for row in rows:
        key = row.key
        if key[0] == wanted[0] and key[1] in place and key[2] < wanted[1]:
            found.append((place[key[1]], row.index, *values(row)))
    return [list(column) for column in zip(*found, strict=True)]


def _from_parts(
    ledger: Ledger, wanted: tuple[str, int], place: Mapping[str, int], sql: Mapping[str, str]
) -> Arrays:
    """The rows whose text needed no care, so that ids can be compared within the database."""
    while True:
        paths = parquet.parts(ledger.parts)
        found = _from_these(paths, ledger, wanted, place, sql)
        # A compaction meanwhile may take a row from an old part once a new one supersedes it.
        if parquet.parts(ledger.parts) == paths:
            return found


def _from_these(
    paths: list[Path],
    ledger: Ledger,
    wanted: tuple[str, int],
    place: Mapping[str, int],
    sql: Mapping[str, str],
) -> Arrays:
    made = ", ".join(f'{expression} AS "{name}"' for name, expression in sql.items())
    with parquet.connect() as connection, parquet.reading(ledger.parts):
        ids = [(text, at) for text, at in place.items() if text.isascii() or _is_sound(text)]
        connection.execute(
            "CREATE TABLE ids AS SELECT unnest(?::VARCHAR[]) AS id, unnest(?::BIGINT[]) AS problem",
            [[text for text, _ in ids], [at for _, at in ids]],
        )
        rows = parquet.source(paths) if paths else parquet.no_rows(ledger.kind)
        found = connection.execute(
            f'SELECT problem, "index", {made} FROM {rows} JOIN ids ON id = problem_id '  # noqa: S608  # quoted
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
