"""Files of a split in folders laid out as data sets are."""

from pathlib import Path

import pytest

from topdraw.errors import ConfigError
from topdraw.tasks.folder import split_files


def _made(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    return folder


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["train.jsonl", "test.jsonl", "test_socratic.jsonl"], ["test.jsonl"]),
        (["test_even.jsonl", "example_model_solutions_even.jsonl"], ["test_even.jsonl"]),
        (["data/train.csv", "data/test.csv"], ["data/test.csv"]),
        (
            ["test/algebra/10.json", "test/algebra/2.json", "train/algebra/1.json"],
            ["test/algebra/2.json", "test/algebra/10.json"],
        ),
        (
            [
                "main/test-00000-of-00002.parquet",
                "main/test-00001-of-00002.parquet",
                "main/train-00000-of-00001.parquet",
                "socratic/test-00000-of-00001.parquet",
            ],
            ["main/test-00000-of-00002.parquet", "main/test-00001-of-00002.parquet"],
        ),
        (["test/b_test.csv", "test/a_test.csv", "dev/a_dev.csv"],
         ["test/a_test.csv", "test/b_test.csv"]),
        (["questions.jsonl", "README.md", ".hidden.jsonl"], ["questions.jsonl"]),
        (["latest.jsonl"], ["latest.jsonl"]),
    ],
)  # fmt: skip
def test_the_usual_names(tmp_path: Path, names: list[str], found: list[str]) -> None:
    folder = _made(tmp_path, *names)
    files = split_files(folder, split="test", config="main")
    assert [path.relative_to(folder).as_posix() for path in files] == found


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ["holds no file of problems"]),
        (["README.md"], ["holds no file of problems"]),
        (["a.jsonl", "b.jsonl"], ["split 'test'", "a.jsonl, b.jsonl", "Name the file itself"]),
        (["test.jsonl", "test.csv"], ["test.csv, test.jsonl"]),
        (["a/test.jsonl", "b/test.jsonl"], ["a/test.jsonl, b/test.jsonl"]),
        ([f"{i}.csv" for i in range(12)], ["7.csv, ..."]),
    ],
)
def test_unclear_folders_list_what_there_is(
    tmp_path: Path, names: list[str], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        split_files(_made(tmp_path, *names), split="test")
    for word in words:
        assert word in str(caught.value)


def test_a_folder_of_several_data_sets(tmp_path: Path) -> None:
    folder = _made(tmp_path, "aqua_test.jsonl", "svamp_test.jsonl")
    assert split_files(folder, split="test", task="svamp") == [folder / "svamp_test.jsonl"]
    assert len(split_files(folder, split="test", task="math")) == 2


def test_other_splits(tmp_path: Path) -> None:
    folder = _made(tmp_path, "test.jsonl", "validation.jsonl")
    assert split_files(folder, split="validation") == [folder / "validation.jsonl"]
