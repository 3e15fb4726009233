import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.errors import FormatError
from topdraw.store.json_rows import json_rows


def _file(tmp_path: Path, data: str | bytes, name: str = "rows.json") -> Path:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def test_lists_and_lines_gzipped_or_not_hold_the_same_rows(tmp_path: Path) -> None:
    rows = [{"a": 1, "t": "x\u2028y"}, {"a": None}]
    listed = json.dumps(rows, indent=1, ensure_ascii=False)
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n\n"
    for data in (listed, lines, "\ufeff" + listed, lines.replace("\n", "\r\n")):
        for packed in (data.encode(), gzip.compress(data.encode())):
            found = json_rows(_file(tmp_path, packed))
            assert [row.fields for row in found] == rows


def test_a_row_knows_its_line(tmp_path: Path) -> None:
    listed = '[\n {"a": 1},\n\n {"a":\n 2}, {"a": 3}\n]\n'
    assert [row.line for row in json_rows(_file(tmp_path, listed))] == [2, 4, 5]
    found = json_rows(_file(tmp_path, '\n{"a": 1}\n\n{"a": 2}'))
    assert [row.line for row in found] == [2, 4]
    assert found[1].where == f"{tmp_path / 'rows.json'}, line 4"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (b"[]", "is empty"),
        (b'{"a": 1}\n{"a": ', "line 2 is not JSON"),
        (b'{"a": 1} {"a": 2}', "line 1 holds more than one JSON value"),
        (b'{"a": 1}\n7', "line 2 is not a JSON object"),
        (b'[{"a": 1},\n 7]', "line 2 is not a JSON object"),
        (b'[{"a": 1},\n {"a" 2}]', "line 2 is not JSON"),
        (b'[{"a": 1},\n\n', "line 3 is not JSON"),
        (b'[{"a": 1}\n', "line 2: the list ends without"),
        (b'[{"a": 1}\n {"a": 2}]', "line 2: the list goes on without"),
        (b'[{"a": 1}]\n\nmore', "line 3: something follows the end"),
        (b'{"a": 1}\n{"a": "\xff"}', "line 2 is not UTF-8"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"a": ' + b"1" * 5000 + b"}", "line 1 is not JSON"),
        (gzip.compress(b'{"a": 1}', mtime=0)[:-9], "cannot be read"),
        (b"\x1f\x8bnope", "cannot be read"),
    ],
)
def test_a_broken_file_is_one_sentence_with_its_line(
    tmp_path: Path, data: bytes, said: str
) -> None:
    with pytest.raises(FormatError, match=said) as caught:
        json_rows(_file(tmp_path, data))
    assert "\n" not in caught.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"gone\.json cannot be read"):
        json_rows(tmp_path / "gone.json")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.lists(st.dictionaries(st.text(), _json, max_size=4), min_size=1, max_size=5), st.booleans()
)
def test_what_json_writes_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]], spread: bool
) -> None:
    path = tmp_path_factory.mktemp("rows") / "rows.json"
    path.write_text(json.dumps(rows, indent=2 if spread else None))
    assert [row.fields for row in json_rows(path)] == rows
    path.write_text("\n".join(map(json.dumps, rows)))
    assert [row.fields for row in json_rows(path)] == rows
