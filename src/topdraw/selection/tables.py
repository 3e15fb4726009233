"""From a plain table's columns to the arrays that selectors see, without an object per sample.

Not here: runs (`selection.candidates`), reading files (`topdraw.store.plain_read`).
Try it: `python -m pytest tests/selection/test_tables.py`.
"""

from __future__ import annotations

import itertools

import numpy as np

from topdraw.core.records import Candidates, FloatArray, IntArray
from topdraw.errors import ConfigError, DomainError, UnknownNameError
from topdraw.selection.ensemble import resolve_value
from topdraw.store.plain import PlainTable
from topdraw.store.plain_columns import CountColumns, SampleColumns, Texts

#: A table of counts with more samples is for the functions on arrays of n and c.
MOST_SAMPLES = 200_000_000


def table_candidates(
    table: PlainTable, *, by: str | None, value: str | None, answer: str | None, role: str
) -> dict[str, Candidates]:
    """The candidates of a table; see `selection.candidates.candidates`.

    Of counts, every problem has n candidates of which c passed, and nothing else is known of them.
    Which of them passed is drawn with a fixed seed: no number may depend on their order.

    Args:
        table: of one model.
        by: a verifier of the table.
        value: a scorer of values; "logprob" falls back on the mean of the column of sums.
        answer: whose answers vote; default `by`.
        role: "sampled" or "greedy".

    Raises:
        UnknownNameError: if the table has no such scorer; says which it has.
        ConfigError: if `by` gives no verdict, or the table has several models.
        DomainError: if the counts are of more than `MOST_SAMPLES` samples.
    """
    columns, ids = table.one_model(), list(table.problems)
    source = None if value is None else resolve_value(value, known=table.scorers())
    for name in (by, *(source.members if source else ()), answer):
        _require_scorer(table, name)
    if isinstance(columns, CountColumns):
        _require_few(table, columns)
        drawn = columns.n if role == "sampled" else np.zeros_like(columns.n)
        right = columns.c if role == "sampled" and by is not None else np.zeros_like(columns.n)
        counts = zip(columns.problem.tolist(), drawn.tolist(), right.tolist(), strict=True)
        return {ids[problem]: _counted(n, c, problem) for problem, n, c in counts}
    rows = table.rows(role)
    values = None
    if source is not None:
        members = np.array([_values(columns, name)[rows] for name in source.members])
        values = source(members, columns.problem[rows])
    whole = _arrays(table, columns, rows, values, by=by, answer=answer or by or "")
    ends = np.cumsum(np.bincount(columns.problem[rows], minlength=len(ids)))
    spans = itertools.pairwise([0, *ends.tolist()])
    return {key: _part(whole, *span) for key, span in zip(ids, spans, strict=True)}


def _require_scorer(table: PlainTable, name: str | None) -> None:
    known = table.scorers()
    if name is None or name in known or name == "logprob":
        return
    raise UnknownNameError(
        f"{table.path} has no scores by {name!r}; it has {', '.join(known) or 'none'}."
    )


def _require_few(table: PlainTable, columns: CountColumns) -> None:
    samples = int(columns.n.sum())
    if samples > MOST_SAMPLES:
        raise DomainError(
            f"{table.path} counts {samples:,} samples; a table may count {MOST_SAMPLES:,}.",
            hint="Give n and c to topdraw.analysis.coverage.pass_at_k(n, c, k) instead.",
        )


def _counted(n: int, c: int, seed: int) -> Candidates:
    unknown = np.broadcast_to(np.nan, n)
    no = np.broadcast_to(False, n)
    passed = np.zeros(n, bool)
    if 0 < c:
        passed[np.random.default_rng(seed).permutation(n)[:c]] = True
    return Candidates(
        value=unknown,
        answer=np.broadcast_to(np.int64(-1), n),
        passed=passed,
        length_tokens=np.broadcast_to(np.int64(0), n),
        logprob=unknown,
        missing=no,
        greedy=no,
    )


def _arrays(
    table: PlainTable,
    columns: SampleColumns,
    rows: IntArray,
    values: FloatArray | None,
    *,
    by: str | None,
    answer: str,
) -> Candidates:
    """All samples of a role as if of one problem; answers are the table's own codes."""
    verdicts = None if by is None else _verdicts(table, columns, by)[rows]
    no = np.zeros(rows.size, bool)
    if verdicts is not None:
        missing = verdicts < 0
    else:
        missing = no if values is None else np.isnan(values)
    return Candidates(
        value=np.full(rows.size, np.nan) if values is None else values,
        answer=_answers(columns, answer)[rows],
        passed=no if verdicts is None else verdicts == 1,
        length_tokens=np.maximum(columns.tokens, 0)[rows],
        logprob=columns.logprob[rows],
        missing=missing,
        greedy=(columns.greedy | (columns.temperature == 0))[rows],
    )


def _verdicts(table: PlainTable, columns: SampleColumns, by: str) -> IntArray:
    if by not in columns.verdicts:
        raise ConfigError(
            f"The column {by!r} of {table.path} holds no verdicts; nothing can be counted correct "
            "by it.",
            hint="Name a verifier with --by SCORER, and this one with --value SCORER.",
        )
    return columns.verdicts[by]


def _values(columns: SampleColumns, value: str) -> FloatArray:
    if value in columns.values:
        return columns.values[value]
    if value in columns.verdicts:
        verdicts = columns.verdicts[value]
        return np.where(verdicts < 0, np.nan, verdicts)
    if value in columns.votes:
        return np.full(columns.index.size, np.nan)
    counted = columns.tokens > 0
    return np.where(counted, columns.logprob / np.where(counted, columns.tokens, 1), np.nan)


def _answers(columns: SampleColumns, scorer: str) -> IntArray:
    """Answers by a scorer; -1 where there is none, or where its verdict is missing."""
    texts: Texts | None = None
    if scorer in columns.votes:
        texts = columns.votes[scorer]
    elif scorer in columns.verdicts:
        texts = columns.answer
    if texts is None:
        return np.full(columns.index.size, -1, np.int64)
    if scorer in columns.verdicts:
        return np.where(columns.verdicts[scorer] < 0, -1, texts.codes)
    return texts.codes


def _part(whole: Candidates, start: int, end: int) -> Candidates:
    """The candidates of one problem, their answers numbered anew from 0."""
    answer = whole.answer[start:end]
    known = answer >= 0
    numbered = np.full(answer.size, -1, np.int64)
    if known.any():
        numbered[known] = np.unique(answer[known], return_inverse=True)[1]
    return Candidates(
        value=whole.value[start:end],
        answer=numbered,
        passed=whole.passed[start:end],
        length_tokens=whole.length_tokens[start:end],
        logprob=whole.logprob[start:end],
        missing=whole.missing[start:end],
        greedy=whole.greedy[start:end],
    )
