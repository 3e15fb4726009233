from __future__ import annotations

import contextlib
import errno
import functools
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.store.journals import body, expected, lines

from topdraw.errors import ConfigError, StoreError
from topdraw.store import journal as journal_module
from topdraw.store.journal import Journal
from topdraw.store.segments import frame, is_at, sealed_segments, segments


class Syncs:
    """Stands for the system call: counts, fails on demand, and can be held up."""

    def __init__(self) -> None:
        self.count = 0
        self.failing = False
        self.entered = threading.Event()
        self.free = threading.Event()
        self.free.set()

    def __call__(self, fd: int) -> None:
        self.count += 1
        failing = self.failing  # as it was when the call began
        self.entered.set()
        assert self.free.wait(30)
        if failing:
            raise OSError(errno.EIO, "broken disk")


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> Syncs:
    made = Syncs()
    monkeypatch.setattr(journal_module, "_sync", made)
    monkeypatch.setattr(journal_module, "SYNC_SECONDS", 3600)
    return made


def in_thread(results: list[str], work: Callable[[], object]) -> threading.Thread:
    """A started thread that notes "safe", or what was raised."""

    def run() -> None:
        try:
            work()
            results.append("safe")
        except StoreError as error:
            results.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_sync_returns_once_all_that_was_appended_is_on_disk(tmp_path: Path, syncs: Syncs) -> None:
    journal = Journal(tmp_path, durability="strict")
    journal.sync()
    assert syncs.count == 0
    for at in range(3):
        journal.append(body(at))
    journal.sync()
    journal.sync()
    assert syncs.count == 1
    journal.append(body(3))
    journal.sync()
    assert syncs.count == 2
    journal.close()
    journal.sync()
    assert syncs.count == 2


def test_one_sync_serves_all_who_wait(tmp_path: Path, syncs: Syncs) -> None:
    journal = Journal(tmp_path, durability="strict")
    journal.append(body(0))
    syncs.free.clear()
    results: list[str] = []
    threads = [in_thread(results, journal.sync)]
    assert syncs.entered.wait(30)
    appended = threading.Barrier(9)

    def work(at: int) -> None:
        journal.append(body(at))  # goes on while the disk is busy
        appended.wait(30)
        journal.sync()

    threads += [in_thread(results, functools.partial(work, at)) for at in range(1, 9)]
    appended.wait(30)
    assert results == []
    syncs.free.set()
    for thread in threads:
        thread.join()
    assert results == ["safe"] * 9
    assert syncs.count == 2
    journal.close()
    assert len(lines(tmp_path)) == 9


def test_without_durability_segments_are_synced_when_sealed_only(
    tmp_path: Path, syncs: Syncs
) -> None:
    journal = Journal(tmp_path, durability="none", segment_bytes=500 * len(frame(body(0))))
    threads = threading.active_count()
    for _ in range(500):
        journal.append(body(0))
    assert (syncs.count, threading.active_count()) == (0, threads)
    journal.append(body(1))
    assert syncs.count == 1
    journal.sync()
    assert syncs.count == 2
    journal.append(body(2))
    journal.close()
    assert syncs.count == 3


def test_another_durability_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"durability is 'some'.*none, group, strict"):
        Journal(tmp_path, durability="some")  # type: ignore[arg-type]  # wrong on purpose


