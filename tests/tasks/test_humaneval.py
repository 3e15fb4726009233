"""HumanEval: the packaged rows, its two prompts, odd rows."""

import gzip
import json
from pathlib import Path

import pytest

from topdraw.errors import DomainError, FormatError
from topdraw.scoring.suites import Suite, read_suite
from topdraw.tasks.humaneval import STOP, load
from topdraw.tasks.load import load as load_any


def test_all_164_problems_are_packaged_as_openai_published_them(shared_data: Path) -> None:
    task = load()
    with gzip.open(shared_data / "humaneval" / "HumanEval.jsonl.gz") as file:
        rows = [json.loads(line) for line in file]
    assert len(task.problems) == len(rows) == 164
    for problem, row in zip(task.problems, rows, strict=True):
        assert problem.id == row["task_id"]
        assert problem.prompt == row["prompt"]
        assert problem.target == {
            "entry": row["entry_point"],
            "head": row["prompt"],
            "test": row["test"],
            "solution": row["canonical_solution"],
        }


def test_every_problem_has_a_suite_and_a_first_and_a_last() -> None:
    task = load_any("humaneval")
    suites = [read_suite(problem) for problem in task.problems]
    assert all(isinstance(suite, Suite) and suite.solution for suite in suites)
    assert (task.problems[0].id, task.problems[-1].id) == ("HumanEval/0", "HumanEval/163")
    assert task.scorer == "unit_tests"
    assert task.decoding == {"max_tokens": 512, "stop": list(STOP)}


def test_a_chat_is_shown_the_head_in_a_code_block_and_has_no_stops() -> None:
    (problem,) = (chat := load(problems=1, style="chat")).problems
    plain = load(problems=1).problems[0]
    assert f"```python\n{plain.prompt.strip()}\n```" in problem.prompt
    assert problem.target == plain.target
    assert "stop" not in chat.decoding


def test_what_a_file_must_have(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    row = {
        "task_id": "mine/0",
        "prompt": "def f():\n",
        "entry_point": "f",
        "test": "def check(c): c()",
    }
    file.write_text(json.dumps(row) + "\n")
    (problem,) = load(path=str(file)).problems
    assert problem.id == "mine/0"
    file.write_text(json.dumps(row) + "\n" + json.dumps({**row, "entry_point": None}) + "\n")
    with pytest.raises(FormatError, match=r"mine.jsonl:2: no column 'entry_point'"):
        load(path=str(file))
    file.write_text((json.dumps(row) + "\n") * 2)
    with pytest.raises(FormatError, match="comes twice"):
        load(path=str(file))


def test_an_unknown_style_says_which_there_are() -> None:
    with pytest.raises(DomainError, match="known are completion, chat"):
        load(style="haiku")
