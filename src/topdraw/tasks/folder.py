"""Which files of a folder hold a split, by the names that data sets have.

Not here: reading them. Try it: `python -m pytest tests/tasks/test_folder.py`.

    test.jsonl, main/test.jsonl         a file named after the split
    test/algebra/1.json                 a folder named after it, with any files in it
    algebra_test.csv, test_even.jsonl   the split as a word of the name
    main/test-00000-of-00001.parquet    shards, as the Hugging Face hub stores them
    questions.jsonl                     the only file there is
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from topdraw.errors import ConfigError
from topdraw.tasks.files import kind_of

DEEPEST = 5
_SHOWN = 8


def split_files(folder: Path, *, split: str, config: str = "", task: str = "") -> list[Path]:
    """The files of a split, in natural order.

    Args:
        folder: looked through to a depth of five folders; hidden files are left out.
        split: "test", "validation", ...
        config: where the folder holds several configurations, the one to take.
        task: where it holds several data sets, the name of the one to take.

    Raises:
        ConfigError: when no file, or files of several kinds, could be meant.
    """
    found = _data_files(folder)
    named = [path for path in found if _has_word(path.relative_to(folder), split)]
    in_config = [path for path in named if config in path.relative_to(folder).parts]
    chosen = in_config if config and in_config else named
    of_task = [path for path in chosen if task and _has_word(path.relative_to(folder), task)]
    chosen = of_task or chosen
    exact = [path for path in chosen if path.name.split(".")[0].lower() == split]
    chosen = exact or chosen or (found if len(found) == 1 else [])
    kinds = {kind_of(path) for path in chosen}
    folders = {path.parent for path in exact}
    if len(kinds) != 1 or len(folders) > 1:
        raise ConfigError(_unclear(folder, split, chosen or found), hint="Name the file itself.")
    return chosen


def _data_files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = [one for one in folders if not one.startswith(".") and depth < DEEPEST]
        visible = (name for name in names if not name.startswith(".") and kind_of(name))
        found += [Path(place, name) for name in visible]
    return sorted(found, key=lambda path: _natural(path.relative_to(folder).as_posix()))


def _natural(text: str) -> list[tuple[int, str]]:
    """A key that sorts 2.json before 10.json."""
    pieces = re.split(r"([0-9]+)", text)
    return [(int(piece), "") if piece.isdecimal() else (0, piece) for piece in pieces]


def _has_word(path: Path, word: str) -> bool:
    return re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", path.as_posix().lower()) is not None


def _unclear(folder: Path, split: str, files: Sequence[Path]) -> str:
    names = ", ".join(path.relative_to(folder).as_posix() for path in files[:_SHOWN])
    if not names:
        return f"The folder {str(folder)!r} holds no file of problems."
    more = ", ..." if len(files) > _SHOWN else ""
    return f"Which file of {str(folder)!r} holds the split {split!r}? There are {names}{more}."