def test_a_failed_sync_reaches_those_whose_records_are_not_safe(
    tmp_path: Path, syncs: Syncs
) -> None:
    journal = Journal(tmp_path, durability="strict")
    journal.append(body(0))
    journal.sync()
    syncs.free.clear()
    syncs.entered.clear()
    syncs.failing = True
    journal.append(body(1))
    early: list[str] = []
    late: list[str] = []
    threads = [in_thread(early, journal.sync)]
    assert syncs.entered.wait(30)
    syncs.failing = False
    appended = threading.Event()

    def work() -> None:
        journal.append(body(2))
        appended.set()
        journal.sync()

    threads.append(in_thread(late, work))
    assert appended.wait(30)
    syncs.free.set()
    for thread in threads:
        thread.join()
    (told,) = early
    assert "could not be synced: [Errno 5] broken disk" in told
    assert late == ["safe"]  # and so is record 1 by now: both were written again
    journal.sync()
    journal.close()
    found = lines(tmp_path)
    assert sorted(set(found)) == sorted(expected(body(0), body(1), body(2)))
    given_up, fresh = sealed_segments(tmp_path)
    assert fresh.read_bytes() == frame(body(1)) + frame(body(2))
    assert given_up.read_bytes().startswith(frame(body(0)) + frame(body(1)))


def test_all_who_wait_for_a_sync_that_fails_are_told(tmp_path: Path, syncs: Syncs) -> None:
    journal = Journal(tmp_path, durability="strict")
    journal.append(body(0))
    syncs.free.clear()
    syncs.failing = True
    results: list[str] = []
    threads = [in_thread(results, journal.sync) for _ in range(4)]
    assert syncs.entered.wait(30)
    syncs.free.set()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all("could not be synced" in result for result in results)
    assert lines(tmp_path) == expected(body(0))
    assert len(segments(tmp_path)) == 1
    syncs.failing = False
    journal.sync()
    journal.close()
    assert set(lines(tmp_path)) == set(expected(body(0)))


def test_no_record_is_taken_while_the_last_ones_cannot_be_made_safe(
    tmp_path: Path, syncs: Syncs
) -> None:
    journal = Journal(tmp_path)
    for at in range(20):
        journal.append(body(at))
    assert syncs.count == 0
    syncs.failing = True
    with pytest.raises(StoreError, match="could not be synced"):
        journal.sync()
    for _ in range(3):
        with pytest.raises(StoreError, match="could not be synced"):
            journal.append(body(1000))
    assert len(segments(tmp_path)) == 1
    with pytest.raises(StoreError, match="could not be synced"):
        journal.close()
    syncs.failing = False
    journal.close()
    wanted = expected(*map(body, range(20)))
    assert lines(tmp_path) == wanted * 2
    assert sealed_segments(tmp_path) == segments(tmp_path)


