"""What every model must do, as a test that third parties run on theirs.

Not here: whether the model is any good. For scorers and selectors see their own floors.
Try it: `python -m pytest tests/sampling/test_contracts.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Sequence

from topdraw.core.protocols import Model
from topdraw.core.records import Decoding, Problem, Sample

_PROBLEM = Problem("contract/1", "What is 1+1?")


def check_model(
    factory: Callable[[], Model],
    *,
    problem: Problem = _PROBLEM,
    n: int = 5,
    decoding: Decoding | None = None,
    seed: int = 0,
) -> None:
    """Check that a model keeps the contract of `core.protocols.Model`.

    Every index asked for comes exactly once, whichever they are; nothing asked, nothing given; the
    identity is JSON and does not change; a call can be cancelled and leaves no task behind. If the
    model has a true attribute `deterministic`, a sample is also the same alone as with siblings,
    today as a moment later.

    Args:
        factory: makes a fresh model.
        problem: one the model can answer.
        n: samples to draw, >= 2.
        decoding: settings of the draw; the defaults with 16 tokens when None.
        seed: seed of the run.

    Raises:
        AssertionError: saying what the model did against the contract.
    """
    settings = decoding or Decoding(max_tokens=16)
    asyncio.run(_check(factory, _Asking(problem, settings, seed), n))


class _Asking:
    def __init__(self, problem: Problem, decoding: Decoding, seed: int) -> None:
        self.problem = problem
        self.decoding = decoding
        self.seed = seed

    async def draw(self, model: Model, indices: Sequence[int]) -> dict[int, Sample]:
        """The samples by index, each checked on its own."""
        got: dict[int, Sample] = {}
        stream = model.generate(self.problem, indices, decoding=self.decoding, seed=self.seed)
        async for sample in stream:
            _require(sample.index in indices, f"gave sample {sample.index}, not asked for")
            _require(sample.index not in got, f"gave sample {sample.index} twice")
            _check_sample(sample, self.problem)
            got[sample.index] = sample
        missing = sorted(set(indices) - set(got))
        _require(not missing, f"did not give the samples {missing} and raised no error")
        return got


async def _check(factory: Callable[[], Model], asking: _Asking, n: int) -> None:
    model = factory()
    try:
        before = json.dumps(dict(model.identity), sort_keys=True)
        _require(not await asking.draw(model, []), "gave samples when none were asked for")
        together = await asking.draw(model, range(n))
        apart = await asking.draw(model, [n - 1, 0])
        if getattr(model, "deterministic", False):
            alone = await asking.draw(factory(), [1])
            _check_equal(together, apart | alone)
        await _check_cancellation(model, asking, n)
        after = json.dumps(dict(model.identity), sort_keys=True)
        _require(before == after, f"changed its identity from {before} to {after}")
    finally:
        close = getattr(model, "aclose", None)
        if close is not None:
            await close()


def _check_sample(sample: Sample, problem: Problem) -> None:
    _require(sample.problem_id == problem.id, f"gave a sample of {sample.problem_id!r}")
    _require(isinstance(sample.output, str), f"gave an output of {type(sample.output).__name__}")
    _require(bool(sample.finish_reason), "gave a sample without a finish_reason")
    usage = sample.usage
    _require(min(usage.prompt_tokens, usage.output_tokens) >= 0, "counted fewer than 0 tokens")
    json.dumps(dict(sample.metadata))


def _check_equal(together: dict[int, Sample], apart: dict[int, Sample]) -> None:
    for index, sample in apart.items():
        same = sample.output == together[index].output
        _require(same, f"claims to be deterministic, but sample {index} depends on its siblings")


async def _check_cancellation(model: Model, asking: _Asking, n: int) -> None:
    others = asyncio.all_tasks()
    task = asyncio.create_task(asking.draw(model, range(n)))
    await asyncio.sleep(0)
    task.cancel()
    # A model that never waits has finished by then: that is allowed.
    with contextlib.suppress(asyncio.CancelledError):
        await task
    left = asyncio.all_tasks() - others
    _require(not left, f"left tasks running after it was cancelled: {left}")
    await asking.draw(model, [0])


def _require(good: bool, what: str) -> None:
    if not good:
        raise AssertionError(f"The model {what}.")
