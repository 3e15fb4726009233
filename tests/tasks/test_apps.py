"""APPS: programs and functions, JSON in cells, rows without tests."""

import json
from pathlib import Path

import pytest

from topdraw.core.records import Json
from topdraw.errors import DomainError, FormatError
from topdraw.scoring.cases import Cases, read_cases
from topdraw.scoring.suites import known_solutions
from topdraw.tasks.apps import load

# In the form of the hub; the problems are ours.
_STDIN: dict[str, Json] = {
    "problem_id": 0,
    "question": "Print the sum.",
    "solutions": json.dumps(["print(sum(map(int, input().split())))", "print(3)"]),
    "input_output": json.dumps({"inputs": ["1 2\n", ["3", "4"]], "outputs": ["3\n", ["7"]]}),
    "difficulty": "introductory",
    "starter_code": "",
}
_CALLED: dict[str, Json] = {
    **_STDIN,
    "problem_id": 1,
    "input_output": json.dumps({"fn_name": "add", "inputs": [[1, 2]], "outputs": [[3]]}),
    "difficulty": "interview",
    "starter_code": "class Solution:\n    def add(self, a, b):\n",
    "solutions": "",
}


def _file(folder: Path, *rows: dict[str, Json]) -> str:
    file = folder / "apps.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)


def test_programs_and_functions(tmp_path: Path) -> None:
    first, second = load(path=_file(tmp_path, _STDIN, _CALLED)).problems
    cases, calls = read_cases(first), read_cases(second)
    assert isinstance(cases, Cases)
    assert isinstance(calls, Cases)
    assert [test[1:] for test in cases.tests] == [("1 2\n", "3\n"), ("3\n4", "7")]
    assert (cases.rule, cases.entry, cases.tests[0].group) == ("lines", "", "hidden")
    assert (calls.entry, calls.tests[0].given, calls.tests[0].expected) == ("add", [1, 2], [3])
    assert "standard input" in first.prompt
    assert "add" in second.prompt
    assert "class Solution" in second.prompt
    assert (first.id, second.id) == ("apps/0", "apps/1")
    assert len(known_solutions(first)) == 2
    assert known_solutions(second) == []


def test_difficulties_and_rows_without_tests(tmp_path: Path) -> None:
    path = _file(tmp_path, {**_STDIN, "input_output": ""}, _CALLED, _STDIN)
    assert [p.id for p in load(path=path).problems] == ["apps/1", "apps/0"]
    assert [p.id for p in load(path=path, difficulty="interview").problems] == ["apps/1"]
    assert len(load(path=path, problems=1, solutions=1).problems) == 1
    with pytest.raises(FormatError, match="no problem with tests"):
        load(path=path, difficulty="competition")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("{", "is not JSON"),
        ("[1]", "must be an object"),
        ('{"inputs": []}', "lists of inputs and outputs"),
        ('{"inputs": ["1"], "outputs": []}', "1 inputs but 0 outputs"),
    ],
)
def test_odd_rows_are_named(tmp_path: Path, cell: str, said: str) -> None:
    with pytest.raises(FormatError, match=said) as caught:
        load(path=_file(tmp_path, {**_STDIN, "input_output": cell}))
    assert "apps.jsonl:1" in str(caught.value)


def test_bad_numbers() -> None:
    for options in ({"problems": 0}, {"solutions": -1}):
        with pytest.raises(DomainError):
            load(path="x", **options)  # type: ignore[arg-type]  # numbers all the same
