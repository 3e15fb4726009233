"""The child's own functions, and the child as a process: limits, noise, ends."""

import io
import json
import logging
import os
import resource
import signal
import subprocess
import sys
import warnings

import pytest

from topdraw.scoring.equality import worker


@pytest.fixture(autouse=True)
def _quiet() -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.slow  # the import of sympy
@pytest.mark.parametrize(
    ("gold", "answer", "said"),
    [
        ("\\frac{1}{2}", "0.5", "equal"),
        ("(x+1)^2", "x^2+2x+1", "equal"),
        ("(2+i)(2-i)", "5", "equal"),
        ("\\begin{pmatrix}1\\end{pmatrix}", "2", "different"),
        ("x", "y", "different"),
        ("\\foo{", "1", "no gold"),
        ("1", "\\foo{", "no answer"),
    ],
)
def test_judge(gold: str, answer: str, said: str) -> None:
    assert worker.judge(gold, answer) == said


def test_limited_says_slow_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    before = resource.getrlimit(resource.RLIMIT_CPU)
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)

    def slow(gold: str, answer: str) -> worker.Said:
        raise worker._Slow

    def large(gold: str, answer: str) -> worker.Said:
        raise MemoryError

    monkeypatch.setattr(worker, "judge", slow)
    assert worker.limited("1", "1", 9.0) == "slow"
    monkeypatch.setattr(worker, "judge", large)
    assert worker.limited("1", "1", 9.0) == "memory"
    monkeypatch.setattr(worker, "judge", lambda gold, answer: "equal")
    assert worker.limited("1", "1", 9.0) == "equal"
    with pytest.raises(worker._Slow):
        worker._too_slow(0, None)
    assert resource.getrlimit(resource.RLIMIT_CPU) == before


@pytest.mark.slow
def test_the_process_answers_line_by_line_and_ends_with_its_input() -> None:
    asked = [["1/2", "0.5"], ["1", "\\foo{"], ["2", "3"]]
    done = subprocess.run(
        [sys.executable, "-m", "topdraw.scoring.equality.worker", "5"],
        input="".join(json.dumps(each) + "\n" for each in asked),
        capture_output=True, text=True, check=False, timeout=120, env={**os.environ},
    )  # fmt: skip
    assert done.stdout.split("\n") == ["ready", "equal", "no answer", "different", ""]
    assert done.returncode == 0


def test_main_in_this_process(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    limits: list[int] = []
    monkeypatch.setattr(resource, "setrlimit", lambda what, _: limits.append(what))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(logging, "disable", lambda _: None)
    monkeypatch.setattr(os, "dup2", lambda *_: None)
    monkeypatch.setattr(sys, "stdin", io.StringIO('["1/2", "0.5"]\n'))
    worker.main(50.0)
    assert capfd.readouterr().out == "ready\nequal\n"
    assert limits == [resource.RLIMIT_AS, resource.RLIMIT_CORE, resource.RLIMIT_CPU]
