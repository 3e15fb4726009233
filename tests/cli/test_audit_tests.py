"""`topdraw audit-tests` and `topdraw run humaneval` from the command line."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Topdraw

_MINE = """
from topdraw.core.records import Score

def judge(problem, samples):
    return [Score.verdict(problem.id != "HumanEval/1", note="1 of 1 tests (+1)") for _ in samples]
"""


def test_text_and_json(topdraw: Topdraw, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(_MINE)
    asked = ["audit-tests", "humaneval", "--problems", "4", "--by", f"{file}:judge"]
    said = topdraw(*asked)
    assert "HumanEval/1  broken  1 of 1    0 of 1" in said.out
    assert "3 of 4 suites accept all known-correct solutions." in said.out
    assert "broken  0.25 [0.05, 0.70]" in said.out
    found = json.loads(topdraw(*asked, "--json", "--exact", "--repeats", "2").out)
    assert found["suites"] == 4
    assert found["repeats"] == 2
    assert found["broken"]["value"] == 0.25
    assert [fault["problem_id"] for fault in found["faults"]] == ["HumanEval/1"]


def test_a_task_without_solutions_says_so(topdraw: Topdraw) -> None:
    said = topdraw("audit-tests", "countdown", "--problems", "2")
    assert said.code == 3
    assert "has a known-correct solution to run" in said.err


@pytest.mark.slow
def test_humaneval_runs_from_the_package_to_the_report(topdraw: Topdraw, tmp_path: Path) -> None:
    out = str(tmp_path / "run")
    asked = ["run", "humaneval", "--problems", "3", "--model", "builtin", "-n", "2", "--out", out]
    said = topdraw(*asked, "--no-greedy", "--max-output-tokens", "8")
    assert "oracle (pass@k)" in said.out
    scored = json.loads(topdraw("score", out, "--json").out)
    assert scored == {
        "scorer": "unit_tests", "scored": 6, "passed": 0, "cut": 0, "missing": 0,
        "first_missing_reason": "",
    }  # fmt: skip


@pytest.mark.slow
def test_the_packaged_suites_accept_their_solutions(topdraw: Topdraw) -> None:
    found = json.loads(topdraw("audit-tests", "humaneval", "--problems", "20", "--json").out)
    assert found["faults"] == []
    assert found["broken"]["value"] == found["flaky"]["value"] == 0
