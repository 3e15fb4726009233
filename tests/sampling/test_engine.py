"""The engine: exactly once, whatever the concurrency, through failures, cancels and kill -9."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.scripted_server import Fault, ScriptedServer, always, mixed
from tests.sampling.models_for_tests import Echo

from topdraw.core.protocols import Model
from topdraw.core.records import Decoding, Json, Problem, Sample, Task
from topdraw.errors import DomainError, EndpointError, ResumeConflict
from topdraw.models.endpoint import connect_endpoint
from topdraw.models.retry import Refused, Retry
from topdraw.sampling.engine import sample, sample_async
from topdraw.sampling.progress import Progress
from topdraw.store.run import Run

QUICK = Retry(base_seconds=0.002, cap_seconds=0.01)


def task(problems: int = 5, **decoding: Json) -> Task:
    items = tuple(Problem(f"t/{i}", f"What is {i}+{i}?", str(2 * i)) for i in range(problems))
    return Task("toy", "1", items, scorer="number", decoding=decoding)


def rows(run: Run) -> list[tuple[object, ...]]:
    return [
        (s.problem_id, s.index, s.output, s.sampler, s.seed, s.usage)
        for role in ("sampled", "greedy")
        for s in run.samples(role)
    ]


def test_every_problem_gets_n_samples_in_order(tmp_path: Path) -> None:
    run = sample(task(), Echo(), 3, out=tmp_path / "run")
    samples = run.samples()
    assert [(s.problem_id, s.index) for s in samples] == [
        (f"t/{i}", j) for i in range(5) for j in range(3)
    ]
    assert {s.sampler for s in samples} == {run.manifest.samplers[0].hash}
    assert rows(Run.open(tmp_path / "run")) == rows(run)


@settings(max_examples=15, deadline=None)
@given(
    st.integers(1, 12), st.integers(1, 6), st.one_of(st.none(), st.integers(1, 4)), st.booleans()
)
def test_concurrency_and_chunks_change_nothing(
    concurrency: int, n: int, chunk: int | None, greedy: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        calm = sample(task(), Echo(), n, greedy=greedy, out=f"{folder}/a", concurrency=1)
        model = Echo(chunk=chunk)
        busy = sample(task(), model, n, greedy=greedy, out=f"{folder}/b", concurrency=concurrency)
        assert rows(busy) == rows(calm)
        assert model.most_at_once <= concurrency
        assert len(model.drawn) == len(set(model.drawn)) == len(rows(busy))


def test_the_same_call_draws_nothing_and_a_larger_n_draws_the_rest(tmp_path: Path) -> None:
    first, second, third = Echo(), Echo(), Echo()
    before = rows(sample(task(), first, 2, out=tmp_path))
    assert rows(sample(task(), second, 2, out=tmp_path)) == before
    assert second.drawn == []
    more = sample(task(), third, 4, out=tmp_path)
    assert sorted(third.drawn) == [(f"t/{i}", j, False) for i in range(5) for j in (2, 3)]
    whole = sample(task(), Echo(), 4, out=tmp_path / "whole")
    assert rows(more) == rows(whole)


def test_greedy_is_one_more_sampler_of_the_same_run(tmp_path: Path) -> None:
    model = Echo()
    run = sample(task(3), model, 2, temperature=0.8, top_p=0.9, greedy=True, out=tmp_path)
    assert [s.index for s in run.samples("greedy")] == [0, 0, 0]
    assert len(run.samples()) == 6
    reference = {s.role: s.decoding for s in run.manifest.samplers}["greedy"]
    assert (reference.temperature, reference.top_p) == (0.0, 1.0)


def test_a_reference_can_be_added_to_a_run_later(tmp_path: Path) -> None:
    sample(task(3), Echo(), 2, out=tmp_path)
    model = Echo()
    run = sample(task(3), model, 2, greedy=True, out=tmp_path)
    assert sorted(model.drawn) == [(f"t/{i}", 0, True) for i in range(3)]
    assert len(run.samples("greedy")) == 3


def test_the_tasks_own_settings_fill_what_the_user_left_open(tmp_path: Path) -> None:
    run = sample(task(1, max_tokens=9, stop=["##"]), Echo(), 1, out=tmp_path / "a")
    assert run.manifest.samplers[0].decoding == Decoding(max_tokens=9, stop=("##",))
    run = sample(task(1, max_tokens=9), Echo(), 1, max_tokens=5, stop="x", out=tmp_path / "b")
    assert run.manifest.samplers[0].decoding == Decoding(max_tokens=5, stop=("x",))


def test_problems_come_first_to_last_so_that_a_partial_run_is_usable(tmp_path: Path) -> None:
    model = Echo(chunk=2)
    sample(task(3), model, 4, out=tmp_path, concurrency=1)
    assert model.calls == [(f"t/{i}", pair) for i in range(3) for pair in ((0, 1), (2, 3))]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n": 0}, "n is 0"),
        ({"temperature": -1.0}, "temperature is -1.0"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"top_p": 0.0}, "top_p is 0.0"),
        ({"top_k": -1}, "top_k is -1"),
        ({"repetition_penalty": 0.0}, "repetition_penalty is 0.0"),
        ({"max_tokens": 0}, "max_tokens is 0"),
        ({"stop": ("a", "")}, "stop is"),
        ({"concurrency": 0}, "concurrency is 0"),
    ],
)
def test_numbers_outside_their_range_are_refused(
    settings: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(DomainError, match=message):
        sample(task(), Echo(), **{"n": 1, "out": tmp_path / "run", **settings})
    assert not (tmp_path / "run").exists()


def test_two_problems_with_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DomainError, match="'a'"):
        sample([Problem("a", "1"), Problem("a", "2")], Echo(), 1, out=tmp_path)
    with pytest.raises(DomainError, match="no problems"):
        sample([], Echo(), 1, out=tmp_path)


def test_another_draw_in_the_same_place_is_refused(tmp_path: Path) -> None:
    sample(task(), Echo(), 1, out=tmp_path)
    with pytest.raises(ResumeConflict):
        sample(task(), Echo(), 1, temperature=0.5, out=tmp_path)


def test_the_same_call_finds_its_run_without_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = sample(task(), Echo(), 1)
    assert first.path.parent.name == "runs"
    assert first.path.name.startswith("toy-Echo-1-")
    assert sample(task(), Echo(), 2).path == first.path
    assert sample(task(), Echo(), 1, seed=1).path != first.path


def test_progress_counts_what_is_done_and_what_is_new(tmp_path: Path) -> None:
    sample(task(), Echo(), 1, out=tmp_path)
    seen: list[Progress] = []
    sample(task(), Echo(), 3, out=tmp_path, on_progress=seen.append)
    assert (seen[0].done, seen[0].total, seen[0].drawn) == (5, 15, 0)
    assert (seen[-1].done, seen[-1].drawn, seen[-1].failed) == (15, 10, 0)
    assert seen[-1].output_tokens == 40
    assert all(a.done <= b.done and a.seconds <= b.seconds for a, b in itertools.pairwise(seen))
    sample(task(), Echo(), 3, out=tmp_path, on_progress=seen.append)
    assert (seen[-1].done, seen[-1].drawn) == (15, 0)


def test_a_failed_call_costs_its_siblings_nothing(tmp_path: Path) -> None:
    broken = frozenset({("t/1", 2), ("t/3", 0)})
    seen: list[Progress] = []
    with pytest.raises(EndpointError, match="2 of 15 samples") as caught:
        sample(task(), Echo(chunk=1, fails=broken), 3, out=tmp_path, on_progress=seen.append)
    assert caught.value.status == 500
    assert seen[-1].failed == 2
    run = Run.open(tmp_path)
    assert len(run.samples()) == 13
    healed = Echo(chunk=1)
    again = sample(task(), healed, 3, out=tmp_path)
    assert {key[:2] for key in healed.drawn} == broken
    assert rows(again) == rows(sample(task(), Echo(), 3, out=tmp_path / "whole"))


def test_a_bug_in_a_model_spares_the_others_and_is_raised_as_it_is(tmp_path: Path) -> None:
    model = Echo(chunk=1, fails=frozenset({("t/0", 0)}), error=TypeError("a bug"))
    with pytest.raises(TypeError, match="a bug"):
        sample(task(), model, 2, out=tmp_path)
    assert len(Run.open(tmp_path).samples()) == 9


def test_a_dead_model_stops_the_run_early(tmp_path: Path) -> None:
    everything = frozenset((f"t/{i}", 0) for i in range(500))
    model = Echo(fails=everything)
    with pytest.raises(EndpointError, match="it broke"):
        sample(task(500), model, 1, out=tmp_path, concurrency=4)
    assert 20 <= len(model.calls) <= 24


def test_a_model_that_dies_on_the_way_stops_the_run_too(tmp_path: Path) -> None:
    model = Echo(fails=frozenset((f"t/{i}", 0) for i in range(100, 500)))
    with pytest.raises(EndpointError):
        sample(task(500), model, 1, out=tmp_path, concurrency=4)
    assert len(model.calls) <= 130
    assert len(Run.open(tmp_path).samples()) == 100


def test_a_daily_limit_in_the_middle_stops_the_run(tmp_path: Path) -> None:
    limited = frozenset((f"t/{i}", 0) for i in range(5, 500))
    model = Echo(fails=limited, error=EndpointError("come back tomorrow", status=429))
    with pytest.raises(EndpointError, match="tomorrow"):
        sample(task(500), model, 1, out=tmp_path, concurrency=4)
    assert len(model.calls) <= 40


def test_many_refused_prompts_are_not_a_dead_model(tmp_path: Path) -> None:
    refused = frozenset((f"t/{i}", 0) for i in range(5, 45))
    model = Echo(fails=refused, error=EndpointError("too long", status=400))
    with pytest.raises(EndpointError, match="40 of 60 samples"):
        sample(task(60), model, 1, out=tmp_path, concurrency=4)
    assert len(Run.open(tmp_path).samples()) == 20


def test_a_refusal_stops_at_once_and_is_raised_itself(tmp_path: Path) -> None:
    model = Echo(fails=frozenset({("t/2", 0)}), error=Refused("wrong key", status=401))
    with pytest.raises(Refused, match="wrong key"):
        sample(task(50), model, 1, out=tmp_path, concurrency=2)
    assert len(model.calls) <= 10
    assert len(Run.open(tmp_path).samples()) == len(model.drawn)


class Wrong(Echo):
    """Breaks the contract in the way it is told to."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    async def generate(
        self, problem: Problem, indices: Sequence[int], /, *, decoding: Decoding, seed: int
    ) -> AsyncIterator[Sample]:
        async for drawn in super().generate(problem, indices, decoding=decoding, seed=seed):
            if self.how != "missing" or drawn.index:
                yield drawn
            if self.how == "twice":
                yield drawn


