"""One session of a draw: concurrent calls of the model, what they bring to the journal at once.

Not here: what there is to do (`plan`, `stopping`), what it may cost (`account`), the journal and
full disks (`keeping`), and the call users make (`engine`).
Try it: `python -m pytest tests/sampling/test_engine.py`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from pathlib import Path

from topdraw.core.protocols import Model
from topdraw.core.records import Sample
from topdraw.errors import (
    BudgetExhausted,
    ConfigError,
    DomainError,
    EndpointError,
    MissingPackage,
    UnknownNameError,
)
from topdraw.models.meter import METER, Halted
from topdraw.models.retry import Refused
from topdraw.sampling.account import Account
from topdraw.sampling.collecting import rare_collection
from topdraw.sampling.keeping import Keeper, is_disk_full
from topdraw.sampling.plan import Unit
from topdraw.sampling.progress import Progress
from topdraw.store.run import SampleWriter

Watcher = Callable[[Progress], None]

# So many calls in a row without a single sample: the model is gone, not unlucky. So many problems
# on which the judge of a stopping rule fell over: it is broken, not they odd.
_ERROR_BUDGET = 20
_ABOUT_THE_PROMPT = (400, 413, 422)
_FATAL = (Refused, ConfigError, UnknownNameError, MissingPackage)
_GRACE_SECONDS = 3.0
# A wave is on its way after so many turns of the loop, and costs less than requests begun one by
# one; its answers come while later waves are being sent. Measured: docs/log.md.
_WAVE = 10
_TURNS = 6
_TICK_SECONDS = 1.0


class Session:
    """One session: workers take units until there are none, or there is no hope.

    Args:
        model: who draws.
        seed: of the run.
        writer: open; takes samples the moment they are there.
        strict: whether a sample counts only once it is on disk for good.
        account: what it may cost.
        before: how far the run was.
        watcher: told after each sample; None for nobody.
    """

    def __init__(
        self,
        model: Model,
        seed: int,
        writer: SampleWriter,
        account: Account,
        before: Progress,
        *,
        strict: bool = False,
        watcher: Watcher | None = None,
    ) -> None:
        self._model = model
        self._seed = seed
        self._account = account
        self._before = before
        self._keeper = Keeper(writer, account, strict=strict, on_trouble=self._tell)
        self._watcher = watcher
        self._drawn = self._failures = self._output_tokens = self._spared = self._stopped = 0
        self._began = time.monotonic()
        self._first_error: Exception | None = None
        self._fatal: Exception | None = None
        self._barren = self._unjudged = self._dropped = 0
        self._took: Callable[[Sample], None] | None = None
        self._workers: list[asyncio.Task[None]] = []
        self._timers: list[asyncio.TimerHandle] = []

    async def all(
        self,
        todo: Iterator[Unit | AsyncIterator[Unit]],
        at_once: int,
        *,
        seconds: float | None = None,
        took: Callable[[Sample], None] | None = None,
    ) -> None:
        """Draw every unit, `at_once` calls of the model at a time.

        Args:
            todo: what to draw; units of one iterator come one after the other.
            at_once: calls of the model.
            seconds: after so many no request is begun; None for no limit.
            took: told of each sample that is kept; None for nobody.
        """
        self._took = took
        self._tell()
        if seconds is not None:
            self._later(seconds, lambda: self._halt("seconds"))
        ticking = asyncio.create_task(self._tick())
        try:
            with rare_collection():
                await self._start(todo, at_once)
                done, _ = await asyncio.wait(self._workers, return_when=asyncio.FIRST_EXCEPTION)
            for worker in done:
                if not worker.cancelled():
                    worker.result()
        finally:
            self.stop()
            ticking.cancel()
            await asyncio.gather(*self._workers, ticking, return_exceptions=True)
            for timer in self._timers:
                timer.cancel()
            if self._dropped:
                self._tell()

    async def _start(self, todo: Iterator[Unit | AsyncIterator[Unit]], at_once: int) -> None:
        """Start workers in waves: the first requests are on their way before the last begin.

        All in one turn of the loop would connect before any sends, and find all answers at once.
        """
        meter = METER.set(self._account)
        try:
            while len(self._workers) < at_once and not self._over:
                wave = min(_WAVE, at_once - len(self._workers))
                self._workers += [asyncio.create_task(self._work(todo)) for _ in range(wave)]
                for _ in range(_TURNS):
                    await asyncio.sleep(0)
        finally:
            METER.reset(meter)

    def drain(self) -> None:
        """Begin no further request; those under way have three seconds."""
        self._halt("interrupted")

    def stop(self) -> None:
        """Drop what is under way."""
        self._dropped = max(self._dropped, self._account.under_way)
        for worker in self._workers:
            worker.cancel()

    def ended(self, spared: int) -> None:
        """Note a problem that a stopping rule ended, and how many samples it spared."""
        self._stopped += 1
        self._spared += spared
        self._tell()

    def _halt(self, why: str) -> None:
        self._account.halt(why)
        self._later(_GRACE_SECONDS, self.stop)
        self._tell()

    async def _tick(self) -> None:
        # A server that throttles or hangs brings no samples, and still there is something to tell.
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self._tell()

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, what))

    @property
    def _over(self) -> bool:
        return self._fatal is not None or bool(self._account.halted)

    async def _work(self, todo: Iterator[Unit | AsyncIterator[Unit]]) -> None:
        for item in todo:
            if isinstance(item, Unit):
                await self._draw(item)
            else:
                await self._follow(item)
            if self._over:
                return

    async def _follow(self, units: AsyncIterator[Unit]) -> None:
        """Draw units one after the other; where the next cannot be told, the others are spared."""
        try:
            while True:
                try:
                    unit = await anext(units)
                except StopAsyncIteration:
                    return
                except Exception as error:  # noqa: BLE001 - a judge may raise anything
                    self._unjudged += 1
                    self._failed(0, error)
                    return
                await self._draw(unit)
        finally:
            await close(units)

    async def _draw(self, unit: Unit) -> None:
        left = unit.indices
        while left and self._fatal is None:
            granted = await self._account.grant(unit.problem.prompt, len(left))
            if not granted:
                return
            wanted = dict.fromkeys(left[:granted])
            try:
                while await self._ask(unit, wanted):
                    pass
            finally:
                self._account.release(granted)
            left = left[granted:]

    async def _ask(self, unit: Unit, wanted: dict[int, None]) -> bool:
        """Draw what is wanted and take it off; True when the rest is to be asked for again."""
        draw = getattr(self._model, "deliveries", self._model.generate)
        stream: AsyncIterator[Sample | Sequence[Sample]] = draw(
            unit.problem, tuple(wanted), decoding=unit.sampler.decoding, seed=self._seed
        )
        try:
            while True:
                try:
                    drawn = await anext(stream)
                except StopAsyncIteration:
                    break
                except Halted:
                    return False
                except Exception as error:  # noqa: BLE001 - any failure of one call spares the others
                    if not is_disk_full(error):
                        self._failed(len(wanted), error)
                        return False
                    await self._keeper.wait_for_space(error)  # the bill could not be written
                    return True
                samples = [drawn] if isinstance(drawn, Sample) else drawn
                await self._keep(unit, samples, wanted)
        finally:
            await close(stream)
        if wanted:
            what = f"did not give the samples {list(wanted)[:5]}"
            self._failed(len(wanted), _breach(unit, what))
        return False

    async def _keep(self, unit: Unit, drawn: Sequence[Sample], wanted: dict[int, None]) -> None:
        _check(unit, drawn, wanted)
        await self._keeper.keep(drawn, unit.sampler.hash)
        self._barren = 0
        self._account.kept(drawn)
        for sample in drawn:
            del wanted[sample.index]
            self._drawn += 1
            self._output_tokens += sample.usage.output_tokens
            if self._took is not None:
                self._took(dataclasses.replace(sample, sampler=unit.sampler.hash))
            self._tell()

    def _failed(self, samples: int, error: Exception) -> None:
        self._first_error = self._first_error or error
        # A server that refuses some prompts is alive; one that has refused all so far is not ours.
        if self._drawn == 0 or getattr(error, "status", None) not in _ABOUT_THE_PROMPT:
            self._barren += 1
        self._failures += samples
        hopeless = max(self._barren, self._unjudged) >= _ERROR_BUDGET
        if isinstance(error, _FATAL) or hopeless:
            self._fatal = self._fatal or error
            self._account.halt("failed")
        self._tell()

    @property
    def _done(self) -> int:
        return self._before.done + self._drawn

    @property
    def _total(self) -> int:
        return self._before.total - self._spared

    def _tell(self) -> None:
        if self._watcher is None:
            return
        account = self._account
        self._watcher(
            Progress(
                done=self._done,
                total=self._total,
                drawn=self._drawn,
                failed=self._failures,
                output_tokens=self._output_tokens,
                seconds=time.monotonic() - self._began,
                spent_tokens=account.spent.tokens,
                spent_usd=account.spent_usd,
                requests=account.requests,
                wasted=account.wasted,
                under_way=account.under_way,
                at_once=account.allowed,
                throttled_seconds=account.throttled_seconds,
                stopped=self._stopped,
                dropped=self._dropped,
                trouble=self._keeper.trouble,
            )
        )

    def report(self, path: Path) -> None:
        """Raise what went wrong, if anything did.

        Raises:
            BudgetExhausted: when a cap kept samples from being drawn.
            EndpointError: when samples could not be drawn, with their number and the first reason;
                any other failure comes as it was.
        """
        if self._fatal is not None:
            raise self._fatal
        if self._account.halted == "interrupted":
            return
        if self._account.halted and self._done < self._total:
            raise BudgetExhausted(
                f"{self._account.verdict()} {self._done:,} of {self._total:,} samples are drawn.",
                hint=f"They are in {path}; with a larger cap the same command goes on.",
            )
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


def _check(unit: Unit, drawn: Sequence[Sample], wanted: Collection[int]) -> None:
    came: set[int] = set()
    for sample in drawn:
        index = sample.index
        if sample.problem_id != unit.problem.id or index not in wanted or index in came:
            what = f"gave sample {index} of {sample.problem_id!r}, which was not asked for"
            raise _breach(unit, what)
        came.add(index)


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
