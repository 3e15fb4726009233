from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest
from tests.store.ledgers import (
    MISSING,
    RIGHT,
    SOME,
    WRONG,
    append,
    indices_in_parts,
    read,
    rows_in_parts,
    sample_ledger,
    score_ledger,
    store,
    verdicts,
    write,
)
from tests.store.strategies import HASH, HOSTILE, make

from topdraw.core.records import Sample, Score
from topdraw.errors import StoreError
from topdraw.store import compaction, merging, parquet, replacing
from topdraw.store.compaction import waiting
from topdraw.store.ledger import Ledger
from topdraw.store.rows import SAMPLES, pack_sample, pack_score
from topdraw.store.segments import frame, sealed_segments, segments


def test_compaction_moves_everything_into_one_sorted_part(tmp_path: Path) -> None:
    book = sample_ledger(tmp_path)
    write(book, SOME[::-1])
    book.compact()
    assert [path.name for path in parquet.parts(book.parts)] == ["part-00000.parquet"]
    assert segments(book.segments) == []
    assert [row[:2] for row in parquet.select(book.parts, SAMPLES)] == [
        (sample.problem_id, sample.index) for sample in SOME
    ]
    assert read(book) == SOME


def test_compacting_nothing_leaves_nothing(tmp_path: Path) -> None:
    sample_ledger(tmp_path).compact()
    assert list(tmp_path.iterdir()) == []


def test_hostile_text_survives_compaction(tmp_path: Path) -> None:
    samples = [make(text, at, text) for at, text in enumerate(HOSTILE)]
    book = sample_ledger(tmp_path)
    write(book, samples)
    before = read(book)
    book.compact()
    assert read(book) == before == sorted(samples, key=lambda one: (one.problem_id, one.index))


def test_folder_names_that_look_like_patterns_or_sql(tmp_path: Path) -> None:
    book = sample_ledger(tmp_path / "it's [a] *run* {x} ?")
    for some in (SOME[:6], SOME[4:]):
        write(book, some)
        book.compact()
    assert read(book) == SOME
    assert rows_in_parts(sample_ledger(tmp_path / "none")) == 0


def test_a_record_longer_than_the_databases_default(tmp_path: Path) -> None:
    book = sample_ledger(tmp_path)
    huge = make("p", 0, "x" * (20 << 20))
    write(book, [huge, make("p", 1)])
    book.compact()
    assert read(book) == [huge, make("p", 1)]


def test_the_first_record_of_a_key_is_kept(tmp_path: Path) -> None:
    book = sample_ledger(tmp_path)
    first, second, third = (make("p", 0, text) for text in ("first", "second", "third"))
    write(book, [first, second])
    write(book, [third, make("p", 1)])
    assert read(book) == [first, make("p", 1)]
    book.compact()
    write(book, [third])
    assert read(book) == [first, make("p", 1)]
    book.compact()
    assert read(book) == [first, make("p", 1)]
    assert rows_in_parts(book) == 2


def test_the_first_record_stays_first_though_its_writer_lives_on(tmp_path: Path) -> None:
    book = sample_ledger(tmp_path)
    write(book, [make("q", 0)])
    living = book.journal()
    living.append(pack_sample(make("p", 0, "first")))
    write(book, [make("p", 0, "second"), make("p", 1)])
    before = read(book)
    assert before[0].output == "first"
    book.compact()
    assert read(book) == before
    assert rows_in_parts(book) == 1  # of "q": what comes after a living writer's segment waits
    assert len(waiting(book.segments)) == 0
    living.close()
    assert len(waiting(book.segments)) == 2
    book.compact()
    assert read(book) == before
    assert rows_in_parts(book) == 3


def test_a_living_writer_is_not_compacted(tmp_path: Path) -> None:
    book = sample_ledger(tmp_path)
    write(book, SOME[:3])
    journal = book.journal()
    journal.append(pack_sample(SOME[3]))
    book.compact()
    assert rows_in_parts(book) == 3
    journal.append(pack_sample(SOME[4]))
    assert read(book) == SOME[:5]
    journal.close()
    book.compact()
    assert read(book) == SOME[:5]


def test_damage_is_put_aside_and_reported(tmp_path: Path) -> None:
    book = sample_ledger(tmp_path)
    write(book, SOME[:3])
    (path,) = sealed_segments(book.segments)
    data = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([data[0], data[1].replace(b"a1", b"a7"), data[2], b""]))
    book.compact()
    assert read(book) == [SOME[0], SOME[2]]
    assert "1 damaged record(s)" in book.notes[0]
    assert b"a7" in path.with_suffix(".torn").read_bytes()


