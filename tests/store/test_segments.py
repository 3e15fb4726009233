from __future__ import annotations

import errno
import fcntl
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.errors import StoreError
from topdraw.store import segments as segments_module
from topdraw.store.segments import (
    blocks,
    frame,
    is_at,
    is_whole,
    listed,
    lock,
    put_aside,
    read_segment,
    read_segments,
    recover,
    scan,
    sealed_segments,
    segments,
    write_atomically,
)

bodies = st.lists(
    st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=20).map(
        lambda text: b"{" + text.encode() + b"}"
    ),
    min_size=1,
    max_size=6,
)
OPEN = "00001-abcd1234-0000.open.jsonl"
SEALED = "00001-abcd1234-0000.jsonl"
TORN = "00001-abcd1234-0000.torn"


@given(bodies)
def test_framed_records_are_whole(records: list[bytes]) -> None:
    found = scan(b"".join(map(frame, records)))
    assert found.whole == [frame(record)[:-1] for record in records]
    assert not found.damaged
    assert all(map(is_whole, found.whole))


@given(bodies, st.data())
def test_any_flipped_bit_is_found_and_costs_one_record(
    records: list[bytes], data: st.DataObject
) -> None:
    lines = list(map(frame, records))
    hit = data.draw(st.integers(0, len(lines) - 1))
    at = data.draw(st.integers(0, len(lines[hit]) - 2))  # its newline apart
    bit = data.draw(st.integers(0, 7))
    line = bytearray(lines[hit])
    line[at] ^= 1 << bit
    found = scan(b"".join([*lines[:hit], bytes(line), *lines[hit + 1 :]]))
    assert found.whole == [line[:-1] for at, line in enumerate(lines) if at != hit]
    assert found.damaged


@given(bodies, st.integers(1, 40), st.booleans())
def test_blocks_of_any_size_hold_all_lines(records: list[bytes], size: int, ends: bool) -> None:
    data = b"".join(map(frame, records))[: None if ends else -1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments_module, "_BLOCK", size)
        found = list(blocks(io.BytesIO(data)))
    lines = [line for block in found for line in block.lines]
    assert lines == [frame(record)[:-1] for record in records]
    assert [block.is_ended for block in found if not block.is_ended] == [False] * (not ends)


@given(bodies, st.integers(0, 10_000))
def test_a_cut_anywhere_keeps_every_completed_record(records: list[bytes], cut: int) -> None:
    lines = list(map(frame, records))
    data = b"".join(lines)
    cut %= len(data) + 1
    found = scan(data[:cut])
    ends = [sum(map(len, lines[: at + 1])) for at in range(len(lines))]
    assert len(found.whole) == sum(end <= cut for end in ends)
    assert found.is_cuttable


@pytest.mark.slow
def test_recovery_at_every_byte_of_the_last_records(tmp_path: Path) -> None:
    lines = [frame(b'{"problem_id":"p","index":%d}' % at) for at in range(5)]
    data = b"".join(lines)
    kept = len(b"".join(lines[:3]))
    for cut in range(kept, len(data) + 1):
        folder = tmp_path / str(cut)
        folder.mkdir()
        (folder / OPEN).write_bytes(data[:cut])
        messages = recover(folder)
        whole = 3 + (cut >= kept + len(lines[3])) + (cut == len(data))
        assert (folder / SEALED).read_bytes() == b"".join(lines[:whole])
        torn = data[len(b"".join(lines[:whole])) : cut]
        assert bool(messages) == bool(torn)
        assert not torn or (folder / TORN).read_bytes() == torn.rstrip(b"\n") + b"\n"
        assert segments(folder) == sealed_segments(folder) == [folder / SEALED]
        assert recover(folder) == []


def test_recovery_takes_damage_out_of_the_middle_and_says_so(tmp_path: Path) -> None:
    lines = [frame(b'{"a":%d}' % at) for at in range(4)]
    bad = lines[1].replace(b"1", b"7", 1)
    (tmp_path / OPEN).write_bytes(lines[0] + bad + lines[2] + lines[3] + b"half")
    (message,) = recover(tmp_path)
    assert "2 damaged record(s)" in message
    assert TORN in message
    assert (tmp_path / SEALED).read_bytes() == lines[0] + lines[2] + lines[3]
    assert (tmp_path / TORN).read_bytes() == bad + b"half\n"