def test_a_sync_that_fails_in_the_background_is_made_good_by_the_next_append(
    tmp_path: Path, syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs.failing = True
    monkeypatch.setattr(journal_module, "SYNC_BYTES", len(frame(body(0))))
    journal = Journal(tmp_path)
    journal.append(body(0))
    assert syncs.entered.wait(30)
    with journal._lock:  # the failure has been noted once the lock is free and no sync under way
        journal._sync_ended.wait_for(lambda: journal._failure is not None, 30)
    syncs.failing = False
    journal.append(body(1000))
    journal.close()
    _, fresh = sealed_segments(tmp_path)
    assert fresh.read_bytes() == frame(body(0)) + frame(body(1000))


def test_a_segment_that_cannot_be_synced_when_it_is_full_is_written_again(
    tmp_path: Path, syncs: Syncs
) -> None:
    journal = Journal(tmp_path, segment_bytes=1)
    journal.append(body(0))
    syncs.failing = True
    with pytest.raises(StoreError, match="could not be synced"):
        journal.append(body(1))
    syncs.failing = False
    journal.append(body(2))
    journal.close()
    assert set(lines(tmp_path)) == set(expected(body(0), body(2)))


def test_what_no_sync_can_make_safe_is_not_called_safe(tmp_path: Path, syncs: Syncs) -> None:
    journal = Journal(tmp_path, durability="none")
    journal.append(body(0))
    syncs.failing = True
    with pytest.raises(StoreError, match="could not be synced"):
        journal.sync()
    syncs.failing = False
    journal.append(body(1))
    for act in (journal.sync, journal.close, journal.close):
        with pytest.raises(StoreError, match="could not be synced"):
            act()
    assert lines(tmp_path) == expected(body(0), body(1))
    assert sealed_segments(tmp_path) == segments(tmp_path)


def test_a_full_segment_waits_for_the_sync_under_way(tmp_path: Path, syncs: Syncs) -> None:
    journal = Journal(tmp_path, durability="strict", segment_bytes=1)
    journal.append(body(0))
    syncs.free.clear()
    results: list[str] = []
    threads = [in_thread(results, journal.sync)]
    assert syncs.entered.wait(30)
    threads.append(in_thread(results, lambda: journal.append(body(1))))
    assert len(segments(tmp_path)) == 1
    syncs.free.set()
    for thread in threads:
        thread.join()
    journal.close()
    assert results == ["safe"] * 2
    assert lines(tmp_path) == expected(body(0), body(1))
    assert len(sealed_segments(tmp_path)) == 2


def test_threads_that_append_and_sync_are_each_safe_when_they_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Syncs that fail at random: whoever is told "safe" finds its record in synced bytes."""
    journal = Journal(tmp_path, durability="strict", segment_bytes=1500)
    rng = random.Random(3)  # which syncs fail
    synced: set[bytes] = set()

    def sync(fd: int) -> None:
        (path,) = (one for one in segments(tmp_path) if is_at(fd, one))
        held = path.read_bytes()
        if rng.random() < 0.3:
            raise OSError(errno.EIO, "broken disk")
        synced.update(held.split(b"\n"))

    monkeypatch.setattr(journal_module, "_sync", sync)
    monkeypatch.setattr(journal_module, "SYNC_SECONDS", 3600)
    wrong: list[int] = []

    def work(first: int) -> None:
        for at in range(first, first + 100):
            with contextlib.suppress(StoreError):
                journal.append(body(at))
                journal.sync()
                if frame(body(at))[:-1] not in synced:
                    wrong.append(at)

    threads = [threading.Thread(target=work, args=(1000 * at,)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(synced) > 100


def test_what_a_failed_sync_left_does_not_wait_for_the_next_record(
    tmp_path: Path, syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "SYNC_SECONDS", 0.01)
    syncs.failing = True
    journal = Journal(tmp_path)
    journal.append(body(0))
    assert syncs.entered.wait(30)
    syncs.failing = False
    patience = time.monotonic() + 30
    while journal._unsafe and time.monotonic() < patience:
        time.sleep(0.005)
    assert not journal._unsafe
    journal.close()
    assert lines(tmp_path)[-1:] == expected(body(0))


def test_many_bytes_are_synced_before_a_second_is_over(
    tmp_path: Path, syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "SYNC_BYTES", 12 * len(frame(body(10))))
    journal = Journal(tmp_path)
    for at in range(10, 21):
        journal.append(body(at))
    assert not syncs.entered.is_set()
    journal.append(body(21))
    assert syncs.entered.wait(10)
    journal.close()


def test_two_writers_that_finish_are_synced_at_once(tmp_path: Path, syncs: Syncs) -> None:
    journals = [Journal(tmp_path / "a"), Journal(tmp_path / "b")]
    for journal in journals:
        journal.append(body(0))
    syncs.free.clear()
    for journal in journals:
        journal.finish()
        with pytest.raises(StoreError, match="closed"):
            journal.append(body(1))
    while syncs.count < 2:
        assert syncs.entered.wait(30)
    syncs.free.set()
    for journal in journals:
        journal.close()
    assert syncs.count == 2
    assert lines(tmp_path / "a") == lines(tmp_path / "b") == expected(body(0))


def test_a_quiet_writer_syncs_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = threading.Event()
    monkeypatch.setattr(journal_module, "_sync", lambda fd: synced.set())
    monkeypatch.setattr(journal_module, "SYNC_SECONDS", 0.01)
    journal = Journal(tmp_path)
    journal.append(body(0))
    assert synced.wait(10)
    journal.close()
