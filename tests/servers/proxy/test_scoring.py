"""Scorers beside the loop: their threads, their time, what they cost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from topdraw.core.billing import Answered, Asked
from topdraw.core.records import Problem, Sample, Score
from topdraw.models.meter import METER
from topdraw.servers.proxy.scoring import Scorers
from topdraw.servers.proxy.tally import Tally

PROBLEM, SAMPLES = Problem("p", "?"), [Sample("p", 0, "a"), Sample("p", 1, "bb")]


def test_a_scorer_has_as_many_threads_as_it_declares() -> None:
    both = threading.Barrier(2, timeout=10)

    def pair(problem: Problem, samples: Sequence[Sample]) -> list[Score]:
        both.wait()
        return [Score(value=1.0)] * len(samples)

    pair.workers = 2  # type: ignore[attr-defined]  # what scorers declare

    async def main() -> None:
        with Scorers([pair]) as scorers:
            work = [
                scorers.score("pair", PROBLEM, SAMPLES, until=None, judge=Tally()) for _ in range(2)
            ]
            assert [[s.value for s in one] for one in await asyncio.gather(*work)] == [[1, 1]] * 2

    asyncio.run(main())


@pytest.mark.parametrize("kind", [KeyboardInterrupt, asyncio.CancelledError, GeneratorExit])
def test_whatever_a_scorer_raises_the_server_goes_on(kind: type[BaseException]) -> None:
    def run_it(problem: Problem, samples: Sequence[Sample]) -> list[Score]:
        raise kind("stop")

    async def main() -> list[Score]:
        with Scorers([run_it]) as scorers:
            return await scorers.score("run_it", PROBLEM, SAMPLES, until=None, judge=Tally())

    found = asyncio.run(main())
    assert [one.missing_reason for one in found] == [f"{kind.__name__}: stop"] * 2


def test_what_a_scorer_asks_of_models_is_counted_apart() -> None:
    def judge(problem: Problem, samples: Sequence[Sample]) -> list[Score]:
        meter = METER.get()
        meter.end(meter.begin(Asked("p", 0, 1, "x")), Answered("delivered", 1, 10, 2))
        return [Score(value=0.0)] * len(samples)

    async def main() -> Tally:
        with Scorers([judge]) as scorers:
            tally = Tally()
            await scorers.score("judge", PROBLEM, SAMPLES, until=None, judge=tally)
            return tally

    assert asyncio.run(main()).tokens == 12


def test_time_is_kept_back_for_what_scoring_took() -> None:
    def quick(problem: Problem, samples: Sequence[Sample]) -> list[Score]:
        return [Score(value=0.0)] * len(samples)

    async def main() -> None:
        with Scorers([quick, "number"]) as scorers:
            assert scorers.names == ("quick", "number")
            assert scorers.reserve_seconds(["quick"], 10.0) == 1.5
            assert scorers.reserve_seconds(["quick", "number"] * 9, 10.0) == 5.0
            await scorers.score("quick", PROBLEM, SAMPLES, until=None, judge=Tally())
            assert scorers.reserve_seconds(["quick"], 10.0) == 0.5
            assert scorers.reserve_seconds(["quick"], 1.0) == 0.1
            assert scorers.reserve_seconds(["quick"], 0.1) == 0.05
            assert scorers.source("number") == ""

    asyncio.run(main())
