"""Rows of one file: the same table in every format, odd bytes, and broken rows with their line."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from topdraw.core.records import Json
from topdraw.errors import ConfigError, FormatError
from topdraw.tasks.files import kind_of, read_file

Rows = Sequence[Mapping[str, str]]

_CELL = st.text(max_size=12).filter(lambda text: "\0" not in text)
_ROWS = st.lists(st.fixed_dictionaries({"q": _CELL, "a": _CELL.filter(bool)}), min_size=1)


def _jsonl(rows: Rows) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def _csv(rows: Rows, delimiter: str = ",") -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


_WRITERS: dict[str, Callable[[Rows], bytes]] = {
    "t.jsonl": _jsonl,
    "t.ndjson": _jsonl,
    "t.json": lambda rows: json.dumps(rows).encode(),
    "lines.json": _jsonl,
    "t.csv": _csv,
    "t.tsv": lambda rows: _csv(rows, "\t"),
}


@pytest.mark.parametrize("name", _WRITERS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_ROWS, mark=st.booleans(), packed=st.booleans(), turned=st.booleans())
def test_every_format_gives_the_same_rows(
    tmp_path: Path, name: str, rows: list[dict[str, str]], mark: bool, packed: bool, turned: bool
) -> None:
    written = [dict(reversed(row.items())) for row in rows] if turned else rows
    data = b"\xef\xbb\xbf" * mark + _WRITERS[name](written)
    path = tmp_path / (name + ".gz" * packed)
    path.write_bytes(gzip.compress(data, 1) if packed else data)
    read = list(read_file(path))
    assert [dict(row.values) for row in read] == rows
    assert [row.number for row in read] == sorted({row.number for row in read})
    assert {row.file for row in read} == {name.split(".")[0]}


def test_line_ends_of_windows(tmp_path: Path) -> None:
    lines, table = tmp_path / "t.jsonl", tmp_path / "t.csv"
    lines.write_bytes(b'{"q": "a"}\r\n\r\n{"q": "b\\r\\n"}\r\n')
    table.write_bytes(b'q,a\r\n"x\r\ny",1\r\n\r\nz,2\r\n')
    assert [(r.number, r.values["q"]) for r in read_file(lines)] == [(1, "a"), (3, "b\r\n")]
    assert [(r.number, r.values["q"]) for r in read_file(table)] == [(2, "x\r\ny"), (5, "z")]


def test_parquet_with_nested_and_odd_cells(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    duckdb.sql(
        "SELECT 'é' AS q, [1, NULL] AS l, {'x': 2.5} AS s, DATE '2024-02-03' AS d,"
        " 1.5::DECIMAL(4, 2) AS m, 3::HUGEINT AS h, 'ab'::BLOB AS b, '\\xFF'::BLOB AS raw,"
        " NULL AS none, MAP {'k': 'v'} AS map"
    ).write_parquet(str(path))
    (row,) = read_file(path)
    assert row.values == {
        "q": "é", "l": [1, None], "s": {"x": 2.5}, "d": "2024-02-03", "m": 1.5, "h": 3,
        "b": "ab", "raw": None, "none": None, "map": {"k": "v"},
    }  # fmt: skip
    assert row.place == f"{path}, row 1"
    json.dumps(row.values)


def test_what_is_no_number_is_no_value(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": NaN, "b": [Infinity, 1]}')
    assert next(read_file(path)).values == {"a": None, "b": [None, 1]}


def test_one_object_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "1.json"
    path.write_text('{\n "problem": "P"\n}')
    assert [row.values for row in read_file(path)] == [{"problem": "P"}]


def test_a_table_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Why?,a,b\n")
    (row,) = read_file(path, header=("q", "A", "B"))
    assert (row.number, row.values) == (1, {"q": "Why?", "A": "a", "B": "b"})


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("t.jsonl", b'{"a": 1}\n{"a"', ["t.jsonl:2", "not JSON"]),
        ("t.jsonl", b'{"a": 1}\n["a"]', ["t.jsonl:2", "not a list"]),
        ("t.jsonl", b"\n3", ["t.jsonl:2", "not 3"]),
        ("t.jsonl", b'{"a": "\xff"}', ["t.jsonl:1", "not UTF-8 (byte 8)"]),
        ("t.jsonl", b"[" * 100_000, ["t.jsonl:1", "nested too deeply"]),
        ("t.json", b'[{"a": 1}, 2]', ["t.json, entry 2", "not 2"]),
        ("t.json", b"[1,", ["t.json: not JSON"]),
        ("t.json", b'{"a": 1}\n{"b', ["t.json:2: not JSON"]),
        ("t.csv", b"a,b\n1,2\n3\n", ["line 3 has 1 cells"]),
        ("t.csv", b'a,b\n1,"2', ["not CSV"]),
        ("t.csv", b"a,b\n1,2\n\xff,2\n", ["t.csv:3: not UTF-8"]),
        ("t.csv", b"a,a\n1,2\n", ["two columns named 'a'"]),
        ("t.csv", b"", ["empty"]),
        ("t.parquet", b"PAR1", ["not a Parquet table"]),
        ("t.arrow", b"nothing", ["no Arrow table"]),
        ("t.jsonl.gz", b"no gzip", ["Cannot read", "t.jsonl.gz"]),
        ("t.txt", b"", ["its name does not say what it is", ".parquet"]),
    ],
)
def test_broken_files_are_one_sentence(
    tmp_path: Path, name: str, data: bytes, words: list[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises((FormatError, ConfigError)) as caught:
        list(read_file(path))
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_cut_gzip_file(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl.gz"
    path.write_bytes(gzip.compress(_jsonl([{"a": str(i)} for i in range(999)]))[:-20])
    with pytest.raises(ConfigError, match="Cannot read"):
        list(read_file(path))


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"There is no file 'no\.csv'"):
        read_file(Path("no.csv"))


def test_cells_longer_than_the_csv_module_likes(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"q\n{'x' * 300_000}\n")
    before = csv.field_size_limit()
    (row,) = read_file(path)
    assert len(str(row.values["q"])) == 300_000
    assert csv.field_size_limit() == before


def test_only_the_rows_asked_for_are_read(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{"a": 1}\n{"broken')
    assert next(read_file(path)).values == {"a": 1}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.csv", ".csv"), ("a.CSV.GZ", ".csv"), ("gz", ""), (".gz", ""), ("a.gz", ""), ("a", "")],
)
def test_what_a_name_says(name: str, kind: str) -> None:
    assert kind_of(name) == kind


def test_arrow_files_of_datasets(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    rows: list[dict[str, Json]] = [{"q": "a", "l": ["x"]}, {"q": "b", "l": []}]
    datasets.Dataset.from_list(rows).save_to_disk(str(tmp_path / "d"))
    (path,) = (tmp_path / "d").glob("*.arrow")
    assert [row.values for row in read_file(path)] == rows
