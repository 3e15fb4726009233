"""One process's way of adding samples, scores or requests to a run.

Not here: how a record survives a kill; `topdraw.store.journal`.
Try it: `python -m pytest tests/store/test_run.py`.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from topdraw.core.billing import Answered, Asked
from topdraw.core.records import Sample, Score
from topdraw.errors import ConfigError
from topdraw.store.bill import pack_request
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

    def finish(self) -> None:
        """Take no more and begin to sync what there is; leaving the context waits for it."""
        self._journal.finish()


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

    def append_all(self, samples: Iterable[Sample], sampler: str) -> None:
        """Store samples that came together; when this returns, no `kill -9` takes one of them back.

        Args:
            samples: finished.
            sampler: hash of the sampler of the run that drew them, whatever they say themselves.

        Raises:
            StoreError: when they are not stored (disk full, say); the next may succeed.
            FormatError: when the metadata of one is not JSON; none is stored.
        """
        self._journal.append_all([pack_sample(sample, sampler) for sample in samples])

    def sync(self) -> None:
        """Return once no power cut takes back what was appended before this call.

        It blocks for as long as the disk takes; threads that wait at the same time share one sync.

        Raises:
            StoreError: when some of these samples are not safe; another call tries again.
        """
        self._journal.sync()


class ScoreWriter(_Writer):
    """One process's way of adding one scorer's scores; a context manager that seals on exit."""

    def append(self, sample: Sample, score: Score) -> None:
        """Store the score of a sample; when this returns, no `kill -9` takes it back.

        Raises:
            StoreError: when it is not stored.
        """
        self._journal.append(pack_score(sample, score))

    def append_all(self, scored: Iterable[tuple[Sample, Score]]) -> None:
        """Store scores that came together with one write.

        Raises:
            StoreError: when not all of them are stored.
        """
        self._journal.append_all([pack_score(sample, score) for sample, score in scored])


class BillWriter(_Writer):
    """One process's way of adding requests to a run's bill; a context manager that seals on exit.

    Safe to share between threads, not between processes.
    """

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        # Drawn anew by every writer: a name never comes twice, whatever clocks and processes do.
        self._name = secrets.token_hex(8)
        self._counter = itertools.count()
        self._begun: dict[str, Asked] = {}

    def begin(self, asked: Asked) -> str:
        """Store a request about to be sent; when this returns, no `kill -9` takes it off the bill.

        Returns:
            The name of this attempt, for `end`.

        Raises:
            StoreError: when it is not stored, and so must not be sent.
            FormatError: when an integer does not fit in 64 bits.
        """
        attempt = f"{self._name}-{next(self._counter):06d}"
        self._journal.append(pack_request(attempt, asked))
        self._begun[attempt] = asked
        return attempt

    def end(self, attempt: str, answered: Answered) -> None:
        """Store what came of a request; without this, its fate counts as unknown.

        Raises:
            StoreError: when it is not stored; it may be ended again.
            ConfigError: when no such attempt of this writer is under way.
            FormatError: when an integer does not fit in 64 bits.
        """
        asked = self._begun.get(attempt)
        if asked is None:
            raise ConfigError(f"Attempt {attempt!r} is not under way: it ended, or never began.")
        self._journal.append(pack_request(attempt, asked, answered))
        self._begun.pop(attempt, None)
