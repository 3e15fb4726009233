"""What the tests of benchmarks share: files of rows, and verdicts of a task's own scorer."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from topdraw.core.records import Json, Sample, Task
from topdraw.core.registry import get_scorer, names

Rows = Callable[..., str]
Passed = Callable[..., list[bool | None]]


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    """`rows({...}, {...}, name="test.jsonl")` writes them, one a line, and gives the path."""

    def write(*values: Mapping[str, Json] | list[Json], name: str = "test.jsonl") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(one) + "\n" for one in values), "utf-8")
        return str(path)

    return write


@pytest.fixture
def passed() -> Passed:
    """`passed(task, 0, "output", ...)` is what the task's scorer says of outputs of a problem."""

    def verdicts(task: Task, at: int, *outputs: str) -> list[bool | None]:
        if task.scorer not in names("scorer"):
            pytest.skip(f"nobody registered the scorer {task.scorer!r}")
        problem = task.problems[at]
        samples = [Sample(problem.id, index, text) for index, text in enumerate(outputs)]
        scores = get_scorer(task.scorer)(problem, samples)
        assert not [score.missing_reason for score in scores if score.is_missing]
        return [score.passed for score in scores]

    return verdicts
