"""One process's way of adding samples or scores to a run.

Not here: how a record survives a kill; `topdraw.store.journal`.
Try it: `python -m pytest tests/store/test_run.py`.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from topdraw.core.records import Sample, Score
from topdraw.errors import ConfigError
from topdraw.store.journal import Journal
from topdraw.store.rows import pack_sample, pack_score


class _Writer:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._journal.close()


class SampleWriter(_Writer):
    """One process's way of adding samples to a run; a context manager that seals on exit.

    Safe to share between threads, not between processes.
    """

    def append(self, sample: Sample) -> None:
        """Store a finished sample; when this returns, no `kill -9` takes it back.

        Raises:
            StoreError: when it is not stored (disk full, say); the next may succeed.
            ConfigError: when it does not say by which sampler it was drawn.
            FormatError: when its metadata is not JSON.
        """
        if not sample.sampler:
            raise ConfigError(
                f"Sample {sample.index} of {sample.problem_id!r} has no sampler hash.",
                hint="Store dataclasses.replace(sample, sampler=...) with a sampler of the run.",
            )
        self._journal.append(pack_sample(sample))


class ScoreWriter(_Writer):
    """One process's way of adding one scorer's scores; a context manager that seals on exit."""

    def append(self, sample: Sample, score: Score) -> None:
        """Store the score of a sample; when this returns, no `kill -9` takes it back.

        Raises:
            StoreError: when it is not stored.
        """
        self._journal.append(pack_score(sample, score))
