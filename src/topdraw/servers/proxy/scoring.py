"""The scorers of a server: called beside the event loop, one request's candidates at a time.

Not here: what a scorer returns (`scoring.apply`) and the choice made of it (`choice`).
Try it: `python -m pytest tests/servers/proxy/test_scoring.py`.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Self

from topdraw.core.protocols import Scorer
from topdraw.core.records import Problem, Sample, Score
from topdraw.errors import ConfigError, TopdrawError
from topdraw.models.meter import METER
from topdraw.scoring.apply import Wait, apply_scorer, event_loop
from topdraw.scoring.engine import ASYNC_WORKERS
from topdraw.scoring.resolve import NamedScorer, resolve_scorer
from topdraw.servers.proxy.tally import Tally
from topdraw.servers.proxy.workers import Workers

LOGPROB = "logprob"
_LATE = Score.missing("the scorer had not ended when time was up")
_FIRST_SHARE = 0.1
_MOST_SHARE = 0.5
# A scorer that takes no time still has to be called: threads are woken, and the loop is busy.
_LEAST_SHARE, _LEAST_SECONDS = 0.05, 0.1


class Scorers:
    """Scorers by name, each with threads of its own; a context manager.

    A scorer is called by as many threads as it declares in its attribute `workers`, one if it says
    nothing, as offline.

    Args:
        specs: names, `FILE.py:NAME`, or functions.

    Raises:
        InputError: when one is no scorer, or two have one name.
    """

    def __init__(self, specs: Sequence[str | Scorer]) -> None:
        found = [resolve_scorer(spec) for spec in specs]
        self._named = {named.name: named for named in found}
        if len(self._named) < len(found):
            names = ", ".join(named.name for named in found)
            raise ConfigError(f"Two scorers have one name: {names}.", hint="Rename one of them.")
        self._workers: dict[str, Workers[list[Score]]] = {}
        self._seconds: dict[str, float] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._wait: Wait = self._stack.enter_context(event_loop())
        return self

    def __exit__(self, *_: object) -> None:
        for workers in self._workers.values():
            workers.close()
        for named in self._named.values():
            close = getattr(named.scorer, "aclose", None)
            if close is not None:
                self._wait(close())
        self._stack.close()

    @property
    def names(self) -> tuple[str, ...]:
        """Under which their scores go."""
        return tuple(self._named)

    def model_name(self, name: str) -> str:
        """The model that a scorer asks and pays for; "" when it says none."""
        return str(getattr(self._named[name].scorer, "model_name", ""))

    def source(self, name: str) -> str:
        """The digest of a scorer's code, see `NamedScorer`."""
        return self._named[name].source

    def reserve_seconds(self, names: Sequence[str], deadline_seconds: float) -> float:
        """How much of a deadline to keep for choosing: what scoring took lately, at most half.

        Args:
            names: of the scorers.
            deadline_seconds: all the time there is.
        """
        known = [self._seconds.get(name, _FIRST_SHARE * deadline_seconds) for name in names]
        least = max(_LEAST_SHARE * deadline_seconds, _LEAST_SECONDS)
        return min(max(1.5 * sum(known), least), _MOST_SHARE * deadline_seconds)

    async def score(
        self,
        name: str,
        problem: Problem,
        samples: Sequence[Sample],
        *,
        until: float | None,
        judge: Tally,
    ) -> list[Score]:
        """The scores of one scorer, one per sample; missing, with the reason, where there is none.

        Args:
            name: of the scorer.
            problem: what the samples answer.
            samples: of it.
            until: time of the loop at which it is no longer waited for; None for never.
            judge: told of the requests that the scorer itself sends.
        """
        named, loop = self._named[name], asyncio.get_running_loop()
        context = contextvars.copy_context()
        context.run(METER.set, judge)
        began = loop.time()
        work = functools.partial(context.run, _scores, named, problem, samples, self._wait)
        try:
            async with asyncio.timeout_at(until):
                scores = await self._workers_of(named).call(work)
        except TimeoutError:
            return [_LATE] * len(samples)
        before = self._seconds.get(name, loop.time() - began)
        self._seconds[name] = (before + loop.time() - began) / 2
        return scores

    def _workers_of(self, named: NamedScorer) -> Workers[list[Score]]:
        workers = self._workers.get(named.name)
        if workers is None:
            is_async = inspect.iscoroutinefunction(named.scorer)
            most = ASYNC_WORKERS if is_async else int(getattr(named.scorer, "workers", 1))
            workers = self._workers[named.name] = Workers(f"score-{named.name}", most)
        return workers


def _scores(
    named: NamedScorer, problem: Problem, samples: Sequence[Sample], wait: Wait
) -> list[Score]:
    try:
        return apply_scorer(named, problem, samples, wait=wait)
    except TopdrawError as error:
        # Offline it would end the run; here the other candidates' other scores still stand.
        return [Score.missing(str(error)[:300]) for _ in samples]
    except BaseException as error:  # noqa: BLE001  no Ctrl-C comes to this thread: it is the scorer's
        return [Score.missing(f"{type(error).__name__}: {error}"[:300]) for _ in samples]