@pytest.mark.parametrize(("how", "message"), [("missing", "did not give"), ("twice", "not asked")])
def test_a_model_that_miscounts_is_found_out(how: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DomainError, match=message):
        sample(task(), Wrong(how), 2, out=tmp_path)


class Plain:
    """A model whose `generate` gives a plain iterator without `aclose`."""

    identity: Mapping[str, Json] = {"kind": "plain"}

    def generate(
        self, problem: Problem, indices: Sequence[int], /, *, decoding: Decoding, seed: int
    ) -> AsyncIterator[Sample]:
        left = iter(indices)

        class Stream:
            def __aiter__(self) -> Stream:
                return self

            async def __anext__(self) -> Sample:
                for index in left:
                    return Sample(problem.id, index, "x")
                raise StopAsyncIteration

        return Stream()


def test_a_plain_iterator_is_enough(tmp_path: Path) -> None:
    assert len(sample(task(), Plain(), 2, out=tmp_path).samples()) == 10


async def test_it_works_inside_a_running_loop(tmp_path: Path) -> None:
    model = Echo()
    assert len(sample(task(), model, 2, out=tmp_path / "blocking").samples()) == 10
    assert model.closed == 1
    run = await sample_async(task(), model, 2, out=tmp_path / "awaited")
    assert len(run.samples()) == 10
    assert model.closed == 1


