"""Scores a run: what has no score yet, problem by problem, stored as it comes.

Not here: what a score is worth (the scorers) and how it survives a kill (`topdraw.store`).
Try it: `topdraw score runs/try countdown`.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import NamedTuple

from topdraw.core.protocols import Scorer
from topdraw.core.records import Problem, Sample, Score
from topdraw.errors import DomainError
from topdraw.scoring.apply import Wait, apply_scorer, event_loop
from topdraw.scoring.resolve import NamedScorer, resolve_scorer
from topdraw.store.run import Run

MOST_PER_CALL = 1000
ASYNC_WORKERS = 8

OnProgress = Callable[[int, int], None]


class _Job(NamedTuple):
    problem: Problem
    samples: list[Sample]


class _Done(NamedTuple):
    samples: list[Sample]
    scores: list[Score]


def score(
    run: Run | str | os.PathLike[str],
    scorer: str | Scorer | Sequence[str | Scorer],
    *,
    again: bool = False,
    workers: int | None = None,
    on_progress: OnProgress | None = None,
) -> Run:
    """Score the samples of a run, sampled and greedy, that have no score yet.

    Missing scores are tried again. Scores are stored problem by problem: after a kill, the same
    call goes on where it stopped. Scores already stored stay; those of another version of a
    function of yours, or of another of its name, are never mixed with its own. At the end samples
    and scores are Parquet.

    Args:
        run: a run or its directory.
        scorer: a registered name, `FILE.py:NAME`, a function (see `scoring.resolve`), or several.
        again: drop the stored scores of these scorers first, and score everything anew.
        workers: problems scored at once, in threads; by default 8 for an async scorer, what
            another declares in its attribute `workers`, else 1: it is then called in this thread.
        on_progress: called with (scored, total) samples of the current scorer; missing scores
            of this call count as scored.

    Returns:
        The run.

    Raises:
        UnknownNameError: when there is no such scorer.
        ConfigError: when a scorer does not return one score per sample.
        DomainError: when workers < 1.
        ResumeConflict: when the run has scores by another version of a function, or by another
            function of the same name; nothing is scored.
        StoreError: when a score cannot be stored; those before it are.
    """
    if workers is not None and workers < 1:
        raise DomainError(f"workers={workers}: at least 1.")
    opened = run if isinstance(run, Run) else Run.open(run)
    one = isinstance(scorer, str) or callable(scorer)
    specs: list[str | Scorer] = [scorer] if one else list(scorer)  # type: ignore[list-item,arg-type]  # told apart by `one`
    found = [resolve_scorer(spec) for spec in specs]
    for named in found:
        if again:
            opened.drop_scores(named.name)
        opened.check_source(named.name, named.source)
    for named in found:
        _score_with(opened, named, workers or _workers(named.scorer), on_progress or _ignore)
    opened.seal()
    return opened


def _workers(scorer: Scorer) -> int:
    if inspect.iscoroutinefunction(scorer):
        return ASYNC_WORKERS
    return int(getattr(scorer, "workers", 1))


def _ignore(done: int, total: int) -> None:
    pass


def _score_with(run: Run, named: NamedScorer, threads: int, on_progress: OnProgress) -> None:
    run.check_source(named.name, named.source)  # again: another of the call may have its name
    samples = run.samples("sampled") + run.samples("greedy")
    jobs = _jobs(run, named.name, samples)
    total = len(samples)
    done = total - sum(len(job.samples) for job in jobs)
    on_progress(done, total)
    if not jobs:
        return
    with run.score_writer(named.name, source=named.source) as writer:
        for finished in _scored(named, jobs, threads):
            for sample, found in zip(finished.samples, finished.scores, strict=True):
                writer.append(sample, found)
            done += len(finished.samples)
            on_progress(done, total)


def _jobs(run: Run, name: str, samples: list[Sample]) -> list[_Job]:
    """What is left to score, at most 1,000 samples of one problem a piece."""
    known = {key for key, found in run.scores(name).items() if not found.is_missing}
    left: dict[str, list[Sample]] = {}
    for sample in samples:
        key = (sample.sampler, sample.problem_id, sample.index)
        if key not in known and sample.problem_id in run.problems:
            left.setdefault(sample.problem_id, []).append(sample)
    return [
        _Job(run.problems[problem_id], found[at : at + MOST_PER_CALL])
        for problem_id, found in left.items()
        for at in range(0, len(found), MOST_PER_CALL)
    ]


def _scored(named: NamedScorer, jobs: list[_Job], threads: int) -> Iterator[_Done]:
    with event_loop() as waiter:
        if threads == 1:
            for job in jobs:
                yield _score(named, job, waiter)
        else:
            yield from _in_threads(named, jobs, threads, waiter)


def _score(named: NamedScorer, job: _Job, waiter: Wait) -> _Done:
    return _Done(job.samples, apply_scorer(named, job.problem, job.samples, wait=waiter))


def _in_threads(
    named: NamedScorer, jobs: list[_Job], threads: int, waiter: Wait
) -> Iterator[_Done]:
    pool = ThreadPoolExecutor(threads, thread_name_prefix="topdraw-score")
    running: set[Future[_Done]] = set()
    try:
        for job in jobs:
            running.add(pool.submit(_score, named, job, waiter))
            # A short queue: what is finished is stored soon, and an interrupt leaves little.
            while len(running) >= 2 * threads:
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in finished)
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in finished)
    finally:
        pool.shutdown(cancel_futures=True)
