"""Tasks from tables: columns found or named, real files, and every kind of broken line."""

import gzip
import json
import tracemalloc
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from topdraw.core.records import Json, Sample
from topdraw.errors import ConfigError, DomainError, FormatError, UnknownNameError
from topdraw.scoring.number import score_number
from topdraw.tasks.csv_file import load as load_csv
from topdraw.tasks.hf import load as load_hf
from topdraw.tasks.jsonl import load
from topdraw.tasks.load import load as load_any
from topdraw.tasks.parquet_file import load as load_parquet


def _file(folder: Path, *rows: Mapping[str, Json]) -> str:
    path = folder / "q.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return str(path)


@pytest.mark.parametrize("prompt", ["prompt", "question", "Problem", "INSTRUCTION"])
@pytest.mark.parametrize("target", ["target", "Answer", "solution"])
def test_usual_names_are_found(tmp_path: Path, prompt: str, target: str) -> None:
    task = load(path=_file(tmp_path, {"id": 7, prompt: "1+1=", target: "2", "level": "easy"}))
    (problem,) = task.problems
    assert (problem.id, problem.prompt, problem.target) == ("7", "1+1=", "2")
    assert problem.metadata == {"level": "easy"}
    assert (task.name, task.scorer) == ("q", "number")


def test_the_first_usual_name_wins(tmp_path: Path) -> None:
    row = {"problem": "P", "question": "Q", "solution": "long", "answer": "2", "input": ""}
    (problem,) = load(path=_file(tmp_path, row)).problems
    assert (problem.prompt, problem.target) == ("Q", "2")


def test_columns_can_be_named_with_dots_and_positions(tmp_path: Path) -> None:
    row: dict[str, Json] = {
        "q.text": "flat",
        "q": {"text": "nested"},
        "meta": {"truth": ["x", {"v": 3}]},
    }
    path = _file(tmp_path, row)
    assert load(path=path, prompt="q.text", target="meta.truth.1.v").problems[0].prompt == "flat"
    (problem,) = load(path=path, prompt="meta.truth.0", target="meta.truth.1.v").problems
    assert (problem.prompt, problem.target) == ("x", 3)


def test_a_named_column_is_not_taken_for_another(tmp_path: Path) -> None:
    row = {"question": "Q", "answer": "A", "target": "T"}
    (problem,) = load(path=_file(tmp_path, row), prompt="answer", target="question").problems
    assert (problem.prompt, problem.target, problem.metadata) == ("A", "Q", {"target": "T"})


def test_without_ids_the_line_number_is_the_id(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_bytes(b'\xef\xbb\xbf\n{"prompt": "a"}\r\n   \n{"prompt": "b\xe2\x80\xa8c"}')
    task = load(path=str(path), scorer="")
    assert [(p.id, p.prompt, p.target) for p in task.problems] == [
        ("2", "a", None),
        ("4", "b\u2028c", None),
    ]
    assert task.scorer == ""


def test_only_the_first_problems(tmp_path: Path) -> None:
    path = _file(tmp_path, *[{"prompt": str(i)} for i in range(5)])
    assert [p.prompt for p in load(path=path, problems=2).problems] == ["0", "1"]
    assert len(load(path=path, problems=9).problems) == 5
    with pytest.raises(DomainError, match="problems=0"):
        load(path=path, problems=0)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"prompt": "a"', ["q.jsonl:2", "not JSON", "one complete JSON object"]),
        (b'{"prompt": "\xff"}', ["q.jsonl:2", "not UTF-8"]),
        (b'[{"prompt": "a"}]', ["q.jsonl:2", "not a list"]),
        (b"3", ["q.jsonl:2", "not 3."]),
        (b"[" * 100_000, ["q.jsonl:2", "nested too deeply"]),
        (b'{"question": "a"}', ["q.jsonl:2", "no column 'prompt'", "question"]),
        (b'{"prompt": 3}', ["q.jsonl:2", "must be a text", "3"]),
        (b'{"prompt": ""}', ["q.jsonl:2", "must be a text"]),
        (b'{"prompt": null}', ["q.jsonl:2", "must be a text", "null"]),
        (b'{"prompt": "b", "id": 1}', ["q.jsonl:2", "'1' comes twice", "q.jsonl:1"]),
        (b'{"prompt": "b", "id": 1.5}', ["q.jsonl:2", "1.5"]),
        (b'{"prompt": "b", "id": true}', ["q.jsonl:2", "true"]),
        (b'{"prompt": "b", "id": " "}', ["q.jsonl:2", "text or a whole number"]),
        (b'{"prompt": "b"}', ["q.jsonl:2", "no column 'id'"]),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: bytes, words: list[str]) -> None:
    path = tmp_path / "q.jsonl"
    path.write_bytes(b'{"prompt": "a", "id": "1"}\n' + line + b"\n")
    with pytest.raises(FormatError) as caught:
        load(path=str(path))
    for word in words:
        assert word in str(caught.value)


