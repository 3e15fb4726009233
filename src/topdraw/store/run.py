"""A run: one directory with everything one draw produced, made, opened, resumed and read.

Not here: how records survive a kill (`topdraw.store.journal`), columns as arrays (`table`).
Try it: `python -m pytest tests/store/test_run.py`.

    manifest.json                      what it was drawn with; a folder without one is no run
    problems.jsonl                     written once
    segments/<writer>-<k>.open.jsonl   live, .jsonl sealed; samples/part-<k>.parquet compacted
    scores/<scorer>/                   segments and parts of each scorer
    bill/                              the same of the requests that were sent
    judging/<judge>/                   the same of the requests to each judge
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import gc
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from topdraw._version import __version__
from topdraw.core.billing import Bill
from topdraw.core.records import Json, Problem, Sample, Score, Task
from topdraw.core.until import Until
from topdraw.errors import ConfigError
from topdraw.store.bill import bills, count_samples, total
from topdraw.store.folders import (
    SEGMENTS,
    check_source,
    drop_scorer_folder,
    make_or_join,
    make_scorer_folder,
    read_problems,
    scorer_folder,
    scorer_names,
)
from topdraw.store.journal import Durability
from topdraw.store.judging import judge_ledgers
from topdraw.store.ledger import Ledger
from topdraw.store.manifest import SCHEMA, Manifest, Sampler, read_manifest, task_identity
from topdraw.store.rows import (
    BILL,
    SAMPLES,
    SCORES,
    Key,
    SampleRow,
    ScoreRow,
    unpack_sample,
    unpack_score,
)
from topdraw.store.verify import Verification, verify
from topdraw.store.writers import BillWriter, SampleWriter, ScoreWriter

__all__ = [
    "BillWriter",
    "Durability",
    "Manifest",
    "Run",
    "SampleWriter",
    "Sampler",
    "ScoreWriter",
    "Until",
]

_MANY_SEGMENTS = 16


class Run:
    """One directory with everything one draw produced; get one from `open` or `create`.

    Attributes:
        path: the directory.
        manifest: what it was drawn with.
        recovered: what had to be cut from files of killed writers or was found damaged, one
            sentence each; the bytes themselves are kept in `.torn` files.
    """

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        self.recovered: list[str] = []
        self._samples = Ledger(SAMPLES, path / SEGMENTS, path / "samples", self.recovered)
        self._bill = Ledger(BILL, path / "bill" / SEGMENTS, path / "bill", self.recovered)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Run:
        """The run in a directory, after sealing what killed writers left.

        Raises:
            StoreError: when it is not a run, or not one that this version can read.
        """
        folder = Path(path)
        run = cls(folder, read_manifest(folder))
        for ledger in run._ledgers():
            ledger.recover()
        return run

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        *,
        task: Task,
        model: Mapping[str, Json],
        samplers: Sequence[Sampler],
        seed: int,
        until: Until | None = None,
    ) -> Run:
        """A new run, or the one already there when it is the same draw.

        Args:
            path: the directory; made when it is not there.
            task: its problems are stored with the run.
            model: the identity of the model, JSON values, no secrets.
            samplers: at most one per role. A larger n than the run has tops it up; a role it
                does not have is added; a smaller n keeps what is there.
            seed: seed of the run.
            until: when a problem needs no further samples; None draws all n.

        Raises:
            ResumeConflict: naming each difference, when it was drawn with something else.
            StoreError: when the directory holds something else, or cannot be written.
            ConfigError: when two problems have the same id, or two samplers the same role.
        """
        _check(task, samplers)
        folder = Path(path)
        asked = Manifest(
            schema=SCHEMA,
            topdraw=__version__,
            task=task_identity(task),
            model=dict(model),
            seed=seed,
            samplers=tuple(samplers),
            created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            scorer=task.scorer,
            until=until,
        )
        make_or_join(folder, asked, task.problems)
        return cls.open(folder)

    @functools.cached_property
    def problems(self) -> dict[str, Problem]:
        """The problems by id, in the order of the task.

        Raises:
            StoreError: when they cannot be read.
        """
        return read_problems(self.path)

    def drawn(self, sampler_hash: str) -> set[tuple[str, int]]:
        """Problem id and index of every sample a sampler has finished.

        Raises:
            StoreError: when a file cannot be read.
        """
        return self._samples.drawn(sampler_hash)

    def writer(self, *, durability: Durability = "group") -> SampleWriter:
        """A context manager to append samples with; any number of processes may have one.

        Args:
            durability: what a power cut can take back. "none": what the system has not written by
                itself. "group": the last second. "strict": what `SampleWriter.sync` has not
                returned for.

        Raises:
            ConfigError: for another durability.
        """
        return SampleWriter(self._samples.journal(durability))

    def bill_writer(self) -> BillWriter:
        """A context manager to note requests with; any number of processes may have one."""
        return BillWriter(self._bill.journal())

    def bill(self) -> Bill:
        """What all requests add up to, those of killed sessions too; all 0 when none is on record.

        Any time, also while another process writes.

        Raises:
            StoreError: when a file cannot be read.
        """
        found = self.bill_by_endpoint()
        if not found:
            return Bill()
        hashes = [sampler.hash for sampler in self.manifest.samplers]
        return total(found.values(), kept_samples=count_samples(self._samples, hashes))

    def bill_by_endpoint(self) -> dict[str, Bill]:
        """The bill of each endpoint, sorted; `kept_samples` is 0, for a sample does not say whose.

        Raises:
            StoreError: when a file cannot be read.
        """
        return bills(self._bill)

    def samples(self, role: str = "sampled") -> list[Sample]:
        """The samples of a role, in the order of the problems, then by index.

        When two writers stored the same key, the first is taken.

        Raises:
            StoreError: when a file cannot be read.
        """
        sampler = self.manifest.sampler(role)
        place = {problem_id: at for at, problem_id in enumerate(self.problems)}
        rows = cast("Iterator[SampleRow]", self._samples.rows())
        with _no_collection():
            found = [
                unpack_sample(row)
                for row in rows
                if sampler and row.sampler == sampler.hash and row.index < sampler.end
            ]
        last = len(place)
        found.sort(key=lambda sample: (place.get(sample.problem_id, last), sample.index))
        return found

    def scorers(self) -> list[str]:
        """The names of the scorers with stored scores, sorted."""
        return scorer_names(self.path / "scores")

    def scores(self, scorer: str) -> dict[Key, Score]:
        """The scores of a scorer by (sampler hash, problem id, index); empty when it has none.

        The first score of a sample is taken, but a missing one gives way to a real one.

        Raises:
            StoreError: when a file cannot be read.
        """
        rows = cast("Iterator[ScoreRow]", self.score_ledger(scorer).rows())
        with _no_collection():
            return {row.key: unpack_score(row) for row in rows}

    def score_writer(
        self, scorer: str, *, source: str | None = None, durability: Durability = "group"
    ) -> ScoreWriter:
        """A context manager to append the scores of one scorer with.

        Args:
            scorer: its name.
            source: a digest of its code, stored with its first scores; None when nobody knows.
            durability: what a power cut can take back; see `writer`.

        Raises:
            ResumeConflict: when the scores that are there were made by another source.
            StoreError: when the run cannot be written.
        """
        ledger = self.score_ledger(scorer)
        make_scorer_folder(ledger.parts, scorer, source)
        return ScoreWriter(ledger.journal(durability))

    def check_source(self, scorer: str, source: str | None) -> None:
        """Refuse a scorer whose stored scores were made by another source.

        Args:
            scorer: its name.
            source: a digest of its code; None, as in runs that stored none, goes with any.

        Raises:
            ResumeConflict: when they were.
            StoreError: when the source stored cannot be read.
        """
        check_source(self.score_ledger(scorer).parts, scorer, source)

    def drop_scores(self, scorer: str) -> None:
        """Delete the scores of a scorer, all or none even after a crash.

        Raises:
            StoreError: when they cannot be deleted; they stand.
        """
        drop_scorer_folder(self.score_ledger(scorer).parts)

    def add_scores(self, scorer: str, scored: Iterable[tuple[Sample, Score]]) -> None:
        """Store scores as they come from an iterable, which may be a generator.

        Raises:
            StoreError: when a score is not stored; those before it are.
        """
        with self.score_writer(scorer) as writer:
            for sample, score in scored:
                writer.append(sample, score)
        ledger = self.score_ledger(scorer)
        if ledger.is_scattered(_MANY_SEGMENTS):
            ledger.compact()

    def seal(self) -> None:
        """Move everything that finished writers stored into Parquet: samples, bill and scores.

        Raises:
            StoreError: when it cannot be done; nothing is lost.
        """
        for ledger in self._ledgers():
            ledger.recover()
            ledger.compact()

    def verify(self) -> Verification:
        """Every checksum of the run looked at; see `store.verify.verify`.

        Raises:
            StoreError: when a file cannot be opened.
        """
        return verify(self.path)

    def sample_ledger(self) -> Ledger:
        """Where the samples lie."""
        return self._samples

    def bill_ledger(self) -> Ledger:
        """Where the requests lie."""
        return self._bill

    def score_ledger(self, scorer: str) -> Ledger:
        """Where the scores of a scorer lie."""
        folder = self.path / "scores" / scorer_folder(scorer)
        return Ledger(SCORES, folder / SEGMENTS, folder, self.recovered)

    def _ledgers(self) -> list[Ledger]:
        scores = map(self.score_ledger, self.scorers())
        return [self._samples, self._bill, *scores, *judge_ledgers(self.path, self.recovered)]


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    # Values without cycles, made by the million: collecting them takes half the time of reading.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _check(task: Task, samplers: Sequence[Sampler]) -> None:
    ids: set[str] = set()
    for problem in task.problems:
        if problem.id in ids:
            raise ConfigError(f"Task {task.name!r} has two problems with the id {problem.id!r}.")
        ids.add(problem.id)
    roles = [sampler.role for sampler in samplers]
    if len(set(roles)) < len(roles):
        raise ConfigError(f"A run has at most one sampler per role, asked for {roles}.")
