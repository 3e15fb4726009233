"""One session of a draw: concurrent calls of the model, each sample to the journal at once.

Not here: what there is to do (`plan`) and the call users make (`engine`).
Try it: `python -m pytest tests/sampling/test_engine.py`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from topdraw.core.protocols import Model
from topdraw.core.records import Sample
from topdraw.errors import ConfigError, DomainError, EndpointError, MissingPackage
from topdraw.models.retry import Refused
from topdraw.sampling.plan import Unit
from topdraw.sampling.progress import Progress
from topdraw.store.run import SampleWriter

Watcher = Callable[[Progress], None]

# So many calls in a row without a single sample: the model is gone, not unlucky.
_ERROR_BUDGET = 20
_ABOUT_THE_PROMPT = (400, 413, 422)
_FATAL = (Refused, ConfigError, MissingPackage)


class Session:
    """One session: workers take units until there are none, or there is no hope.

    Args:
        model: who draws.
        seed: of the run.
        writer: open; takes each sample the moment it is there.
        todo: what to draw.
        before: how far the run was.
        watcher: told after each sample; None for nobody.
    """

    def __init__(
        self,
        model: Model,
        seed: int,
        writer: SampleWriter,
        todo: Iterator[Unit],
        before: Progress,
        watcher: Watcher | None,
    ) -> None:
        self._model = model
        self._seed = seed
        self._writer = writer
        self._todo = todo
        self._before = before
        self._drawn = self._failures = self._output_tokens = 0
        self._watcher = watcher
        self._began = time.monotonic()
        self._first_error: Exception | None = None
        self._fatal: Exception | None = None
        self._barren = 0

    async def all(self, at_once: int) -> None:
        """Draw every unit, `at_once` calls of the model at a time."""
        self._tell()
        workers = [asyncio.create_task(self._work()) for _ in range(at_once)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self) -> None:
        for unit in self._todo:
            await self._draw(unit)
            if self._fatal is not None:
                return

    async def _draw(self, unit: Unit) -> None:
        wanted = set(unit.indices)
        stream = self._model.generate(
            unit.problem, unit.indices, decoding=unit.sampler.decoding, seed=self._seed
        )
        try:
            while True:
                try:
                    drawn = await anext(stream)
                except StopAsyncIteration:
                    break
                except Exception as error:  # noqa: BLE001 - any failure of one call spares the others
                    self._failed(len(wanted), error)
                    return
                self._keep(unit, drawn, wanted)
        finally:
            await close(stream)
        if wanted:
            missing = sorted(wanted)
            self._failed(len(wanted), _breach(unit, f"did not give the samples {missing[:5]}"))

    def _keep(self, unit: Unit, drawn: Sample, wanted: set[int]) -> None:
        if drawn.problem_id != unit.problem.id or drawn.index not in wanted:
            what = f"gave sample {drawn.index} of {drawn.problem_id!r}, which was not asked for"
            raise _breach(unit, what)
        self._writer.append(dataclasses.replace(drawn, sampler=unit.sampler.hash))
        wanted.remove(drawn.index)
        self._barren = 0
        self._drawn += 1
        self._output_tokens += drawn.usage.output_tokens
        self._tell()

    def _failed(self, samples: int, error: Exception) -> None:
        self._first_error = self._first_error or error
        # A server that refuses some prompts is alive; one that has refused all so far is not ours.
        if self._drawn == 0 or getattr(error, "status", None) not in _ABOUT_THE_PROMPT:
            self._barren += 1
        self._failures += samples
        if isinstance(error, _FATAL) or self._barren >= _ERROR_BUDGET:
            self._fatal = self._fatal or error
        self._tell()

    def _tell(self) -> None:
        if self._watcher is None:
            return
        self._watcher(
            Progress(
                done=self._before.done + self._drawn,
                total=self._before.total,
                drawn=self._drawn,
                failed=self._failures,
                output_tokens=self._output_tokens,
                seconds=time.monotonic() - self._began,
            )
        )

    def report(self, path: Path) -> None:
        """Raise what went wrong, if anything did.

        Raises:
            EndpointError: when samples could not be drawn, with their number and the first reason;
                any other failure comes as it was.
        """
        if self._fatal is not None:
            raise self._fatal
        error = self._first_error
        if isinstance(error, EndpointError):
            raise EndpointError(
                f"{self._failures} of {self._before.total} samples could not be drawn. "
                f"The first reason: {error}",
                hint=f"The others are in {path}; the same command again draws the rest.",
                status=error.status,
                attempts=error.attempts,
                request_id=error.request_id,
            ) from error
        if error is not None:
            raise error


def _breach(unit: Unit, what: str) -> DomainError:
    return DomainError(
        f"The model {what} when asked for {list(unit.indices)[:5]}... of {unit.problem.id!r}.",
        hint="That breaks the contract of `generate`; check the model with `check_model`.",
    )


async def close(thing: object) -> None:
    """Await its `aclose` if it has one: generators do, no protocol asks for it."""
    aclose = getattr(thing, "aclose", None)
    if aclose is not None:
        await aclose()