class Stalling(Echo):
    """Gives some samples, then waits for ever."""

    def __init__(self, after: int) -> None:
        super().__init__(chunk=1)
        self.after = after
        self.stalled = asyncio.Event()

    async def generate(
        self, problem: Problem, indices: Sequence[int], /, *, decoding: Decoding, seed: int
    ) -> AsyncIterator[Sample]:
        async for drawn in super().generate(problem, indices, decoding=decoding, seed=seed):
            if len(self.drawn) > self.after:
                self.stalled.set()
                await asyncio.Event().wait()
            yield drawn


async def test_a_cancelled_run_keeps_what_was_finished_and_goes_on(tmp_path: Path) -> None:
    model = Stalling(after=7)
    work = asyncio.create_task(sample_async(task(), model, 3, out=tmp_path, concurrency=1))
    await model.stalled.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not list(tmp_path.rglob("*.open.jsonl"))
    assert len(Run.open(tmp_path).samples()) == 7
    healthy = Echo(chunk=1)
    resumed = await sample_async(task(), healthy, 3, out=tmp_path)
    assert len(healthy.drawn) == 8
    whole = await sample_async(task(), Echo(), 3, out=tmp_path / "whole")
    assert rows(resumed) == rows(whole)


def test_an_interrupt_of_a_blocking_call_inside_a_loop_keeps_everything(tmp_path: Path) -> None:
    # As in a notebook: a loop without a signal handler of its own runs already.
    model = Stalling(after=7)

    async def cell() -> None:
        sample(task(), model, 3, out=tmp_path, concurrency=1)

    def interrupt_when_stalled() -> None:
        while not model.stalled.is_set():
            time.sleep(0.002)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    loop = asyncio.new_event_loop()
    watcher = threading.Thread(target=interrupt_when_stalled)
    watcher.start()
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(cell())
    watcher.join()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    assert len(Run.open(tmp_path).samples()) == 7