def test_files_that_are_no_task(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="needs a file"):
        load()
    with pytest.raises(ConfigError, match=r"There is no file .*nowhere"):
        load(path=str(tmp_path / "nowhere.jsonl"))
    with pytest.raises(FormatError, match="no problem"):
        load(path=_file(tmp_path))
    with pytest.raises(ConfigError, match=r"does not end in \.csv or \.tsv"):
        load_csv(path=_file(tmp_path))
    with pytest.raises(FormatError, match="no column looks like a prompt; there are text"):
        load(path=_file(tmp_path, {"text": "a"}))
    with pytest.raises(UnknownNameError, match="Did you mean 'number'"):
        load(path=_file(tmp_path, {"prompt": "a"}), scorer="nunber")


@pytest.mark.parametrize("name", ["q.csv", "q.tsv.gz", "q.parquet", "q.json", "q.ndjson.gz", "q"])
def test_the_same_columns_in_every_format(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    rows = [
        {"uid": "a", "Question": "1+1=", "answer": "2"},
        {"uid": "b", "Question": "é", "answer": "3"},
    ]
    _write(path, rows)
    task = load_any(path)
    assert [(p.id, p.prompt, p.target) for p in task.problems] == [
        ("a", "1+1=", "2"),
        ("b", "é", "3"),
    ]
    assert (task.name, task.scorer, task.version) == ("q", "number", "1")
    mapped = load_any(path, id="answer", prompt="uid", target="Question", problems=1)
    assert [(p.id, p.prompt, p.target) for p in mapped.problems] == [("2", "a", "1+1=")]


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    if path.suffix == ".parquet":
        values = ", ".join(f"('{r['uid']}', '{r['Question']}', '{r['answer']}')" for r in rows)
        table = duckdb.sql(f'SELECT * FROM (VALUES {values}) AS t(uid, "Question", answer)')
        table.write_parquet(str(path))
        return
    if not path.suffix:
        path.mkdir()
        _write(path / "test.jsonl", rows)
        return
    separator = "\t" if ".tsv" in path.name else ","
    table_text = "".join(
        separator.join(r.values()) + "\n" for r in [dict(zip(rows[0], rows[0], strict=True)), *rows]
    )
    json_text = json.dumps(rows) if path.suffix == ".json" else "\n".join(map(json.dumps, rows))
    data = (json_text if "json" in path.name else table_text).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def test_other_tables_without_a_path() -> None:
    for loader in (load_csv, load_parquet):
        with pytest.raises(ConfigError, match="needs a file"):
            loader()
    with pytest.raises(ConfigError, match="OWNER/NAME"):
        load_hf()
    with pytest.raises(UnknownNameError, match="Did you mean 'number'"):
        load_hf(path="org/quiz", scorer="nunber")


def test_rows_of_several_files_have_different_ids(tmp_path: Path) -> None:
    for shard in (0, 1):
        path = tmp_path / f"test-0000{shard}-of-00002.jsonl"
        path.write_text('{"prompt": "a"}\n{"prompt": "b"}\n')
    assert [p.id for p in load_any(tmp_path).problems] == ["1", "2", "3", "4"]


def test_a_data_set_through_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    table = datasets.Dataset.from_list([{"question": "1+1=", "answer": 2}])
    table.save_to_disk(str(tmp_path / "quiz"))
    task = load_any(tmp_path / "quiz")
    assert (task.name, task.problems[0].id, task.problems[0].target) == ("quiz", "1", 2)
    (arrow,) = (tmp_path / "quiz").glob("*.arrow")
    assert load_parquet(path=str(arrow)).problems == task.problems


@pytest.mark.slow
def test_many_rows_take_little_more_memory_than_their_problems(
    tmp_path: Path,
) -> None:
    rows = ({"q": f"{i} + {i} = ? " + "x" * 900, "answer": 2 * i} for i in range(30_000))
    path = tmp_path / "q.jsonl"
    with path.open("w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    tracemalloc.start()
    try:
        task = load(path=str(path), prompt="q")
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len({p.id for p in task.problems}) == 30_000
    assert peak < 2 * held


_text = st.text(min_size=1)


@given(st.lists(st.tuples(_text, st.none() | st.integers() | st.text()), min_size=1, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_texts_survive(tmp_path: Path, rows: list[tuple[str, Json]]) -> None:
    path = _file(tmp_path, *[{"prompt": prompt, "target": target} for prompt, target in rows])
    assert [(p.prompt, p.target) for p in load(path=path).problems] == rows


def test_gsm8k_as_it_is_published(shared_data: Path) -> None:
    task = load(path=str(shared_data / "gsm8k" / "test_even.jsonl"))
    assert len(task.problems) == 660
    assert task.problems[1].id == "2"
    first = task.problems[0]
    assert first.prompt.startswith("Janet")
    right, wrong = score_number(first, [Sample("0", 0, "#### 18"), Sample("0", 1, "#### 19")])
    assert right.passed
    assert wrong.passed is False


def test_svamp_with_named_columns(shared_data: Path) -> None:
    task = load(path=str(shared_data / "math_sets" / "svamp_test.jsonl"), id="ID", prompt="Body")
    assert len({p.id for p in task.problems}) == len(task.problems) == 1000
    assert all(isinstance(p.target, float) for p in task.problems)
    assert "Question" in task.problems[0].metadata
