"""A run whose problems are not known beforehand: each is added when it has been asked.

Not here: samples and scores; the run's own writers take those.
Try it: `python -m pytest tests/store/test_growing.py`.
"""

from __future__ import annotations

import dataclasses
import os
from types import TracebackType
from typing import Self

from topdraw.core.records import Problem
from topdraw.errors import StoreError
from topdraw.store.folders import PROBLEMS, read_problems
from topdraw.store.manifest import digest, read_manifest, write_manifest
from topdraw.store.rows import pack_problem
from topdraw.store.run import Run
from topdraw.store.segments import write_atomically


class ProblemWriter:
    """One process's way of adding problems to a run; a context manager.

    Until it is closed, or opened again after a kill, the manifest does not name the new problems'
    digest, and `verify` says so.

    Args:
        run: nobody else may add problems to it meanwhile.

    Raises:
        StoreError: when its problems cannot be read or written.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._path = run.path / PROBLEMS
        try:
            data = self._path.read_bytes()
            whole = data[: data.rfind(b"\n") + 1]
            if whole != data:  # a kill in the middle of a line
                write_atomically(self._path, whole)
            self._seal()
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            raise StoreError(f"{self._path} cannot be added to: {error}.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.fsync(self._file)
        os.close(self._file)
        self._seal()

    def append(self, problem: Problem) -> None:
        """Store a problem, before its first sample.

        Args:
            problem: with an id that the run does not have.

        Raises:
            StoreError: when it is not stored.
            FormatError: when its metadata is not JSON.
        """
        line = pack_problem(problem) + b"\n"
        before = os.fstat(self._file).st_size
        try:
            written = os.write(self._file, line)
        except OSError as error:
            raise StoreError(f"{self._path} cannot be added to: {error}.") from error
        if written < len(line):
            os.ftruncate(self._file, before)
            raise StoreError(f"{self._path} cannot be added to: there is no space left.")

    def _seal(self) -> None:
        manifest = read_manifest(self._run.path)
        known = digest(read_problems(self._run.path).values())
        if manifest.task.get("digest") != known:
            task = {**manifest.task, "digest": known}
            write_manifest(self._run.path, dataclasses.replace(manifest, task=task))
        self._run.__dict__.pop("problems", None)  # read them again
