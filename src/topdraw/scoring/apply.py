"""One call of a scorer, ours or a user's, and what its return values mean.

Not here: which samples to score and where scores go; that is `topdraw.scoring.engine`.
Try it: `python -c "from topdraw.scoring.apply import as_score; print(as_score(True))"`.
"""

from __future__ import annotations

import asyncio
import inspect
import math
import numbers
import threading
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol, TypeGuard

import numpy as np

from topdraw.core.records import Problem, Sample, Score
from topdraw.errors import ConfigError, MissingPackage, SandboxUnavailable, UnknownNameError
from topdraw.models.meter import Halted
from topdraw.models.retry import Refused
from topdraw.scoring.resolve import NamedScorer


class Wait(Protocol):
    """Waits for an awaitable, from a thread that is not its loop's."""

    def __call__(self, result: Awaitable[object], /) -> object:
        """What it came to."""


def apply_scorer(
    named: NamedScorer, problem: Problem, samples: Sequence[Sample], *, wait: Wait | None = None
) -> list[Score]:
    """The scores of a problem's samples by any scorer, one per sample, in order.

    A scorer may return Score, bool, number or None (missing) for each sample, and may be async.

    Args:
        named: the scorer.
        problem: what the samples answer.
        samples: of this problem.
        wait: how to wait for an async scorer; by default in an event loop of this call.

    Returns:
        Its scores; all missing, with the reason, when it raised an exception or called sys.exit.

    Raises:
        ConfigError: when it returns anything but one such value per sample, or raises one.
        UnknownNameError: when it raises one.
        MissingPackage: when it needs a package that is not installed.
        SandboxUnavailable: when it runs programs and this machine cannot confine them.
        Refused: when it asks a server that will answer nothing at all.
        Halted: when its meter forbids a request.
    """
    try:
        result: object = named.scorer(problem, samples)
        if inspect.isawaitable(result):
            if wait is None:
                with event_loop() as here:
                    result = here(result)
            else:
                result = wait(result)
        if _is_series(result):
            result = list(result)  # a generator runs, and fails, here
    except (ConfigError, UnknownNameError, MissingPackage, SandboxUnavailable, Refused, Halted):
        # These are about the set-up: every further problem would fail alike.
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001  a failure on one problem is not the run's
        return [Score.missing(_reason(error)) for _ in samples]
    return _checked(named.name, problem, samples, result)


def _is_series(result: object) -> TypeGuard[Iterable[object]]:
    return isinstance(result, Iterable) and not isinstance(result, str | bytes | dict)


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _checked(name: str, problem: Problem, samples: Sequence[Sample], result: object) -> list[Score]:
    if not _is_series(result):
        kind = type(result).__name__
        raise ConfigError(
            f"The scorer {name!r} returned {kind} for problem {problem.id!r}.",
            hint="It must return a list with one Score, number, True, False or None per sample.",
        )
    values = list(result)
    if len(values) != len(samples):
        raise ConfigError(
            f"The scorer {name!r} returned {len(values)} scores for the {len(samples)} samples of "
            f"problem {problem.id!r}.",
            hint="It must return one per sample, in the same order.",
        )
    return [as_score(value, name=name) for value in values]


def as_score(value: object, *, name: str = "scorer") -> Score:
    """The score that a scorer's return value stands for.

    Args:
        value: a Score; True or False, a verdict; a number, a value (NaN: missing); None, missing.
        name: the scorer's, for the error.

    Raises:
        ConfigError: for anything else.

    Examples:
        >>> as_score(0.5).value, as_score(False).passed, as_score(None).is_missing
        (0.5, False, True)
    """
    if isinstance(value, Score):
        return value
    if value is None:
        return Score.missing("the scorer gave None")
    if isinstance(value, bool | np.bool_):
        return Score.verdict(bool(value))
    if isinstance(value, numbers.Real):
        try:
            number = float(value)
        except OverflowError:
            return Score.missing("the scorer gave a number beyond 1.8e308")
        return Score.missing("the scorer gave NaN") if math.isnan(number) else Score(value=number)
    raise ConfigError(
        f"The scorer {name!r} returned {str(value)[:60]!r} ({type(value).__name__}) for a sample.",
        hint="Return Score, a number, True, False or None (missing).",
    )


@contextmanager
def event_loop() -> Iterator[Wait]:
    """One event loop in a thread of its own, for async scorers called from other threads.

    All calls share it, so that a scorer can keep one HTTP session.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=_run, args=(loop,), daemon=True)
    thread.start()

    def wait(result: Awaitable[object], /) -> object:
        return asyncio.run_coroutine_threadsafe(_as_coroutine(result), loop).result()

    try:
        yield wait
    finally:
        asyncio.run_coroutine_threadsafe(_finish(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    # sys.exit in a task ends run_forever, and whoever waits for that task would wait forever.
    while True:
        with suppress(SystemExit):
            loop.run_forever()
            return


async def _as_coroutine(result: Awaitable[object]) -> object:
    return await result


async def _finish() -> None:
    """Cancel what an interrupted caller left running."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
