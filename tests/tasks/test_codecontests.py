"""CodeContests: rows of the hub and of the converter, groups apart, limits, solutions."""

import json
from pathlib import Path

import pytest

from topdraw.core.records import Json
from topdraw.errors import DomainError, FormatError
from topdraw.scoring.cases import Cases, read_cases
from topdraw.scoring.suites import known_solutions
from topdraw.tasks.codecontests import load

# In the form of the hub and of convert_riegeli_to_json.py; the problem is ours.
_HUB: dict[str, Json] = {
    "name": "1_A. Sum",
    "description": "Print the sum of two numbers.",
    "public_tests": {"input": ["1 2\n"], "output": ["3\n"]},
    "private_tests": {"input": ["5 5\n"], "output": ["10\n"]},
    "generated_tests": {"input": ["0 0\n", "9 1\n"], "output": ["0\n", "10\n"]},
    "solutions": {
        "language": [2, 1, 3, 3],
        "solution": ["int main(){}", "print 1", "print(sum(map(int, input().split())))", "x = 1"],
    },
    "time_limit": {"seconds": 2, "nanos": 500_000_000},
    "cf_rating": 800,
}
_CONVERTED: dict[str, Json] = {
    **_HUB,
    "public_tests": [{"input": "1 2\n", "output": "3\n"}],
    "private_tests": [],
    "generated_tests": [],
    "solutions": [{"language": 3, "solution": "print(3)"}],
    "time_limit": "seconds: 1\nnanos: 250000000\n",
}


def _file(folder: Path, *rows: dict[str, Json]) -> str:
    file = folder / "contests.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)


def _cases(path: str, **options: Json) -> Cases:
    (problem,) = load(path=path, **options).problems  # type: ignore[arg-type]  # one of them at a time
    found = read_cases(problem)
    assert isinstance(found, Cases)
    return found


def test_groups_stay_apart_and_in_order(tmp_path: Path) -> None:
    cases = _cases(_file(tmp_path, _HUB))
    groups = [test.group for test in cases.tests]
    assert groups == ["public", "private", "generated", "generated"]
    assert cases.tests[1][1:] == ("5 5\n", "10\n")
    assert cases.rule == "tokens"
    assert cases.cpu_seconds == 2.5


def test_the_converters_rows_say_the_same(tmp_path: Path) -> None:
    cases = _cases(_file(tmp_path, _CONVERTED))
    assert [test.given for test in cases.tests] == ["1 2\n"]
    assert cases.cpu_seconds == 1.25


def test_solutions_are_python_3_before_cpp_and_shortest_first(tmp_path: Path) -> None:
    (problem,) = load(path=_file(tmp_path, _HUB)).problems
    assert [text.split("\n")[:2] for text in known_solutions(problem)] == [
        ["```python", "x = 1"],
        ["```python", "print(sum(map(int, input().split())))"],
        ["```cpp", "int main(){}"],
    ]
    (problem,) = load(path=_file(tmp_path, _HUB), solutions=0).problems
    assert known_solutions(problem) == []
    assert problem.metadata == {"cf_rating": 800}


def test_fewer_generated_tests_and_another_language(tmp_path: Path) -> None:
    path = _file(tmp_path, _HUB)
    assert len(_cases(path, generated=1).tests) == 3
    assert _cases(path, language="cpp").language == "cpp"
    assert "C++17" in load(path=path, language="cpp").problems[0].prompt


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"public_tests": 3}, "'public_tests' must hold inputs and outputs"),
        ({"public_tests": {"input": ["1"], "output": []}}, "must hold inputs and outputs"),
        ({"public_tests": [{"input": 1, "output": "2"}]}, "is no text"),
        ({"public_tests": [], "private_tests": [], "generated_tests": None}, "has no tests"),
        ({"name": ""}, "'name' must be a text"),
    ],
)
def test_odd_rows_are_named(tmp_path: Path, change: dict[str, Json], said: str) -> None:
    with pytest.raises(FormatError, match=said) as caught:
        load(path=_file(tmp_path, {**_HUB, **change}))
    assert "contests.jsonl:1" in str(caught.value)


@pytest.mark.parametrize("limit", [None, "", {}, "nonsense", {"seconds": None}])
def test_no_limit_stated(tmp_path: Path, limit: Json) -> None:
    assert _cases(_file(tmp_path, {**_HUB, "time_limit": limit})).cpu_seconds == 0


def test_bad_options() -> None:
    for options in ({"language": "java"}, {"solutions": -1}, {"generated": -2}):
        with pytest.raises(DomainError):
            load(path="x", **options)
