from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.ledgers import (
    MISSING,
    RIGHT,
    SOME,
    read,
    sample_ledger,
    score_ledger,
    store,
    verdicts,
    write,
)
from tests.store.strategies import HASH, make

from topdraw.core.records import Usage
from topdraw.errors import StoreError
from topdraw.store import parquet
from topdraw.store.ledger import Ledger
from topdraw.store.rows import SAMPLES, SCORES, SampleRow, pack_sample

keys = st.tuples(st.just("s"), st.sampled_from("ab"), st.integers(0, 2))


@given(st.lists(st.tuples(keys, st.booleans()), max_size=30))
def test_what_is_kept_of_each_key(records: list[tuple[tuple[str, str, int], bool]]) -> None:
    seen = parquet.Seen()
    kept = [one for one in records if seen.add(*one)]
    for key in {key for key, _ in records}:
        real = [one for one in kept if one == (key, False)]
        assert len(real) == ((key, False) in records)
        assert sum(one[0] == key for one in kept) <= 2
    assert [key for key, missing in kept if not missing] == list(
        dict.fromkeys(key for key, missing in records if not missing)
    )


def test_parts_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("part-00010.parquet", "part-9.parquet", "part-x.parquet", ".draft-part-1.parquet"):
        (tmp_path / name).touch()
    assert [path.name for path in parquet.parts(tmp_path)] == [
        "part-9.parquet",
        "part-00010.parquet",
    ]
    assert parquet.number("_parts.json") == -1


def make_part(folder: Path, number: int, columns: str) -> None:
    folder.mkdir(exist_ok=True)
    with parquet.connect() as connection:
        connection.execute(f"COPY (SELECT {columns}) TO '{folder}/part-{number:05d}.parquet'")


def test_columns_that_a_part_lacks_have_their_defaults(tmp_path: Path) -> None:
    book = sample_ledger(tmp_path)
    key = f"'p' AS problem_id, {{}} AS index, '{HASH}' AS sampler, 'text' AS output"
    make_part(book.parts, 0, key.format(0))
    make_part(book.parts, 1, key.format(1) + ", NULL::VARCHAR AS metadata, 7::INT AS output_tokens")
    for sample, tokens in zip(read(book), (0, 7), strict=True):
        assert sample.output == "text"
        assert sample.finish_reason == "stop"
        assert sample.seed is None
        assert sample.metadata == {}
        assert sample.usage == Usage(0, tokens)
    assert book.drawn(HASH) == {("p", 0), ("p", 1)}


def test_a_part_without_texts_is_no_part_of_ours(tmp_path: Path) -> None:
    book = sample_ledger(tmp_path)
    make_part(book.parts, 0, "'p' AS problem_id, 0 AS index, 's' AS sampler")
    with pytest.raises(StoreError, match="output"):
        read(book)


def test_a_damaged_part_is_a_clear_error(tmp_path: Path) -> None:
    book = sample_ledger(tmp_path)
    write(book, SOME)
    book.compact()
    (path,) = parquet.parts(book.parts)
    path.write_bytes(b"PAR1 not really")
    for look in (lambda: list(book.rows()), lambda: book.drawn(HASH)):
        with pytest.raises(StoreError, match="cannot be read"):
            look()


def test_a_part_that_came_while_others_were_read_is_read_too(tmp_path: Path) -> None:
    book = score_ledger(tmp_path)
    for at in range(2):
        store(book, [(at, MISSING)])
        book.compact()
    rows = parquet.select(book.parts, SCORES)
    seen = [next(rows)]
    store(book, [(1, RIGHT)])
    book.compact()
    seen += rows
    assert [row[1] for row in seen] == [0, 1]


def test_parts_merged_while_they_are_read_hide_nothing(tmp_path: Path) -> None:
    book = sample_ledger(tmp_path)
    for sample in SOME[:3]:
        write(book, [sample])
        book.compact()
    assert len(parquet.parts(book.parts)) == 3
    rows = book.rows()
    found = [next(rows)]
    write(book, SOME[3:])
    book.compact()
    assert len(parquet.parts(book.parts)) == 1
    found += rows
    assert sorted((row.problem_id, row.index) for row in found if hasattr(row, "index")) == [
        (one.problem_id, one.index) for one in SOME
    ]


def test_segments_compacted_while_rows_are_read_hide_nothing(tmp_path: Path) -> None:
    book = sample_ledger(tmp_path)
    for some in (SOME[:4], SOME[4:6], SOME[6:]):
        write(book, some)
    rows = book.rows()
    found = [next(rows)]  # of the first segment; the others are not open yet
    Ledger(SAMPLES, book.segments, book.parts).compact()
    found += rows
    assert len(found) == len(SOME)
    assert {row.key for row in found} == {(HASH, one.problem_id, one.index) for one in SOME}


def test_the_first_record_stays_first_though_it_is_compacted_while_rows_are_read(
    tmp_path: Path,
) -> None:
    book = sample_ledger(tmp_path)
    write(book, [make("p", 0)])
    write(book, [make("p", 1, "first")])
    living = book.journal()
    living.append(pack_sample(make("p", 2)))
    write(book, [make("p", 1, "second")])
    rows = book.rows()
    found = [next(rows)]  # the second segment is not open yet
    Ledger(SAMPLES, book.segments, book.parts).compact()
    found += rows
    living.close()
    assert [(row.index, row.output) for row in found if isinstance(row, SampleRow)] == [
        (0, ""),
        (1, "first"),
        (2, ""),
    ]


def test_what_readers_make_of_all_parts_is_read_again_when_they_change(tmp_path: Path) -> None:
    book = score_ledger(tmp_path)
    store(book, [(0, RIGHT)])
    book.compact()
    calls: list[int] = []

    def look(paths: Sequence[Path]) -> int:
        calls.append(len(paths))
        for at in {1: (1, 2), 2: (3,)}.get(len(calls), ()):  # the second time, all are merged
            store(book, [(at, RIGHT)])
            book.compact()
        with parquet.connect() as connection:
            query = f"SELECT count(*) FROM {parquet.source(paths, SCORES)}"
            return int(connection.execute(query).fetchall()[0][0])

    assert parquet.settled(book.parts, look) == 4
    assert calls == [1, 3, 1]
    assert verdicts(book) == dict.fromkeys(range(4), True)
