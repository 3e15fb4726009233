"""The journal: what `append` returned from is not lost by `kill -9`.

Not here: the files themselves (`topdraw.store.segments`), Parquet (`topdraw.store.parquet`).
Try it: `python -m pytest tests/store/test_journal.py`.

Each writer has segments of its own, one write() per record, synced every 256 records or second.
"""

from __future__ import annotations

import os
import secrets
import threading
from pathlib import Path

from topdraw.errors import StoreError
from topdraw.store.segments import (
    OPEN,
    frame,
    is_at,
    lock,
    sealed_name,
    segments,
    sync_folder,
)

SEGMENT_BYTES = 64 << 20
SYNC_RECORDS = 256
SYNC_SECONDS = 1.0

# The system call where there is one; macOS has only fsync.
_sync = getattr(os, "fdatasync", os.fsync)


class Journal:
    """One writer's way into a folder of segments.

    Safe to share between threads; not between processes, each of which opens its own.

    Args:
        folder: where the segments lie; made when the first record comes.
        segment_bytes: a segment at least this long is sealed and the next one begun.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.folder = folder
        self._limit = segment_bytes
        self._writer = ""
        self._count = 0
        self._path = folder
        self._fd = -1
        self._size = 0
        self._unsynced = 0
        self._pid = os.getpid()
        self._failure: OSError | None = None
        self._closed = False
        self._append_lock = threading.Lock()
        self._sync_lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def append(self, body: bytes) -> None:
        """Store one record; when this returns, no `kill -9` takes it back.

        A power cut can take back the last 256 records or second, whichever is more.

        Args:
            body: a JSON object on one line.

        Raises:
            StoreError: when the record is not stored (disk full, say); the next may succeed.
        """
        line = frame(body)
        with self._append_lock:
            self._check_usable()
            if self._fd < 0 or self._size >= self._limit:
                self._roll()
            self._write(line)
            self._size += len(line)
            self._unsynced += 1
        if self._unsynced >= SYNC_RECORDS:
            self._wake.set()

    def close(self) -> None:
        """Sync and seal; the journal takes no more records. Closing twice is harmless.

        Raises:
            StoreError: when the last records could not be synced.
        """
        with self._append_lock:
            self._closed = True
            if os.getpid() != self._pid:
                return  # the segment belongs to the process that opened it
            self._wake.set()
            if self._thread is not None:
                self._thread.join()
            try:
                self._seal()
            except OSError as error:
                raise StoreError(f"{self._path} could not be sealed: {error}.") from error
            self._raise_failure()

    def _check_usable(self) -> None:
        if self._closed:
            raise StoreError("This writer is closed.", hint="Open another with run.writer().")
        if os.getpid() != self._pid:
            raise StoreError("A writer does not survive fork().", hint="Open one in each process.")
        self._raise_failure()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise StoreError(f"Records in {self.folder} could not be synced: {failure}.")

    def _roll(self) -> None:
        try:
            self._seal()
            self.folder.mkdir(parents=True, exist_ok=True)
            self._begin()
        except OSError as error:
            raise StoreError(f"No segment can be opened in {self.folder}: {error}.") from error
        if self._thread is None:
            self._thread = threading.Thread(target=self._sync_loop, daemon=True)
            self._thread.start()

    def _begin(self) -> None:
        while True:
            self._writer = self._writer or _new_writer(self.folder)
            path = self.folder / f"{self._writer}-{self._count:04d}{OPEN}"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
            fd = os.open(path, flags, 0o644)
            if lock(fd) and is_at(fd, path):
                break
            os.close(fd)  # somebody's recovery took the empty file for a dead writer's
            self._writer = ""
        self._path, self._fd, self._size = path, fd, 0
        self._count += 1
        sync_folder(self.folder)

    def _write(self, line: bytes) -> None:
        try:
            written = os.write(self._fd, line)
            while written < len(line):  # the disk is filling up, or a signal came
                written += os.write(self._fd, line[written:])
        except OSError as error:
            self._undo()
            raise StoreError(f"A record could not be written to {self._path}: {error}.") from error

    def _undo(self) -> None:
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:
            os.close(self._fd)  # left open and unlocked: recovery will cut it
            self._fd = -1

    def _sync_loop(self) -> None:
        while not self._closed:
            self._wake.wait(SYNC_SECONDS)
            self._wake.clear()
            self._sync_now()

    def _sync_now(self) -> None:
        with self._sync_lock:
            if self._fd < 0 or not self._unsynced:
                return
            self._unsynced = 0
            try:
                _sync(self._fd)
            except OSError as error:
                self._failure = error

    def _seal(self) -> None:
        self._sync_now()
        with self._sync_lock:
            if self._fd < 0:
                return
            fd, self._fd = self._fd, -1
        try:
            if self._size:
                os.rename(self._path, sealed_name(self._path))
            else:
                os.unlink(self._path)
        finally:
            os.close(fd)
        sync_folder(self.folder)


def _new_writer(folder: Path) -> str:
    # The number orders writers that came one after another, the random part keeps those apart
    # that came at once; no clock and no process id, which both repeat.
    known = [int(path.name.split("-")[0]) for path in segments(folder)]
    return f"{max(known, default=0) + 1:05d}-{secrets.token_hex(4)}"
