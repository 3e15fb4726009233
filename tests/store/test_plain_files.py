import csv
import datetime
import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.made_tables import SUFFIXES, write_table

from topdraw.errors import FormatError
from topdraw.store import plain_files
from topdraw.store.plain_files import RawTable, read_raw

ROWS = [
    {"problem": "a, b", "note": 'says "no"\nand more', "number": 1},
    {"problem": "ä\u2028\U0001f600", "note": "", "number": 22},
    {"problem": "'", "note": "\t", "number": 333},
]


def _cells(table: RawTable, name: str) -> list[object]:
    raw = table.columns[name]
    return [None if code < 0 else raw.words[code] for code in raw.codes.tolist()]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_kind_of_file_gives_the_same_cells(tmp_path: Path, suffix: str) -> None:
    table = read_raw(write_table(tmp_path / f"t{suffix}", ROWS), {})
    assert list(table.columns) == ["problem", "note", "number"]
    assert _cells(table, "problem") == [row["problem"] for row in ROWS]
    assert _cells(table, "note") == ['says "no"\nand more', None, "\t"]
    assert [int(str(one)) for one in _cells(table, "number")] == [1, 22, 333]


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), max_size=9)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=9), batch=st.integers(1, 4))
def test_any_text_comes_back_from_csv_and_json_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[tuple[str, str]], batch: int
) -> None:
    monkeypatch.setattr(plain_files, "_BATCH", batch)
    for suffix in (".csv", ".jsonl"):
        path = write_table(tmp_path / f"t{suffix}", [{"one": a, "two": b} for a, b in rows])
        table = read_raw(path, {})
        assert _cells(table, "one") == [a or None for a, _ in rows]
        assert _cells(table, "two") == [b or None for _, b in rows]


