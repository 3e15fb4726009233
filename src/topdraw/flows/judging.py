"""Compare the samples of a whole run by a judge, and store each verdict as it comes.

Not here: one problem (`flows.table`), choosing by what was stored (`topdraw.selection`).
Try it: `topdraw judge RUN --judge "judge(model=NAME, url=URL)" --pairs knockout`.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from signal import Signals

from topdraw.core.records import Problem, Sample
from topdraw.errors import DomainError
from topdraw.flows.book import Book
from topdraw.flows.judges import Who
from topdraw.flows.table import Table, Ways
from topdraw.models.meter import METER, Halted
from topdraw.sampling.interrupts import Brake, in_a_loop, in_a_thread, ours
from topdraw.scoring.charged import Caps, Charged
from topdraw.scoring.judges.connect import AT_ONCE
from topdraw.store.comparisons import (
    Comparison,
    add_comparisons,
    claim_comparisons,
    comparison_names,
    comparisons,
)
from topdraw.store.run import Run

#: Told of (questions answered, questions expected).
OnProgress = Callable[[int, int], None]
_INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Judged:
    """What judging a run came to.

    Attributes:
        name: under which the verdicts are stored.
        problems: with two samples or more.
        verdicts: new rows with a verdict.
        missing: new rows without.
        first_reason: why the first of these has none.
        requests: sent in this session.
        tokens: of this judge in all sessions.
    """

    name: str
    problems: int
    verdicts: int
    missing: int
    first_reason: str
    requests: int
    tokens: int


def judge_run(
    run: Run,
    who: Who,
    ways: Ways,
    *,
    name: str | None = None,
    caps: Caps | None = None,
    at_once: int = AT_ONCE,
    on_progress: OnProgress | None = None,
) -> Judged:
    """Compare the samples of each problem; what is stored under the name is not asked again.

    Ctrl-C sends nothing new and keeps what is under way; the second drops it.

    Args:
        run: the run; its drawn samples are compared.
        who: judges.
        ways: of asking.
        name: of the comparisons; None for that of who judges.
        caps: of all sessions under this name.
        at_once: questions under way.
        on_progress: told after each question.

    Raises:
        ConfigError: when the name is none.
        DomainError: when a number is out of its range.
        ResumeConflict: when the name is that of another judge.
        BudgetExhausted: when a cap is reached; what was said is stored.
        Refused: when the judge will answer no question at all.
    """
    _check(ways, at_once)
    label = name or who.name
    claim_comparisons(run, label, who.source)
    if who.symmetric:
        ways = dataclasses.replace(ways, both_orders=False)
    brake = Brake()
    work = _Work(run, who, ways, label, caps, at_once, on_progress or _ignore)
    if in_a_loop():
        judged = in_a_thread(work.all(brake, ()), brake)
    else:
        judged = asyncio.run(work.all(brake, ours()))
    brake.end()
    return judged


def _ignore(done: int, total: int) -> None:
    pass


def _check(ways: Ways, at_once: int) -> None:
    numbers = {"calls": ways.calls, "shown": ways.shown - 1, "at_once": at_once}
    for name, value in numbers.items():
        if value is not None and value < 1:
            least = 2 if name == "shown" else 1
            raise DomainError(f"{name} is {value + least - 1}; it must be at least {least}.")


class _Work:
    """One session of judging."""

    def __init__(
        self,
        run: Run,
        who: Who,
        ways: Ways,
        name: str,
        caps: Caps | None,
        at_once: int,
        on_progress: OnProgress,
    ) -> None:
        self._run, self._who, self._ways, self._name = run, who, ways, name
        self._meter = Charged(run, name, who.model, caps)
        self._at_once, self._tell = at_once, on_progress
        self._tables: list[Table] = []
        self._workers: list[asyncio.Task[None]] = []
        self._answered = self._expected = 0
        known = comparisons(run, name).rows if name in comparison_names(run) else ()
        self._book = Book(known, self._keep)

    def drain(self) -> None:
        """Send nothing new."""
        self._meter.halt(_INTERRUPTED)

    def stop(self) -> None:
        """Drop what is under way."""
        for task in (*self._workers, *(task for table in self._tables for task in table.asking)):
            task.cancel()

    async def all(self, brake: Brake, signals: tuple[Signals, ...]) -> Judged:
        """Judge every problem."""
        todo = list(self._todo())
        self._expected = sum(self._ways.questions(len(samples)) for _, samples in todo)
        self._tell(0, self._expected)
        METER.set(self._meter)
        limit = asyncio.Semaphore(self._at_once)
        with self._meter, brake.of(self, signals):
            try:
                await self._judge(todo, limit)
            finally:
                await self._who.aclose()
        rows = self._book.new
        if rows:
            self._tell(self._expected, self._expected)
        reasons = [row.missing_reason for row in rows if row.missing_reason]
        return Judged(
            self._name,
            len(todo),
            len(rows) - len(reasons),
            len(reasons),
            next(iter(reasons), ""),
            self._meter.requests,
            self._meter.tokens,
        )

    def _todo(self) -> Iterator[tuple[Problem, Sequence[Sample]]]:
        grouped: dict[str, list[Sample]] = {}
        for sample in self._run.samples():
            grouped.setdefault(sample.problem_id, []).append(sample)
        for problem_id, samples in grouped.items():
            problem = self._run.problems.get(problem_id)
            if problem is not None and len(samples) > 1:
                yield problem, samples

    async def _judge(
        self, todo: Sequence[tuple[Problem, Sequence[Sample]]], limit: asyncio.Semaphore
    ) -> None:
        waiting = iter(todo)

        async def work() -> None:
            for problem, samples in waiting:
                table = Table(problem, samples, self._book, limit)
                self._tables.append(table)
                await table.judged(self._who.judge, self._ways)
                self._tables.remove(table)

        self._workers = [asyncio.create_task(work()) for _ in range(self._at_once)]
        try:
            await asyncio.gather(*self._workers)
        except Halted:
            if self._meter.halted != _INTERRUPTED:
                raise self._meter.exhausted() from None
        except asyncio.CancelledError:
            if self._meter.halted != _INTERRUPTED:
                raise
        finally:
            await self._settle()

    async def _settle(self) -> None:
        """Wait for what is under way: it may be paid for already."""
        asking = [task for table in self._tables for task in table.asking]
        await asyncio.gather(*asking, return_exceptions=True)
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def _keep(self, row: Comparison) -> None:
        add_comparisons(self._run, self._name, [row])
        self._answered += 1
        self._tell(min(self._answered, self._expected), self._expected)
