"""MBPP: rows of both published forms, the paper's prompt, which function is tested."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Json
from topdraw.errors import ConfigError, DomainError, FormatError
from topdraw.tasks.files import Row
from topdraw.tasks.mbpp import called, load

# In the form of mbpp.jsonl and of sanitized-mbpp.json; the problems are ours.
_FIRST: dict[str, Json] = {
    "text": "Write a function to add 1.",
    "code": "def add(x):\r\n  return x + 1\r\n",
    "task_id": 11,
    "test_setup_code": "one = 1",
    "test_list": ["assert add(1) == 2", "assert add(one) == 2"],
    "challenge_test_list": [],
}
_SECOND: dict[str, Json] = {
    "source_file": "Benchmark.ipynb",
    "task_id": 600,
    "prompt": "Write a function to halve.",
    "code": "def halve(x):\n  return x / 2",
    "test_imports": ["import math"],
    "test_list": ["assert math.isclose(halve(3), 1.5)"],
}


def _file(folder: Path, *rows: Mapping[str, Json]) -> str:
    file = folder / "mbpp.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)


def test_rows_of_both_forms(tmp_path: Path) -> None:
    first, second = load(path=_file(tmp_path, _FIRST, _SECOND), part="all").problems
    assert (first.id, second.id) == ("mbpp/11", "mbpp/600")
    assert first.target == {
        "entry": "add",
        "setup": "one = 1",
        "asserts": ["assert add(1) == 2", "assert add(one) == 2"],
        "solution": "def add(x):\n  return x + 1\n",
    }
    assert isinstance(second.target, dict)
    assert second.target["entry"] == "halve"
    assert second.target["setup"] == "import math"


def test_the_prompt_is_the_papers(tmp_path: Path) -> None:
    task = load(path=_file(tmp_path, _FIRST))
    assert task.problems[0].prompt == (
        "You are an expert Python programmer, and here is your task: Write a function to add 1. "
        "Your code should pass these tests:\n\nassert add(1) == 2\nassert add(one) == 2\n[BEGIN]\n"
    )
    assert task.decoding["stop"] == ["[DONE]"]
    chat = load(path=_file(tmp_path, _FIRST), style="chat")
    assert "[BEGIN]" not in chat.problems[0].prompt
    assert "stop" not in chat.decoding


def test_the_papers_part_is_the_default(tmp_path: Path) -> None:
    path = _file(tmp_path, _SECOND, _FIRST, {**_FIRST, "task_id": 510}, {**_FIRST, "task_id": 10})
    assert [p.id for p in load(path=path).problems] == ["mbpp/11", "mbpp/510"]
    assert [p.id for p in load(path=path, problems=1).problems] == ["mbpp/11"]
    assert len(load(path=path, part="all").problems) == 4
    with pytest.raises(FormatError, match="no task from 11 to 510"):
        load(path=_file(tmp_path, _SECOND))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"test_list": []}, "must be a list of texts"),
        ({"task_id": "x"}, "'task_id' must be a whole number"),
        ({"test_list": ["assert x == 1"]}, "no function is called"),
        ({"code": None}, "no column 'code'"),
    ],
)
def test_odd_rows_are_named(tmp_path: Path, change: dict[str, Json], said: str) -> None:
    with pytest.raises(FormatError, match=said) as caught:
        load(path=_file(tmp_path, {**_FIRST, **change}), part="all")
    assert "mbpp.jsonl:1" in str(caught.value)


def test_bad_options() -> None:
    with pytest.raises(ConfigError, match="mbpp"):
        load()
    for options in ({"part": "train"}, {"style": "x"}, {"problems": 0}):
        with pytest.raises(DomainError):
            load(path="x", **options)


@pytest.mark.parametrize(
    ("assertion", "name"),
    [
        ("assert f(1) == 2", "f"),
        ("assert (f (1)) == 2", "f"),
        ("assert set(f([1])) == set([1])", "f"),
        ("assert not is_bad('(')", "is_bad"),
        ("assert math.isclose(area(3), 1.5, rel_tol=0.001)", "area"),
        ("assert f(g(1)) == 2", "f"),
    ],
)
def test_which_function_is_tested(assertion: str, name: str) -> None:
    assert called(Row("f:1", 1, "f", {}), assertion) == name


@given(st.from_regex(r"[a-z]\w{0,9}", fullmatch=True), st.integers())
def test_any_name_is_found(name: str, argument: int) -> None:
    name = f"do_{name}"
    assert called(Row("f:1", 1, "f", {}), f"assert {name}({argument}) == 1") == name
