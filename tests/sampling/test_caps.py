"""Caps, stopping rules and durability of whole draws, against a server and on disk."""

import datetime
import errno
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.scripted_server import Fault, ScriptedServer, mixed
from tests.sampling.models_for_tests import Echo
from tests.sampling.test_engine import endpoint, rows, task

from topdraw.core.records import Problem, Sample, Score
from topdraw.core.until import Until
from topdraw.errors import (
    BudgetExhausted,
    ConfigError,
    ResumeConflict,
    StoreError,
    UnknownNameError,
)
from topdraw.sampling.budget import Budget
from topdraw.sampling.engine import sample
from topdraw.sampling.prices import Price
from topdraw.sampling.progress import Progress
from topdraw.sampling.stopping import Judge
from topdraw.store import journal
from topdraw.store.run import Run

# The scripted server says 7 prompt tokens a request and 3 output tokens a choice.
PRICES = {"tiny": Price(1000.0, 10_000.0, datetime.date(2026, 1, 1))}


def test_the_cap_on_samples_is_kept_exactly_and_the_next_call_goes_on(tmp_path: Path) -> None:
    model = Echo(chunk=4)
    with pytest.raises(BudgetExhausted, match="cap of 9 samples") as caught:
        sample(task(), model, 6, out=tmp_path, budget=Budget(samples=9))
    assert "9 of 30 samples are drawn" in caught.value.message
    assert len(model.drawn) == 9
    with pytest.raises(BudgetExhausted, match="cap of 9 samples"):
        sample(task(), model, 6, out=tmp_path, budget=Budget(samples=9))
    assert len(model.drawn) == 9, "a cap is the run's, not the session's"
    run = sample(task(), model, 6, out=tmp_path, budget=Budget(samples=30))
    assert len(run.samples()) == len(model.drawn) == 30
    assert sorted(model.drawn) == sorted(set(model.drawn))


def test_a_cap_leaves_all_problems_with_as_many_samples(tmp_path: Path) -> None:
    with pytest.raises(BudgetExhausted):
        sample(task(), Echo(chunk=1), 6, out=tmp_path, greedy=True, budget=Budget(samples=15))
    run = Run.open(tmp_path)
    assert len(run.samples("greedy")) == 5, "the reference comes first"
    drawn = Counter(one.problem_id for one in run.samples())
    assert set(drawn.values()) == {2}
    assert len(drawn) == 5


def test_a_cap_on_tokens_holds_across_sessions_and_counts_lost_answers(tmp_path: Path) -> None:
    with ScriptedServer(mixed(3, [Fault("cut_json")], share=0.3)) as server:
        for _ in range(2):
            with pytest.raises(BudgetExhausted, match="cap of 500 tokens"):
                sample(task(20), endpoint(server.url), 10, out=tmp_path, budget=Budget(tokens=500))
        bill = Run.open(tmp_path).bill()
        assert bill.requests == server.counts.requests
        assert bill.unused > 0
        assert bill.paid_unused == bill.paid_samples - len(Run.open(tmp_path).samples()) > 0
        assert 500 - 10 < bill.tokens <= 500
        run = sample(task(20), endpoint(server.url), 10, out=tmp_path)
    assert len(run.samples()) == 200
    assert run.bill().paid_samples == server.counts.paid
    assert run.bill().kept_samples == 200


