"""Rows of Parquet and Arrow files as objects, a batch at a time.

Not here: what the columns mean (`formats.plain` and others).
Try it: `topdraw import data/train-00000-of-00001.parquet --map problem=question,text=samples`.

Parquet is read by DuckDB. Arrow, as `datasets.save_to_disk` writes it, needs pyarrow.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from topdraw._optional import require
from topdraw.core.records import Json
from topdraw.errors import FormatError
from topdraw.store.formats.protocol import Values
from topdraw.store.formats.source import Record, Records
from topdraw.store.parquet import connect

_ROWS = 256


def records(path: Path) -> Records:
    """The rows of a file.

    Raises:
        FormatError: when it is damaged.
        MissingPackage: for Arrow without pyarrow.
    """
    with path.open("rb") as file:
        is_parquet = file.read(4) == b"PAR1"
    rows = _parquet(path) if is_parquet else _arrow(path)
    for number, values in enumerate(rows, 1):
        yield Record(f"{path}, row {number}", {key: plain(one) for key, one in values.items()})


def _parquet(path: Path) -> Iterator[Values]:
    import duckdb

    with connect() as connection:
        connection.execute("SET threads = 1")
        try:
            found = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
            names = [column[0] for column in found.description or ()]
            while rows := found.fetchmany(_ROWS):
                for row in rows:
                    yield dict(zip(names, row, strict=True))
        except duckdb.Error as error:
            first = str(error).splitlines()[0][:200]
            raise FormatError(f"{path} cannot be read as Parquet: {first}.") from None


def _arrow(path: Path) -> Iterator[Values]:
    arrow = require("pyarrow", "hf", "An Arrow file")
    ipc = require("pyarrow.ipc", "hf", "An Arrow file")
    try:
        with path.open("rb") as file:
            is_file = file.read(6) == b"ARROW1"
        with arrow.memory_map(str(path)) as source:
            reader = ipc.open_file(source) if is_file else ipc.open_stream(source)
            batches = (
                map(reader.get_batch, range(reader.num_record_batches)) if is_file else iter(reader)
            )
            for batch in batches:
                for start in range(0, batch.num_rows, _ROWS):
                    yield from batch.slice(start, _ROWS).to_pylist()
    except (arrow.ArrowInvalid, OSError) as error:
        raise FormatError(f"{path} cannot be read as Arrow: {str(error)[:200]}.") from None


def plain(value: object) -> Json:
    """A database's value as JSON; dates, decimals and bytes as their text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in cast("dict[object, object]", value).items()}
    return str(value)
