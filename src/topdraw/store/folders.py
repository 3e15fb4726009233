"""Folders of a run: made whole or not at all, joined only by the same draw, safely named.

Not here: the records in them; `topdraw.store.ledger`.
Try it: `python -m doctest src/topdraw/store/folders.py -v`.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from topdraw.core.records import Problem
from topdraw.errors import ResumeConflict, StoreError
from topdraw.store.manifest import (
    FILE,
    Manifest,
    differences,
    merged,
    read_manifest,
    write_manifest,
)
from topdraw.store.parquet import parts
from topdraw.store.rows import ProblemRow, pack_problem, unpack_problem
from topdraw.store.segments import segments, sync_folder, write_atomically

PROBLEMS = "problems.jsonl"
_SCORER = "_scorer.json"  # readers of Parquet folders pass over names with an underscore
SEGMENTS = "segments"
DROPPED = ".dropped-"  # no scorer's folder starts with a dot
_LOCK = ".lock"
_NO_LOCKS = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.ENOSYS}  # some network mounts
_PLAIN = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")


def make_or_join(folder: Path, asked: Manifest, problems: Iterable[Problem]) -> None:
    """Make a run's folder, or check that the one there is the same draw and top it up.

    Args:
        folder: made, with its parents, when it is not there.
        asked: what to draw with.
        problems: stored when the run is made.

    Raises:
        ResumeConflict: naming each difference, when the run there was drawn with something else.
        StoreError: when the folder holds something else, or cannot be written.
        FormatError: when a problem is not JSON.
    """
    with _alone(folder):
        if (folder / FILE).exists():
            _join(folder, asked)
        else:
            lines = b"".join(pack_problem(problem) + b"\n" for problem in problems)
            write_atomically(folder / PROBLEMS, lines)
            # The manifest comes last: a folder with one is a whole run. That it is there is synced
            # with the first records, by whoever writes them.
            write_manifest(folder, asked, listed=False)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        _refuse_strangers(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / _LOCK, "w") as lock:
            _wait_for(lock.fileno())
            yield
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"No run can be made in {folder}: {error}.") from error


def _wait_for(fd: int) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
    except OSError as error:
        # Without locks, nothing keeps two commands that start in the same moment apart.
        if error.errno not in _NO_LOCKS:
            raise


def _refuse_strangers(folder: Path) -> None:
    if not folder.exists() or (folder / FILE).exists():
        return
    names = {path.name for path in folder.iterdir()} - {PROBLEMS}
    strangers = sorted(name for name in names if not name.startswith("."))
    if strangers:
        raise StoreError(
            f"{folder} is not a run, and it is not empty: it has {strangers[0]!r}.",
            hint="Name a new folder.",
        )


def _join(folder: Path, asked: Manifest) -> None:
    old = read_manifest(folder)
    found = differences(old, asked)
    if found:
        raise ResumeConflict(
            f"{folder} was drawn with something else: {'; '.join(found)}.",
            hint="Name another folder, or ask for what this run has.",
        )
    new = merged(old, asked)
    if new != old:
        write_manifest(folder, new)


def read_problems(folder: Path) -> dict[str, Problem]:
    """The problems of a run by id, in the order of its task.

    Raises:
        StoreError: when they cannot be read.
    """
    path = folder / PROBLEMS
    decode = msgspec.json.Decoder(ProblemRow).decode
    try:
        lines = path.read_bytes().split(b"\n")
        found = [unpack_problem(decode(line)) for line in lines if line]
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read: {error}.") from error
    return {problem.id: problem for problem in found}


def scorer_folder(name: str) -> str:
    """A folder name for a scorer, different for different scorers, safe whatever the name is.

    Plain names stand as they are; others become a slug and a hash after a `~`, which plain names
    cannot contain. Upper case counts as not plain: some file systems ignore case.

    Examples:
        >>> scorer_folder("countdown")
        'countdown'
        >>> scorer_folder("mine.py:Score")
        'mine.py_score~99a5d7252011effe'
    """
    if _PLAIN.fullmatch(name):
        return name
    slug = re.sub(r"[^a-z0-9_.-]", "_", name.lower()).lstrip(".")[:60]
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{slug}~{mark}"


def make_scorer_folder(folder: Path, name: str, source: str | None = None) -> None:
    """Make the folder of a scorer, with its name and source in it.

    Args:
        folder: of the scorer; made when it is not there.
        name: of the scorer.
        source: a digest of its code; None when nobody knows.

    Raises:
        ResumeConflict: when the scores in it were made by another source.
        StoreError: when it cannot be made.
    """
    check_source(folder, name, source)
    if _has_scores(folder):
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made: {error}.") from error
    stored = {"scorer": name} if source is None else {"scorer": name, "source": source}
    # surrogatepass, not \uXXXX escapes: json.loads would join two lone halves into one character.
    text = json.dumps(stored, ensure_ascii=False).encode("utf-8", "surrogatepass")
    write_atomically(folder / _SCORER, text + b"\n")


def check_source(folder: Path, name: str, source: str | None) -> None:
    """Refuse to go on with scores that were made by another source.

    Args:
        folder: of the scorer; it need not exist.
        name: of the scorer.
        source: a digest of its code; None, as in folders that name none, goes with any.

    Raises:
        ResumeConflict: when the scores in the folder were made by another source.
        StoreError: when the source stored cannot be read.
    """
    if source is None or not _has_scores(folder):
        return
    stored = _read_scorer(folder / _SCORER).get("source")
    if stored is not None and stored != source:
        raise ResumeConflict(
            f"The scores by {name!r} in this run were made by another version of that function, "
            "or by one of the same name in another file.",
            hint="Rename yours, or score everything anew: again=True in Python, "
            "`topdraw score RUN ... --again` in a shell.",
        )


def drop_scorer_folder(folder: Path) -> None:
    """Delete the folder of a scorer with all in it; it is gone for readers at once.

    Raises:
        StoreError: when it cannot be taken away; it stands.
    """
    try:
        os.rename(folder, folder.with_name(f"{DROPPED}{secrets.token_hex(4)}"))
        sync_folder(folder.parent)
    except FileNotFoundError:
        pass  # it has no scores
    except OSError as error:
        raise StoreError(f"{folder} could not be dropped: {error}.") from error
    for left in folder.parent.glob(f"{DROPPED}*"):  # those that a kill left, too
        shutil.rmtree(left, ignore_errors=True)


def scorer_names(scores: Path) -> list[str]:
    """The scorers with stored scores, sorted.

    Raises:
        StoreError: when the name of one cannot be read.
    """
    return sorted(
        str(_read_scorer(path)["scorer"])
        for path in scores.glob(f"*/{_SCORER}")
        if not path.parent.name.startswith(DROPPED) and _has_scores(path.parent)
    )


def _read_scorer(path: Path) -> dict[str, object]:
    try:
        found: dict[str, object] = json.loads(path.read_bytes())
        if "scorer" not in found:
            raise ValueError("it names no scorer")
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(f"{path} cannot be read: {error!r}.") from error
    return found


def _has_scores(folder: Path) -> bool:
    # Segments before parts: what is compacted meanwhile is then found among the parts. And twice:
    # a listing during which a segment is renamed may show neither of its names.
    with contextlib.suppress(NotADirectoryError):
        found = {path for _ in range(2) for path in segments(folder / SEGMENTS)}
        return any(map(_is_filled, found)) or bool(parts(folder))
    return False


def _is_filled(segment: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return segment.stat().st_size > 0
    return True  # sealed or compacted since it was listed; its writer removes an empty one itself