def test_lines_are_those_that_rows_begin_in(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('x,y\n"1\n2",3\n\n4,5\n')
    assert read_raw(path, {}).lines.tolist() == [2, 5]
    assert read_raw(path, {}).where(1) == f"{path}, line 5"


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    for suffix, text in ((".csv", "x,y\n1,2\n"), (".jsonl", '{"x":1,"y":2}\n')):
        path = tmp_path / f"t{suffix}"
        path.write_bytes(b"\xef\xbb\xbf" + text.encode())
        assert list(read_raw(path, {}).columns) == ["x", "y"]
    path = tmp_path / "t.json"
    path.write_bytes(b'\xef\xbb\xbf[{"x":1}]')
    assert list(read_raw(path, {}).columns) == ["x"]


def test_semicolons_separate_too(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x;y\n1;2\n")
    assert _cells(read_raw(path, {}), "y") == ["2"]


def test_rows_of_json_may_lack_columns_and_bring_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_files, "_BATCH", 1)
    path = tmp_path / "t.jsonl"
    path.write_text('{"x":1}\n\n{"y":2}\n{"x":3}\n')
    table = read_raw(path, {})
    assert _cells(table, "x") == [1, None, 3]
    assert _cells(table, "y") == [None, 2, None]
    assert table.lines.tolist() == [1, 3, 4]


def test_json_of_python_is_read_with_its_nan_and_lone_surrogates(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"x": NaN, "y": "\\ud800", "z": true, "n": null}\n{"x": 1e999}\n')
    table = read_raw(path, {})
    assert _cells(table, "x") == [None, float("inf")]
    assert _cells(table, "y") == ["\ud800", None]
    assert _cells(table, "z") == ["true", None]
    assert _cells(table, "n") == [None, None]


def test_a_row_of_lists_is_a_row_for_each_entry(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    row = {"id": 7, "correct": [True, False], "reward": [[0.5], [1]], "tags": ["p", "q", "r"]}
    path.write_text(json.dumps(row) + "\n")
    table = read_raw(path, {})
    assert _cells(table, "id") == [7, 7]
    assert _cells(table, "correct") == ["true", "false"]
    assert _cells(table, "reward") == [0.5, 1]
    assert _cells(table, "tags") == ['["p", "q", "r"]'] * 2
    assert table.lines.tolist() == [1, 1]


def test_beside_counts_a_list_of_samples_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(json.dumps({"id": 7, "n": 2, "c": 1, "samples": ["x", "y"]}) + "\n")
    assert _cells(read_raw(path, {}), "n") == [2]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("t.txt", b"x", r"its name does not say.*\.csv, \.tsv"),
        ("t", b"x", r"its name does not say"),
        ("t.gz", b"x", r"its name does not say"),
        ("t.csv", b"", r"is empty: its first line"),
        ("t.csv", b"\n", r"is empty: its first line"),
        ("t.csv", b"x,y\n1,2,3\n", r"line 2 has 3 cells; the first line names 2 columns"),
        ("t.csv", b"x,y\n1\n", r"line 2 has 1 cells"),
        ("t.csv", b"x,x\n1,2\n", r"two columns named 'x'"),
        ("t.csv", b'x,y\n"1,2\n', r"line \d is not CSV"),
        ("t.csv", b"x,y\n\xff,2\n", r"is not UTF-8"),
        ("t.csv", b"\xff\xfex\x00", r"is not UTF-8"),
        ("t.jsonl", b'{"x":1}\nnope\n', r"line 2 is not JSON"),
        ("t.jsonl", b"[1]\n", r"line 1 is not a JSON object"),
        ("t.jsonl", b'{"x": "\xff"}\n', r"not UTF-8|not JSON"),
        ("t.jsonl", b"[" * 100_000, r"line 1 is not JSON"),
        ("t.json", b"[1, 2]", r"not all its entries are objects"),
        ("t.json", b"[{]", r"is not JSON"),
        ("t.json", b"nope", r"line 1 is not JSON"),
        ("t.jsonl", b'{"id":1,"correct":[1],"reward":[1,2]}\n', r"line 1 has lists of different"),
        ("t.parquet", b"nothing", r"is not a Parquet table"),
        ("t.csv.gz", b"nothing", r"cannot be read"),
        ("t.csv.gz", gzip.compress(b"x,y\n1,2\n", mtime=0)[:-6], r"cannot be read"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FormatError, match=told) as caught:
        read_raw(path, {})
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_cell_may_be_longer_than_the_csv_module_allows_and_its_limit_stays(
    tmp_path: Path,
) -> None:
    before = csv.field_size_limit()
    path = tmp_path / "t.csv"
    path.write_text(f"x,y\n{'a' * 300_000},2\n")
    assert _cells(read_raw(path, {}), "x") == ["a" * 300_000]
    assert csv.field_size_limit() == before


def test_parquet_keeps_its_order_and_kinds(tmp_path: Path) -> None:
    rows = [{"id": at, "ok": at % 2 == 0, "x": None if at else 0.5} for at in range(50_000)]
    table = read_raw(write_table(tmp_path / "it's [a] t?.parquet", rows), {})
    assert _cells(table, "id") == list(range(50_000))
    assert _cells(table, "ok")[:2] == ["true", "false"]
    assert _cells(table, "x")[:2] == [0.5, None]
    assert table.where(0).endswith("row 1")


def test_dates_and_decimals_of_parquet_are_read_as_they_are_written(tmp_path: Path) -> None:
    rows = [{"id": datetime.date(2026, 11, 20), "n": Decimal("5.00")}]
    table = read_raw(write_table(tmp_path / "t.parquet", rows), {})
    assert _cells(table, "id") == ["2026-11-20"]
    assert float(str(_cells(table, "n")[0])) == 5


def test_blank_lines_are_no_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_files, "_BATCH", 1)
    path = tmp_path / "t.csv"
    path.write_text("x\n\n1\n\n\n2\n")
    assert read_raw(path, {}).lines.tolist() == [3, 6]


def test_an_empty_parquet_table_has_its_columns(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"id": pa.array([], pa.int64())}), path)
    assert list(read_raw(path, {}).columns) == ["id"]
