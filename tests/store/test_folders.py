from __future__ import annotations

import errno
import fcntl
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.strategies import HASH, MODEL, make, texts

from topdraw.core.records import Decoding, Problem, Score, Task
from topdraw.errors import StoreError
from topdraw.store.folders import scorer_folder
from topdraw.store.run import Run, Sampler

TASK = Task("t", "1", (Problem("a", "?"),))

names = st.one_of(texts, st.text("ab.:/~AB_-", max_size=6), st.text("a", min_size=95, max_size=105))


@given(names)
def test_a_scorer_folder_is_a_safe_name(name: str) -> None:
    folder = scorer_folder(name)
    assert 0 < len(folder) <= 100
    assert set(folder) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.-~")
    assert folder[0] != "."
    assert folder == folder.lower()


@given(st.lists(names, unique=True, max_size=10))
def test_different_scorers_have_different_folders(many: list[str]) -> None:
    assert len({scorer_folder(name) for name in many}) == len(many)


def test_a_marked_name_cannot_be_reached_by_a_plain_one() -> None:
    folder = scorer_folder("file.py:name")
    assert folder.startswith("file.py_name~")
    assert scorer_folder(folder) != folder


def refuse_locks(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(fd: int, operation: int) -> None:
        raise OSError(number, "no locks")

    monkeypatch.setattr(fcntl, "flock", refuse)


def drawn(path: Path, n: int) -> Run:
    sampler = Sampler(HASH, "sampled", Decoding(), n)
    run = Run.create(path, task=TASK, model=MODEL, samplers=[sampler], seed=0)
    with run.writer() as writer:
        writer.append(make("a", n - 1))
    return run


@pytest.mark.parametrize("number", [errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS])
def test_a_run_works_where_files_cannot_be_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    refuse_locks(monkeypatch, number)
    drawn(tmp_path, 1)
    run = drawn(tmp_path, 2)
    run.add_scores("mine", [(make("a", 0), Score.verdict(True))])
    assert [one.n for one in run.manifest.samplers] == [2]
    for _ in range(2):
        assert [one.index for one in Run.open(tmp_path).samples()] == [0, 1]
        assert len(run.scores("mine")) == 1
        run.seal()


def test_another_failure_to_lock_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_locks(monkeypatch, errno.EIO)
    with pytest.raises(StoreError, match=r"No run can be made in .*no locks"):
        drawn(tmp_path, 1)
