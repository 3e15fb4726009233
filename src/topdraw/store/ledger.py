"""One kind of row on disk: live segments and sealed Parquet parts, read as one.

Not here: how either is written; `topdraw.store.journal` and `topdraw.store.compaction`.
Try it: `python -m pytest tests/store/test_parquet.py`.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from topdraw.errors import FormatError, StoreError
from topdraw.store import parquet
from topdraw.store.compaction import compact, waiting
from topdraw.store.journal import Durability, Journal
from topdraw.store.rows import KEYS, Key, KeyRow, Kind, Row
from topdraw.store.segments import listed, read_segment, read_segments, recover


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where the rows of one kind lie.

    Attributes:
        kind: their columns.
        segments: folder of the journal.
        parts: folder of the Parquet files.
        notes: what had to be cut or left out, one sentence each; grows as damage is found.
    """

    kind: Kind
    segments: Path
    parts: Path
    notes: list[str] = field(default_factory=list)

    def journal(self, durability: Durability = "group") -> Journal:
        """A new writer."""
        return Journal(self.segments, durability=durability)

    def recover(self) -> None:
        """Seal what dead writers left; see `segments.recover`."""
        self.notes.extend(recover(self.segments))

    def compact(self) -> None:
        """Turn sealed segments into Parquet; see `compaction.compact`."""
        found = compact(self.segments, self.parts, self.kind)
        self.notes.extend(note for note in found if note not in self.notes)

    def is_scattered(self, segments: int) -> bool:
        """Whether at least this many sealed segments wait to be compacted."""
        return len(waiting(self.segments)) >= segments

    def rows(self) -> Iterator[Row]:
        """The kept record of each key, in no particular order.

        Raises:
            StoreError: when a file cannot be read.
        """
        seen = parquet.Seen()
        missing: dict[Key, Row] = {}
        with self.reading():
            for row in self._records():
                key = row.key
                if not seen.add(key, row.missing):
                    continue
                if row.missing:
                    missing[key] = row
                else:
                    missing.pop(key, None)
                    yield row
        yield from missing.values()

    def _records(self) -> Iterator[Row]:
        """All records, in the order in which the first of a key is kept; some come twice."""
        stored = parquet.Unread(self.parts, self.kind)
        make, decode = self.kind.row, msgspec.json.Decoder(self.kind.row).decode
        yield from itertools.starmap(make, stored.rows())
        for path in listed(self.segments):
            try:
                for lines in read_segment(path, self.notes):
                    yield from map(decode, lines)
            except FileNotFoundError:  # compacted since it was listed
                yield from itertools.starmap(make, stored.rows())
        yield from itertools.starmap(make, stored.rows())

    def drawn(self, sampler: str) -> set[tuple[str, int]]:
        """Problem id and index of every record of a sampler; faster and smaller than `rows`.

        Raises:
            StoreError: when a file cannot be read.
        """
        decode = msgspec.json.Decoder(KeyRow).decode
        with self.reading():
            # Segments before parts: one compacted meanwhile is then found among the parts.
            found = {
                (sys.intern(row.key[1]), row.index)
                for row in map(decode, read_segments(self.segments, self.notes))
                if row.key[0] == sampler
            }
            for stored in parquet.settled(self.parts, lambda paths: _keys(paths, sampler)):
                found.update(stored)
        return found

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Turn the errors of decoding into ours.

        Raises:
            StoreError: when a record cannot be decoded.
        """
        try:
            yield
        except (msgspec.ValidationError, msgspec.DecodeError, FormatError) as error:
            raise StoreError(
                f"{self.segments.parent} holds a record that this topdraw cannot read: {error}.",
                hint="A later version may have written it: pip install -U topdraw",
            ) from error


def _keys(paths: list[Path], sampler: str) -> list[Iterable[tuple[str, int]]]:
    if not paths:
        return []  # a fresh run needs no database
    with parquet.connect() as connection:
        table = parquet.source(paths, KEYS)
        plain = connection.execute(
            f'SELECT problem_id, "index" FROM {table} '  # noqa: S608  # quoted
            "WHERE original = '' AND sampler = ?",
            [sampler],
        ).fetchnumpy()
        query = f"SELECT * FROM {table} WHERE original <> ''"  # noqa: S608  # quoted
        damaged = connection.execute(query).fetchall()
    keys = [KeyRow(*values).key for values in damaged]
    ids = map(sys.intern, np.ma.getdata(plain["problem_id"]))
    return [
        zip(ids, np.ma.getdata(plain["index"]).tolist(), strict=True),
        [key[1:] for key in keys if key[0] == sampler],
    ]
