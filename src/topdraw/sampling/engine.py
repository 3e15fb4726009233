"""Draw n samples of every problem from a model into a run; the same call goes on where it stopped.

Not here: how a model is asked (`models`), what is on disk (`store`), what there is to do (`plan`).
Each finished sample is in the journal before the next is looked at.
Try it: `python -m pytest tests/sampling/test_engine.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from os import PathLike
from pathlib import Path
from typing import Any

from topdraw.core.protocols import Model
from topdraw.core.records import Decoding, Problem, Task
from topdraw.errors import DomainError
from topdraw.models.connect import connect
from topdraw.sampling.plan import (
    as_task,
    check_decoding,
    default_path,
    samplers,
    units,
    with_task_defaults,
)
from topdraw.sampling.progress import Progress
from topdraw.sampling.session import Session, Watcher, close
from topdraw.store.run import Run

_DEFAULT_CONCURRENCY = 8


def sample(
    problems: Task | Iterable[Problem],
    model: Model | str,
    n: int,
    *,
    temperature: float = 1.0,
    top_p: float = 1.0,
    top_k: int = 0,
    repetition_penalty: float = 1.0,
    max_tokens: int | None = None,
    stop: Iterable[str] = (),
    seed: int = 0,
    greedy: bool = False,
    out: str | PathLike[str] | None = None,
    concurrency: int | None = None,
    on_progress: Watcher | None = None,
) -> Run:
    """Draw n samples of every problem and give the run that holds them.

    What is on disk already is not drawn again, so the same call resumes an interrupted run, and
    one with a larger n adds to it. What is drawn does not depend on `concurrency`.

    Args:
        problems: a task, or problems with distinct ids.
        model: a model, or a spec for `connect`.
        n: samples per problem, >= 1.
        temperature: >= 0; 0 is greedy.
        top_p: in (0, 1].
        top_k: >= 0 tokens kept; 0 keeps all.
        repetition_penalty: > 0; 1 is off.
        max_tokens: most tokens per output; None takes the task's, or leaves it to the model.
        stop: texts that end an output; none takes the task's.
        seed: of the run; each sample has a child seed of it.
        greedy: also draw one sample per problem at temperature 0, as a reference.
        out: directory of the run; None makes a name from task, model and settings under runs/.
        concurrency: calls to the model at once; None leaves it to the model.
        on_progress: called after each sample, in the event loop: keep it short.

    Raises:
        DomainError: for a number outside its range or two problems with one id.
        ResumeConflict: when `out` holds a run that was drawn otherwise.
        EndpointError: when samples could not be drawn. All others are on disk by then; `Refused`
            (a wrong key, say) comes early, the rest after everything else has finished.
    """
    model = connect(model) if isinstance(model, str) else model
    settings = Decoding(temperature, top_p, top_k, repetition_penalty, max_tokens, _texts(stop))

    async def draw() -> Run:
        try:
            return await _sample(
                problems, model, n, settings, seed, greedy, out, concurrency, on_progress
            )
        finally:
            # The loop ends here, and connections cannot outlive their loop.
            await close(model)

    return _blocking(draw())


async def sample_async(
    problems: Task | Iterable[Problem],
    model: Model | str,
    n: int,
    *,
    temperature: float = 1.0,
    top_p: float = 1.0,
    top_k: int = 0,
    repetition_penalty: float = 1.0,
    max_tokens: int | None = None,
    stop: Iterable[str] = (),
    seed: int = 0,
    greedy: bool = False,
    out: str | PathLike[str] | None = None,
    concurrency: int | None = None,
    on_progress: Watcher | None = None,
) -> Run:
    """The same as `sample`, in the running event loop.

    A model that is handed over stays open: close it with its own `aclose` if it has one. When the
    task is cancelled, every finished sample is on disk before the cancellation goes on.
    """
    settings = Decoding(temperature, top_p, top_k, repetition_penalty, max_tokens, _texts(stop))
    connected = connect(model) if isinstance(model, str) else model
    try:
        return await _sample(
            problems, connected, n, settings, seed, greedy, out, concurrency, on_progress
        )
    finally:
        if isinstance(model, str):
            await close(connected)


async def _sample(
    problems: Task | Iterable[Problem],
    model: Model,
    n: int,
    settings: Decoding,
    seed: int,
    greedy: bool,
    out: str | PathLike[str] | None,
    concurrency: int | None,
    on_progress: Watcher | None,
) -> Run:
    task = as_task(problems)
    decoding = check_decoding(with_task_defaults(settings, task.decoding))
    wanted = samplers(model.identity, decoding, n, greedy=greedy)
    at_once = _at_once(model, concurrency)
    path = Path(out) if out is not None else default_path(task, model.identity, decoding, seed)
    run = Run.create(path, task=task, model=model.identity, samplers=wanted, seed=seed)
    drawn = {sampler.hash: run.drawn(sampler.hash) for sampler in wanted}
    total = len(task.problems) * sum(sampler.n for sampler in wanted)
    done = sum(i < sampler.n for sampler in wanted for _, i in drawn[sampler.hash])
    progress = Progress(done=done, total=total)
    if done < total:
        todo = units(task.problems, wanted, drawn, getattr(model, "chunk", None))
        with run.writer() as writer:
            session = Session(model, seed, writer, todo, progress, on_progress)
            await session.all(at_once)
        session.report(run.path)
    elif on_progress is not None:
        on_progress(progress)
    return run


def _at_once(model: Model, concurrency: int | None) -> int:
    if concurrency is None:
        return int(getattr(model, "concurrency", _DEFAULT_CONCURRENCY))
    if concurrency < 1:
        raise DomainError(f"concurrency is {concurrency}; it must be at least 1.")
    limit = getattr(model, "limit_requests", None)
    if limit is not None:
        limit(concurrency)
    return concurrency


def _texts(stop: Iterable[str]) -> tuple[str, ...]:
    return (stop,) if isinstance(stop, str) else tuple(stop)


def _blocking(work: Coroutine[Any, Any, Run]) -> Run:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    return _in_a_thread(work)


def _in_a_thread(work: Coroutine[Any, Any, Run]) -> Run:
    # In a notebook a loop is running already, and this call must block it.
    started: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Run]]] = []

    async def main() -> Run:
        task = asyncio.ensure_future(work)
        started.append((asyncio.get_running_loop(), task))
        return await task

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(asyncio.run, main())
        try:
            return future.result()
        except KeyboardInterrupt:
            for loop, task in started:
                loop.call_soon_threadsafe(task.cancel)
            raise
