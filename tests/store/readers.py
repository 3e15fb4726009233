"""Four readers that know nothing of topdraw: the texts of a file of samples, in order of index.

Not here: tests. Try it: `python -m pytest tests/store/test_readers.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Reader = Callable[[Path, Path], list[str]]


def read_pandas(path: Path, _: Path) -> list[str]:
    """As pandas reads it."""
    import pandas as pd

    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_json(path, lines=True)
    return [str(text) for text in frame.sort_values("index")["output"]]


def read_polars(path: Path, _: Path) -> list[str]:
    """As polars reads it, which must be told to look at all lines before it names types."""
    import polars as pl

    if path.suffix == ".parquet":
        frame = pl.read_parquet(path)
    else:
        frame = pl.read_ndjson(path, infer_schema_length=None)
    return list(frame.sort("index")["output"])


def read_duckdb(path: Path, _: Path) -> list[str]:
    """As duckdb reads it."""
    import duckdb

    with duckdb.connect() as connection:
        query = f"SELECT output FROM '{path}' ORDER BY \"index\""
        rows = connection.execute(query).fetchall()
    return [text for (text,) in rows]


def read_datasets(path: Path, cache: Path) -> list[str]:
    """As Hugging Face datasets reads it."""
    import datasets

    kind = "parquet" if path.suffix == ".parquet" else "json"
    table = datasets.load_dataset(kind, data_files=str(path), split="train", cache_dir=str(cache))
    return [text for _, text in sorted(zip(table["index"], table["output"], strict=True))]


READERS: list[Reader] = [read_pandas, read_polars, read_duckdb, read_datasets]
