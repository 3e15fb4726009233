"""The judge of a server: it compares the candidates of one request while the client waits.

Not here: judges (`topdraw.scoring.judges`), the questions (`flows.table`), the choice (`choice`).
Try it: `topdraw serve proxy --endpoint URL --judge "judge(model=NAME, url=URL)"`.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from topdraw.core.records import Json, Problem, Sample
from topdraw.errors import ConfigError, FormatError, InputError, TopdrawError
from topdraw.flows.book import Book
from topdraw.flows.judges import Who, who_compares
from topdraw.flows.table import Table
from topdraw.models.meter import METER
from topdraw.servers.proxy.candidates import readable
from topdraw.servers.proxy.questions import PAIRS, PICKS, ways_of
from topdraw.servers.proxy.request import text_of
from topdraw.servers.proxy.tally import Tally
from topdraw.store.comparisons import Comparison, Comparisons

_FIRST_SHARE, _MOST_SHARE = 0.2, 0.5
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judge said of one request's candidates.

    Attributes:
        name: as selectors call it.
        rows: of the questions it was asked, those without a verdict among them.
        expected: questions that the plan asks.
        late: whether time was up before all were answered.
        failure: why it could not be asked at all; "" when it could.
    """

    name: str
    rows: tuple[Comparison, ...]
    expected: int
    late: bool = False
    failure: str = ""

    @property
    def comparisons(self) -> Comparisons:
        """As they are stored: what selectors see of them is made there."""
        missing = tuple(row for row in self.rows if row.missing_reason)
        return Comparisons(tuple(row for row in self.rows if not row.missing_reason), missing)

    @property
    def notes(self) -> list[str]:
        """What did not go as it should, in sentences."""
        told = self.comparisons
        notes = []
        if self.late:
            notes.append(
                f"deadline: chosen after {len(self.rows)} of about {self.expected} answers of the "
                "judge"
            )
        if told.missing:
            notes.append(
                f"{len(told.missing)} of {len(self.rows)} verdicts of the judge are missing: "
                f"{told.missing[0].missing_reason}"
            )
        if self.failure:
            notes.append(f"the judge failed: {self.failure}")
        return notes


class ServedJudge:
    """Who compares candidates for a server.

    Args:
        spec: "judge(model=NAME, url=URL)" or "pair_ranker(model=FOLDER)".

    Raises:
        InputError: when it is neither, or can compare in no way.
    """

    def __init__(self, spec: str) -> None:
        self._who: dict[str, Who] = {}
        failures: list[InputError] = []
        for name, plan in ((PAIRS, "round_robin"), *PICKS.items()):
            try:
                self._who[name] = who_compares(spec, plan, at_once=_AT_ONCE)
            except (ConfigError, FormatError) as error:
                failures.append(error)  # a prompt, or a ranker, is for some of them alone
        if not self._who:
            raise failures[0]
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._seconds: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What selectors may call its comparisons."""
        return tuple(self._who)

    def who(self, name: str) -> Who:
        """Who makes the comparisons of a name."""
        return self._who[name]

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        for who in self._who.values():
            await who.aclose()

    def reserve_seconds(self, deadline_seconds: float) -> float:
        """How much of a deadline to keep for judging: what it took lately, at most half.

        Args:
            deadline_seconds: all the time there is.
        """
        lately = _FIRST_SHARE * deadline_seconds if self._seconds is None else self._seconds
        return min(1.5 * lately, _MOST_SHARE * deadline_seconds)

    async def judged(
        self,
        name: str,
        problem: Problem,
        samples: Sequence[Sample],
        *,
        select: str,
        seed: int,
        until: float | None,
        tally: Tally,
    ) -> Judgement:
        """What it says of these candidates, as far as there is time; an error is no verdict.

        Args:
            name: one of `names`.
            problem: what they answer.
            samples: the candidates.
            select: the selector, which says what is asked.
            seed: of brackets and orders.
            until: time of the loop at which it is no longer asked; None for never.
            tally: told what it costs.
        """
        who, loop = self._who[name], asyncio.get_running_loop()
        ways = replace(ways_of(name, select, seed), both_orders=not who.symmetric)
        book = Book()
        asked = replace(problem, prompt=question_of(problem))
        table = Table(asked, [readable(one) for one in samples], book, self._at_once)
        context = contextvars.copy_context()
        context.run(METER.set, tally)
        began, late, failure = loop.time(), False, ""
        work = loop.create_task(table.judged(who.judge, ways), context=context)
        try:
            async with asyncio.timeout_at(until):
                await work
        except TimeoutError:
            late = True
        except TopdrawError as error:
            failure = error.message[:300]
        finally:
            left = [work, *table.asking]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        took = loop.time() - began
        self._seconds = took if self._seconds is None else (self._seconds + took) / 2
        return Judgement(name, tuple(book.new), ways.questions(len(samples)), late, failure)


def question_of(problem: Problem) -> str:
    """What the judge is shown as the task: the conversation, or the prompt where that is all.

    Args:
        problem: of a request.

    Examples:
        >>> said = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "1+1?"}]
        >>> print(question_of(Problem("p", "1+1?", metadata={"messages": said})))
        system: Be brief.
        <BLANKLINE>
        user: 1+1?
    """
    messages = problem.metadata.get("messages")
    if not isinstance(messages, list) or len(messages) < 2:
        return problem.prompt
    return "\n\n".join(_told(one) for one in messages if isinstance(one, dict))


def _told(message: Mapping[str, Json]) -> str:
    return f"{message.get('role')}: {text_of(message.get('content'))}"
