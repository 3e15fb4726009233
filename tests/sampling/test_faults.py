"""Whole runs under fire: a mix of all faults, kills, interrupts, an endpoint that dies.

An *odd* choice (null, empty, refused, cut off, ...) is an outcome of the model and a function
of (prompt, seed) alone, so the run without faults has the very same ones: all else that a server
does wrong must leave no trace in the samples. Each test ends with the books: the bill on disk
against the server's own record.
Not here: one fault at a time (`tests/models/test_fault_matrix.py`).
Try it: `python -m pytest tests/sampling/test_faults.py -k mix`.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import signal
import sys
import threading
from collections import Counter
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from tests.models.fault_asking import rows
from tests.models.fault_kinds import NAMES, Fault, error, hang, slow
from tests.models.fault_log import Log
from tests.models.fault_plans import MIX, RARE, Plan, after, always, mix, quiet
from tests.models.fault_server import FaultServer, served_apart
from tests.models.fault_wire import Ask, Key

from topdraw.core.billing import Bill
from topdraw.core.records import Problem, Task
from topdraw.core.seeds import consecutive_seed
from topdraw.errors import BudgetExhausted, EndpointError
from topdraw.models.connect import connect
from topdraw.models.retry import Refused, Retry
from topdraw.models.transport import Deadlines
from topdraw.sampling import session
from topdraw.sampling.budget import Budget
from topdraw.sampling.engine import sample
from topdraw.sampling.progress import Progress
from topdraw.store.run import Run

PROBLEMS, N, SEED, ODD = 125, 16, 7, 0.3
TOTAL = PROBLEMS * N
# Short, but not so short that a busy machine looks like a hang: the books must agree exactly.
LIMITS = Deadlines(
    connect_seconds=10, first_byte_seconds=2, between_bytes_seconds=2, total_seconds=6
)
RETRY = Retry(attempts=10, base_seconds=0.005, cap_seconds=0.05, longest_hint_seconds=5)
_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["aiohttp", "topdraw.sampling.engine", "topdraw.models.several"])


def task(problems: int = PROBLEMS) -> Task:
    made = (Problem(f"t/{i}", f"What is {i} + {i}?", str(2 * i)) for i in range(problems))
    return Task("toy", "1", tuple(made), scorer="number")


def drawn(
    urls: str | list[str],
    out: Path,
    *,
    n: int = N,
    problems: int = PROBLEMS,
    chunk: int = 4,
    concurrency: int = 32,
    stream: bool = False,
    retry: Retry = RETRY,
    limits: Deadlines = LIMITS,
    **options: Any,  # noqa: ANN401 - those of `sample`
) -> Run:
    """Draw into a run. Log-probabilities make token counts exact, however requests are cut."""
    model = connect(
        urls,
        model="tiny",
        chunk=chunk,
        concurrency=concurrency,
        logprobs=True,
        stream=stream,
        retry=retry,
        deadlines=limits,
    )
    return sample(task(problems), model, n, seed=SEED, out=out, **options)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[object, ...]]:
    """The samples of a run without faults."""
    with FaultServer(odd=ODD) as server:
        run = drawn(server.url, tmp_path_factory.mktemp("calm") / "run", chunk=16)
        assert server.log.fates == {"delivered": PROBLEMS}
    return rows(run.samples())


def check_bill(bill: Bill, log: Log) -> None:
    """The run's books and the server's are the same, request by request and choice by choice."""
    fates = log.fates
    assert bill.requests == log.requests
    assert (bill.delivered, bill.unused) == (fates["delivered"], fates["unused"])
    assert (bill.refused, bill.unknown) == (fates["refused"], fates["unknown"])
    assert bill.paid_samples == log.paid - log.blind
    assert bill.unknown_samples == sum(one.n for one in log.seen if one.fate == "unknown")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("chunk", "stream", "seed", "rare"),
    [(1, False, 11, 0.001), (5, False, 12, 0.003), (16, False, 13, 0.01), (4, True, 14, 0.003)],
)
def test_case_32_a_mix_of_everything(
    chunk: int,
    stream: bool,
    seed: int,
    rare: float,
    tmp_path: Path,
    calm: list[tuple[object, ...]],
) -> None:
    options = {"plan": "mix", "seed": seed, "rare": rare, "odd": ODD}
    with served_apart(*(f"--{name}={value}" for name, value in options.items())) as url:
        run = drawn(url, tmp_path / "run", chunk=chunk, stream=stream)
        log = Log.of(url)
    assert rows(run.samples()) == calm
    assert len(calm) == TOTAL
    asked_in_vain = log.requests - log.fates["delivered"]
    assert asked_in_vain > 0.2 * log.requests
    assert all(times == 1 for times in log.times_brought().values())  # nothing was paid for twice
    assert len(log.times_brought()) == TOTAL
    bill = run.bill()
    check_bill(bill, log)
    assert bill.kept_samples == TOTAL


def test_the_mix_meets_every_fault() -> None:
    # Or else the tests above would prove less than they say.
    plan, met = mix(11), Counter[str]()
    for seed, attempt in itertools.product(range(TOTAL), range(3)):
        ask = Ask({"prompt": "?", "seed": seed}, {}, attempt=attempt)
        met[NAMES.get(plan(ask), "")] += 1
    assert set(met) == {"", *MIX, *RARE}
    assert met.total() / 3 < met[""] < met.total() * 2 / 3


class Sessions:
    """Draws in child processes, one after the other, into one run."""

    def __init__(self, url: str, out: Path, **options: object) -> None:
        self._arguments = (url, out, options)
        self.told: Connection | None = None

    def start(self) -> BaseProcess:
        self.told, ours = _FORKING.Pipe(duplex=False)
        process = _FORKING.Process(target=_session, args=(ours, *self._arguments))
        process.start()
        ours.close()
        return process


def _session(told: Connection, url: str, out: Path, options: dict[str, Any]) -> None:
    # Under a shell that started the tests in the background, Ctrl-C is ignored from the start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    session._GRACE_SECONDS = options.pop("grace_seconds", session._GRACE_SECONDS)
    try:
        drawn(url, out, on_interrupt=lambda: told.send("draining"), **options)
    except KeyboardInterrupt:
        sys.stderr = None  # multiprocessing would print the traceback
        sys.exit(130)


class Alarm:
    """A plan that rings when so many more requests have come."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._left = -1
        self.rang = threading.Event()

    def set(self, requests: int) -> None:
        self.rang.clear()
        self._left = requests

    def __call__(self, ask: Ask) -> Fault:
        self._left -= 1
        if self._left == 0:
            self.rang.set()
        return self._plan(ask)


