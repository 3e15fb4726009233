"""What a model or a file says never acts on the terminal, and never stops a command."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.conftest import Topdraw

from topdraw.cli.shown import line

HOSTILE = "\x1b[2J\x1b]0;PWNED\x07\u202eevil\ud800\nsecond"


@given(st.text(st.characters(categories=("L", "Cc", "Cf", "Cs", "Zs", "Zl", "Zp"))))
def test_a_line_is_one_line_that_any_terminal_can_show(text: str) -> None:
    shown = line(text)
    assert shown.encode().decode() == shown
    assert not set(shown) & {"\n", "\r", "\t", "\x1b", "\x07", "\u202e", "\u2028", "\x9b"}


def _recorded(folder: Path) -> None:
    questions = [{"id": HOSTILE, "question": HOSTILE, "answer": "1"}]
    (folder / "q.jsonl").write_text(json.dumps(questions[0]) + "\n")
    rows = [{"id": HOSTILE, "output": f"{HOSTILE} #### {i}"} for i in (1, 2)]
    rows += [{"id": "question", "output": HOSTILE}]
    (folder / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize(
    "command",
    [
        ("run", "q.jsonl", "-m", "recorded:s.jsonl", "-n", "2", "--no-greedy", "--out", "r"),
        ("tasks", "q.jsonl"),
        ("ask", "What?", "-m", "recorded:s.jsonl", "-n", "1"),
        ("run", "q.jsonl", "-m", "recorded:s.jsonl", "-n", "9", "--out", "r"),
    ],
)
def test_hostile_text_reaches_no_terminal(tmp_path: Path, command: tuple[str, ...]) -> None:
    _recorded(tmp_path)
    leader, follower = pty.openpty()
    full = [sys.executable, "-m", "topdraw.cli", *command]
    with subprocess.Popen(full, cwd=tmp_path, stdout=follower, stderr=follower) as process:
        os.close(follower)
        shown = b"".join(iter(lambda: _read(leader), b""))
    assert process.returncode in (0, 3), shown
    assert b"Traceback" not in shown
    for bad in (b"\x1b[2J", b"\x1b]0;", b"\x07", "\u202e".encode()):
        assert bad not in shown


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""


def test_hostile_ids_and_outputs_stay_one_line_each(topdraw: Topdraw, tmp_path: Path) -> None:
    _recorded(tmp_path)
    topdraw("run", "q.jsonl", "-m", "recorded:s.jsonl", "-n", "2", "--no-greedy", "--out", "r")
    done = topdraw("select", "r", "-s", "first")
    assert done.code == 0, done.err
    assert len(done.out.splitlines()) == 1
    assert done.out.count("\t") == 1
    row = json.loads(topdraw("select", "r", "-s", "first", "--json").out)
    assert row["problem_id"] == HOSTILE


def test_a_pipe_gets_the_output_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text(json.dumps({"id": "question", "output": "\x1b[1mbold"}))
    command = [
        sys.executable,
        "-m",
        "topdraw.cli",
        "ask",
        "Q?",
        "-m",
        "recorded:s.jsonl",
        "-n",
        "1",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout == b"\x1b[1mbold\n"
