"""The last box of a page: the exact command, what it stands on, and what to cite.

Not here: the command of a run (`recipe`). Try it: `python -m pytest tests/reports/test_cite.py`.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from topdraw.errors import StoreError

_STANDS_ON = ("topdraw", "numpy", "scipy", "duckdb")


@dataclass(frozen=True, slots=True)
class Cite:
    """How to make a page's numbers again, and whom to cite for them.

    Attributes:
        command: a shell command that makes them again; left out when "".
        facts: seeds, models, digests, as (name, value) for people; versions are put after them.
        about: what the command does, in a sentence.
        bibtex: entries to cite, as they go in a .bib file.
    """

    command: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    about: str = ""
    bibtex: tuple[str, ...] = ()


def versions(packages: Iterable[str] = _STANDS_ON) -> tuple[tuple[str, str], ...]:
    """Versions of Python and of what makes the numbers, as (name, value).

    Args:
        packages: names on PyPI; one that is not installed is left out.
    """
    found = [("python", platform.python_version())]
    for name in packages:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return tuple(found)


def with_versions(facts: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Facts with the versions after them, each said once.

    Args:
        facts: name and value of each.

    Examples:
        >>> with_versions([("seed", "0")])[0]
        ('seed', '0')
    """
    return tuple(dict.fromkeys([*facts, *versions()]))


def digest_of(paths: Iterable[str | os.PathLike[str]]) -> str:
    """One SHA-256 of several files, of their bytes and in this order.

    Args:
        paths: the files.

    Returns:
        "sha256:" and the first 16 hexadecimal digits.

    Raises:
        StoreError: if one cannot be read.
    """
    digest = hashlib.sha256()
    for path in paths:
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise StoreError(f"The file {path} cannot be read: {error}.") from error
        digest.update(hashlib.sha256(data).digest())
    return f"sha256:{digest.hexdigest()[:16]}"
