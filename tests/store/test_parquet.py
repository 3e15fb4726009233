from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.strategies import HOSTILE, make

from topdraw.core.records import Sample, Score
from topdraw.errors import StoreError
from topdraw.store import parquet
from topdraw.store.ledger import Ledger
from topdraw.store.rows import (
    SAMPLES,
    SCORES,
    Kind,
    SampleRow,
    pack_sample,
    pack_score,
    unpack_sample,
)
from topdraw.store.segments import frame, sealed_segments, segments


class Killed(BaseException):
    """Stands for SIGKILL: no handler of ours may run after it."""


def ledger(folder: Path) -> Ledger:
    return Ledger(SAMPLES, folder / "segments", folder / "samples")


def write(book: Ledger, samples: list[Sample]) -> None:
    journal = book.journal()
    for sample in samples:
        journal.append(pack_sample(sample))
    journal.close()


def read(book: Ledger) -> list[Sample]:
    rows = [row for row in book.rows() if isinstance(row, SampleRow)]
    return sorted(map(unpack_sample, rows), key=lambda one: (one.problem_id, one.index))


def rows_in_parts(book: Ledger) -> int:
    return sum(1 for _ in parquet.select(book.parts, book.kind))


SOME = [make(problem, at, f"{problem}{at}") for problem in ("a", "b") for at in range(5)]


