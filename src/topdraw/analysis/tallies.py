"""A run's samples counted by problem, text and end: by the database where it can, else row by row.

Not here: what the counts say (`census`).
Try it: `python -m pytest tests/analysis/test_census.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from topdraw.store import parquet
from topdraw.store.rows import SAMPLES, SampleRow
from topdraw.store.run import Run, Sampler
from topdraw.store.segments import read_segments

_BLANK = " \t\n\f\r"  # what \s is to the database


@dataclass(frozen=True, slots=True)
class Tally:
    """The samples of one role, counted.

    Attributes:
        drawn: samples by problem; problems without any are not in it.
        texts: different texts by problem, likewise.
        ends: samples by finish reason.
        empty: samples with nothing but white space.
        prompt_tokens: in all of them.
        output_tokens: in all of them.
        estimated: whether any of these are estimates.
    """

    drawn: Mapping[str, int]
    texts: Mapping[str, int]
    ends: Mapping[str, int]
    empty: int
    prompt_tokens: int
    output_tokens: int
    estimated: bool


def tallies_of_parts(run: Run) -> dict[str, Tally] | None:
    """The tallies by role, made by the database.

    None when it cannot: samples lie in segments, a compaction was killed, or a text is damaged.

    Raises:
        StoreError: when a part cannot be read.
    """
    ledger = run.sample_ledger()
    if any(True for _ in read_segments(ledger.segments, ledger.notes)):
        return None
    samplers = run.manifest.samplers
    return parquet.settled(ledger.parts, lambda paths: _queried(paths, samplers))


def _queried(paths: list[Path], samplers: Iterable[Sampler]) -> dict[str, Tally] | None:
    table = parquet.source(paths, SAMPLES)
    found: dict[str, Tally] = {}
    with parquet.connect() as connection:
        query = f"SELECT 1 FROM {table} WHERE original <> '' LIMIT 1"  # noqa: S608  # quoted
        if connection.execute(query).fetchall():
            return None
        for one in samplers:
            rows = f'FROM {table} WHERE sampler = ? AND "index" < ?'
            wanted = [one.hash, one.end]
            by_problem = connection.execute(
                'SELECT problem_id, count(*), count(DISTINCT "index"), '
                f"count(DISTINCT hash(output)) {rows} GROUP BY problem_id",
                wanted,
            ).fetchall()
            if any(count != keys for _, count, keys, _ in by_problem):
                return None
            by_end = connection.execute(
                "SELECT finish_reason, count(*), "
                "count(*) FILTER (regexp_full_match(output, '\\s*')), sum(prompt_tokens), "
                f"sum(output_tokens), bool_or(usage_estimated) {rows} GROUP BY finish_reason",
                wanted,
            ).fetchall()
            found[one.role] = Tally(
                drawn={key: count for key, count, _, _ in by_problem},
                texts={key: texts for key, _, _, texts in by_problem},
                ends={end[0]: end[1] for end in by_end},
                empty=sum(end[2] for end in by_end),
                prompt_tokens=int(sum(end[3] for end in by_end)),
                output_tokens=int(sum(end[4] for end in by_end)),
                estimated=any(end[5] for end in by_end),
            )
    return found


def tallies_of_rows(run: Run) -> dict[str, Tally]:
    """The tallies by role, made row by row: exact whatever the run looks like.

    Raises:
        StoreError: when a file cannot be read.
    """
    counting = {sampler.role: _Counting() for sampler in run.manifest.samplers}
    by_hash: dict[str, list[Sampler]] = {}
    for sampler in run.manifest.samplers:
        by_hash.setdefault(sampler.hash, []).append(sampler)
    for row in cast("Iterable[SampleRow]", run.sample_ledger().rows()):
        for sampler in by_hash.get(row.key[0], ()):
            if row.index < sampler.end:
                counting[sampler.role].add(row)
    return {role: one.tally() for role, one in counting.items()}


@dataclass(slots=True)
class _Counting:
    drawn: Counter[str] = field(default_factory=Counter)
    texts: dict[str, set[int]] = field(default_factory=dict)
    ends: Counter[str] = field(default_factory=Counter)
    empty: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = False

    def add(self, row: SampleRow) -> None:
        problem = row.key[1]
        self.drawn[problem] += 1
        # The hash stands for the text: a million texts need not be in memory at once.
        self.texts.setdefault(problem, set()).add(hash((row.output, row.original)))
        self.ends[row.finish_reason] += 1
        self.empty += not row.output.strip(_BLANK)
        self.prompt_tokens += row.prompt_tokens
        self.output_tokens += row.output_tokens
        self.estimated |= row.usage_estimated

    def tally(self) -> Tally:
        texts = {problem: len(found) for problem, found in self.texts.items()}
        numbers = self.empty, self.prompt_tokens, self.output_tokens, self.estimated
        return Tally(self.drawn, texts, self.ends, *numbers)
