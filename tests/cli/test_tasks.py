"""`topdraw tasks`: what there is and needs, what is in one, and what is said when it cannot be."""

import json
import socket
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Topdraw

from topdraw.core.origin import Origin
from topdraw.core.records import Task
from topdraw.core.registry import task


def test_every_task_says_what_it_needs(topdraw: Topdraw, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*args: object, **kwargs: object) -> None:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    listed = [json.loads(line) for line in topdraw("tasks", "--json").out.splitlines()]
    found = {row["task"]: row for row in listed}
    assert found["gsm8k"] | {"licence": "MIT", "problems": 1319, "packaged": 200} == found["gsm8k"]
    assert found["mmlu"]["needs"] == "file or hub"
    assert found["mmlu"]["extra"] == "datasets"
    assert found["alpaca_eval"]["licence"] == "CC BY-NC 4.0"
    assert found["game24"]["needs"] == found["countdown"]["needs"] == "-"
    assert found["csv"]["needs"] == "file"
    assert found["arithmetic"]["problems"] == 200
    text = topdraw("tasks").out
    assert "gsm8k" in text
    assert "- (200 packaged)" in text
    assert "datasets" not in sys.modules or "torch" not in text


def test_a_third_partys_task_is_listed(topdraw: Topdraw) -> None:
    @task("test-listed", origin=Origin("test-listed", "Riddles.", "https://x.org", "CC0"))
    def load(*, path: str = "") -> Task:
        raise AssertionError("a listing loads no benchmark")

    (row,) = [
        json.loads(line)
        for line in topdraw("tasks", "--json").out.splitlines()
        if "test-listed" in line
    ]
    assert (row["needs"], row["problems"], row["scorer_known"]) == ("file", None, True)


def test_problems_of_a_packaged_benchmark(topdraw: Topdraw) -> None:
    done = topdraw("tasks", "gsm8k", "--problems", "3")
    assert len(done.out.splitlines()) == 3
    assert "The packaged 200 of 1,319; for all: -o path=FILE or -o path=hf." in done.err
    assert "packaged" not in topdraw("tasks", "game24", "--problems", "1").err


@pytest.mark.parametrize("name", ["q.csv", "q.jsonl", "q"])
def test_files_and_folders(topdraw: Topdraw, tmp_path: Path, name: str) -> None:
    path = tmp_path / (name if "." in name else "q/test.jsonl")
    path.parent.mkdir(exist_ok=True)
    path.write_text("question,answer\n1+1=,2\n" if name == "q.csv" else '{"question": "1+1="}\n')
    done = topdraw("tasks", name)
    assert done.code == 0, done.err
    assert "1+1=" in done.out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("gms8k",), ["no task named 'gms8k'", "Did you mean 'gsm8k'?", "hf:OWNER/NAME"]),
        (("mmlu",), ["'mmlu' needs its problems", "https://github.com/hendrycks/test",
                     "-o path=FILE", "-o path=hf"]),
        (("gsm8k", "-o", "path=no.jsonl"), ["no file 'no.jsonl'"]),
        (("gsm8k", "-o", "style=best"), ["style='best'", "zero-shot, 8-shot, plain"]),
        (("no.csv",), ["no file 'no.csv'"]),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_sentence(
    topdraw: Topdraw, args: tuple[str, ...], words: list[str]
) -> None:
    done = topdraw("tasks", *args)
    assert (done.code, done.out) == (3, "")
    for word in words:
        assert word in done.err
    assert "Traceback" not in done.err


@pytest.mark.slow
def test_a_packaged_benchmark_runs_offline(topdraw: Topdraw) -> None:
    done = topdraw(
        "run", "gsm8k", "--problems", "1", "--model", "builtin", "-n", "2", "--out", "r", "--json"
    )
    assert done.code == 0, done.err
    assert json.loads(done.out)["samples"] == 2
    assert "packaged 200" in done.err


def test_a_set_for_judges_cannot_be_run_but_is_told_how(topdraw: Topdraw, tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text('{"uid": "1", "prompt": "Do it."}\n')
    done = topdraw("run", "arena_hard", "-o", "path=q.jsonl", "--model", "builtin")
    assert done.code == 3
    assert "no scorer of its own" in done.err
    assert "topdraw sample" in done.err


def test_a_benchmark_without_a_model_says_who_answers(topdraw: Topdraw) -> None:
    small = ("--problems", "1", "-n", "1", "--no-greedy")
    assert "built-in one answers" in topdraw("sample", "gsm8k", *small, "--out", "a").err
    named = topdraw("sample", "gsm8k", *small, "--model", "builtin", "--out", "b")
    assert named.code == 0
    assert "built-in one answers" not in named.err
    assert "built-in one answers" not in topdraw("sample", "countdown", *small, "--out", "c").err
