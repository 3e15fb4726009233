"""AQuA: the published file, letters taken off, hand-checked verdicts."""

from pathlib import Path

import pytest
from tests.tasks.conftest import Passed, Rows

from topdraw.core.records import Json
from topdraw.errors import ConfigError, FormatError
from topdraw.tasks.aqua import load

# Columns of https://github.com/google-deepmind/AQuA; problems of our own.
_FIVE: list[dict[str, Json]] = [
    {"question": f"{i} + {i} = ?", "correct": letter, "rationale": "r",
     "options": [f"{other}){2 * i + place - at}" for place, other in enumerate("ABCDE")]}
    for at, (i, letter) in enumerate(zip(range(10, 15), "ABCDE", strict=True))
]  # fmt: skip


def test_the_published_file(shared_data: Path) -> None:
    task = load(path=str(shared_data / "math_sets"))
    assert len({problem.id for problem in task.problems}) == len(task.problems) == 254
    second = task.problems[1]
    assert second.target == "E"
    assert second.metadata["options"] == ["$61", "$65", "$67.40", "$70", "$78.20"]
    assert second.prompt.endswith("A) $61\nB) $65\nC) $67.40\nD) $70\nE) $78.20")


def test_hand_checked_verdicts(rows: Rows, passed: Passed) -> None:
    task = load(path=rows(*_FIVE))
    assert [problem.target for problem in task.problems] == list("ABCDE")
    assert passed(task, 0, "20.\nAnswer: A", "Answer: B", "") == [True, False, False]
    assert passed(task, 1, "Answer: (B)", "**Answer: C**") == [True, False]
    assert passed(task, 2, "Not A.\nAnswer: C", "Answer: A, no.\nAnswer: C") == [True, True]
    assert passed(task, 3, "The answer is D.", "Answer: E") == [True, False]
    assert passed(task, 4, "E", "A") == [True, False]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"question": "Q", "options": ["A)1", "B)2"], "correct": "C"}, "must be one of AB"),
        ({"question": "Q", "options": "A)1", "correct": "A"}, "must be a list of texts"),
        ({"question": "Q", "correct": "A"}, "no column 'options'"),
        ({"options": ["1"], "correct": "A"}, "no column 'question'"),
        ({"question": "Q", "options": ["1", "2"]}, "not null"),
    ],
)
def test_broken_rows_name_their_line(rows: Rows, row: dict[str, Json], words: str) -> None:
    with pytest.raises(FormatError) as caught:
        load(path=rows(_FIVE[0], row))
    assert "test.jsonl:2: " in str(caught.value)
    assert words in str(caught.value)


def test_without_a_path() -> None:
    with pytest.raises(ConfigError, match=r"google-deepmind/AQuA.*deepmind/aqua_rat"):
        load()
