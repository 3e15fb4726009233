"""The journal: what `append` returned from is not lost by `kill -9`, and after `sync` by nothing.

Not here: the files themselves (`topdraw.store.segments`), Parquet (`topdraw.store.parquet`).
Try it: `python -m pytest tests/store/test_journal.py`.

Each writer has segments of its own, one write() per call. After a failed fsync the system may
drop what it has not written and call the next fsync a success; so the segment is then given up, and
the records that are not safe are written again, into a fresh one, before the next is taken. That a
segment is in its folder is synced with its first records, not when it is made: nobody waits for it.
That it was sealed need not survive a power cut: it is then a dead writer's, and sealed when the run
is next opened.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from topdraw.errors import ConfigError, StoreError
from topdraw.store.segments import (
    OPEN,
    frame,
    is_at,
    lock,
    sealed_name,
    segments,
    sync_folder,
)

Durability: TypeAlias = Literal["none", "group", "strict"]
"""What a power cut can take back; `kill -9` takes nothing.

"none": whatever the system has not written by itself; segments are synced when they are sealed.
"group": the last second. "strict": what `sync` has not returned for.
"""

SEGMENT_BYTES = 64 << 20
SYNC_SECONDS = 1.0
# What is not safe yet is kept in memory: after so much of it a sync does not wait for the second.
SYNC_BYTES = 4 << 20

# The system call where there is one; macOS has only fsync.
_sync = getattr(os, "fdatasync", os.fsync)


class Journal:
    """One writer's way into a folder of segments.

    Safe to share between threads; not between processes, each of which opens its own.

    Args:
        folder: where the segments lie; made when the first record comes.
        segment_bytes: a segment at least this long is sealed and the next one begun.
        durability: see `Durability`.

    Raises:
        ConfigError: for another durability.
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        durability: Durability = "group",
    ) -> None:
        if durability not in get_args(Durability):
            known = ", ".join(get_args(Durability))
            raise ConfigError(f"durability is {durability!r}; it must be one of {known}.")
        self.folder = folder
        self._limit = segment_bytes
        self._keeps = durability != "none"  # the unsafe lines, and syncs by itself
        self._writer = ""
        self._count = 0
        self._path = folder
        self._fd = -1
        self._size = 0
        self._is_torn = False
        self._unlisted: list[Path] = []  # folders whose listing is not synced yet
        self._appended = 0
        self._synced = 0
        self._unsafe: list[bytes] = []  # all lines after the first `_synced`
        self._unsafe_bytes = 0  # in them since a sync was last asked for
        self._syncing = 0  # records that the sync under way covers; 0 when there is none
        self._failure: OSError | None = None
        self._pid = os.getpid()
        self._closed = False
        self._lock = threading.Lock()
        self._sync_ended = threading.Condition(self._lock)
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def append(self, body: bytes) -> None:
        """Store one record; when this returns, no `kill -9` takes it back.

        Args:
            body: a JSON object on one line.

        Raises:
            StoreError: when the record is not stored (disk full, say); the next may succeed.
        """
        self.append_all((body,))

    def append_all(self, bodies: Iterable[bytes]) -> None:
        """Store records with one write; when this returns, no `kill -9` takes any of them back.

        A kill before that may leave the first few of them.

        Args:
            bodies: JSON objects, each on one line.

        Raises:
            StoreError: when not all of them are stored (disk full, say): then none is, but for a
                disk so broken that what was begun cannot be cut off again.
        """
        lines = list(map(frame, bodies))
        data = b"".join(lines)
        self._check_process()
        with self._lock:
            self._check_open()
            while self._fd < 0 or self._is_torn or self._size >= self._limit:
                self._roll()
                self._check_open()
            self._write(data)
            self._size += len(data)
            self._appended += len(lines)
            if self._keeps:
                self._unsafe += lines
                self._unsafe_bytes += len(data)
        if self._unsafe_bytes >= SYNC_BYTES:
            self._unsafe_bytes = 0
            self._wake.set()

    def sync(self) -> None:
        """Return once no power cut takes back what was appended before this call.

        Threads that wait at the same time share one sync.

        Raises:
            StoreError: when some of these records are not safe; another call tries again.
        """
        self._check_process()
        with self._lock:
            wanted = self._appended
            while self._synced < wanted:
                if self._syncing:
                    self._sync_ended.wait()  # if it fails, we try ourselves
                else:
                    self._sync_now()

    def close(self) -> None:
        """Sync and seal; the journal takes no more records. Closing twice is harmless.

        Raises:
            StoreError: when the last records could not be synced.
        """
        if os.getpid() != self._pid:
            return  # the segment belongs to the process that opened it
        self.finish()
        if self._thread is not None:
            self._thread.join()
        try:
            self.sync()
        finally:
            self._close_segment()

    def finish(self) -> None:
        """Take no more records and begin to sync what there is; `close` waits for it."""
        self._closed = True
        self._wake.set()

    def _close_segment(self) -> None:
        with self._lock:
            try:
                self._seal()
            except OSError as error:
                raise StoreError(f"{self._path} could not be sealed: {error}.") from error

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError("This writer is closed.", hint="Open another with run.writer().")

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise StoreError("A writer does not survive fork().", hint="Open one in each process.")

    def _unsynced(self) -> StoreError:
        return StoreError(f"Records in {self.folder} could not be synced: {self._failure}.")

    def _roll(self) -> None:
        if self._syncing:
            self._sync_ended.wait()
            return
        try:
            self._seal()
            self._unlisted = list(dict.fromkeys([*_make(self.folder), *self._unlisted]))
            self._begin()
        except OSError as error:
            if self._unsafe:
                self._failure = error
                raise self._unsynced() from error
            raise StoreError(f"No segment can be opened in {self.folder}: {error}.") from error
        if self._thread is None and self._keeps:
            self._thread = threading.Thread(target=self._sync_loop, daemon=True)
            self._thread.start()

    def _begin(self) -> None:
        path, fd = self._new_segment()
        lines = b"".join(self._unsafe)  # what a failed sync left
        try:
            if lines:
                _write_all(fd, lines)
                self._settle(fd)
        except OSError:
            os.close(fd)
            path.unlink(missing_ok=True)
            raise
        self._path, self._fd, self._size, self._is_torn = path, fd, len(lines), False
        self._succeed(self._appended)

    def _new_segment(self) -> tuple[Path, int]:
        while True:
            self._writer = self._writer or _new_writer(self.folder)
            path = self.folder / f"{self._writer}-{self._count:04d}{OPEN}"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
            fd = os.open(path, flags, 0o644)
            if lock(fd) and is_at(fd, path):
                self._count += 1
                return path, fd
            os.close(fd)  # somebody's recovery took the empty file for a dead writer's
            self._writer = ""

    def _write(self, data: bytes) -> None:
        try:
            _write_all(self._fd, data)
        except OSError as error:
            try:
                os.ftruncate(self._fd, self._size)
            except OSError:
                self._is_torn = True
            raise StoreError(f"A record could not be written to {self._path}: {error}.") from error

    def _sync_loop(self) -> None:
        is_last = False
        while not is_last:
            self._wake.wait(SYNC_SECONDS)
            self._wake.clear()
            is_last = self._closed
            with self._lock, contextlib.suppress(StoreError):  # the next append tries again
                if self._unsafe and not self._syncing:
                    self._sync_now()

    def _sync_now(self) -> None:
        """Sync all that was appended, while others go on appending."""
        if self._is_lost:
            raise self._unsynced()
        if self._fd < 0:
            self._roll()
            return
        self._syncing, failure = self._appended, None
        self._lock.release()
        try:
            self._settle(self._fd)  # it stays open: who wants to seal it waits
        except OSError as error:
            failure = error
        finally:
            self._lock.acquire()
            covered, self._syncing = self._syncing, 0
            self._sync_ended.notify_all()
        if failure is not None:
            self._give_up(failure)
            raise self._unsynced() from failure
        self._succeed(covered)

    def _settle(self, fd: int) -> None:
        """Sync a segment, and that it is where it is."""
        _sync(fd)
        for folder in self._unlisted:
            sync_folder(folder)
        self._unlisted = []

    @property
    def _is_lost(self) -> bool:
        """Whether a sync failed for lines that were not kept: nothing makes these safe."""
        return self._failure is not None and not self._keeps

    def _succeed(self, covered: int) -> None:
        if not self._is_lost:
            del self._unsafe[: covered - self._synced]
            self._synced = covered

    def _give_up(self, failure: OSError) -> None:
        self._failure = failure
        with contextlib.suppress(OSError):  # left open and unlocked: recovery will take it
            self._leave()

    def _seal(self) -> None:
        if self._fd < 0:
            return
        if self._synced < self._appended:
            try:
                self._settle(self._fd)
            except OSError as error:
                self._give_up(error)
                return
            self._succeed(self._appended)
        self._leave()

    def _leave(self) -> None:
        fd, self._fd = self._fd, -1
        try:
            if self._is_torn:
                pass  # left open and unlocked: recovery will cut it
            elif self._size:
                os.rename(self._path, sealed_name(self._path))
            else:
                os.unlink(self._path)
        finally:
            os.close(fd)


def _make(folder: Path) -> list[Path]:
    """Make a folder with its parents; gives it, its own and each folder that one was made in.

    Its own holds the manifest, and whoever made that may have been killed before syncing it.
    """
    listing = [folder, folder.parent]
    while not listing[-1].exists():
        listing.append(listing[-1].parent)
    folder.mkdir(parents=True, exist_ok=True)
    return listing


def _write_all(fd: int, data: bytes) -> None:
    written = os.write(fd, data)
    while written < len(data):  # the disk is filling up, or a signal came
        written += os.write(fd, data[written:])


def _new_writer(folder: Path) -> str:
    # The number orders writers that came one after another, the random part keeps those apart
    # that came at once; no clock and no process id, which both repeat.
    known = [int(path.name.split("-")[0]) for path in segments(folder)]
    return f"{max(known, default=0) + 1:05d}-{secrets.token_hex(4)}"
