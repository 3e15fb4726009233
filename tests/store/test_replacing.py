from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.store.ledgers import SOME, read, rows_in_parts, sample_ledger, write

from topdraw.errors import StoreError
from topdraw.store import parquet, replacing
from topdraw.store.digests import FILE, Digests, digest, read_digests, write_digests
from topdraw.store.ledger import Ledger


def two_parts(folder: Path) -> Ledger:
    book = sample_ledger(folder)
    for some in (SOME[:5], SOME[5:]):
        write(book, some)
        book.compact()
    assert len(parquet.parts(book.parts)) == 2
    return book


def merged_draft(book: Ledger) -> Path:
    with parquet.connect() as connection:
        return replacing.combined(connection, parquet.parts(book.parts), book.kind)


def test_digests_say_what_the_parts_look_like(tmp_path: Path) -> None:
    book = two_parts(tmp_path)
    assert read_digests(book.parts) == Digests(
        {path.name: digest(path) for path in parquet.parts(book.parts)}
    )


def test_a_part_takes_the_place_of_others(tmp_path: Path) -> None:
    book = two_parts(tmp_path)
    old = parquet.parts(book.parts)
    replacing.publish(book.parts, merged_draft(book), drops=old)
    (part,) = parquet.parts(book.parts)
    assert part.name == "part-00002.parquet"
    assert read_digests(book.parts) == Digests({part.name: digest(part)})
    assert read(book) == SOME
    assert rows_in_parts(book) == len(SOME)


def test_a_replacement_that_was_not_renamed_is_forgotten(tmp_path: Path) -> None:
    book = two_parts(tmp_path)
    known, draft, old = read_digests(book.parts), merged_draft(book), parquet.parts(book.parts)
    planned = Digests(
        {**known.parts, "part-00002.parquet": digest(draft)},
        ["part-00002.parquet"],
        [path.name for path in old],
    )
    write_digests(book.parts, planned)
    assert replacing.is_unfinished(book.parts)
    assert replacing.finish(book.parts) == []
    assert not replacing.is_unfinished(book.parts)
    assert parquet.parts(book.parts) == old
    assert read_digests(book.parts) == known


def test_a_replacement_that_was_renamed_is_finished(tmp_path: Path) -> None:
    book = two_parts(tmp_path)
    known, draft, old = read_digests(book.parts), merged_draft(book), parquet.parts(book.parts)
    part = book.parts / "part-00002.parquet"
    drops = [path.name for path in old]
    write_digests(
        book.parts, Digests({**known.parts, part.name: digest(draft)}, [part.name], drops)
    )
    draft.rename(part)
    old[0].unlink()  # and one of the old ones was deleted
    assert read(book) == SOME
    book.compact()
    assert parquet.parts(book.parts) == [part]
    assert read_digests(book.parts) == Digests({part.name: digest(part)})


def test_digests_that_cannot_be_read_are_put_aside_and_the_parts_stay(tmp_path: Path) -> None:
    book = two_parts(tmp_path)
    old = parquet.parts(book.parts)
    (book.parts / FILE).write_bytes(b"\x00")
    assert read(book) == SOME
    book.compact()
    assert "_parts.torn" in book.notes[0]
    assert parquet.parts(book.parts) == old
    assert (book.parts / "_parts.torn").read_bytes() == b"\x00"
    write(book, SOME[:1])
    book.compact()
    assert read(book) == SOME


def test_rows_in_two_parts_that_no_digest_tells_of_are_counted_once(tmp_path: Path) -> None:
    book = two_parts(tmp_path)
    shutil.copy(merged_draft(book), book.parts / "part-00002.parquet")
    (book.parts / FILE).unlink()
    assert read(book) == SOME
    write(book, [SOME[0]])
    book.compact()
    assert read(book) == SOME


def test_a_part_of_which_all_rows_go_leaves_no_draft(tmp_path: Path) -> None:
    book = two_parts(tmp_path)
    first, _ = parquet.parts(book.parts)
    with parquet.connect() as connection:
        assert replacing.without(connection, first, [], book.kind) == first
        assert replacing.without(connection, first, list(range(5)), book.kind) is None
        draft = replacing.without(connection, first, [0, 4], book.kind)
        assert draft is not None
        assert replacing.count(connection, draft) == 3


def test_a_draft_with_too_few_rows_is_refused(tmp_path: Path) -> None:
    book = two_parts(tmp_path)
    query = f"SELECT * FROM '{parquet.parts(book.parts)[0]}' WHERE index = 0"
    with parquet.connect() as connection:
        with pytest.raises(StoreError, match="1 rows instead of 2"):
            replacing.write_draft(connection, tmp_path / "draft", query, book.kind, 2)
