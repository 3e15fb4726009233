"""A plain table's samples counted by role, and what its scorers said.

Not here: runs (`tallies`), what the counts say (`census`).
Try it: `python -m pytest tests/analysis/test_table_tallies.py`.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from topdraw.analysis.tallies import Tally
from topdraw.core.records import BoolArray, IntArray
from topdraw.store.plain import CORRECT, PlainTable
from topdraw.store.plain_columns import CountColumns, SampleColumns


class Verdicts(NamedTuple):
    """What one scorer said of the drawn samples of a table.

    Attributes:
        scored: samples with a score.
        judged: of these, those with a verdict.
        passed: of these, those that passed.
        missing: samples whose cell is empty.
    """

    scored: int
    judged: int
    passed: int
    missing: int


def tallies_of_table(table: PlainTable) -> dict[str, Tally]:
    """The tallies by role. Texts that the table does not hold are neither repeated nor empty.

    Raises:
        ConfigError: if the table has several models.
    """
    columns = table.one_model()
    if isinstance(columns, CountColumns):
        drawn = dict(zip(table.problems, columns.n.tolist(), strict=True))
        return {"sampled": Tally(drawn, drawn, {}, 0, 0, 0, False)}
    ids = np.array(list(table.problems), object)
    return {
        sampler.role: _tally(columns, ids, columns.greedy == (sampler.role == "greedy"))
        for sampler in table.manifest.samplers
    }


def _tally(columns: SampleColumns, ids: np.ndarray, at: BoolArray) -> Tally:
    problem, tokens = columns.problem[at], columns.tokens[at]
    drawn = Counter(ids[problem].tolist())
    texts, empty = drawn, 0
    if columns.output is not None:
        code = columns.output.codes[at]
        texts = Counter(ids[_distinct(problem, code)].tolist())
        blank = [at for at, word in enumerate(columns.output.words) if not word.strip()]
        empty = int(np.isin(code, [-1, *blank]).sum())
    ends: Counter[str] = Counter()
    if columns.finish_reason is not None:
        code, count = np.unique(columns.finish_reason.codes[at], return_counts=True)
        words = (*columns.finish_reason.words, "unknown")  # the last for -1
        ends.update({words[one]: many for one, many in zip(code, count.tolist(), strict=True)})
    known = tokens >= 0
    return Tally(drawn, texts, ends, empty, 0, int(tokens[known].sum()), not known.all())


def _distinct(problem: IntArray, code: IntArray) -> IntArray:
    """The problem of each different text of a problem."""
    pairs = np.unique(np.stack([problem, code]), axis=1)
    distinct: IntArray = pairs[0]
    return distinct


def verdicts_of_table(table: PlainTable, scorer: str) -> Verdicts:
    """What one scorer of a table said.

    Args:
        table: of one model.
        scorer: one of `table.scorers()`.

    Raises:
        ConfigError: if the table has several models.
    """
    columns = table.one_model()
    if isinstance(columns, CountColumns):
        n = int(columns.n.sum())
        return (
            Verdicts(n, n, int(columns.c.sum()), 0) if scorer == CORRECT else Verdicts(0, 0, 0, 0)
        )
    at = ~columns.greedy
    if scorer in columns.verdicts:
        said = columns.verdicts[scorer][at]
        scored = int((said >= 0).sum())
        return Verdicts(scored, scored, int((said == 1).sum()), said.size - scored)
    if scorer in columns.values:
        missing = np.isnan(columns.values[scorer][at])
        return Verdicts(int((~missing).sum()), 0, 0, int(missing.sum()))
    return Verdicts(int(at.sum()), 0, 0, 0)
