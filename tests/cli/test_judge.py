"""`topdraw judge` as a user meets it, and what other commands then say of the run."""

from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Topdraw
from tests.conftest import TinyRun
from tests.flows.test_judging import OUTPUTS, by_number
from tests.models.scripted_server import Fault
from tests.scoring.judges.judge_server import judge_server, shown

from topdraw.core.records import Score
from topdraw.store.run import Run


@pytest.fixture
def run(tiny_run: TinyRun) -> Run:
    run = tiny_run(OUTPUTS, scorer="gold")
    best = {"p": 1, "q": 1, "lone": 0}
    run.add_scores(
        "gold", [(s, Score.verdict(s.index == best[s.problem_id])) for s in run.samples()]
    )
    return run


@pytest.mark.slow
def test_pairs_are_judged_chosen_from_audited_and_billed(topdraw: Topdraw, run: Run) -> None:
    where = str(run.path)
    with judge_server(by_number) as server:
        spec = f"judge(model=gpt-4o-mini, url={server.url})"
        done = topdraw("judge", where, "--judge", spec, "--pairs", "round_robin", "--name", "j")
        assert done.code == 0, done.err
        assert done.out == "j: 22 new verdicts on 2 problems, 0 missing; 22 requests\n"
        assert f'topdraw select {where} --selector "round_robin(j)"' in done.err
        again = topdraw(
            "judge", where, "--judge", spec, "--pairs", "round_robin", "--name", "j", "--json"
        )
        assert json.loads(again.out)["requests"] == 0
    chosen = topdraw("select", where, "--selector", "round_robin(j)", "--json")
    rows = [json.loads(line) for line in chosen.out.splitlines()]
    assert [row["index"] for row in rows[:2]] == [1, 1]
    audited = topdraw("audit-scorer", where, "--scorer", "j", "--gold", "gold")
    assert audited.code == 0, audited.err
    assert "first shown preferred" in audited.out
    assert "AUC" not in audited.out
    told = json.loads(topdraw("audit-scorer", where, "--scorer", "j", "--json").out)
    assert told["pairs"][0]["right_wins"]["value"] == 1.0
    shown_ = json.loads(topdraw("show", where, "--json").out)
    (judge,) = shown_["judges"]
    assert (judge["name"], judge["model"], judge["requests"]) == ("j", "gpt-4o-mini", 22)
    assert judge["cost_usd"] == pytest.approx((22 * 7 * 0.15 + 22 * 3 * 0.6) / 1e6)
    assert shown_["bill"]["requests"] == 0
    words = topdraw("show", where).out
    assert "22 requests; 154 tokens of prompts, 66 of replies; $" in words
    page = topdraw("report", where, "--by", "gold")
    assert page.code == 0, page.err
    html = (run.path / "report.html").read_text()
    assert "judge j" in html
    assert "Judges of pairs" in html


@pytest.mark.slow
def test_ratings_are_scores_with_a_name_and_a_cap(topdraw: Topdraw, run: Run) -> None:
    where = str(run.path)
    with judge_server(lambda prompt: f"Rating: {shown(prompt)[0]}") as server:
        spec = f"judge(model=j, url={server.url})"
        capped = topdraw("judge", where, "--judge", spec, "--name", "mine", "--max-requests", "3")
        assert capped.code == 5
        assert "cap of 3 requests of 'mine'" in capped.err
        done = topdraw("judge", where, "--judge", spec, "--name", "mine")
        assert (done.code, done.out) == (0, "mine: 8 scored\n")
        assert server.counts.requests == 8
    audited = topdraw(
        "audit-scorer", where, "--scorer", "mine", "--gold", "gold", "--csv", "--table", "measures"
    )
    assert "top-1 accuracy,1" in audited.out, audited.err


def test_a_judge_that_refuses_is_an_endpoint_error(topdraw: Topdraw, run: Run) -> None:
    with judge_server(lambda _: Fault("status", status=401, body="bad key")) as server:
        spec = f"judge(model=j, url={server.url})"
        for plan in ([], ["--pairs", "knockout"]):
            done = topdraw("judge", str(run.path), "--judge", spec, *plan)
            assert done.code == 4
            assert "bad key" in done.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--judge", "judge(model=j)", "--calls", "3"], "--calls is of comparisons"),
        (["--judge", "judge(model=j)", "--pairs", "usc", "--calls", "3"], "--calls is of --pairs"),
        (["--judge", "oracle", "--pairs", "usc"], "is no judge"),
        (["--judge", "judge(model=builtin, prompt=pair)", "--pairs", "usc"], "'list' is needed"),
    ],
)
def test_what_cannot_be_is_refused(topdraw: Topdraw, run: Run, args: list[str], words: str) -> None:
    done = topdraw("judge", str(run.path), *args)
    assert done.code == 3
    assert words in done.err


def test_the_prompts_are_shown(topdraw: Topdraw) -> None:
    done = topdraw("judge", "--prompts")
    assert done.code == 0
    assert "rubric-reasoned (points)" in done.out
    assert "{{answer}}" in done.out