def test_a_cap_in_usd_needs_a_price(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        with pytest.raises(ConfigError, match="price of 'tiny' is unknown"):
            sample(task(), endpoint(server.url), 4, out=tmp_path, budget=Budget(usd=1.0))
        assert server.counts.requests == 0
        assert not list(tmp_path.iterdir())
        seen: list[Progress] = []
        with pytest.raises(BudgetExhausted, match=r"cap of 1 USD is reached"):
            sample(
                task(50),
                endpoint(server.url),
                4,
                out=tmp_path,
                budget=Budget(usd=1.0),
                prices=PRICES,
                on_progress=seen.append,
            )
    # 7 and 3 tokens cost 0.007 + 0.03: 27 samples.
    assert 26 <= server.counts.requests <= 28
    assert seen[-1].spent_usd == pytest.approx(0.037 * server.counts.requests)


def test_an_unknown_price_is_an_unknown_cost(tmp_path: Path) -> None:
    seen: list[Progress] = []
    with ScriptedServer() as server:
        sample(task(2), endpoint(server.url), 3, out=tmp_path, on_progress=seen.append)
    assert seen[-1].spent_usd is None
    assert seen[-1].spent_tokens == 60
    assert (seen[-1].requests, seen[-1].wasted, seen[-1].done) == (6, 0, 6)


@pytest.mark.slow
def test_a_cap_on_seconds_ends_a_draw_that_hangs(tmp_path: Path) -> None:
    seen: list[Progress] = []
    with (
        ScriptedServer(seconds=60) as server,
        pytest.raises(BudgetExhausted, match=r"cap of 0.2 seconds"),
    ):
        sample(
            task(),
            endpoint(server.url),
            2,
            out=tmp_path,
            budget=Budget(seconds=0.2),
            on_progress=seen.append,
        )
    assert (seen[0].dropped, seen[-1].dropped) == (0, 10)
    bill = Run.open(tmp_path).bill()
    assert (bill.requests, bill.unknown) == (10, 10)


def ends_in(digits: str) -> Judge:
    """Passes outputs that end in one of these digits; their answer is "a" or "b"."""

    def judge(problem: Problem, samples: Sequence[Sample]) -> list[Score]:
        last = [sample.output[-1] for sample in samples]
        return [Score.verdict(c in digits, answer="a" if c < "8" else "b") for c in last]

    return judge


FIRST_PASS = Until("pass", by="mine", batch=2)


@pytest.mark.parametrize("concurrency", [1, 5])
def test_a_problem_stops_after_its_first_pass(tmp_path: Path, concurrency: int) -> None:
    seen: list[Progress] = []
    model = Echo(chunk=1)
    run = sample(
        task(12),
        model,
        9,
        out=tmp_path,
        greedy=True,
        concurrency=concurrency,
        until=FIRST_PASS,
        judge=ends_in("012"),
        on_progress=seen.append,
    )
    for problem in run.problems:
        drawn = [s for s in run.samples() if s.problem_id == problem]
        passed = [s.index for s in drawn if s.output[-1] in "012"]
        expected = min(2 * (passed[0] // 2 + 1), 9) if passed else 9
        assert [s.index for s in drawn] == list(range(expected))
    assert len(run.samples("greedy")) == 12
    assert seen[-1].done == seen[-1].total == len(model.drawn) < 12 * 10
    assert seen[-1].stopped > 0
    assert run.manifest.until == FIRST_PASS


@settings(max_examples=12)
@given(seed=st.integers(0, 5), cap=st.integers(1, 60))
def test_a_stopped_run_is_the_same_however_it_was_interrupted(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cap: int
) -> None:
    folder = tmp_path_factory.mktemp("until")
    judge = ends_in("01")

    def draw(name: str, budget: Budget | None = None) -> Run:
        return sample(
            task(6),
            Echo(),
            8,
            out=folder / name,
            seed=seed,
            until=FIRST_PASS,
            judge=judge,
            budget=budget,
        )

    try:
        draw("cut", Budget(samples=cap))
    except BudgetExhausted:
        pass
    assert rows(draw("cut")) == rows(draw("whole"))


def test_a_vote_that_is_settled_stops(tmp_path: Path) -> None:
    until = Until("settled", by="mine", batch=2, confidence=1.0)
    run = sample(task(20), Echo(), 20, out=tmp_path / "a", until=until, judge=ends_in(""))
    whole = sample(task(20), Echo(), 20, out=tmp_path / "b")
    assert len(run.samples()) < len(whole.samples())

    def winners(run: Run) -> dict[str, bool]:
        votes: dict[str, Counter[bool]] = {}
        for s in run.samples():
            votes.setdefault(s.problem_id, Counter())[s.output[-1] < "8"] += 1
        return {p: v[True] > v[False] for p, v in votes.items() if v[True] != v[False]}

    assert winners(run).items() >= winners(whole).items()


def test_a_rule_is_part_of_the_run(tmp_path: Path) -> None:
    judge = ends_in("0")
    sample(task(2), Echo(), 4, out=tmp_path, until=FIRST_PASS, judge=judge)
    with pytest.raises(ResumeConflict, match="until"):
        sample(task(2), Echo(), 4, out=tmp_path)


def test_a_registered_scorer_judges_by_its_name(tmp_path: Path) -> None:
    run = sample(task(2), Echo(), 4, out=tmp_path, until=Until("pass", by="number"))
    assert len(run.samples()) == 8, "no echo is a right number"


def test_a_scorer_that_nobody_knows_leaves_no_run_behind(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="nombre"):
        sample(task(2), Echo(), 4, out=tmp_path / "run", until=Until("pass", by="nombre"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_judge_that_raises_costs_the_other_problems_nothing(
    tmp_path: Path, concurrency: int
) -> None:
    broken = task(6).problems[1].id

    def judge(problem: Problem, samples: Sequence[Sample]) -> list[Score]:
        if problem.id == broken:
            raise ArithmeticError("the judge fell over")
        return [Score.verdict(False)] * len(samples)

    with pytest.raises(ArithmeticError, match="fell over"):
        sample(
            task(6),
            Echo(),
            8,
            out=tmp_path,
            concurrency=concurrency,
            until=FIRST_PASS,
            judge=judge,
        )
    drawn = Counter(s.problem_id for s in Run.open(tmp_path).samples())
    assert drawn == {p.id: 2 if p.id == broken else 8 for p in task(6).problems}


def test_a_judge_that_always_raises_ends_the_draw(tmp_path: Path) -> None:
    def judge(problem: Problem, samples: Sequence[Sample]) -> list[Score]:
        raise ArithmeticError("the judge fell over")

    with pytest.raises(ArithmeticError, match="fell over"):
        sample(task(50), Echo(), 8, out=tmp_path, concurrency=1, until=FIRST_PASS, judge=judge)
    assert len(Run.open(tmp_path).samples()) == 20 * FIRST_PASS.batch


@pytest.mark.parametrize("durability", ["none", "group", "strict"])
def test_durability_changes_nothing_but_the_syncs(
    durability: journal.Durability, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real = os.fdatasync

    def sync(fd: int) -> None:
        synced.append(fd)
        real(fd)

    monkeypatch.setattr(journal, "_sync", sync)
    run = sample(task(3), Echo(), 4, out=tmp_path, concurrency=3, durability=durability)
    assert rows(run) == rows(sample(task(3), Echo(), 4, out=tmp_path / "b"))
    assert len(synced) >= (3 if durability == "strict" else 1)


def test_a_full_disk_is_waited_for_and_nothing_is_paid_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, state = os.write, Counter[str]()

    def write(fd: int, data: bytes) -> int:
        state["writes"] += 1
        if 10 <= state["writes"] < 14:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, data)

    troubles: list[str] = []
    monkeypatch.setattr("topdraw.sampling.keeping._DISK_SECONDS", 0.001)
    with ScriptedServer() as server:
        model = endpoint(server.url)
        monkeypatch.setattr(os, "write", write)
        run = sample(
            task(5), model, 4, out=tmp_path, on_progress=lambda p: troubles.append(p.trouble)
        )
    assert len(run.samples()) == 20
    assert run.bill().requests == server.counts.requests == 20
    assert run.bill().paid_unused == 0
    assert any("disk is full" in trouble for trouble in troubles)
    assert troubles[-1] == ""


def test_a_sync_for_which_there_is_no_space_is_waited_for_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, state = os.fdatasync, Counter[str]()

    def sync(fd: int) -> None:
        state["syncs"] += 1
        if 2 <= state["syncs"] < 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(fd)

    monkeypatch.setattr("topdraw.sampling.keeping._DISK_SECONDS", 0.001)
    monkeypatch.setattr(journal, "_sync", sync)
    model = Echo()
    run = sample(task(3), model, 4, out=tmp_path, durability="strict", concurrency=2)
    assert state["syncs"] > 5
    assert len(run.samples()) == len(model.drawn) == 12


def test_a_disk_that_stays_full_ends_the_draw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("topdraw.sampling.keeping._DISK_SECONDS", 0.001)
    monkeypatch.setattr("topdraw.sampling.keeping._DISK_PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(os, "write", write)
    with pytest.raises(StoreError, match="No space left"):
        sample(task(5), Echo(), 4, out=tmp_path)
