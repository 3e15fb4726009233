"""Names, functions and files to scorers."""

import functools
from collections.abc import Sequence
from pathlib import Path

import pytest

from topdraw.core.records import Problem, Sample, Score
from topdraw.errors import ConfigError, UnknownNameError
from topdraw.scoring.number import score_number
from topdraw.scoring.resolve import resolve_scorer

_FILE = """
from dataclasses import dataclass
from topdraw import scorer

@dataclass
class Length:
    scale: int = 1
    def __call__(self, problem, samples):
        return [len(s.output) * self.scale for s in samples]

def longest(problem, samples):
    return [len(s.output) for s in samples]

@scorer("brevity-{tag}")
def short(problem, samples):
    return [-len(s.output) for s in samples]

number_of_calls = 0
"""


def _longer(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    return [Score(value=len(sample.output)) for sample in samples]


def _call(spec: str) -> list[object]:
    return list(resolve_scorer(spec).scorer(Problem("p", ""), [Sample("p", 0, "four")]))


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "mine.py"
    path.write_text(_FILE.replace("{tag}", str(abs(hash(str(tmp_path))))))
    return str(path)


def test_registered_names_and_functions() -> None:
    assert resolve_scorer("number").scorer is score_number
    assert resolve_scorer(score_number) == ("number", score_number)
    assert resolve_scorer(_longer) == ("_longer", _longer)


def test_unknown_names_suggest_the_closest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'countdown'"):
        resolve_scorer("cuontdown")


def test_a_function_of_a_file(file: str) -> None:
    assert resolve_scorer(f"{file}:longest").name == "longest"
    assert _call(f"{file}:longest") == [4]


def test_a_decorated_function_of_a_file_keeps_its_registered_name(file: str) -> None:
    assert resolve_scorer(f"{file}:short").name.startswith("brevity-")
    assert _call(f"{file}:short") == [-4]


def test_a_changed_file_is_read_again(file: str) -> None:
    assert _call(f"{file}:longest") == [4]
    Path(file).write_text("def longest(problem, samples):\n    return [7 for _ in samples]\n")
    assert _call(f"{file}:longest") == [7]


def test_two_files_of_one_name_do_not_mix(tmp_path: Path) -> None:
    for folder, value in (("a", 1), ("b", 2)):
        (tmp_path / folder).mkdir()
        code = f"def mine(problem, samples):\n    return [{value} for _ in samples]\n"
        (tmp_path / folder / "s.py").write_text(code)
    assert _call(f"{tmp_path}/a/s.py:mine") == [1]
    assert _call(f"{tmp_path}/b/s.py:mine") == [2]


def test_what_is_wrong_with_a_file_is_said(file: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'longest'"):
        resolve_scorer(f"{file}:longst")
    with pytest.raises(UnknownNameError, match="number_of_calls"):
        resolve_scorer(f"{file}:number_of_calls")
    with pytest.raises(ConfigError, match="names a file but no scorer"):
        resolve_scorer(file)
    with pytest.raises(ConfigError, match="There is no file"):
        resolve_scorer("nowhere.py:f")
    broken = tmp_path / "broken.py"
    broken.write_text("import json\n1 / 0\n")
    with pytest.raises(ConfigError, match="ZeroDivisionError: division by zero"):
        resolve_scorer(f"{broken}:f")
    broken.write_text("def f(:\n")
    with pytest.raises(ConfigError, match="SyntaxError"):
        resolve_scorer(f"{broken}:f")


def test_a_scorer_needs_a_name_of_its_own() -> None:
    with pytest.raises(ConfigError, match="no name to store"):
        resolve_scorer(lambda problem, samples: [])
    with pytest.raises(ConfigError, match="no name to store"):
        resolve_scorer(functools.partial(_longer))

    def number(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
        return []

    with pytest.raises(ConfigError, match="belongs to another scorer"):
        resolve_scorer(number)
    with pytest.raises(ConfigError, match="neither a scorer's name nor a function"):
        resolve_scorer(3)  # type: ignore[arg-type]  # what a user may do
