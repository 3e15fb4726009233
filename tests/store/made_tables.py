"""Tables written in every kind of file that `open_evidence` reads.

Not here: their content. Try it: `python -m pytest tests/store/test_plain_read.py`.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

Row = Mapping[str, object]
SUFFIXES = (".csv", ".tsv", ".jsonl", ".json", ".csv.gz", ".jsonl.gz", ".parquet")


def write_table(path: Path, rows: Sequence[Row]) -> Path:
    """The rows as a file of the kind that its name says; every row has the same columns."""
    if path.suffix == ".parquet":
        _write_parquet(path, rows)
        return path
    kind = path.suffixes[-2] if path.suffix == ".gz" else path.suffix
    if kind in (".csv", ".tsv"):
        text = _csv(rows, "\t" if kind == ".tsv" else ",")
    elif kind == ".json":
        text = json.dumps(rows)
    else:
        text = "".join(json.dumps(row) + "\n" for row in rows)
    raw = text.encode()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def _csv(rows: Sequence[Row], delimiter: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(list(rows[0]))
    writer.writerows([list(row.values()) for row in rows])
    return out.getvalue()


def _write_parquet(path: Path, rows: Sequence[Row]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({name: [row[name] for row in rows] for name in rows[0]}), path)