def keys_stored(run: Run) -> set[Key]:
    """What the server calls the samples that are on disk."""
    (sampler,) = run.manifest.samplers
    return {
        (run.problems[problem_id].prompt, consecutive_seed(SEED, problem_id, index))
        for problem_id, index in run.drawn(sampler.hash)
    }


KILLS, AT_ONCE, CHUNK = 20, 16, 4


class Losses:
    """What each kill cost: choices that had been sent whole and were not stored yet."""

    def __init__(self, log: Log, out: Path) -> None:
        self._log = log
        self._out = out
        self._settled: dict[Key, int] = {}
        self._wasted: Counter[Key] = Counter()

    @property
    def total(self) -> int:
        return self._wasted.total()

    def count(self) -> set[Key]:
        """Look at the run after a kill; gives the choices that are stored.

        Nothing that was stored before is ever asked for again.
        """
        there = (self._out / "manifest.json").exists()
        stored = keys_stored(Run.open(self._out)) if there else set()
        asked, brought = self._log.times_asked(), self._log.times_brought()
        assert {key: asked[key] for key in self._settled} == self._settled
        self._settled = {key: asked[key] for key in stored}
        lost = brought - self._wasted - Counter(stored)
        assert lost.total() <= AT_ONCE * CHUNK
        self._wasted += lost
        return stored


