"""The whole flow through a real OpenAI-compatible server running the shipped weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Topdraw
from tests.cli.conftest import topdraw as topdraw
from tests.models.conftest import llama_server as llama_server

import topdraw as td

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("llama_server")]

PROBLEMS = ("--problems", "6", "-n", "24")


@pytest.mark.parametrize(
    ("task", "verifier"),
    [("countdown", "countdown"), ("arithmetic", "number"), ("functions", "functions")],
)
def test_run_over_the_server_draws_verifies_ranks_and_reports(
    topdraw: Topdraw, tmp_path: Path, llama_server: str, task: str, verifier: str
) -> None:
    served = ("--endpoint", llama_server, "--model", "builtin")
    done = topdraw("run", task, *PROBLEMS, *served, "--value", "reward", "--out", "x", "--json")
    assert done.code == 0, done.err
    summary = json.loads(done.out)
    assert (summary["problems"], summary["samples"], summary["missing"]) == (6, 144, 0)
    assert (tmp_path / "x/report.html").exists()
    run = td.Run.open(tmp_path / "x")
    assert run.manifest.model == {"kind": "endpoint", "model": "builtin", "api": "chat"}
    assert len(run.samples("greedy")) == 6
    assert all(s.logprob < 0 and s.usage.output_tokens > 0 for s in run.samples())
    assert {verifier, "reward"} <= set(run.scorers())


def test_the_server_and_the_engine_agree_on_what_the_weights_can_do(
    tmp_path: Path, llama_server: str
) -> None:
    task = td.load("countdown", problems=20)
    served = td.connect(llama_server, model="builtin")
    over_http = td.score(td.sample(task, served, 50, out=tmp_path / "http"), "countdown")
    by_engine = td.score(td.sample(task, "builtin", 50, out=tmp_path / "engine"), "countdown")
    ours, theirs = (td.pass_at_k(run, 1, by="countdown") for run in (by_engine, over_http))
    # Two independent draws of 1,000 samples of the same 20 problems: within five standard errors.
    assert abs(ours.value - theirs.value) < 5 * (2 * 0.25 / 1000) ** 0.5


def test_a_larger_n_tops_up_over_the_server(
    topdraw: Topdraw, tmp_path: Path, llama_server: str
) -> None:
    served = ("--endpoint", llama_server, "--model", "builtin")
    assert (
        topdraw("sample", "countdown", "--problems", "3", "-n", "5", *served, "--out", "x").code
        == 0
    )
    before = td.Run.open(tmp_path / "x").samples()
    done = topdraw("sample", "--resume", "x", "-n", "9", "--endpoint", llama_server)
    assert done.code == 0, done.err
    after = td.Run.open(tmp_path / "x").samples()
    assert len(after) == 27
    assert [s for s in after if s.index < 5] == before


def test_one_question_over_the_server(topdraw: Topdraw, llama_server: str) -> None:
    """Its slots are the largest n, and its usage counts one choice: neither loses a candidate."""
    question = "Ben has 103 keys. He sells 31. How many keys does Ben have now?"
    asked = ("ask", question, "-n", "20", "--endpoint", llama_server, "--model", "builtin")
    done = topdraw(*asked, "--chunk", "20", "--json")
    assert done.code == 0, done.err
    data = json.loads(done.out)
    assert len(data["candidates"]) == 20
    assert data["usage"]["output_tokens"] >= sum(c["output_tokens"] for c in data["candidates"]) > 0
    assert data["usage"]["cost_usd"] is None
    assert data["why"]["votes"]["voters"] > 0
    told = topdraw(*asked, "-n", "2", "--system", "Work in steps.", "--with", "logprob")
    assert told.code == 0, told.err
    assert "best_of_n chose candidate" in told.err
