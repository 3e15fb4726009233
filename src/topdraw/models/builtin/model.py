"""The built-in model as a `Model`: a pool of worker processes, one batch of a problem at a time.

Threads wait for the workers rather than asyncio's subprocesses, so that one model serves several
event loops one after the other (each `asyncio.run` makes a new one) and leaves nothing in any.

Not here: what a worker does (`worker.py`, `engine.py`).
Try it: `python -c "import topdraw as td; print(td.connect('builtin').identity)"`.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from topdraw.core.records import Decoding, Json, Problem, Sample, Usage
from topdraw.core.registry import model
from topdraw.core.seeds import sample_seed
from topdraw.errors import ConfigError, EndpointError
from topdraw.models.builtin.batch import Draw
from topdraw.models.builtin.decoding import check
from topdraw.models.builtin.weights import digest_of
from topdraw.models.builtin.worker import Drawn, Worker, read_answer, request

MOST_WORKERS = 8
CHUNK = 120


@model("builtin")
def connect_builtin(spec: str, *, workers: int | None = None) -> BuiltinModel:
    """The shipped model.

    Args:
        spec: "builtin", or "builtin:small", which was trained for a shorter time.
        workers: child processes; by default one per CPU, at most 8.

    Raises:
        UnknownNameError: for any other stage.
        ConfigError: when workers < 1.
    """
    return BuiltinModel(spec.partition(":")[2] or "builtin", workers=workers)


class BuiltinModel:
    """Draws with the built-in model in child processes, started when first needed.

    A sample depends on (problem, index, decoding, seed) alone, to the last bit of its
    log-probability. Output is cut at the model's context ("length") when max_tokens does not cut
    it first.

    Args:
        stage: "builtin" or "small".
        workers: child processes; by default one per CPU, at most 8.

    Attributes:
        concurrency: generate calls that can run at once: the number of workers.
        chunk: indices per generate call that keep a worker busy at little memory.

    Raises:
        UnknownNameError: when there is no such stage.
        ConfigError: when workers < 1.
    """

    def __init__(self, stage: str = "builtin", *, workers: int | None = None) -> None:
        self._digest = digest_of(stage)
        count = min(os.cpu_count() or 1, MOST_WORKERS) if workers is None else workers
        if count < 1:
            raise ConfigError(f"workers must be >= 1; got {count}.")
        self.concurrency = count
        self.chunk = CHUNK
        self._stage = stage
        self._idle: list[Worker] = []
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="topdraw-builtin")

    @property
    def identity(self) -> Mapping[str, Json]:
        """Kind, name and the digest of the weights file."""
        name = "builtin" if self._stage == "builtin" else f"builtin:{self._stage}"
        return {"kind": "builtin", "name": name, "digest": self._digest}

    async def generate(
        self, problem: Problem, indices: Sequence[int], /, *, decoding: Decoding, seed: int
    ) -> AsyncIterator[Sample]:
        """Draw the samples with these indices, in their order, a batch at a time.

        Raises:
            DomainError: when a setting is out of range or the prompt fills the context.
            EndpointError: when a worker process died, and its replacement too.
        """
        check(decoding)
        draws = [Draw(index, sample_seed(seed, problem.id, index)) for index in indices]
        for first in range(0, len(draws), self.chunk):
            some = draws[first : first + self.chunk]
            drawn = await self._drawn(request(problem.prompt, some, decoding))
            for draw, output in zip(some, drawn, strict=True):
                yield _sample(problem, draw, output)

    async def aclose(self) -> None:
        """End the worker processes; a later `generate` starts new ones."""
        while self._idle:
            self._idle.pop().close()

    async def _drawn(self, line: bytes) -> list[Drawn]:
        job = _Job(self, line)
        waiting = asyncio.get_running_loop().run_in_executor(self._threads, job.run)
        try:
            return read_answer(await waiting)
        except asyncio.CancelledError:
            job.cancel()
            raise

    def take(self) -> Worker:
        """An idle worker, or a new one; at most `concurrency` are out, one per thread."""
        try:
            return self._idle.pop()
        except IndexError:
            return Worker(self._stage)

    def give_back(self, worker: Worker) -> None:
        """A worker that answered can be asked again."""
        self._idle.append(worker)


class _Job:
    """One request on its way through a worker, which is killed when nobody waits any more."""

    def __init__(self, pool: BuiltinModel, line: bytes) -> None:
        self._pool, self._line = pool, line
        self._lock = threading.Lock()
        self._worker: Worker | None = None
        self._cancelled = False

    def run(self) -> bytes:
        """The answer; a worker that dies is replaced once."""
        try:
            return self._ask()
        except EndpointError:
            if self._cancelled:
                raise
            return self._ask()

    def cancel(self) -> None:
        """End the work: a half-answered worker could not be asked again."""
        with self._lock:
            self._cancelled = True
            if self._worker is not None:
                self._worker.kill()

    def _ask(self) -> bytes:
        worker = self._pool.take()
        with self._lock:
            self._worker = worker
            if self._cancelled:
                worker.kill()
        try:
            said = worker.ask(self._line)
        except EndpointError:
            worker.close()
            raise
        with self._lock:
            self._worker = None
        self._pool.give_back(worker)
        return said


def _sample(problem: Problem, draw: Draw, output: Drawn) -> Sample:
    return Sample(
        problem_id=problem.id,
        index=draw.index,
        output=output.text,
        finish_reason=output.finish_reason,
        seed=draw.seed,
        logprob=output.logprob,
        usage=Usage(output.prompt_tokens, output.output_tokens),
    )
