"""A run before a scripted judge: every plan, resumed, biased, dead, capped, interrupted."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import TinyRun
from tests.flows import made_ranker
from tests.models.scripted_server import Fault
from tests.scoring.judges.judge_server import Reply, judge_server, shown

from topdraw.analysis.select import select
from topdraw.core.records import Problem, Sample
from topdraw.errors import BudgetExhausted, ConfigError, DomainError, ResumeConflict
from topdraw.flows.book import Book
from topdraw.flows.judges import who_compares
from topdraw.flows.judging import Judged, judge_run
from topdraw.flows.table import PLANS, Plans, Table, Ways
from topdraw.models.retry import Refused
from topdraw.scoring.charged import Caps
from topdraw.scoring.judges.pairs import Preference
from topdraw.store.comparisons import comparisons
from topdraw.store.judging import judgings
from topdraw.store.run import Run

OUTPUTS = {"p": ["3", "9", "1", "7", "5"], "q": ["2", "8"], "lone": ["4"], "none": []}
BEST = {"p": 1, "q": 1}


def by_number(prompt: str) -> str:
    """Prefers the larger number; picks the largest."""
    values = [int(text) for text in shown(prompt)]
    if "Winner:" in prompt:
        return "Winner: A" if values[0] > values[1] else "Winner: B"
    return (
        f"Best: {values.index(max(values)) + 1}\nMost consistent: {values.index(max(values)) + 1}"
    )


def judged(run: Run, url: str, plan: Plans = "knockout", **given: object) -> Judged:
    options = {name: given.pop(name) for name in ("name", "caps", "at_once") if name in given}
    who = who_compares(f"judge(model=j, url={url})", plan)
    return judge_run(run, who, Ways(plan, **given), **options)  # type: ignore[arg-type]  # loose


@pytest.mark.parametrize("plan", PLANS)
def test_every_plan_finds_the_best_and_pays_for_nothing_twice(
    tiny_run: TinyRun, plan: Plans
) -> None:
    run = tiny_run(OUTPUTS)
    with judge_server(by_number) as server:
        found = judged(run, server.url, plan, name="j")
        paid = server.counts.requests
        assert paid == found.requests == sum(Ways(plan).questions(n) for n in (5, 2))
        assert found.missing == 0
        again = judged(run, server.url, plan, name="j")
        assert (again.requests, again.verdicts, server.counts.requests) == (0, 0, paid)
    selector = "usc(j)" if plan in ("listwise", "usc") else f"{plan}(j)"
    chosen = {one.problem.id: one for one in select(run, selector)}
    assert {key: chosen[key].sample.index for key in BEST} == BEST  # type: ignore[union-attr]  # chosen
    assert all(chosen[key].probability == pytest.approx(1) for key in BEST)


def test_the_same_brackets_are_played_again_after_a_kill(tiny_run: TinyRun, tmp_path: Path) -> None:
    """A book that lost its last lines is asked for these alone."""
    run = tiny_run({"p": [str(at) for at in range(9)]})
    with judge_server(by_number) as server:
        judged(run, server.url, name="j")
        path = run.path / "comparisons" / "j.jsonl"
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[:-5]) + lines[-5][:20])  # torn in the middle
        before = server.counts.requests
        found = judged(run, server.url, name="j")
        assert server.counts.requests - before == found.verdicts == 5
    assert sorted(path.read_bytes().splitlines()) == sorted(b"".join(lines).splitlines())


def test_a_judge_without_a_verdict_is_counted_and_asked_again_later(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["1", "2"]})
    with judge_server(lambda _: "Who knows") as server:
        found = judged(run, server.url, name="j")
        assert (found.verdicts, found.missing) == (0, 2)
        assert "Who knows" in found.first_reason
        assert len(comparisons(run, "j").missing) == 2
    with judge_server(by_number) as server:
        assert judged(run, server.url, name="j").verdicts == 2
    assert comparisons(run, "j").missing == ()
    (bill,) = [one.bill for one in judgings(run)]
    assert (bill.unused, bill.delivered) == (4, 2)


def test_one_order_costs_half_and_either_order_will_do_later(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["1", "2", "3", "4"]})
    with judge_server(by_number) as server:
        assert judged(run, server.url, "round_robin", name="j", both_orders=False).requests == 6
        other = judged(run, server.url, "round_robin", name="j", both_orders=False, seed=9)
        assert other.requests == 0
        assert judged(run, server.url, "round_robin", name="j").requests == 6


def test_equal_outputs_are_even_and_not_asked_about(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["5", "5", "5"]})
    with judge_server(by_number) as server:
        assert judged(run, server.url, "round_robin", name="j").requests == 0
    (chosen,) = select(run, "round_robin(j)")
    assert chosen.probability == pytest.approx(1 / 3)


def test_a_biased_judge_is_asked_in_both_orders_so_that_it_cancels(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["1", "2"]})
    with judge_server(lambda _: "Winner: A") as server:
        judged(run, server.url, name="j")
    (chosen,) = select(run, "knockout(j)")
    assert chosen.probability == pytest.approx(0.5)


def test_lists_longer_than_what_is_shown_go_in_rounds(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": [str(at) for at in range(23)], "three": ["1", "3", "2"]})
    with judge_server(by_number) as server:
        assert judged(run, server.url, "listwise", name="two", shown=2).requests == 22 + 2
        run = tiny_run({"p": [str(at) for at in range(23)]}, name="other")
        server.counts.bodies.clear()
        found = judged(run, server.url, "listwise", name="j", shown=4)
        assert found.requests == Ways("listwise", shown=4).questions(23) == 6 + 2 + 1
        assert max(len(shown(one["messages"][0]["content"])) for one in server.counts.bodies) == 4
        assert judged(run, server.url, "listwise", name="j", shown=4).requests == 0
    (chosen,) = select(run, "usc(j)")
    assert (chosen.sample.index if chosen.sample else None, chosen.probability) == (22, 1.0)


def test_a_list_without_a_pick_leaves_the_others(tiny_run: TinyRun) -> None:
    def answer(prompt: str) -> str:
        return "none" if "0" in shown(prompt) else by_number(prompt)

    run = tiny_run({"p": [str(at) for at in range(8)]})
    with judge_server(answer) as server:
        found = judged(run, server.url, "listwise", name="j", shown=4)
    assert found.missing == 1
    assert found.verdicts == 3


def test_two_judges_never_share_a_name(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["1", "2"]})
    with judge_server(by_number) as server:
        judged(run, server.url, name="j")
        who = who_compares(f"judge(model=other, url={server.url})", "knockout")
        with pytest.raises(ResumeConflict, match="another judge"):
            judge_run(run, who, Ways(), name="j")
        assert judge_run(run, who, Ways(), name="other").verdicts == 2
        (run.path / "comparisons" / "j.json").unlink()
        with pytest.raises(ResumeConflict, match="nobody noted"):
            judged(run, server.url, name="j")
        with pytest.raises(ConfigError, match="no name for comparisons"):
            judged(run, server.url, name="a/b")


def test_a_cap_and_a_dead_judge_end_it_with_what_was_said_kept(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": [str(at) for at in range(12)]})
    with judge_server(by_number) as server:
        with pytest.raises(BudgetExhausted, match="cap of 5 requests"):
            judged(run, server.url, "round_robin", name="j", caps=Caps(requests=5))
        assert len(comparisons(run, "j").rows) == server.counts.requests == 5
    with judge_server(lambda _: Fault("status", status=401)) as server, pytest.raises(Refused):
        judged(run, server.url, "round_robin", name="j")
    assert len(comparisons(run, "j").rows) == 5
    with judge_server(lambda _: Fault("status", status=404)) as server, pytest.raises(Refused):
        judged(run, server.url, "usc", name="u")


def test_an_error_about_one_question_is_missing(tiny_run: TinyRun) -> None:
    def answer(prompt: str) -> str | Fault:
        long = "9" in shown(prompt)
        return Fault("status", status=413, body="too long") if long else by_number(prompt)

    run = tiny_run({"p": ["1", "2", "9"]})
    with judge_server(answer) as server:
        found = judged(run, server.url, "round_robin", name="j")
        assert (found.verdicts, found.missing) == (2, 4)
        assert "too long" in found.first_reason
        assert judged(run, server.url, "listwise", name="l").missing == 1


@pytest.mark.parametrize("presses", [1, 2])
def test_an_interrupt_keeps_what_was_paid(tiny_run: TinyRun, presses: int) -> None:
    run = tiny_run({"p": [str(at) for at in range(20)]})
    answered = threading.Event()

    def answer(prompt: str) -> Reply | str | Fault:
        if answered.is_set():
            return by_number(prompt) if presses == 1 else Fault("hang", seconds=60)
        answered.set()
        for _ in range(presses):
            signal.raise_signal(signal.SIGINT)
        return by_number(prompt)

    with judge_server(answer) as server:
        with pytest.raises(KeyboardInterrupt):
            judged(run, server.url, "round_robin", name="j", at_once=4)
        if presses == 1:
            assert len(comparisons(run, "j").rows) == server.counts.requests
        assert server.counts.requests <= 8


async def test_it_can_be_called_inside_a_running_loop(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["1", "2"]})
    with judge_server(by_number) as server:
        assert judged(run, server.url, name="j").verdicts == 2


@pytest.mark.parametrize(
    ("given", "words"),
    [({"calls": 0}, "calls is 0"), ({"shown": 1}, "shown is 1"), ({"at_once": 0}, "at_once is 0")],
)
def test_numbers_out_of_range_are_refused(
    tiny_run: TinyRun, given: dict[str, int], words: str
) -> None:
    with pytest.raises(DomainError, match=words):
        judged(tiny_run({"p": ["1", "2"]}), "http://localhost:1/v1", "swiss", **given)


def test_the_order_in_which_samples_are_stored_does_not_matter() -> None:
    """Antisymmetric verdicts: who stands where changes nothing about who wins."""

    class Larger:
        async def compare(self, problem: Problem, one: Sample, other: Sample) -> Preference:
            return Preference(float(int(one.output) > int(other.output)))

    async def table(order: np.ndarray) -> Callable[[int, int], float | None]:
        samples = [Sample("p", int(at), str(at), sampler="s") for at in order]
        book = Book()
        one = Table(Problem("p", ""), samples, book, asyncio.Semaphore(3))
        await one.judged(Larger(), Ways("round_robin"))
        return lambda a, b: book.verdict("p", "s", a, b)

    rng = np.random.default_rng(0)
    for _ in range(5):
        said = asyncio.run(table(rng.permutation(6)))
        for a in range(6):
            for b in range(6):
                if a != b:
                    forth, back = said(a, b), said(b, a)
                    assert forth is not None
                    assert back is not None
                    assert forth + back == 1.0
                    assert forth == float(a > b)


def test_a_pairwise_reward_model_plays_too(
    tiny_run: TinyRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("topdraw.flows.judges.pair_ranker", made_ranker.pair_ranker)
    run = tiny_run({"p": ["3", "9", "1", "?"]})
    found = judge_run(run, who_compares("pair_ranker(model=m)", "round_robin"), Ways("round_robin"))
    assert (found.name, found.verdicts, found.missing, found.requests) == ("ranker-m", 3, 3, 0)
    (chosen,) = select(run, "round_robin(ranker-m)")
    assert chosen.sample is not None
    assert chosen.sample.index == 1
    with pytest.raises(ConfigError, match="needs model"):
        who_compares("pair_ranker", "knockout")


def test_a_model_that_cannot_read_a_question_leaves_it_missing(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["1", "2" * 4000]})
    for plan in ("knockout", "listwise"):
        found = judge_run(run, who_compares("judge(model=builtin)", plan), Ways(plan), name=plan)
        assert found.verdicts == 0
        assert "at most 512" in found.first_reason


def test_few_samples_need_no_question() -> None:
    assert [Ways("knockout").questions(n) for n in (0, 1, 2)] == [0, 0, 2]


def test_specs_are_checked_before_anything_is_asked() -> None:
    with pytest.raises(ConfigError, match="compares two"):
        who_compares("pair_ranker(model=x)", "usc")
    with pytest.raises(ConfigError, match="is no judge"):
        who_compares("reward", "knockout")
    name = who_compares("judge(model=a/b, url=http://localhost:1/v1)", "usc").name
    assert name == "judge-b-usc"
