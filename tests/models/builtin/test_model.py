"""The built-in model as a `Model`: same bits whatever happens to its workers."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from topdraw.core.protocols import Model
from topdraw.core.records import Decoding, Problem, Sample
from topdraw.core.seeds import sample_seed
from topdraw.errors import ConfigError, DomainError, EndpointError, UnknownNameError
from topdraw.models.builtin.batch import Draw
from topdraw.models.builtin.engine import Engine
from topdraw.models.builtin.model import BuiltinModel, connect_builtin
from topdraw.models.builtin.weights import digest_of

PROBLEM = Problem("a/1", "Make 15 from the numbers 12, 1, 5, 8.")
SETTINGS = Decoding(max_tokens=12)
LONG = Decoding(max_tokens=400)


async def drawn(
    model: BuiltinModel, indices: Sequence[int], decoding: Decoding = SETTINGS
) -> list[Sample]:
    return [s async for s in model.generate(PROBLEM, indices, decoding=decoding, seed=3)]


async def test_samples_are_the_engines(model: BuiltinModel) -> None:
    samples = await drawn(model, range(10))
    seeds = [sample_seed(3, PROBLEM.id, index) for index in range(10)]
    draws = [Draw(index, seed) for index, seed in enumerate(seeds)]
    outputs = Engine.load().generate(PROBLEM.prompt, draws, SETTINGS)
    for index, (sample, output) in enumerate(zip(samples, outputs, strict=True)):
        assert (sample.problem_id, sample.index, sample.seed) == (PROBLEM.id, index, seeds[index])
        assert (sample.output, sample.finish_reason) == (output.text, output.finish_reason)
        assert sample.logprob == output.logprob
        assert sample.usage.output_tokens == len(output.tokens)
        assert sample.usage.prompt_tokens == output.prompt_tokens


async def test_batches_change_nothing(model: BuiltinModel) -> None:
    everything = await drawn(model, range(260))
    assert [sample.index for sample in everything] == list(range(260))
    some = [259, 3, 121, 119, 120]
    assert await drawn(model, some) == [everything[index] for index in some]


async def test_a_killed_worker_is_replaced_and_nothing_changes() -> None:
    model = BuiltinModel(workers=1)
    before = await drawn(model, range(5))
    worker = model.take()
    os.kill(worker.pid, signal.SIGKILL)
    model.give_back(worker)
    assert await drawn(model, range(5)) == before
    await model.aclose()


async def test_a_worker_that_dies_twice_is_an_error() -> None:
    model = BuiltinModel(workers=1)
    model._stage = "nonsense"
    with pytest.raises(EndpointError, match="worker process of the built-in model ended"):
        await drawn(model, [0])


@pytest.mark.slow
async def test_cancelling_leaves_the_pool_in_step() -> None:
    model = BuiltinModel(workers=2)
    expected = await drawn(model, range(4))
    for _ in range(5):
        waiting = [asyncio.create_task(drawn(model, range(500), LONG)) for _ in range(3)]
        await asyncio.sleep(0)
        done = await drawn(model, range(4)) if _ % 2 else expected
        for task in waiting:
            task.cancel()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        assert done == expected
    assert await drawn(model, range(4)) == expected
    await model.aclose()


def test_one_model_serves_several_event_loops(model: BuiltinModel) -> None:
    first = asyncio.run(drawn(model, range(3)))
    assert asyncio.run(drawn(model, range(3))) == first


async def test_after_closing_it_can_be_used_again() -> None:
    model = BuiltinModel(workers=1)
    first = await drawn(model, range(3))
    await model.aclose()
    assert await drawn(model, range(3)) == first
    await model.aclose()


async def test_several_problems_at_once_equal_one_at_a_time() -> None:
    model = BuiltinModel(workers=2)
    one_by_one = [await drawn(model, [index]) for index in range(8)]
    at_once = await asyncio.gather(*(drawn(model, [index]) for index in range(8)))
    assert at_once == one_by_one
    await model.aclose()


async def test_refusals_reach_the_caller_and_the_worker_lives(model: BuiltinModel) -> None:
    long = Problem("long", "word " * 3000)
    with pytest.raises(DomainError, match="reads at most 512"):
        [s async for s in model.generate(long, [0], decoding=SETTINGS, seed=0)]
    with pytest.raises(DomainError, match="top_p"):
        await drawn(model, [0], Decoding(top_p=3.0))
    assert len(await drawn(model, [0])) == 1


def test_identity_names_the_weights() -> None:
    assert connect_builtin("builtin").identity == {
        "kind": "builtin",
        "name": "builtin",
        "digest": digest_of("builtin"),
    }
    assert connect_builtin("builtin:small").identity["name"] == "builtin:small"
    assert isinstance(connect_builtin("builtin"), Model)


def test_concurrency_is_the_number_of_workers() -> None:
    assert BuiltinModel(workers=3).concurrency == 3
    assert 1 <= BuiltinModel().concurrency <= 8


def test_unknown_stages_and_too_few_workers_are_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"named 'foo'.*Known: .*small"):
        connect_builtin("builtin:foo")
    with pytest.raises(ConfigError, match="workers must be >= 1; got 0"):
        connect_builtin("builtin", workers=0)


def test_scripts_need_no_main_guard_and_may_be_left_at_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import asyncio\n"
        "from topdraw.core.records import Decoding, Problem\n"
        "from topdraw.models.builtin.model import BuiltinModel\n"
        "model = BuiltinModel(workers=1)\n"
        "async def main():\n"
        "    async for s in model.generate(Problem('1', '1+1='), [0],\n"
        "                                  decoding=Decoding(max_tokens=3), seed=0):\n"
        "        print(s.index)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "0\n"
    assert done.stderr == ""
