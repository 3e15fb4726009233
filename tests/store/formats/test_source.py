import gzip
import json
import os
from pathlib import Path

import pytest
from tests.store.formats.made import document, lines

from topdraw.errors import ConfigError, FormatError
from topdraw.store.formats import source
from topdraw.store.formats.known import recognise
from topdraw.store.formats.protocol import Notes
from topdraw.store.formats.source import open_source


def values(path: Path) -> list[dict[str, object]]:
    return [dict(one.values) for one in open_source(path).records()]


def refused(path: Path) -> str:
    with pytest.raises(FormatError) as caught:
        values(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_lines_a_list_and_an_object_all_give_objects(tmp_path: Path) -> None:
    records = [{"a": 1}, {"a": 2}]
    assert values(lines(tmp_path / "x.jsonl", records)) == records
    assert values(document(tmp_path / "x.json", records)) == records
    assert values(document(tmp_path / "one.json", {"a": 1, "b": {}})) == [{"a": 1, "b": {}}]
    assert values(lines(tmp_path / "one.jsonl", [{"a": 1}])) == [{"a": 1}]


def test_gzip_a_byte_order_mark_and_blank_lines_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(b'\xef\xbb\xbf{"a": 1}\r\n\n  \n{"a": 2}'))
    assert values(path) == [{"a": 1}, {"a": 2}]


def test_what_python_reads_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes('{"a": NaN, "b": "\\ud800", "c": "x\u2028y\x85z"}\n'.encode())
    (found,) = values(path)
    assert repr(found["a"]) == "nan"
    assert found["b"] == "\ud800"
    assert found["c"] == "x\u2028y\x85z"
    listed = tmp_path / "x.json"
    listed.write_text('[{"a": NaN},\n {"a": 1}]')
    assert [repr(one["a"]) for one in values(listed)] == ["nan", "1"]


def test_records_are_counted_with_their_places(tmp_path: Path) -> None:
    notes = Notes()
    path = lines(tmp_path / "x.jsonl", [{"a": 1}, {"a": 2}])
    places = [one.place for one in open_source(path).records(notes)]
    assert places == [f"{path}, line 1", f"{path}, line 2"]
    assert notes.rows == 2


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b'{"a": 1}\n' * 4 + b'{"a": \n', "line 5 is not JSON"),
        (b'{"a": 1}\n{"a": 1', "line 2 is not JSON"),
        (b'{"a": 1}\n[1]\n', "line 2: a JSON object is needed, not a list"),
        (b'{"a": 1}\n7\n', "line 2: a JSON object is needed, not 7"),
        (b'{"a": 1}\n{"a": "\xff"}\n', "line 2 is not UTF-8 (byte 8)"),
        (b'[{"a": 1},\n\n {"a": }]', "line 3 is not JSON"),
        (b'{"a":\n {"b": \n"\xe9"}}', "line 3 is not UTF-8"),
        (b'[{"a": 1}, 3]', "item 2: a JSON object is needed"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "nested too deeply"),
        (b'{"a": NaN, "b": ' + b"9" * 5_000 + b"}\n", "is not JSON"),
        ('{"a": 1}'.encode("utf-16"), "is UTF-16, not UTF-8"),
        ('{"a": 1}'.encode("utf-16-be"), "is UTF-16"),
        (b'{"a": 1}\n{"a": "\x00\x01"}\n', "line 2 is not JSON: a NUL byte at byte 8 of the line"),
        (b'\xef\xbb\xbf{"a": 1}\n' + bytes(9), "line 2 is not JSON: a NUL byte at byte 1 of"),
        (b'[{"a": 1},\n\n {"a": "\x00"}]', "line 3 is not JSON: a NUL byte"),
        (b'{"a": 1}\n' * 9_000 + b'{"a": "\x00"}\n', "line 9001 is not JSON"),
        (b"{\x01\x02\x00", "is a binary file"),
        (b"[\x01\x00", "is a binary file"),
        (b"\x7fELF\x02\x01\x01", "line 1 is not JSON"),
        (b"task_id,completion\na,b\n", "line 1 is not JSON: it begins with 'task_id"),
        (gzip.compress(b'{"a": 1}\n' * 500, mtime=0)[:-9], "is a damaged gzip file"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (b"PAR1" + bytes(64), "cannot be read as Parquet"),
    ],
)
def test_a_broken_file_is_one_sentence_with_its_place(
    tmp_path: Path, data: bytes, told: str
) -> None:
    path = tmp_path / "broken"
    path.write_bytes(data)
    assert told in refused(path)


def test_a_gzip_that_breaks_late_is_named_too(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    text = gzip.compress(b'{"a": "' + os.urandom(300_000).hex().encode() + b'"}\n{"b": 1}\n')
    path.write_bytes(text[: len(text) // 2])
    assert "is a damaged gzip file" in refused(path)


def test_a_folder_and_a_missing_file_say_so(tmp_path: Path) -> None:
    assert "is a folder" in refused(tmp_path)
    with pytest.raises(ConfigError, match="There is no file"):
        open_source(tmp_path / "nothing")


def test_lines_and_documents_have_caps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST_LINE_BYTES", 100)
    monkeypatch.setattr(source, "MOST_DOCUMENT_BYTES", 100)
    assert "line 2 is longer than" in refused(lines(tmp_path / "x", [{}, {"a": "x" * 200}]))
    assert "in one JSON document" in refused(document(tmp_path / "y", [{"a": "x" * 200}]))


def test_an_empty_list_is_told(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="holds no object"):
        recognise(open_source(document(tmp_path / "x", [])))


def test_only_the_head_of_a_file_is_read_to_recognise_it(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a": 1}\n' * 3 + b"broken\n")
    opened = open_source(path)
    assert len(opened.head) == 3
    assert opened.has("a")
    assert not opened.has("a", "b")


@pytest.mark.slow
def test_a_line_of_100_megabytes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"task_id": "a", "completion": "' + b"x" * 100_000_000 + b'"}\n')
    (found,) = values(path)
    assert len(json.dumps(found["completion"])) == 100_000_002