def test_what_was_put_aside_stays_when_more_is(tmp_path: Path) -> None:
    for _ in range(2):
        torn = put_aside(tmp_path / OPEN, [b"first"])
        assert torn == tmp_path / TORN
        assert torn.read_bytes() == b"first\n"
    put_aside(tmp_path / SEALED, [b"second", b"third"])
    assert torn.read_bytes() == b"first\nsecond\nthird\n"


def test_recovery_leaves_no_empty_segment(tmp_path: Path) -> None:
    (tmp_path / OPEN).write_bytes(b"")
    assert recover(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_recovery_leaves_a_living_writer_alone(tmp_path: Path) -> None:
    path = tmp_path / OPEN
    path.write_bytes(frame(b"{}") + b"being writt")
    with open(path, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert recover(tmp_path) == []
        assert path.read_bytes().endswith(b"being writt")
        assert list(read_segments(tmp_path, [])) == [frame(b"{}")[:-1]]
    assert len(recover(tmp_path)) == 1


def test_without_locks_writers_write_and_recovery_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(fd: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    path = tmp_path / OPEN
    path.write_bytes(frame(b"{}") + b"torn")
    monkeypatch.setattr(fcntl, "flock", refuse)
    with open(path, "rb") as file:
        assert lock(file.fileno())
    assert recover(tmp_path) == []
    assert segments(tmp_path) == [path]


def test_a_lock_taken_by_another_is_not_ours(tmp_path: Path) -> None:
    path = tmp_path / OPEN
    path.write_bytes(b"")
    with open(path, "rb") as one, open(path, "rb") as two:
        assert lock(one.fileno())
        assert not lock(two.fileno())
        assert is_at(one.fileno(), path)
        path.unlink()
        assert not is_at(one.fileno(), path)
        path.write_bytes(b"")
        assert not is_at(one.fileno(), path)


def test_a_segment_gone_while_others_recover_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments_module, "segments", lambda folder: [tmp_path / OPEN])
    assert recover(tmp_path) == []
    assert listed(tmp_path) == [tmp_path / OPEN]
    assert list(read_segments(tmp_path, [])) == []
    with pytest.raises(FileNotFoundError):
        list(read_segment(tmp_path / OPEN, []))


def test_recovery_that_cannot_write_says_so(tmp_path: Path) -> None:
    (tmp_path / OPEN).mkdir()
    with pytest.raises(StoreError, match="could not be recovered"):
        recover(tmp_path)


def test_a_read_only_folder_is_read_without_recovery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, flags: int) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    (tmp_path / OPEN).write_bytes(frame(b"{}") + b"torn")
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        assert recover(tmp_path) == []
    assert list(read_segments(tmp_path, [])) == [frame(b"{}")[:-1]]


def test_a_segment_sealed_while_it_is_read_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / SEALED).write_bytes(frame(b"{}"))
    monkeypatch.setattr(segments_module, "segments", lambda folder: [tmp_path / OPEN])
    assert list(read_segments(tmp_path, [])) == [frame(b"{}")[:-1]]


def test_damage_in_a_sealed_segment_is_noted_once_and_left_out(tmp_path: Path) -> None:
    good = frame(b'{"a":1}')
    (tmp_path / SEALED).write_bytes(good + b"rubbish\n" + good)
    notes: list[str] = []
    for _ in range(2):
        assert list(read_segments(tmp_path, notes)) == [good[:-1]] * 2
    assert notes == [f"{SEALED}: 1 damaged record(s) left out."]


def test_no_folder_means_no_segments(tmp_path: Path) -> None:
    assert segments(tmp_path / "none") == []
    assert recover(tmp_path / "none") == []
    assert list(read_segments(tmp_path / "none", [])) == []


def test_other_files_are_no_segments(tmp_path: Path) -> None:
    for name in ("x.jsonl", "notes.txt", TORN, ".00001-ab-0000.jsonl.tmp"):
        (tmp_path / name).write_bytes(b"x\n")
    assert segments(tmp_path) == []


def test_an_atomic_write_replaces_or_leaves(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    (tmp_path / "folder" / "full").mkdir(parents=True)
    with pytest.raises(StoreError, match="could not be written"):
        write_atomically(tmp_path / "folder", b"x")
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]
