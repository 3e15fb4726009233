"""JSONL tasks: columns found or named, real files, and every kind of broken line."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from topdraw.core.records import Json, Sample
from topdraw.errors import ConfigError, DomainError, FormatError, UnknownNameError
from topdraw.scoring.number import score_number
from topdraw.tasks.jsonl import load


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
    with pytest.raises(ConfigError, match=r"Cannot read .*nowhere"):
        load(path=str(tmp_path / "nowhere.jsonl"))
    with pytest.raises(FormatError, match="no problem"):
        load(path=_file(tmp_path))
    with pytest.raises(FormatError, match="no column looks like a prompt; there are text"):
        load(path=_file(tmp_path, {"text": "a"}))
    with pytest.raises(UnknownNameError, match="Did you mean 'number'"):
        load(path=_file(tmp_path, {"prompt": "a"}), scorer="nunber")


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
