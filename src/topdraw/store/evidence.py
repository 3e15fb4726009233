"""What numbers are made from: a run, or a plain table of counts or scored samples.

Not here: reading a run (`topdraw.store.run`) or a table (`plain`, `plain_files`, `plain_names`).
Try it: `python -m pytest tests/store/test_evidence.py`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from topdraw.errors import ConfigError
from topdraw.store.plain import PlainTable
from topdraw.store.plain_read import read_table
from topdraw.store.run import Run

Evidence: TypeAlias = Run | PlainTable
#: What a function takes where a path will do as well.
EvidenceOrPath: TypeAlias = Evidence | str | os.PathLike[str]


def open_evidence(
    source: EvidenceOrPath, *, columns: Mapping[str, str] | None = None, model: str | None = None
) -> Evidence:
    """The run in a directory, or the table in a file.

    Args:
        source: a directory, a file (.csv, .tsv, .jsonl, .ndjson, .json, each also .gz; .parquet),
            or what is open already.
        columns: of a file, our name of a column to its own ("problem": "question"), where
            `plain_names.NAMES` do not find it.
        model: of a table with several models, whose rows.

    Returns:
        The run or the table. A table of several models without `model` is opened as it is; its
        `models` name them, `of` reads one of them, and nothing else can be read.

    Raises:
        ConfigError: when nothing is there, or a run is asked for columns or a model.
        UnknownNameError: when the table has no such model.
        FormatError: when a file is not such a table; says where and why.
        StoreError: when a directory is no run.
    """
    opened = source if isinstance(source, Run | PlainTable) else _opened(Path(source), columns)
    if isinstance(opened, Run):
        if model is not None or columns:
            raise ConfigError(
                f"{opened.path} is a run: it has one model, and columns of its own.",
                hint="Leave out --model and --map; those are for tables.",
            )
        return opened
    return opened if model is None else opened.of(model)


def _opened(path: Path, columns: Mapping[str, str] | None) -> Evidence:
    if path.is_dir():
        return Run.open(path)
    if not path.is_file():
        raise ConfigError(f"There is no run and no table at {str(path)!r}.")
    return read_table(path, columns or {})