def test_a_segment_of_nothing_but_damage(tmp_path: Path) -> None:
    book = sample_ledger(tmp_path)
    write(book, SOME[:1])
    (path,) = sealed_segments(book.segments)
    path.write_bytes(b"rubbish\n")
    book.compact()
    assert parquet.parts(book.parts) == []
    assert path.with_suffix(".torn").read_bytes() == b"rubbish\n"


def test_large_runs_make_several_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "GROUP_BYTES", 1)
    monkeypatch.setattr(merging, "LARGE_BYTES", 1)
    book = sample_ledger(tmp_path)
    for sample in SOME:
        write(book, [sample])
    book.compact()
    assert len(parquet.parts(book.parts)) == len(SOME)
    assert read(book) == SOME


def test_a_disk_that_fails_leaves_the_segments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(old: object, new: object) -> None:
        raise OSError(28, "No space left on device")

    book = sample_ledger(tmp_path)
    write(book, SOME)
    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", refuse)
        with pytest.raises(StoreError, match="No space left"):
            book.compact()
    assert read(book) == SOME
    assert len(sealed_segments(book.segments)) == 1
    assert not list(book.parts.glob("*.parquet"))
    assert not list(book.parts.glob(".draft*"))
    book.compact()
    assert rows_in_parts(book) == len(SOME)


def test_a_folder_that_cannot_be_made_leaves_the_segments(tmp_path: Path) -> None:
    book = sample_ledger(tmp_path)
    write(book, SOME)
    book.parts.write_bytes(b"")
    with pytest.raises(StoreError, match="could not be compacted"):
        book.compact()
    assert len(sealed_segments(book.segments)) == 1


def test_a_record_the_database_cannot_read_leaves_the_segments(tmp_path: Path) -> None:
    book = sample_ledger(tmp_path)
    write(book, SOME)
    extra = frame(b'{"problem_id":"p","index":0,"sampler":"s","output":"x","seed":"many"}')
    (path,) = sealed_segments(book.segments)
    path.write_bytes(path.read_bytes() + extra)
    with pytest.raises(StoreError, match="could not be compacted"):
        book.compact()
    assert path.exists()
    with pytest.raises(StoreError, match="cannot read"):
        list(book.rows())


def test_a_short_part_is_never_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = compaction._lines
    book = sample_ledger(tmp_path)
    write(book, SOME)
    with monkeypatch.context() as patch:
        patch.setattr(compaction, "_lines", lambda *args: real(*args) + " WHERE index > 0")
        with pytest.raises(StoreError, match="got 8 rows instead of 10"):
            book.compact()
    assert read(book) == SOME
    assert parquet.parts(book.parts) == []


def test_without_locks_segments_stay_and_one_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: object, operation: int) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    book = sample_ledger(tmp_path)
    write(book, SOME)
    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", refuse)
        for _ in range(2):
            book.compact()
    assert len(book.notes) == 1
    assert "no file locks" in book.notes[0]
    assert read(book) == SOME
    assert parquet.parts(book.parts) == []


def test_a_lock_that_fails_otherwise_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: object, operation: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    book = sample_ledger(tmp_path)
    write(book, SOME)
    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StoreError, match="Input/output error"):
        book.compact()


def test_a_missing_score_gives_way_to_a_real_one(tmp_path: Path) -> None:
    book = score_ledger(tmp_path)
    for score, shown in (
        (Score.missing("down"), None),
        (RIGHT, True),
        (Score.missing("down again"), True),
        (WRONG, True),
    ):
        store(book, [(0, score)])
        assert verdicts(book) == {0: shown}
        book.compact()
        assert verdicts(book) == {0: shown}
    assert rows_in_parts(book) == 1


def test_what_a_real_score_superseded_leaves_the_parts(tmp_path: Path) -> None:
    book = score_ledger(tmp_path)
    store(book, [(at, MISSING if at % 2 else RIGHT) for at in range(6)])
    book.compact()
    store(book, [(9, MISSING), (5, RIGHT)])
    store(book, [(1, WRONG), (1, RIGHT), (9, WRONG)])
    book.compact()
    wanted = {0: True, 1: False, 2: True, 3: None, 4: True, 5: True, 9: False}
    assert verdicts(book) == wanted
    assert sorted(indices_in_parts(book)) == [[0, 2, 3, 4], [1, 5, 9]]
    store(book, [(0, WRONG), (3, MISSING)])
    before = parquet.parts(book.parts)
    book.compact()
    assert parquet.parts(book.parts) == before
    assert verdicts(book) == wanted


