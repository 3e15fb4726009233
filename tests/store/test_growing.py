"""Problems added one by one, also after a kill in the middle of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from topdraw.core.records import Problem, Task
from topdraw.errors import StoreError
from topdraw.store.folders import PROBLEMS
from topdraw.store.growing import ProblemWriter
from topdraw.store.run import Run


def made(path: Path) -> Run:
    return Run.create(path, task=Task("t", "1", ()), model={}, samplers=[], seed=0)


def test_problems_are_there_at_once_and_the_manifest_names_them_at_the_end(tmp_path: Path) -> None:
    run = made(tmp_path)
    with ProblemWriter(run) as writer:
        writer.append(Problem("a", "1", metadata={"x": [1]}))
        writer.append(Problem("b", "2\u2028\ud800"))
        assert list(Run.open(tmp_path).problems) == ["a", "b"]
    assert list(run.problems) == ["a", "b"]
    assert run.verify().problems == []


@pytest.mark.parametrize("left", [0, 1, 17, 30])
def test_a_line_cut_by_a_kill_is_no_problem(tmp_path: Path, left: int) -> None:
    with ProblemWriter(made(tmp_path)) as writer:
        writer.append(Problem("a", "1"))
    file = tmp_path / PROBLEMS
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:left])
    with ProblemWriter(Run.open(tmp_path)) as writer:
        writer.append(Problem("b", "2"))
    run = Run.open(tmp_path)
    assert list(run.problems) == ["a", "b"]
    assert run.verify().problems == []


def test_what_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    run = made(tmp_path)
    (tmp_path / PROBLEMS).unlink()
    with pytest.raises(StoreError, match="cannot be added to"):
        ProblemWriter(run)


def test_a_full_disk_leaves_no_half_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    write = os.write
    with ProblemWriter(made(tmp_path)) as writer:
        monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:5]))
        with pytest.raises(StoreError, match="no space"):
            writer.append(Problem("a", "1"))

        def refuse(fd: int, data: bytes) -> int:
            raise OSError(28, "No space left")

        monkeypatch.setattr(os, "write", refuse)
        with pytest.raises(StoreError, match="No space"):
            writer.append(Problem("a", "1"))
        monkeypatch.undo()
        writer.append(Problem("b", "2"))
    assert list(Run.open(tmp_path).problems) == ["b"]
