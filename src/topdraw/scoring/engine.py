"""Scores a run: what has no score yet, problem by problem, stored as it comes.

Not here: what a score is worth (the scorers) and how it survives a kill (`topdraw.store`).
Try it: `topdraw score runs/try countdown`.
"""

from __future__ import annotations

import contextlib
import contextvars
import inspect
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, as_completed, wait
from types import FrameType
from typing import NamedTuple

from topdraw.core.protocols import Scorer
from topdraw.core.records import Problem, Sample, Score
from topdraw.errors import DomainError
from topdraw.models.meter import METER, Halted, Meter
from topdraw.scoring.apply import Wait, apply_scorer, event_loop
from topdraw.scoring.charged import Caps, Charged
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
    caps: Caps | None = None,
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
        caps: what a scorer that asks a server may cost in all; what it sends is on a bill of its
            own, `store.judging.judgings`.
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
        BudgetExhausted: when a cap is reached; what was scored before is stored.
        Refused: when a server that a scorer asks will answer nothing at all; likewise.
        KeyboardInterrupt: after Ctrl-C; where several problems are scored at once, what is under
            way is waited for and kept, unless it is pressed again.
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
        _score_with(opened, named, workers or _workers(named.scorer), caps, on_progress or _ignore)
    opened.seal()
    return opened


def _workers(scorer: Scorer) -> int:
    if inspect.iscoroutinefunction(scorer):
        return ASYNC_WORKERS
    return int(getattr(scorer, "workers", 1))


def _ignore(done: int, total: int) -> None:
    pass


def _score_with(
    run: Run, named: NamedScorer, threads: int, caps: Caps | None, on_progress: OnProgress
) -> None:
    run.check_source(named.name, named.source)  # again: another of the call may have its name
    samples = run.samples("sampled") + run.samples("greedy")
    jobs = _jobs(run, named, samples)
    total = len(samples)
    done = total - sum(len(job.samples) for job in jobs)
    on_progress(done, total)
    if not jobs:
        return
    model = str(getattr(named.scorer, "model_name", ""))
    with (
        Charged(run, named.name, model, caps) as meter,
        run.score_writer(named.name, source=named.source) as writer,
        _interrupts(threads) as stop,
    ):
        try:
            for finished in _scored(named, jobs, threads, meter, stop):
                writer.append_all(zip(finished.samples, finished.scores, strict=True))
                done += len(finished.samples)
                on_progress(done, total)
        except Halted:
            raise meter.exhausted() from None
    if stop.is_set():
        raise KeyboardInterrupt


@contextlib.contextmanager
def _interrupts(threads: int) -> Iterator[threading.Event]:
    """Set by the first Ctrl-C where several jobs are under way, which may be paid for already.

    The second ends it now, as the first does where others have set a handler, or a thread is alone.
    """
    stop = threading.Event()
    is_ours = (
        threads > 1
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if not is_ours:
        yield stop
        return

    def pressed(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    signal.signal(signal.SIGINT, pressed)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _jobs(run: Run, named: NamedScorer, samples: list[Sample]) -> list[_Job]:
    """What is left to score, at most 1,000 samples of one problem a piece, or as few as it says."""
    most = int(getattr(named.scorer, "most_per_call", MOST_PER_CALL))
    known = {key for key, found in run.scores(named.name).items() if not found.is_missing}
    left: dict[str, list[Sample]] = {}
    for sample in samples:
        key = (sample.sampler, sample.problem_id, sample.index)
        if key not in known and sample.problem_id in run.problems:
            left.setdefault(sample.problem_id, []).append(sample)
    return [
        _Job(run.problems[problem_id], found[at : at + most])
        for problem_id, found in left.items()
        for at in range(0, len(found), most)
    ]


def _scored(
    named: NamedScorer, jobs: list[_Job], threads: int, meter: Meter, stop: threading.Event
) -> Iterator[_Done]:
    with event_loop() as waiter:
        try:
            if threads == 1:
                for job in jobs:
                    yield _score(named, job, waiter, meter)
            else:
                yield from _in_threads(named, jobs, threads, waiter, meter, stop)
        finally:
            close = getattr(named.scorer, "aclose", None)
            if close is not None:
                waiter(close())


def _score(named: NamedScorer, job: _Job, waiter: Wait, meter: Meter) -> _Done:
    context = contextvars.copy_context()
    context.run(METER.set, meter)
    scores = context.run(apply_scorer, named, job.problem, job.samples, wait=waiter)
    return _Done(job.samples, scores)


def _in_threads(
    named: NamedScorer,
    jobs: list[_Job],
    threads: int,
    waiter: Wait,
    meter: Meter,
    stop: threading.Event,
) -> Iterator[_Done]:
    pool = ThreadPoolExecutor(threads, thread_name_prefix="topdraw-score")
    running: set[Future[_Done]] = set()
    try:
        for job in jobs:
            running.add(pool.submit(_score, named, job, waiter, meter))
            # A short queue: what is finished is stored soon, and an interrupt leaves little.
            while len(running) >= 2 * threads:
                yield from _finished(running)
            if stop.is_set():
                break
        while running and not stop.is_set():
            yield from _finished(running)
        yield from _last(running)
    except Exception:
        # What is under way may be paid for already: it is waited for, and kept.
        yield from _last(running)
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _finished(running: set[Future[_Done]]) -> Iterator[_Done]:
    """What has come, at least one; it is taken off those that run, each before it is given."""
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        running.discard(future)
        yield future.result()


def _last(running: set[Future[_Done]]) -> Iterator[_Done]:
    begun = [future for future in running if not future.cancel()]
    for future in as_completed(begun):
        if future.exception() is None:
            yield future.result()