@pytest.mark.slow
def test_case_33_killed_twenty_times(tmp_path: Path, calm: list[tuple[object, ...]]) -> None:
    out, chance = tmp_path / "run", random.Random(33)
    # Choices beyond n make it unclear what a request of unknown fate may have cost.
    plan = mix(33, names=[name for name in MIX if name != "more choices"], rare_share=0.005)
    alarm = Alarm(plan)
    with FaultServer(alarm, odd=ODD) as server:
        sessions = Sessions(server.url, out, chunk=CHUNK, concurrency=AT_ONCE)
        log, losses = server.log, Losses(server.log, out)
        stored: set[Key] = set()
        for _ in range(KILLS):
            alarm.set(chance.randint(1, 32))
            process = sessions.start()
            assert alarm.rang.wait(60)
            process.join(chance.random() * 0.03)  # so that it may be doing anything
            assert process.exitcode is None
            kill(process, signal.SIGKILL)
            process.join()
            assert process.exitcode == -signal.SIGKILL
            stored = losses.count()
        assert 0 < len(stored) < TOTAL
        process = sessions.start()
        process.join(120)
        assert process.exitcode == 0
        assert len(losses.count()) == TOTAL
    run = Run.open(out)
    assert rows(run.samples()) == calm
    assert (log.times_brought() - Counter(keys_stored(run))).total() == losses.total
    bill = run.bill()
    assert log.requests <= bill.requests <= log.requests + KILLS * AT_ONCE
    assert bill.delivered <= log.fates["delivered"] <= bill.delivered + KILLS * AT_ONCE
    assert bill.paid_samples <= log.paid - log.blind <= bill.paid_samples + bill.unknown_samples
    assert bill.kept_samples == TOTAL


def kill(process: BaseProcess, number: signal.Signals) -> None:
    assert process.pid is not None
    os.kill(process.pid, number)


@pytest.mark.slow
def test_case_34_ctrl_c_once_drains(tmp_path: Path, calm: list[tuple[object, ...]]) -> None:
    out = tmp_path / "run"

    def plan(ask: Ask) -> Fault:
        # One request never ends: draining does not wait for it for ever.
        return hang if ask.number == 30 else slow(0.3) if ask.number > 30 else quiet(ask)

    alarm = Alarm(plan)
    with FaultServer(alarm, odd=ODD) as server:
        sessions = Sessions(server.url, out, chunk=CHUNK, concurrency=AT_ONCE, grace_seconds=1.0)
        alarm.set(40)
        process = sessions.start()
        assert alarm.rang.wait(60)
        kill(process, signal.SIGINT)
        process.join(60)
        assert process.exitcode == 130
        log = server.log
        asked = log.requests
        run = Run.open(out)
        assert run.recovered == []  # sealed by itself
        stored = keys_stored(run)
        # Nothing that came was dropped, and what was under way did come.
        assert stored == set(log.times_brought())
        assert log.fates == {"delivered": asked - 1, "unknown": 1}
        assert len(stored) == CHUNK * (asked - 1) < TOTAL
        check_bill(run.bill(), log)
        server.plan = quiet
        assert rows(drawn(server.url, out, chunk=CHUNK).samples()) == calm
        assert len(server.log.times_brought()) == TOTAL
        check_bill(run.bill(), log)


@pytest.mark.slow
def test_case_34_ctrl_c_twice_stops_now(tmp_path: Path, calm: list[tuple[object, ...]]) -> None:
    out = tmp_path / "run"
    alarm = Alarm(after(30, "hang"))
    with FaultServer(alarm, odd=ODD) as server:
        # By itself it would drain for an hour.
        patient = {"limits": Deadlines(10, 3600, 3600, 3600), "grace_seconds": 3600.0}
        sessions = Sessions(server.url, out, chunk=CHUNK, concurrency=AT_ONCE, **patient)
        alarm.set(30 + AT_ONCE)  # until all that was not answered hangs
        process = sessions.start()
        assert alarm.rang.wait(60)
        assert sessions.told is not None
        kill(process, signal.SIGINT)
        assert sessions.told.recv() == "draining"
        kill(process, signal.SIGINT)
        process.join(60)
        assert process.exitcode == 130
        run = Run.open(out)
        assert len(keys_stored(run)) == 30 * CHUNK
        assert run.bill().unknown == server.log.requests - 30
        server.plan = quiet
        assert rows(drawn(server.url, out, chunk=CHUNK).samples()) == calm
        assert all(times == 1 for times in server.log.times_brought().values())


