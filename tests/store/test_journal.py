from __future__ import annotations

import contextlib
import errno
import os
import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.journals import body, expected, lines

from topdraw.errors import StoreError
from topdraw.store import journal as journal_module
from topdraw.store.journal import Journal
from topdraw.store.segments import frame, recover, sealed_segments, segments


def test_an_appended_record_is_on_disk_at_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for at in range(3):
        journal.append(body(at))
        (path,) = segments(tmp_path)
        assert path.name.endswith(".open.jsonl")
        assert path.read_bytes() == b"".join(frame(body(k)) for k in range(at + 1))
    journal.close()
    journal.close()
    assert segments(tmp_path) == sealed_segments(tmp_path)
    assert lines(tmp_path) == expected(*map(body, range(3)))


def test_a_writer_that_wrote_nothing_leaves_nothing(tmp_path: Path) -> None:
    Journal(tmp_path / "deep" / "folder").close()
    assert list(tmp_path.iterdir()) == []


def test_long_journals_are_cut_into_segments_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_bytes=200)
    for at in range(40):
        journal.append(body(at))
    journal.close()
    assert len(sealed_segments(tmp_path)) > 5
    assert lines(tmp_path) == expected(*map(body, range(40)))


def test_writers_follow_one_another_in_name(tmp_path: Path) -> None:
    for at in range(12):
        journal = Journal(tmp_path)
        journal.append(body(at))
        journal.close()
    assert lines(tmp_path) == expected(*map(body, range(12)))


def test_two_writers_at_once_have_files_of_their_own(tmp_path: Path) -> None:
    one, two = Journal(tmp_path), Journal(tmp_path)
    for at in range(50):
        (one if at % 2 else two).append(body(at))
    assert recover(tmp_path) == []
    assert len(segments(tmp_path)) == 2
    one.close()
    two.close()
    assert sorted(lines(tmp_path)) == sorted(expected(*map(body, range(50))))