def test_compaction_moves_everything_into_one_sorted_part(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    write(book, SOME[::-1])
    book.compact()
    assert [path.name for path in parquet.parts(book.parts)] == ["part-00000.parquet"]
    assert segments(book.segments) == []
    assert [row[:2] for row in parquet.select(book.parts, SAMPLES)] == [
        (sample.problem_id, sample.index) for sample in SOME
    ]
    assert read(book) == SOME


def test_compacting_nothing_leaves_nothing(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    book.compact()
    assert list(tmp_path.iterdir()) == []


def test_hostile_text_survives_compaction(tmp_path: Path) -> None:
    samples = [make(text, at, text) for at, text in enumerate(HOSTILE)]
    book = ledger(tmp_path)
    write(book, samples)
    before = read(book)
    book.compact()
    assert read(book) == before == sorted(samples, key=lambda one: (one.problem_id, one.index))


def test_folder_names_that_look_like_patterns_or_sql(tmp_path: Path) -> None:
    book = ledger(tmp_path / "it's [a] *run* {x} ?")
    write(book, SOME)
    book.compact()
    assert read(book) == SOME


def test_a_record_longer_than_the_databases_default(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    huge = make("p", 0, "x" * (20 << 20))
    write(book, [huge, make("p", 1)])
    book.compact()
    assert read(book) == [huge, make("p", 1)]


def test_the_first_record_of_a_key_is_kept(tmp_path: Path) -> None:
    book = ledger(tmp_path)
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


def test_a_living_writer_is_not_compacted(tmp_path: Path) -> None:
    book = ledger(tmp_path)
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
    book = ledger(tmp_path)
    write(book, SOME[:3])
    (path,) = sealed_segments(book.segments)
    data = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([data[0], data[1].replace(b"a1", b"a7"), data[2], b""]))
    book.compact()
    assert read(book) == [SOME[0], SOME[2]]
    assert "1 damaged record(s)" in book.notes[0]
    assert b"a7" in path.with_suffix(".torn").read_bytes()


def test_a_segment_of_nothing_but_damage(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    write(book, SOME[:1])
    (path,) = sealed_segments(book.segments)
    path.write_bytes(b"rubbish\n")
    book.compact()
    assert parquet.parts(book.parts) == []
    assert path.with_suffix(".torn").read_bytes() == b"rubbish\n"


def test_large_runs_make_several_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP_BYTES", 1)
    book = ledger(tmp_path)
    for sample in SOME:
        write(book, [sample])
    book.compact()
    assert len(parquet.parts(book.parts)) == len(SOME)
    assert read(book) == SOME


def killing(monkeypatch: pytest.MonkeyPatch, at: int, after: bool) -> list[int]:
    """Kill at the at-th step that touches the disk, before or after it happens."""
    calls: list[int] = []

    def step(real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **named: object) -> object:
            calls.append(1)
            if len(calls) == at and not after:
                raise Killed
            result = real(*args, **named)
            if len(calls) == at:
                raise Killed
            return result

        return call

    monkeypatch.setattr(os, "fsync", step(os.fsync))
    monkeypatch.setattr(os, "rename", step(os.rename))
    monkeypatch.setattr(Path, "unlink", step(Path.unlink))
    monkeypatch.setattr(Path, "write_bytes", step(Path.write_bytes))
    monkeypatch.setattr(parquet, "_copy", step(parquet._copy))
    return calls


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True])
def test_a_kill_at_any_step_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    for at in range(1, 50):
        book = ledger(tmp_path / str(at))
        write(book, SOME[:4])
        book.compact()
        write(book, [SOME[0], *SOME[4:7]])  # one duplicate, so that a draft is made
        write(book, SOME[7:])
        with monkeypatch.context() as patch:
            calls = killing(patch, at, after)
            try:
                book.compact()
                finished = True
            except Killed:
                finished = False
        assert read(book) == SOME
        assert len(book.keys()) == len(SOME)
        book.compact()
        assert read(book) == SOME
        assert rows_in_parts(book) == len(SOME)
        assert not list(book.parts.glob(".draft*"))
        assert segments(book.segments) == []
        if finished:
            assert len(calls) < at
            break
    assert 8 < at < 49


def test_a_disk_that_fails_leaves_the_segments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(old: object, new: object) -> None:
        raise OSError(28, "No space left on device")

    book = ledger(tmp_path)
    write(book, SOME)
    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", refuse)
        with pytest.raises(StoreError, match="No space left"):
            book.compact()
    assert read(book) == SOME
    assert len(sealed_segments(book.segments)) == 1
    assert not list(book.parts.glob("*.parquet"))
    assert not list(book.parts.glob(".draft*"))


def test_a_folder_that_cannot_be_made_leaves_the_segments(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    write(book, SOME)
    book.parts.write_bytes(b"")
    with pytest.raises(StoreError, match="could not be compacted"):
        book.compact()
    assert len(sealed_segments(book.segments)) == 1


def test_a_record_the_database_cannot_read_leaves_the_segments(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    write(book, SOME)
    extra = frame(b'{"problem_id":"p","index":0,"sampler":"s","output":"x","seed":"many"}')
    (path,) = sealed_segments(book.segments)
    path.write_bytes(path.read_bytes() + extra)
    with pytest.raises(StoreError, match="could not be compacted"):
        book.compact()
    assert path.exists()
    with pytest.raises(StoreError, match="cannot read"):
        list(book.rows())


def test_a_damaged_part_is_a_clear_error(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    write(book, SOME)
    book.compact()
    (path,) = parquet.parts(book.parts)
    path.write_bytes(b"PAR1 not really")
    with pytest.raises(StoreError, match="cannot be read"):
        list(book.rows())


def test_a_short_part_is_never_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = parquet._copy

    def short(group: parquet._Group, draft: Path, kind: Kind) -> str:
        return real(group, draft, kind).replace("ORDER BY", "WHERE index > 0 ORDER BY", 1)

    book = ledger(tmp_path)
    write(book, SOME)
    with monkeypatch.context() as patch:
        patch.setattr(parquet, "_copy", short)
        with pytest.raises(StoreError, match="instead of 10"):
            book.compact()
    assert read(book) == SOME
    assert parquet.parts(book.parts) == []


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


def test_a_missing_score_gives_way_to_a_real_one(tmp_path: Path) -> None:
    book = Ledger(SCORES, tmp_path / "segments", tmp_path)
    sample = make("p", 0)
    for score, shown in (
        (Score.missing("down"), True),
        (Score.verdict(True), False),
        (Score.missing("down again"), False),
        (Score.verdict(False), False),
    ):
        journal = book.journal()
        journal.append(pack_score(sample, score))
        journal.close()
        (row,) = book.rows()
        assert row.missing == shown
        book.compact()
        (row,) = book.rows()
        assert row.missing == shown
    assert getattr(row, "passed", None) is True
    assert rows_in_parts(book) == 1


def store(book: Ledger, scored: list[tuple[int, Score]]) -> None:
    journal = book.journal()
    for at, score in scored:
        journal.append(pack_score(make("p", at), score))
    journal.close()


def verdicts(book: Ledger) -> dict[int, bool | None]:
    return {row.index: getattr(row, "passed", None) for row in book.rows()}


def indices_in_parts(book: Ledger) -> list[list[int]]:
    return [
        [row[0] for row in parquet.connect().execute(f"SELECT index FROM '{path}'").fetchall()]
        for path in parquet.parts(book.parts)
    ]


MISSING, RIGHT, WRONG = Score.missing("down"), Score.verdict(True), Score.verdict(False)


def test_what_a_real_score_superseded_leaves_the_parts(tmp_path: Path) -> None:
    book = Ledger(SCORES, tmp_path / "segments", tmp_path)
    store(book, [(at, MISSING if at % 2 else RIGHT) for at in range(6)])
    book.compact()
    store(book, [(9, MISSING), (5, RIGHT)])
    store(book, [(1, WRONG), (1, RIGHT), (9, WRONG)])
    book.compact()
    assert verdicts(book) == {0: True, 1: False, 2: True, 3: None, 4: True, 5: True, 9: False}
    assert indices_in_parts(book) == [[0, 2, 3, 4], [1, 5, 9]]
    store(book, [(0, WRONG), (3, MISSING)])
    before = [path.stat().st_ino for path in parquet.parts(book.parts)]
    book.compact()
    assert [path.stat().st_ino for path in parquet.parts(book.parts)] == before


def test_a_part_of_which_nothing_is_left_stays_as_an_empty_file(tmp_path: Path) -> None:
    book = Ledger(SCORES, tmp_path / "segments", tmp_path)
    for score in (MISSING, RIGHT):
        store(book, [(0, score), (1, score)])
        book.compact()
    assert indices_in_parts(book) == [[], [0, 1]]
    assert verdicts(book) == {0: True, 1: True}


def test_a_sample_in_two_parts_is_left_in_the_first(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    write(book, SOME[:4])
    book.compact()
    (part,) = parquet.parts(book.parts)
    part.with_name("part-00007.parquet").write_bytes(part.read_bytes())
    write(book, SOME[4:])
    book.compact()
    assert rows_in_parts(book) == len(SOME)
    assert read(book) == SOME


def test_hostile_ids_are_told_apart_when_a_part_is_rewritten(tmp_path: Path) -> None:
    book = Ledger(SCORES, tmp_path / "segments", tmp_path)
    ids = ["\ud800", "\ud801", "\ufffd"]  # one text once made safe
    for scored in ([(key, MISSING) for key in ids], [(ids[1], RIGHT)]):
        journal = book.journal()
        for key, score in scored:
            journal.append(pack_score(make(key, 0), score))
        journal.close()
        book.compact()
    assert {row.key[1]: row.missing for row in book.rows()} == {
        ids[0]: True, ids[1]: False, ids[2]: True
    }  # fmt: skip
    assert [len(one) for one in indices_in_parts(book)] == [2, 1]


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True])
def test_a_kill_while_parts_are_rewritten_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    wanted = {0: True, 1: False, 2: None, 3: True, 4: False}
    for at in range(1, 50):
        book = Ledger(SCORES, tmp_path / str(at) / "segments", tmp_path / str(at))
        store(book, [(0, RIGHT), (1, MISSING), (2, MISSING)])
        book.compact()
        store(book, [(3, MISSING)])
        book.compact()
        store(book, [(4, MISSING), (1, WRONG), (3, RIGHT), (4, WRONG)])
        with monkeypatch.context() as patch:
            calls = killing(patch, at, after)
            try:
                book.compact()
                finished = True
            except Killed:
                finished = False
        assert verdicts(book) == wanted
        store(book, [(0, WRONG)])
        book.compact()
        assert verdicts(book) == wanted
        assert sorted(at for part in indices_in_parts(book) for at in part) == sorted(wanted)
        assert not list(book.parts.glob(".draft*"))
        assert segments(book.segments) == []
        if finished:
            assert len(calls) < at
            break
    assert 10 < at < 49


def test_a_part_that_cannot_be_rewritten_leaves_the_segments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Ledger(SCORES, tmp_path / "segments", tmp_path)
    store(book, [(0, MISSING)])
    book.compact()
    store(book, [(0, RIGHT)])
    real = os.rename

    def refuse(old: Path, new: Path) -> None:
        if new.name == "part-00000.parquet":
            raise OSError(28, "No space left on device")
        real(old, new)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", refuse)
        with pytest.raises(StoreError, match="No space left"):
            book.compact()
    assert len(sealed_segments(book.segments)) == 1
    assert verdicts(book) == {0: True}
    book.compact()
    assert indices_in_parts(book) == [[], [0]]


def test_a_part_that_came_while_others_were_read_is_read_too(tmp_path: Path) -> None:
    book = Ledger(SCORES, tmp_path / "segments", tmp_path)
    store(book, [(0, MISSING)])
    book.compact()
    store(book, [(1, MISSING)])
    book.compact()
    rows = parquet.select(book.parts, SCORES)
    seen = [next(rows)]
    store(book, [(1, RIGHT)])
    book.compact()
    seen += rows
    assert [row[1] for row in seen] == [0, 1]
