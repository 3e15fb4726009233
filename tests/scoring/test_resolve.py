"""Names, functions and files to scorers."""

import functools
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from topdraw.core.protocols import Scorer
from topdraw.core.records import Problem, Sample, Score
from topdraw.core.registry import scorer
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


class _Scaled:
    def __init__(self, scale: int) -> None:
        self.scale = scale

    def __call__(self, problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
        return [Score(value=self.scale * len(sample.output)) for sample in samples]


def _call(spec: str) -> list[object]:
    return list(resolve_scorer(spec).scorer(Problem("p", ""), [Sample("p", 0, "four")]))


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "mine.py"
    path.write_text(_FILE.replace("{tag}", str(abs(hash(str(tmp_path))))))
    return str(path)


def test_registered_names_and_functions() -> None:
    assert resolve_scorer("number").scorer is score_number
    assert resolve_scorer(score_number) == ("number", score_number, "")
    assert resolve_scorer("number").source == ""
    assert resolve_scorer(_longer)[:2] == ("_longer", _longer)


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
    broken.write_text("import sys\nsys.exit(3)\n")
    with pytest.raises(ConfigError, match="SystemExit: 3"):
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


def test_a_file_edited_within_the_same_tick_is_read_again(file: str) -> None:
    text = "def longest(problem, samples):\n    return [1 for _ in samples]\n"
    for value in ("1", "2"):
        Path(file).write_text(text.replace("1", value))
        os.utime(file, (10**9, 10**9))
        assert _call(f"{file}:longest") == [int(value)]
    assert [path.name for path in Path(file).parent.iterdir()] == ["mine.py"]


def test_a_file_has_its_bytes_as_source(file: str, tmp_path: Path) -> None:
    first = resolve_scorer(f"{file}:longest").source
    assert first
    assert resolve_scorer(f"{file}:short").source == first
    twin = tmp_path / "twin.py"
    twin.write_text(Path(file).read_text().replace('@scorer("', '@scorer("twin-'))
    assert resolve_scorer(f"{twin}:longest").source != first
    Path(file).write_text(Path(file).read_text() + "\n# changed\n")
    assert resolve_scorer(f"{file}:longest").source not in ("", first)


def test_an_installed_scorer_in_a_file_has_no_source_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "again.py"
    path.write_text("from topdraw.scoring.number import score_number as f\n")
    assert resolve_scorer(f"{path}:f") == ("number", score_number, "")


def test_functions_have_their_text_as_source() -> None:
    def twin(value: float) -> Scorer:
        if value > 1:

            def mine(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
                return [Score(value=value) for _ in samples]

        else:

            def mine(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
                return [Score(value=value / 2) for _ in samples]

        return mine

    one, other = resolve_scorer(twin(1)), resolve_scorer(twin(2))
    assert one.name == other.name == "mine"
    assert one.source
    assert other.source
    assert one.source != other.source
    assert resolve_scorer(twin(2)).source == other.source
    assert resolve_scorer(_Scaled(2)).source == resolve_scorer(_Scaled(3)).source != ""


def test_a_function_registered_here_has_a_source_by_name_too() -> None:
    name = scorer("registered-here")(_longer)
    assert resolve_scorer("registered-here") == resolve_scorer(name)
    assert resolve_scorer("registered-here").source


def test_a_function_without_a_text_has_no_source() -> None:
    space: dict[str, Scorer] = {}
    exec("def unseen(problem, samples): return []", space)  # noqa: S102  as in a bare prompt
    assert resolve_scorer(space["unseen"]).source == ""