def test_a_part_of_which_nothing_is_left_goes(tmp_path: Path) -> None:
    book = score_ledger(tmp_path)
    for score in (MISSING, RIGHT):
        store(book, [(0, score), (1, score)])
        book.compact()
    assert indices_in_parts(book) == [[0, 1]]
    assert verdicts(book) == {0: True, 1: True}


def test_a_sample_in_two_parts_is_left_in_one(tmp_path: Path) -> None:
    book = sample_ledger(tmp_path)
    write(book, SOME[:4])
    book.compact()
    (part,) = parquet.parts(book.parts)
    part.with_name("part-00007.parquet").write_bytes(part.read_bytes())
    write(book, SOME[4:])
    book.compact()
    assert rows_in_parts(book) == len(SOME)
    assert read(book) == SOME


def test_hostile_ids_are_told_apart_when_a_part_is_replaced(tmp_path: Path) -> None:
    book = score_ledger(tmp_path)
    ids = ["\ud800", "\ud801", "\ufffd"]  # one text once made safe
    for scored in ([(key, MISSING) for key in ids], [(ids[1], RIGHT)]):
        append(book, [pack_score(make(key, 0), score) for key, score in scored])
        book.compact()
    assert {row.key[1]: row.missing for row in book.rows()} == {
        ids[0]: True, ids[1]: False, ids[2]: True
    }  # fmt: skip
    assert sorted(len(one) for one in indices_in_parts(book)) == [1, 2]


def test_a_part_that_cannot_be_replaced_leaves_the_segments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = score_ledger(tmp_path)
    store(book, [(0, MISSING)])
    book.compact()
    store(book, [(0, RIGHT)])
    real = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.name == "part-00000.parquet":
            raise OSError(5, "Input/output error")
        real(path, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        with pytest.raises(StoreError, match="Input/output error"):
            book.compact()
    assert len(sealed_segments(book.segments)) == 1
    assert verdicts(book) == {0: True}
    book.compact()
    assert indices_in_parts(book) == [[0]]


def test_unknown_fields_stay_and_merging_keeps_them(tmp_path: Path) -> None:
    def line(index: int, more: bytes) -> bytes:
        return b'{"problem_id":"p","index":%d,"sampler":"%b","output":"o"%b}' % (
            index,
            HASH.encode(),
            more,
        )

    later = [b',"mood":"calm","cost":0.5', b',"cost":2,"tags":["a","b"]', b',"it\'s":true', b""]
    book = sample_ledger(tmp_path)
    for at, more in enumerate(later):
        append(book, [line(2 * at, more), line(2 * at + 1, b"")])
        book.compact()
    assert len(parquet.parts(book.parts)) == 1  # merged
    assert read(book) == [Sample("p", at, "o", sampler=HASH) for at in range(8)]
    with parquet.connect() as connection:
        query = f"""SELECT index, mood, cost, tags, "it's" FROM '{book.parts}/*.parquet'"""
        rows = connection.execute(query).fetchall()
    assert rows[0] == (0, "calm", 0.5, None, None)
    assert rows[2] == (2, None, 2.0, '["a","b"]', None)
    assert rows[4] == (4, None, None, None, True)
    assert {row[1:] for row in rows[1::2]} == {(None,) * 4}


def test_many_seals_end_with_few_parts(tmp_path: Path) -> None:
    book = sample_ledger(tmp_path)
    drawn = [make("p", at, f"text {at}") for at in range(40)]
    for sample in drawn:
        write(book, [sample])
        book.compact()
        assert len(parquet.parts(book.parts)) < merging.FAN
    assert read(book) == drawn
    assert rows_in_parts(book) == len(drawn)


def test_parts_of_older_runs_are_merged_though_nothing_is_new(tmp_path: Path) -> None:
    book = sample_ledger(tmp_path)
    write(book, SOME)
    book.compact()
    (part,) = parquet.parts(book.parts)
    with parquet.connect() as connection:
        for at, sample in enumerate(SOME):
            query = f"FROM '{part}' WHERE problem_id = '{sample.problem_id}' AND index = {at % 5}"
            connection.execute(f"COPY ({query}) TO '{book.parts}/part-{at + 1:05d}.parquet'")
    part.unlink()
    book.compact()
    assert len(parquet.parts(book.parts)) == 1
    assert read(book) == SOME


def test_a_compaction_that_is_not_wanted_makes_no_folder(tmp_path: Path) -> None:
    book = Ledger(SAMPLES, tmp_path / "segments", tmp_path / "none")
    assert not replacing.is_unfinished(book.parts)
    book.compact()
    assert not book.parts.exists()
