"""Rows from a path, a folder, the package; what is said when there is none."""

import json
from pathlib import Path

import pytest

from topdraw.core.origin import Origin
from topdraw.errors import ConfigError, DomainError, FormatError
from topdraw.tasks.source import how_to_get, iterate_rows, read_rows

ORIGIN = Origin("quiz", "Questions.", "https://quiz.example/data", "MIT", hub="org/quiz")


def _file(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_file_and_its_folder_are_the_same(tmp_path: Path) -> None:
    path = _file(tmp_path / "test.jsonl", {"q": 1}, {"q": 2}, {"q": 3})
    from_file = read_rows(str(path), ORIGIN)
    assert from_file == read_rows(str(tmp_path), ORIGIN)
    assert from_file[:2] == read_rows(str(path), ORIGIN, problems=2)
    assert list(iterate_rows(str(path), ORIGIN)) == from_file


def test_rows_beyond_those_asked_for_may_be_broken(tmp_path: Path) -> None:
    path = _file(tmp_path / "t.jsonl", {"q": 1}, [])
    assert [row.values for row in read_rows(str(path), ORIGIN, problems=1)] == [{"q": 1}]
    with pytest.raises(FormatError, match=r"t\.jsonl:2"):
        read_rows(str(path), ORIGIN)


def test_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    _file(tmp_path / "t.jsonl", {"q": 1})
    assert len(read_rows("~/t.jsonl", ORIGIN)) == 1


def test_without_a_path_it_says_where_to_get_one() -> None:
    with pytest.raises(ConfigError) as caught:
        read_rows("", ORIGIN)
    said = str(caught.value)
    assert "'quiz' needs its problems" in said
    for word in ("https://quiz.example/data", "-o path=FILE", "org/quiz", "-o path=hf"):
        assert word in said
    assert "hf" not in how_to_get(Origin("amc", "", "https://x.org", ""))


def test_a_task_that_is_not_on_the_hub() -> None:
    with pytest.raises(ConfigError, match=r"'amc' is not on the hub.*https://x\.org"):
        read_rows("hf", Origin("amc", "", "https://x.org", ""))


def test_empty_files_and_wrong_numbers(tmp_path: Path) -> None:
    path = _file(tmp_path / "t.jsonl")
    with pytest.raises(FormatError, match="holds no problem"):
        read_rows(str(path), ORIGIN)
    for problems in (0, -1, True, 1.5, "ten"):
        with pytest.raises(DomainError, match="a whole number, at least 1"):
            read_rows(str(path), ORIGIN, problems=problems)  # type: ignore[arg-type]  # what users write


def test_folders_of_datasets(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    table = datasets.Dataset.from_list([{"q": "a"}, {"q": "b"}])
    table.save_to_disk(str(tmp_path / "one"))
    datasets.DatasetDict({"test": table, "train": table}).save_to_disk(str(tmp_path / "two"))
    for folder in ("one", "two"):
        rows = read_rows(str(tmp_path / folder), ORIGIN)
        assert [row.values["q"] for row in rows] == ["a", "b"]
    with pytest.raises(ConfigError, match="no split 'dev'; there are test, train"):
        read_rows(str(tmp_path / "two"), Origin("q", "", "", "", split="dev"))
    (tmp_path / "one" / "state.json").write_text("{")
    with pytest.raises(FormatError, match="no saved data set"):
        read_rows(str(tmp_path / "one"), ORIGIN)