async def test_a_spec_is_connected_and_closed(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    file.write_text("".join(f'{{"id": "t/{i}", "output": "x"}}\n' for i in range(5)))
    run = await sample_async(task(), f"recorded:{file}", 1, out=tmp_path / "run")
    assert len(run.samples()) == 5


def endpoint(url: str, **options: Any) -> Model:  # noqa: ANN401 - handed on
    return connect_endpoint(url, model="tiny", retry=QUICK, **{"chunk": 1, **options})


MIX = [
    Fault("status", 503, ""),
    Fault("status", 429, {}, {"Retry-After": "0.01"}),
    Fault("reset"),
    Fault("reset_mid_body"),
    Fault("cut_json"),
    Fault("choices", choices=None),
]


def test_faults_leave_no_trace_in_the_run(tmp_path: Path) -> None:
    with ScriptedServer() as quiet:
        expected = sample(task(20), endpoint(quiet.url), 10, out=tmp_path / "a", concurrency=16)
    with ScriptedServer(mixed(1, MIX, share=0.3)) as rough:
        got = sample(task(20), endpoint(rough.url), 10, out=tmp_path / "b", concurrency=16)
    assert rows(got) == rows(expected)
    assert rough.counts.delivered == 200
    assert rough.counts.requests > 230
    assert rough.counts.most_at_once <= 16


@pytest.mark.parametrize("seed", [1, 2])
def test_partial_answers_under_faults_lose_and_repeat_nothing(seed: int, tmp_path: Path) -> None:
    faults = [*MIX, Fault("fewer", fewer=1), Fault("fewer", fewer=3)]
    with ScriptedServer(mixed(seed, faults, share=0.4)) as server:
        model = endpoint(server.url, chunk=4)
        run = sample(task(30), model, 10, out=tmp_path, concurrency=16)
    keys = [(s.problem_id, s.index) for s in run.samples()]
    assert keys == [(f"t/{i}", j) for i in range(30) for j in range(10)]
    # Each choice that was delivered is stored: none was paid for and thrown away.
    assert server.counts.delivered == 300
    assert len({s.output for s in run.samples()}) == 300


def test_requests_stay_within_concurrency_when_n_is_ignored(tmp_path: Path) -> None:
    with ScriptedServer(most_choices=1, seconds=0.002) as server:
        sample(task(4), endpoint(server.url, chunk=16), 16, out=tmp_path, concurrency=3)
    assert server.counts.paid == 64
    assert server.counts.most_at_once <= 3


def test_a_wrong_key_stops_at_once_and_is_nowhere_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk-secret-0123456789"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with ScriptedServer() as server:
        sample(task(), endpoint(server.url), 2, out=tmp_path / "run")
    refusal = Fault("status", 401, {"error": {"message": f"bad key {key}"}})
    with ScriptedServer(always(refusal)) as server, pytest.raises(Refused) as caught:
        sample(task(40), endpoint(server.url), 2, out=tmp_path / "other", concurrency=4)
    assert server.counts.requests <= 8
    assert key not in str(caught.value)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not any(key.encode() in path.read_bytes() for path in files)


def test_a_run_goes_on_against_another_host(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        sample(task(), endpoint(server.url), 1, out=tmp_path)
    with ScriptedServer() as server:
        run = sample(task(), endpoint(server.url), 2, out=tmp_path)
        assert server.counts.paid == 5
    assert len(run.samples()) == 10


CHILD = """
import sys
from tests.sampling.test_engine import QUICK, endpoint, task
from topdraw.sampling.engine import sample
sample(task(40), endpoint(sys.argv[1]), 5, greedy=True, out=sys.argv[2], concurrency=8)
"""


def start(url: str, out: Path) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", CHILD, url, str(out)]
    environment = os.environ | {"PYTHONPATH": str(root)}
    return subprocess.Popen(command, cwd=root, env=environment, stderr=subprocess.PIPE)


def wait_for(server: ScriptedServer, delivered: int) -> None:
    until = time.monotonic() + 30
    while server.counts.delivered < delivered:
        assert time.monotonic() < until, "the child does not get on"
        time.sleep(0.002)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_process_loses_and_repeats_nothing(how: signal.Signals, tmp_path: Path) -> None:
    with ScriptedServer(seconds=0.01) as server:
        for kill_at in (40, 120):
            child = start(server.url, tmp_path / "run")
            wait_for(server, kill_at)
            child.send_signal(how)
            assert child.wait(10) != 0
            assert child.stderr is not None
            child.stderr.close()
        stored = len(rows(Run.open(tmp_path / "run")))
        assert stored >= 120 - 2 * 8
        run = sample(
            task(40), endpoint(server.url), 5, greedy=True, out=tmp_path / "run", concurrency=8
        )
        # Only what was in flight at a kill may have been paid for in vain.
        assert server.counts.paid <= 240 + 2 * 8
    with ScriptedServer() as quiet:
        whole = sample(task(40), endpoint(quiet.url), 5, greedy=True, out=tmp_path / "whole")
    assert rows(run) == rows(whole)
