"""What a scorer may return, and what happens when it does not."""

import asyncio
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.protocols import Scorer
from topdraw.core.records import Problem, Sample, Score
from topdraw.errors import ConfigError, EndpointError, MissingPackage
from topdraw.scoring.apply import apply_scorer, as_score, event_loop
from topdraw.scoring.resolve import NamedScorer

_PROBLEM = Problem("p", "")
_SAMPLES = [Sample("p", i, str(i)) for i in range(3)]


def _apply(function: Callable[[Problem, Sequence[Sample]], object]) -> list[Score]:
    return apply_scorer(NamedScorer("mine", cast(Scorer, function)), _PROBLEM, _SAMPLES)


@given(st.floats(allow_nan=False))
def test_numbers_are_values(value: float) -> None:
    assert as_score(value) == Score(value=value)
    assert as_score(np.float64(value)) == Score(value=value)


@pytest.mark.parametrize("yes", [True, np.True_])
def test_truth_values_are_verdicts(yes: object) -> None:
    assert as_score(yes) == Score.verdict(True)
    assert as_score(np.False_) == Score.verdict(False)


def test_other_kinds() -> None:
    score = Score(value=1.0, note="as it is")
    assert as_score(score) is score
    assert as_score(3) == Score(value=3.0)
    assert as_score(np.int64(3)) == Score(value=3.0)
    assert as_score(None).is_missing
    assert as_score(math.nan).is_missing


@pytest.mark.parametrize("value", ["1", b"1", [1], {}, 1j, object()])
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(ConfigError, match="'mine' returned"):
        as_score(value, name="mine")


def test_arrays_and_generators_will_do() -> None:
    assert [s.value for s in _apply(lambda p, s: np.arange(3.0))] == [0, 1, 2]
    assert [s.value for s in _apply(lambda p, s: (float(x.output) for x in s))] == [0, 1, 2]


def test_wrong_shapes_are_refused_with_the_problem() -> None:
    with pytest.raises(ConfigError, match="2 scores for the 3 samples of problem 'p'"):
        _apply(lambda p, s: [1, 2])
    for result in (None, 3, "abc", {"a": 1}):
        with pytest.raises(ConfigError, match="must return a list"):
            _apply(lambda p, s, result=result: result)  # type: ignore[misc]  # bound early


def test_a_scorers_exception_is_missing() -> None:
    def broken(problem: Problem, samples: Sequence[Sample]) -> object:
        raise ValueError("no such tests")

    scores = _apply(broken)
    assert [score.missing_reason for score in scores] == ["ValueError: no such tests"] * 3

    def down(problem: Problem, samples: Sequence[Sample]) -> object:
        raise EndpointError("the judge is down")

    assert "the judge is down" in str(_apply(down)[0].missing_reason)


def test_a_scorer_that_exits_does_not_end_the_program() -> None:
    assert [s.missing_reason for s in _apply(lambda p, s: sys.exit(3))] == ["SystemExit: 3"] * 3

    async def leave(problem: Problem, samples: Sequence[Sample]) -> object:
        sys.exit(4)

    async def leave_together(problem: Problem, samples: Sequence[Sample]) -> object:
        return await asyncio.gather(*(leave(problem, samples) for _ in samples))

    assert _apply(leave)[0].missing_reason == "SystemExit: 4"
    assert _apply(leave_together)[0].missing_reason == "SystemExit: 4"


def test_a_loop_goes_on_after_an_exit() -> None:
    async def leave(problem: Problem, samples: Sequence[Sample]) -> object:
        sys.exit(4)

    with event_loop() as wait:
        leaving = NamedScorer("mine", cast(Scorer, leave))
        for _ in range(2):
            assert apply_scorer(leaving, _PROBLEM, _SAMPLES, wait=wait)[0].is_missing
        judge = NamedScorer("mine", cast(Scorer, _judge))
        scores = apply_scorer(judge, _PROBLEM, _SAMPLES, wait=wait)
    assert [score.value for score in scores] == [0, 1, 2]


def test_a_generators_exception_is_missing() -> None:
    def broken(problem: Problem, samples: Sequence[Sample]) -> Iterator[float]:
        yield 1.0
        raise ValueError("half-way")

    assert [score.missing_reason for score in _apply(broken)] == ["ValueError: half-way"] * 3


def test_an_interrupt_ends_everything() -> None:
    def interrupt(problem: Problem, samples: Sequence[Sample]) -> object:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _apply(interrupt)


@pytest.mark.parametrize("kind", [ConfigError, MissingPackage])
def test_a_broken_set_up_stops_everything(kind: type[Exception]) -> None:
    def broken(problem: Problem, samples: Sequence[Sample]) -> object:
        raise kind("needs torch")

    with pytest.raises(kind, match="needs torch"):
        _apply(broken)


async def _judge(problem: Problem, samples: Sequence[Sample]) -> list[float]:
    await asyncio.sleep(0)
    return [float(sample.output) for sample in samples]


def test_async_scorers_are_awaited() -> None:
    assert [score.value for score in _apply(_judge)] == [0, 1, 2]

    async def broken(problem: Problem, samples: Sequence[Sample]) -> object:
        raise TimeoutError("slow")

    assert _apply(broken)[0].missing_reason == "TimeoutError: slow"


async def test_async_scorers_work_where_a_loop_runs_already() -> None:
    assert [score.value for score in _apply(_judge)] == [0, 1, 2]


def test_calls_share_one_loop_and_leave_no_task() -> None:
    seen: list[object] = []
    cancelled: list[bool] = []

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def look() -> None:
        seen.append(asyncio.get_running_loop())
        seen.append(asyncio.ensure_future(forever()))
        await asyncio.sleep(0)

    with event_loop() as wait:
        wait(look())
        wait(look())
    assert seen[0] is seen[2]
    assert cancelled == [True, True]


def test_a_number_that_no_float_holds_is_missing() -> None:
    assert as_score(10**400).is_missing
    assert as_score(10**300).value == 1e300
