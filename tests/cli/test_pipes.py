"""A reader that goes away ends a command without a word."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import TinyRun


@pytest.mark.parametrize(
    "arguments", [("runs", ".", "--json"), ("runs", "."), ("show", "run"), ("--help",)]
)
def test_a_closed_pipe_ends_silently(
    tiny_run: TinyRun, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    tiny_run({"a": ["1"]})
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as stdout:
        done = subprocess.run(
            [sys.executable, "-m", "topdraw.cli", *arguments],
            cwd=tmp_path, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode in (1, 141)
    assert done.stderr == ""
