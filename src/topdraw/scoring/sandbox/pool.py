"""`Sandbox`: jobs in, outcomes out, on a few workers that stay warm.

Not here: one job (`topdraw.scoring.sandbox.worker`) and the values (`.jobs`, `.outcome`).
Try it: `topdraw sandbox check`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from topdraw.errors import DomainError, SandboxUnavailable
from topdraw.scoring.sandbox.jobs import Job
from topdraw.scoring.sandbox.launch import Namespace
from topdraw.scoring.sandbox.line import Broken
from topdraw.scoring.sandbox.outcome import Outcome, Verdict
from topdraw.scoring.sandbox.worker import Worker


class Sandbox:
    """A pool of workers; a context manager; `check` may be called from many threads at once.

    Leaving the block ends every process.

    Args:
        workers: jobs at once, >= 1; None is the number of processors.

    Raises:
        DomainError: for workers < 1.
        SandboxUnavailable: on entering, in one sentence with the choices, where this machine
            does not allow what it takes. Never is a program run open instead.

    Examples:
        >>> from topdraw.scoring.sandbox.jobs import Calls
        >>> with Sandbox(workers=1) as sandbox:  # doctest: +SKIP
        ...     [outcome] = sandbox.check([Calls("def f(x): return x, 1", "f", ((2,),))])
        >>> outcome.cases[0].value  # doctest: +SKIP
        (2, 1)
    """

    def __init__(self, *, workers: int | None = None) -> None:
        if workers is not None and workers < 1:
            raise DomainError(f"A sandbox needs at least one worker; {workers} were asked for.")
        self.workers = workers or os.cpu_count() or 1
        self._lock = threading.Lock()
        self._namespace: Namespace | None = None
        self._idle: list[Worker] = []
        self._threads: ThreadPoolExecutor | None = None

    def __enter__(self) -> Sandbox:
        self._namespace = Namespace()
        self._threads = ThreadPoolExecutor(self.workers, "sandbox")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every process; jobs that run in other threads end as `crash`."""
        with self._lock:
            namespace, self._namespace = self._namespace, None
            threads, self._threads = self._threads, None
            idle, self._idle = self._idle, []
        if namespace is not None:
            namespace.close()
        if threads is not None:
            threads.shutdown(cancel_futures=True)
        for worker in idle:
            worker.close()

    def check(self, jobs: Sequence[Job]) -> list[Outcome]:
        """One outcome per job, in order; equal jobs are run once.

        What is ours (the host was overloaded, the sandbox broke) is tried a second time before
        it is said.

        Raises:
            RuntimeError: outside the `with` block.
        """
        threads = self._threads
        if threads is None:
            raise RuntimeError("the sandbox is closed: use it in a `with` block")
        running: dict[str, Future[Outcome]] = {}
        keys = [repr(job) for job in jobs]  # inputs may hold lists, so jobs have no hash
        for key, job in zip(keys, jobs, strict=True):
            if key not in running:
                running[key] = threads.submit(self._run, job)
        return [running[key].result() for key in keys]

    def _run(self, job: Job) -> Outcome:
        outcome = self._once(job)
        return self._once(job) if outcome.verdict.ours else outcome

    def _once(self, job: Job) -> Outcome:
        try:
            worker = self._worker()
        except (OSError, SandboxUnavailable) as error:
            return Outcome(Verdict.CRASH, message=str(error))
        try:
            outcome = worker.run(job)
        except Broken as error:
            worker.close()
            worker.namespace.settle()
            return Outcome(Verdict.CRASH, message=str(error))
        with self._lock:
            if self._threads is not None:
                self._idle.append(worker)
                return outcome
        worker.close()
        return outcome

    def _worker(self) -> Worker:
        """An idle worker, or a new one; of a new server when the old one died."""
        with self._lock:
            if self._threads is None or self._namespace is None:
                raise OSError("the sandbox was closed")
            if not self._namespace.alive:
                for worker in self._idle:
                    worker.close()
                self._idle.clear()
                self._namespace.close()
                self._namespace = Namespace()
            return self._idle.pop() if self._idle else Worker(self._namespace)
