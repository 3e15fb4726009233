"""SVAMP: the published file, questions made of two columns, hand-checked verdicts."""

from pathlib import Path

import pytest
from tests.tasks.conftest import Passed, Rows

from topdraw.errors import ConfigError, DomainError, FormatError
from topdraw.tasks.svamp import load


def test_the_published_file(shared_data: Path) -> None:
    task = load(path=str(shared_data / "math_sets"))
    assert len({problem.id for problem in task.problems}) == len(task.problems) == 1000
    first = task.problems[0]
    assert (first.id, first.target) == ("svamp/chal-777", "145")
    assert first.metadata["type"] == "Common-Division"
    assert "into 93 groups. How big is each group of bananas?\nLet's think" in first.prompt


def _five(rows: Rows) -> str:
    # In the form of the original, with stories of our own.
    stories = [
        ("Ann has 3 pens", "How many pens has she after a loss of 1?", 2.0),
        ("Ben had 9 cards.", "How many has he left of a third?", 3),
        ("If 7 keys cost 21 dollars,", "what does one cost?", "3.0"),
        ("A cup holds 0.5 litres", "How much do 3 cups hold?", 1.5),
        ("Zoe paid 1200 and got 200 back", "How much did she spend?", 1000),
    ]
    listed = [
        {"ID": f"x-{i}", "Body": body, "Question": ask, "Answer": answer, "Type": "t"}
        for i, (body, ask, answer) in enumerate(stories)
    ]
    return rows(*listed)


def test_body_and_question_become_one_text(rows: Rows) -> None:
    task = load(path=_five(rows), style="plain")
    assert [p.prompt for p in task.problems[:3]] == [
        "Ann has 3 pens. How many pens has she after a loss of 1?",
        "Ben had 9 cards. How many has he left of a third?",
        "If 7 keys cost 21 dollars, what does one cost?",
    ]
    eight = load(path=_five(rows), style="8-shot", problems=1)
    assert eight.problems[0].prompt.startswith("Q: There are 15 trees")


def test_hand_checked_verdicts(rows: Rows, passed: Passed) -> None:
    task = load(path=_five(rows))
    assert passed(task, 0, "3 - 1 = 2\n#### 2", "#### 3") == [True, False]
    assert passed(task, 1, "The answer is 3.", "6") == [True, False]
    assert passed(task, 2, "$3.00", "#### $3", "seven") == [True, True, False]
    assert passed(task, 3, "#### 1.5", "#### 3/2", "15") == [True, True, False]
    assert passed(task, 4, "#### 1,000", "1200 - 200") == [True, False]


def test_what_is_wrong_is_said(rows: Rows) -> None:
    with pytest.raises(FormatError, match=r"test\.jsonl:1: no column 'answer'"):
        load(path=rows({"Body": "b", "Question": "q"}))
    row = {"ID": "x", "Body": "b", "Question": "q", "Answer": 1}
    with pytest.raises(FormatError, match="'svamp/x' comes twice"):
        load(path=rows(row, row))
    with pytest.raises(ConfigError, match=r"arkilpatel/SVAMP .*-o path=FILE.*-o path=hf"):
        load()
    with pytest.raises(DomainError, match="style='x'"):
        load(path=_five(rows), style="x")
