"""MixEval: its two files, contexts, hand-checked verdicts of the multiple-choice part."""

import json
from pathlib import Path

import pytest
from tests.tasks.conftest import Passed, Rows

from topdraw.core.records import Json
from topdraw.errors import ConfigError, DomainError, FormatError
from topdraw.tasks.mixeval import load


def _entry(target: Json, context: Json = None, **more: Json) -> dict[str, Json]:
    base: dict[str, Json] = {
        "problem_type": "multiple-choice", "context": context, "prompt": "Which?",
        "options": ["cat", "dog", "cow"], "target": target, "benchmark_name": "PIQA",
    }  # fmt: skip
    return base | more


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """The layout of https://github.com/Psycoy/MixEval, questions of our own."""
    chosen = {
        str(i): _entry([i % 3], context)
        for i, context in enumerate(["In a field", None, "None", "", "x"])
    }
    free = {
        str(i): {"problem_type": "free-form", "context": None, "prompt": "Who?",
                 "target": ["Ann", "Anne"], "benchmark_name": name}
        for i, name in enumerate(["TriviaQA", "GSM8k"])
    }  # fmt: skip
    for name in ("mixeval", "mixeval-hard"):
        place = tmp_path / "data" / name
        place.mkdir(parents=True)
        (place / "multiple-choice.json").write_text(json.dumps(chosen, indent=1))
        (place / "free-form.json").write_text(json.dumps(free))
    return str(tmp_path / "data")


def test_the_multiple_choice_part(folder: str) -> None:
    task = load(path=folder)
    assert [problem.target for problem in task.problems] == list("ABCAB")
    assert task.problems[0].id == "mixeval/multiple-choice/0"
    assert task.problems[0].prompt == (
        "In a field\nWhich?\nA. cat\nB. dog\nC. cow\n"
        "Answer with the option letter from the given choices directly."
    )
    assert {problem.prompt[:6] for problem in task.problems[1:4]} == {"Which?"}
    assert load(path=f"{folder}/mixeval/multiple-choice.json").problems == task.problems
    assert load(path=folder, hard=True, problems=2).problems == task.problems[:2]


def test_the_free_form_part_has_no_scorer(folder: str) -> None:
    task = load(path=folder, part="free-form")
    assert task.scorer == ""
    assert [problem.prompt for problem in task.problems] == [
        "Question: Who?\nAnswer the question shortly.",
        "Who?\nAnswer the question. \nLet's think step by step.",
    ]
    assert task.problems[0].target == ["Ann", "Anne"]


def test_hand_checked_verdicts(folder: str, passed: Passed) -> None:
    task = load(path=folder)
    assert passed(task, 0, "A", "A.", "B") == [True, True, False]
    assert passed(task, 1, "B. dog", "C") == [True, False]
    assert passed(task, 2, "(C)", "") == [True, False]
    assert passed(task, 3, "The answer is A.", "The answer is C.") == [True, False]
    assert passed(task, 4, "**B**", "dog") == [True, True]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (_entry([7]), "must be one of ABC"),
        (_entry([0, 1]), "a list of one position"),
        (_entry("A"), "a list of one position"),
        (_entry([0], options=[]), "must be a list of texts"),
    ],
)
def test_broken_entries_are_named(rows: Rows, row: dict[str, Json], words: str) -> None:
    with pytest.raises(FormatError) as caught:
        load(path=rows(_entry(["1"]), row))
    assert "test.jsonl:2: " in str(caught.value)
    assert words in str(caught.value)


def test_what_is_wrong_is_said(rows: Rows) -> None:
    with pytest.raises(FormatError, match="accepted answers, not null"):
        load(path=rows({"prompt": "Q"}), part="free-form")
    with pytest.raises(DomainError, match="part='all': known are multiple-choice, free-form"):
        load(path="x", part="all")
    with pytest.raises(ConfigError, match="Psycoy/MixEval"):
        load()
