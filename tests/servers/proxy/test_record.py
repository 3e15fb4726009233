"""Served requests as a run that reports and selections read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.models.scripted_server import ScriptedServer
from tests.servers.proxy.serving import proxied

import topdraw as td
from topdraw.core.records import Json, Problem, Sample
from topdraw.errors import ResumeConflict, StoreError
from topdraw.servers.proxy.record import Recorder, _clipped
from topdraw.store.run import Run

BODY: dict[str, Any] = {"model": "best-of-4/tiny", "temperature": 0.5}


def even(problem: Problem, samples: Sequence[Sample]) -> list[bool]:
    return [len(s.output) % 2 == 0 and sum(map(ord, s.output)) % 2 == 0 for s in samples]


def ask(text: str, **more: object) -> dict[str, Any]:
    return BODY | {"messages": [{"role": "user", "content": text}], **more}


@pytest.mark.slow
def test_what_was_served_is_a_run(tmp_path: Path) -> None:
    path = tmp_path / "served"
    told = []
    for _ in range(2):  # the second server goes on with the run of the first
        with ScriptedServer() as up, proxied(up.url, scorers=(even,), record=path) as p:
            for at in range(3):
                told.append(p.post(ask(f"question {at}")).json)
            p.post(ask("passed through", model="tiny"))
    run = Run.open(path)
    assert run.verify().problems == []
    assert [problem.prompt for problem in run.problems.values()] == [
        f"question {at}" for at in (0, 1, 2) * 2
    ]
    assert list(run.problems) == [one["id"] for one in told]
    samples = run.samples()
    assert len(samples) == 24
    for one in told:
        (best,) = [s for s in samples if s.problem_id == one["id"] and s.metadata["served"] == 0]
        assert best.output == one["choices"][0]["message"]["content"]
        assert run.problems[one["id"]].metadata["chosen"] == one["topdraw"]["chosen"]
    bill = run.bill()
    assert (bill.requests, bill.delivered, bill.kept_samples, bill.prompt_tokens) == (6, 6, 24, 42)
    assert len(run.scores("even")) == 24
    assert 0 <= td.pass_at_k(run, 4, by="even").value <= 1
    assert (tmp_path / "page.html") == td.report(run, by="even", out=tmp_path / "page.html")


def test_a_run_of_something_else_is_not_written_to(tmp_path: Path) -> None:
    made = Run.create(tmp_path / "x", task=td.load("countdown", problems=1), model={"kind": "y"},
                      samplers=[], seed=0)  # fmt: skip
    with pytest.raises(ResumeConflict, match="something else"):
        Recorder(made.path, n=4, scorer="", sources={})


def test_what_cannot_be_recorded_is_counted_and_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    with ScriptedServer() as up, proxied(up.url, record=tmp_path / "x") as p:
        monkeypatch.setattr(Recorder, "add", full)
        assert p.post(ask("hi")).status == 200
        assert "unrecorded_total 1" in p.proxy.metrics.text()
    assert "not recorded: the disk is full" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["x" * 10_000, [["x" * 3_000] * 2], {"a": {"b": "y" * 5_000}}])
def test_long_parts_of_a_request_are_clipped(value: Json) -> None:
    assert len(str(_clipped(value))) < 1_000


def test_deep_parts_are_cut() -> None:
    deep: Json = "end"
    for _ in range(100):
        deep = [deep]
    assert "end" not in str(_clipped(deep))