def test_threads_may_share_a_writer(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_bytes=2000)

    def work(first: int) -> None:
        for at in range(first, first + 200):
            journal.append(body(at))

    threads = [threading.Thread(target=work, args=(1000 * at,)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    wanted = [body(1000 * first + at) for first in range(4) for at in range(200)]
    assert sorted(lines(tmp_path)) == sorted(expected(*wanted))


def test_a_closed_writer_refuses(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.close()
    with pytest.raises(StoreError, match="closed"):
        journal.append(body(0))


def test_records_that_come_together_are_one_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    real = os.write

    def write(fd: int, data: bytes) -> int:
        written.append(data)
        return real(fd, data)

    monkeypatch.setattr(os, "write", write)
    journal = Journal(tmp_path)
    journal.append_all(map(body, range(16)))
    journal.append_all(())
    assert [one for one in written if one] == [b"".join(frame(body(at)) for at in range(16))]
    journal.close()
    assert lines(tmp_path) == expected(*map(body, range(16)))


@given(kept=st.integers(0, 900))
def test_a_kill_inside_a_write_leaves_whole_records_and_all_that_were_acknowledged(
    kept: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("killed")
    together = [body(at, 10 * at) for at in range(1, 8)]
    data = b"".join(map(frame, (body(0), *together)))
    acknowledged = len(frame(body(0)))
    (folder / "00001-0a-0000.open.jsonl").write_bytes(data[: acknowledged + kept])
    recover(folder)
    found = lines(folder)
    assert found == expected(body(0), *together)[: len(found)]
    assert found


def test_a_folder_that_cannot_be_made_is_an_error_before_the_ack(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    journal = Journal(tmp_path / "file" / "segments")
    with pytest.raises(StoreError, match="No segment can be opened"):
        journal.append(body(0))
    journal.close()


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """A real error of the operating system, EFBIG, where a disk would be full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_an_error_before_the_ack_and_later_appends_work(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(body(0, 300))
    with file_size_limit(600):
        for at in range(1, 4):
            with pytest.raises(StoreError, match="could not be written"):
                journal.append(body(at, 300))
        assert lines(tmp_path) == expected(body(0, 300))
        journal.append(body(4))
    journal.append(body(5, 300))
    journal.close()
    (path,) = sealed_segments(tmp_path)
    wanted = (body(0, 300), body(4), body(5, 300))
    assert path.read_bytes() == b"".join(map(frame, wanted))
    assert recover(tmp_path) == []


def test_of_records_that_come_together_a_full_disk_takes_none(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(body(0, 100))
    together = [body(at, 100) for at in range(1, 9)]
    with file_size_limit(600):
        for _ in range(2):
            with pytest.raises(StoreError, match="could not be written"):
                journal.append_all(together)
            assert lines(tmp_path) == expected(body(0, 100))
        journal.append(body(9))
    journal.append_all(together)
    journal.sync()
    journal.close()
    assert lines(tmp_path) == expected(body(0, 100), body(9), *together)
    assert recover(tmp_path) == []


def test_a_sync_covers_the_folders_that_were_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(journal_module, "sync_folder", synced.append)
    journal = Journal(tmp_path / "bill" / "segments", durability="strict")
    journal.append(body(0))
    assert synced == []
    journal.sync()
    assert synced == [tmp_path / "bill" / "segments", tmp_path / "bill", tmp_path]
    journal.append(body(1))
    journal.sync()
    assert len(synced) == 3
    journal.close()


def test_the_folder_of_the_manifest_is_synced_where_the_segments_were_made_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    (tmp_path / "segments").mkdir()
    monkeypatch.setattr(journal_module, "sync_folder", synced.append)
    journal = Journal(tmp_path / "segments", durability="strict")
    journal.append(body(0))
    journal.sync()
    assert tmp_path in synced
    journal.close()


def test_a_folder_that_could_not_be_synced_is_synced_with_the_next_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []

    def sync(folder: Path) -> None:
        if folder == tmp_path and tmp_path not in broken:
            broken.append(folder)
            raise OSError(errno.EIO, "Input/output error")
        synced.append(folder)

    broken: list[Path] = []
    monkeypatch.setattr(journal_module, "sync_folder", sync)
    journal = Journal(tmp_path / "segments", durability="strict")
    journal.append(body(0))
    with pytest.raises(StoreError, match="could not be synced"):
        journal.sync()
    journal.sync()
    assert tmp_path in synced
    journal.close()
    assert set(lines(tmp_path / "segments")) == set(expected(body(0)))


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_file_system(tmp_path: Path) -> None:
    if os.system(f"mount -t tmpfs -o size=64k tmpfs '{tmp_path}' 2>/dev/null"):  # noqa: S605  # a path of pytest
        pytest.skip("this machine does not mount file systems")
    try:
        journal = Journal(tmp_path)
        stored = []
        with contextlib.suppress(StoreError):
            for at in range(1000):
                journal.append(body(at, 700))
                stored.append(body(at, 700))
        assert 10 < len(stored) < 100
        with pytest.raises(StoreError, match="No space left"):
            journal.append(body(5000, 700))
        assert lines(tmp_path) == expected(*stored)
        assert not os.system(f"mount -o remount,size=256k '{tmp_path}'")  # noqa: S605  # a path of pytest
        journal.append(body(5000))
        journal.close()
        assert lines(tmp_path) == expected(*stored, body(5000))
    finally:
        os.system(f"umount '{tmp_path}'")  # noqa: S605  # a path of pytest


def test_a_write_that_cannot_be_undone_leaves_its_segment_to_recovery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(fd: int, size: int) -> None:
        raise OSError(errno.EIO, "broken disk")

    journal = Journal(tmp_path)
    journal.append(body(0, 300))
    with monkeypatch.context() as patch, file_size_limit(600):
        patch.setattr(os, "ftruncate", refuse)
        with pytest.raises(StoreError):
            journal.append(body(1, 300))
    journal.append(body(2))
    assert len(recover(tmp_path)) == 1
    journal.close()
    assert lines(tmp_path) == expected(body(0, 300), body(2))


def test_a_segment_that_cannot_be_sealed_is_a_clear_error_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(old: object, new: object) -> None:
        raise OSError(errno.EIO, "broken disk")

    journal = Journal(tmp_path)
    journal.append(body(0))
    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", refuse)
        with pytest.raises(StoreError, match="could not be sealed"):
            journal.close()
    recover(tmp_path)
    assert lines(tmp_path) == expected(body(0))


def test_a_writer_whose_only_record_failed_leaves_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with file_size_limit(10), pytest.raises(StoreError):
        journal.append(body(0))
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_a_writer_does_not_survive_fork(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    journal.append(body(0))
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)
        with pytest.raises(StoreError, match="fork"):
            journal.append(body(1))
    journal.append(body(2))
    journal.close()
    assert lines(tmp_path) == expected(body(0), body(2))


def test_a_forked_copy_does_not_seal_its_parents_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path)
    journal.append(body(0))
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)
        journal.close()
    assert sealed_segments(tmp_path) == []


def test_a_segment_taken_by_recovery_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([False, True])
    monkeypatch.setattr(journal_module, "lock", lambda fd: next(answers))
    journal = Journal(tmp_path)
    journal.append(body(0))
    journal.close()
    assert lines(tmp_path) == expected(body(0))
    assert next(answers, None) is None
