"""Bad input gets one clear sentence and a fitting exit code, never a traceback."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli.conftest import Topdraw

from topdraw.store.run import Run


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("smaple",), 2, ["smaple", "sample"]),
        (("run", "countdown", "-n", "0"), 2, ["-n"]),
        (("run", "cuontdown"), 3, ["cuontdown", "countdown"]),
        (("run", "countdown", "-o", "steps"), 3, ["KEY=VALUE", "steps"]),
        (("run", "countdown", "-o", "colour=red"), 3, ["colour"]),
        (("run", "countdown", "--model", "biultin"), 3, ["biultin", "builtin"]),
        (("run", "missing.jsonl"), 3, ["missing.jsonl"]),
        (("report", "nowhere"), 2, ["nowhere"]),
        (("report", "."), 3, ["manifest"]),
        (("sample",), 2, ["TASK", "--resume"]),
        (("sample", "countdown", "--resume", "."), 2, ["TASK", "--resume"]),
        (("sample", "--resume", "."), 3, ["manifest"]),
        (("ask", "1+1?", "-n", "2", "--select", "majorty"), 3, ["majorty", "majority"]),
    ],
)
def test_bad_input_is_one_clear_sentence(
    topdraw: Topdraw, arguments: tuple[str, ...], code: int, words: list[str]
) -> None:
    done = topdraw(*arguments)
    assert done.code == code, done.err
    assert "Traceback" not in done.err
    assert done.out == ""
    for word in words:
        assert word in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "countdown", "--by", "nosuch"),
        ("run", "countdown", "--value", "nosuch"),
        ("ask", "1+1?", "--by", "nosuch"),
        ("ask", "1+1?", "--select", "nosuch"),
        ("ask", "1+1?", "--select", "posterior(abc)"),
    ],
)
def test_names_are_checked_before_anything_is_drawn(
    topdraw: Topdraw, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = topdraw(*arguments, "-n", "2", "--out", "x")
    assert done.code == 3
    assert "nosuch" in done.err or "abc" in done.err
    assert not (tmp_path / "x").exists()


def test_debug_shows_the_traceback(topdraw: Topdraw) -> None:
    from topdraw.errors import UnknownNameError

    with pytest.raises(UnknownNameError):
        topdraw("--debug", "run", "cuontdown")


def test_a_dead_endpoint_is_exit_code_4(topdraw: Topdraw) -> None:
    done = topdraw(
        "sample", "countdown", "--problems", "1", "-n", "1", "--out", "x",
        "--endpoint", "http://127.0.0.1:9/v1", "--model", "m",
    )  # fmt: skip
    assert done.code == 4
    assert "127.0.0.1:9" in done.err
    assert "Traceback" not in done.err


@pytest.mark.slow
def test_ctrl_c_keeps_everything_and_says_so(tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "topdraw.cli", "sample", "arithmetic", "-n", "100",
        "--problems", "200", "--out", "x",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not _some_samples(tmp_path / "x"):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "kept" in err
    assert 0 < len(Run.open(tmp_path / "x").samples()) < 20_000


def _some_samples(folder: Path) -> bool:
    return any(path.stat().st_size > 1000 for path in folder.glob("segments/*"))


@pytest.mark.parametrize(
    ("row", "words"),
    [('{"question": "?", "answer": "Paris"}', "'Paris'"), ('{"question": "?"}', "no target")],
)
def test_questions_that_nothing_can_grade_are_refused_before_drawing(
    topdraw: Topdraw, tmp_path: Path, row: str, words: str
) -> None:
    (tmp_path / "q.jsonl").write_text(row + "\n")
    done = topdraw("run", "q.jsonl", "-n", "2", "--out", "x")
    assert done.code == 3
    assert words in done.err
    assert "--by" in done.err
    assert not (tmp_path / "x").exists()


def test_a_servers_model_without_its_address_gets_the_hint(topdraw: Topdraw) -> None:
    done = topdraw("run", "countdown", "--model", "llama-3.1-8b")
    assert done.code == 3
    assert "--endpoint" in done.err