def test_case_36_an_endpoint_that_dies_ends_the_run_with_a_report(tmp_path: Path) -> None:
    retry = Retry(50, 0.002, 0.01, dead_after_seconds=0.05, dead_after_failures=5)
    options: dict[str, Any] = {"problems": 20, "n": 4, "chunk": 2, "concurrency": 4}
    with FaultServer(after(13, "reset")) as server:
        with pytest.raises(Refused, match="has not given a usable answer") as caught:
            drawn(server.url, tmp_path / "run", retry=retry, **options)
        run = Run.open(tmp_path / "run")
        assert keys_stored(run) == set(server.log.times_brought())
        assert len(run.samples()) == 26
        assert caught.value.exit_code == 4
        check_bill(run.bill(), server.log)
        server.plan = quiet
        drawn(server.url, tmp_path / "run", **options)
        check_bill(run.bill(), server.log)
    assert len(run.samples()) == 80


def test_case_36_other_endpoints_go_on(tmp_path: Path) -> None:
    with FaultServer() as good, FaultServer() as bad:
        bad.plan = after(5, "reset")
        both = [good.url, bad.url]
        run = drawn(both, tmp_path / "run", problems=20, n=4, chunk=2, concurrency=4)
        assert len(run.samples()) == 80
        assert bad.log.fates["delivered"] == 5
        bill = run.bill()
    assert bill.requests == good.log.requests + bad.log.requests
    assert bill.paid_samples == good.log.paid + bad.log.paid == 80
    assert bill.unknown == bad.log.fates["unknown"] > 0


def test_case_36_other_endpoints_go_on_when_one_is_switched_off(tmp_path: Path) -> None:
    with FaultServer() as good, FaultServer() as bad:
        switched_off: list[int] = []

        def switch_off(progress: Progress) -> None:
            if progress.done >= 20 and bad.log.delivered and not switched_off:
                switched_off.append(progress.done)
                bad.die()

        options: dict[str, Any] = {"problems": 20, "chunk": 2, "concurrency": 4}
        both = [good.url, bad.url]
        run = drawn(both, tmp_path / "run", on_progress=switch_off, **options)
        assert len(run.samples()) == 20 * N
        assert bad.log.delivered > 0
        bill = run.bill()
    assert bill.delivered == good.log.fates["delivered"] + bad.log.fates["delivered"]
    # Connections that were refused, and what was lost in those that were reset.
    unseen = bill.requests - good.log.requests - bad.log.requests
    assert bill.refused <= unseen <= bill.refused + bill.unknown


@pytest.mark.parametrize("code", [401, 403, 404])
def test_case_08_a_hopeless_status_stops_the_run_at_once(code: int, tmp_path: Path) -> None:
    with FaultServer(always(error(code, "no"))) as server:
        with pytest.raises(EndpointError) as caught:
            drawn(server.url, tmp_path / "run", problems=50, concurrency=4)
        assert caught.value.status == code
        assert server.log.requests <= 4


def test_a_host_name_under_a_budget_and_many_requests_at_once(tmp_path: Path) -> None:
    with FaultServer() as server:
        assert "localhost" in server.url
        budget = Budget(samples=256)
        with pytest.raises(BudgetExhausted):
            drawn(server.url, tmp_path / "run", chunk=1, concurrency=64, budget=budget)
        assert server.log.delivered == 256
        assert len(Run.open(tmp_path / "run").samples()) == 256
