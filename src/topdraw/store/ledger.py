"""One kind of row on disk: live segments and sealed Parquet parts, read as one.

Not here: how either is written; `topdraw.store.journal` and `topdraw.store.parquet`.
Try it: `python -m pytest tests/store/test_parquet.py`.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from topdraw.errors import FormatError, StoreError
from topdraw.store import parquet
from topdraw.store.journal import Journal
from topdraw.store.rows import Key, KeyRow, Kind, Row
from topdraw.store.segments import read_segments, recover, sealed_segments


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

    def journal(self) -> Journal:
        """A new writer."""
        return Journal(self.segments)

    def recover(self) -> None:
        """Seal what dead writers left; see `segments.recover`."""
        self.notes.extend(recover(self.segments))

    def compact(self) -> None:
        """Turn sealed segments into Parquet; see `parquet.compact`."""
        self.notes.extend(parquet.compact(self.segments, self.parts, self.kind))

    def is_scattered(self, segments: int) -> bool:
        """Whether at least this many sealed segments wait to be compacted."""
        return len(sealed_segments(self.segments)) >= segments

    def rows(self) -> Iterator[Row]:
        """The kept record of each key, in no particular order.

        Raises:
            StoreError: when a file cannot be read.
        """
        # Segments before parts: one compacted meanwhile is then found among the parts.
        lines = list(read_segments(self.segments, self.notes))
        make, seen = self.kind.row, parquet.Seen()
        missing: dict[Key, Row] = {}
        with self.reading():
            decode = msgspec.json.Decoder(make).decode
            stored = (make(*values) for values in parquet.select(self.parts, self.kind))
            for row in itertools.chain(stored, map(decode, lines)):
                key = row.key
                if not seen.add(key, row.missing):
                    continue
                if row.missing:
                    missing[key] = row
                else:
                    missing.pop(key, None)
                    yield row
        yield from missing.values()

    def keys(self) -> set[Key]:
        """The keys that have a record, missing scores included; faster than `rows`.

        Raises:
            StoreError: when a file cannot be read.
        """
        lines = list(read_segments(self.segments, self.notes))
        with self.reading():
            decode = msgspec.json.Decoder(KeyRow).decode
            found = {decode(line).key for line in lines}
            found.update(parquet.keys(self.parts))
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
