"""AIME and AMC: layouts of the hub's sets, hand-checked verdicts."""

import pytest
from tests.tasks.conftest import Passed, Rows

from topdraw.core.records import Json
from topdraw.errors import ConfigError, DomainError, FormatError
from topdraw.tasks.competition import load_aime, load_amc

# Columns of https://huggingface.co/datasets/AI-MO/aimo-validation-aime; problems of our own.
_AIME: list[dict[str, Json]] = [
    {"id": 60, "problem": "What is 5 squared?", "answer": "025", "url": "u", "solution": "s"},
    {"id": 61, "problem": "$10^2$?", "answer": "100", "url": "u", "solution": "s"},
    {"id": 62, "problem": "0?", "answer": "000", "url": "u", "solution": "s"},
    {"id": 63, "problem": "999?", "answer": 999, "url": "u", "solution": "s"},
    {"id": 64, "problem": "Nine nines?", "answer": "81", "url": "u", "solution": "s"},
]


def test_aime(rows: Rows) -> None:
    task = load_aime(path=rows(*_AIME))
    assert (task.name, task.scorer, len(task.problems)) == ("aime", "number", 5)
    first = task.problems[0]
    assert (first.id, first.target, first.metadata) == ("aime/60", "025", {"url": "u"})
    assert first.prompt.endswith(r"within \boxed{}.")


def test_hand_checked_verdicts(rows: Rows, passed: Passed) -> None:
    task = load_aime(path=rows(*_AIME))
    assert passed(task, 0, r"\boxed{25}", r"\boxed{025}", r"\boxed{52}") == [True, True, False]
    assert passed(task, 1, r"so $\boxed{100}$.", "100") == [True, True]
    assert passed(task, 2, r"\boxed{0}", "") == [True, False]
    assert passed(task, 3, r"\boxed{999}", r"\boxed{99}") == [True, False]
    assert passed(task, 4, "The answer is 81.", r"81, no \boxed{18}") == [True, False]


@pytest.mark.parametrize(
    ("row", "name", "target"),
    [
        # Maxwell-Jia/AIME_2024, math-ai/aime25, MathArena/aime_2025, AI-MO/aimo-validation-amc
        ({"ID": "2024-II-4", "Problem": "P", "Answer": 33}, "amc/2024-II-4", "33"),
        ({"id": "0", "problem": "P", "answer": "70"}, "amc/0", "70"),
        ({"problem_idx": 1, "problem": "P", "answer": 70}, "amc/1", "70"),
        ({"id": 0, "problem": "P", "answer": 142.0}, "amc/0", "142"),
        ({"problem": "P", "answer": "0.5"}, "amc/0000", "0.5"),
    ],
)
def test_other_layouts(rows: Rows, row: dict[str, Json], name: str, target: str) -> None:
    (problem,) = load_amc(path=rows(row)).problems
    assert (problem.id, problem.target) == (name, target)


def test_a_folder_has_the_split_of_the_hub(
    rows: Rows, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = rows(*_AIME, name="data/train-00000-of-00001.jsonl")
    rows(_AIME[0], name="data/test-00000-of-00001.jsonl")
    folder = path.rsplit("/", 2)[0]
    assert len(load_aime(path=folder).problems) == 5
    assert len(load_aime(path=folder, split="test").problems) == 1


def test_what_is_wrong_is_said(rows: Rows) -> None:
    with pytest.raises(FormatError, match=r"test\.jsonl:1: 'answer' must be a number"):
        load_amc(path=rows({"problem": "P", "answer": "none"}))
    for load, word in ((load_aime, "validation-aime"), (load_amc, "validation-amc")):
        with pytest.raises(ConfigError, match=word):
            load()
    with pytest.raises(DomainError, match="style"):
        load_aime(path=rows(*_AIME), style="x")
