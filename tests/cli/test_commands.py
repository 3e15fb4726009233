"""Every command on the built-in model: data on stdout, messages on stderr, fitting exit codes."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Topdraw

from topdraw.store.run import Run

SMALL = ("--problems", "2", "-n", "4", "--concurrency", "1")


def test_run_draws_scores_and_reports_in_one_go(topdraw: Topdraw, tmp_path: Path) -> None:
    done = topdraw("run", "countdown", *SMALL, "--out", "x")
    assert done.code == 0, done.err
    assert "oracle" in done.out
    assert "Page: x/report.html" in done.out
    run = Run.open(tmp_path / "x")
    assert len(run.samples()) == 8
    assert len(run.samples("greedy")) == 2
    assert set(run.scorers()) == {"countdown", "reward"}


def test_the_steps_one_by_one_equal_the_run_in_one_go(topdraw: Topdraw, tmp_path: Path) -> None:
    assert topdraw("run", "countdown", *SMALL, "--out", "whole").code == 0
    assert topdraw("sample", "countdown", *SMALL, "--out", "steps").code == 0
    assert topdraw("score", "steps").code == 0
    assert topdraw("score", "steps", "--with", "reward").code == 0
    whole, steps = Run.open(tmp_path / "whole"), Run.open(tmp_path / "steps")
    assert whole.samples() == steps.samples()
    assert whole.scores("reward") == steps.scores("reward")
    ours = json.loads(topdraw("report", "steps", "--value", "reward", "--json").out)
    theirs = json.loads(topdraw("report", "whole", "--value", "reward", "--json").out)
    assert ours["curves"] == theirs["curves"]


def test_sampling_again_draws_nothing_and_a_larger_n_tops_up(
    topdraw: Topdraw, tmp_path: Path
) -> None:
    topdraw("sample", "countdown", *SMALL, "--out", "x")
    before = Run.open(tmp_path / "x").samples()
    topdraw("sample", "countdown", *SMALL, "--out", "x")
    assert Run.open(tmp_path / "x").samples() == before
    topdraw("sample", "countdown", "--problems", "2", "-n", "6", "--out", "x")
    after = Run.open(tmp_path / "x").samples()
    assert len(after) == 12
    assert [s for s in after if s.index < 4] == before


def test_another_temperature_on_the_same_run_is_refused_with_the_difference(
    topdraw: Topdraw,
) -> None:
    topdraw("sample", "countdown", *SMALL, "--out", "x")
    done = topdraw("sample", "countdown", *SMALL, "--out", "x", "-t", "0.5")
    assert done.code == 3
    assert "temperature" in done.err
    assert "0.5" in done.err
    assert "Traceback" not in done.err


def test_select_prints_one_line_per_problem(topdraw: Topdraw) -> None:
    topdraw("run", "arithmetic", *SMALL, "--out", "x")
    done = topdraw("select", "x", "--selector", "majority", "--json")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert len(rows) == 2
    assert all(0 < row["probability"] <= 1 and row["among"] == 4 for row in rows)
    assert "majority: " in done.err
    assert len(topdraw("select", "x", "-s", "best_of_n", "--value", "reward").out.splitlines()) == 2


def test_a_scorer_from_a_file(topdraw: Topdraw, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "def shorter(problem, samples):\n    return [-len(s.output) for s in samples]\n"
    )
    topdraw("sample", "countdown", *SMALL, "--out", "x")
    done = topdraw("score", "x", "own.py:shorter", "--json")
    assert json.loads(done.out)["scored"] == 10
    assert topdraw("select", "x", "-s", "best_of_n", "--value", "own.py:shorter").code == 0


def test_ask_prints_the_answer_on_stdout_and_the_reasons_on_stderr(topdraw: Topdraw) -> None:
    question = "Make 15 from the numbers 1, 1, 9, 5. Use each once with + - * / and parentheses."
    done = topdraw("ask", question, "-n", "6", "--show", "all")
    assert done.code == 0, done.err
    assert len(done.out.strip().splitlines()) >= 1
    assert "majority chose candidate" in done.err
    data = json.loads(topdraw("ask", question, "-n", "6", "--json").out)
    assert len(data["candidates"]) == 6
    assert data["answer"] == data["candidates"][data["index"]]["output"]


def test_ask_stops_once_the_vote_is_settled(topdraw: Topdraw) -> None:
    question = "Ben has 103 keys. He sells 31. How many keys does Ben have now?"
    asked = ("ask", question, "-n", "64", "-t", "0.01", "--until", "settled", "--json")
    done = topdraw(*asked, "--batch", "4", "--confidence", "0.9")
    assert done.code == 0, done.err
    assert len(json.loads(done.out)["candidates"]) == 4
    assert topdraw(*asked[:-2], "pass").code == 2


@pytest.mark.parametrize("name", ["countdown", "arithmetic", "functions"])
def test_tasks_lists_them_and_shows_their_problems(topdraw: Topdraw, name: str) -> None:
    assert name in topdraw("tasks").out
    rows = topdraw("tasks", name, "--problems", "3", "--json").out.splitlines()
    assert len({json.loads(row)["id"] for row in rows}) == 3


def test_models_lists_how_to_name_one(topdraw: Topdraw) -> None:
    assert "--endpoint http" in topdraw("models").out
    rows = [json.loads(line) for line in topdraw("models", "--json").out.splitlines()]
    assert {"builtin", "builtin:small", "recorded"} <= {row["model"] for row in rows}


def test_demo_shows_an_example_a_table_and_a_page(topdraw: Topdraw, tmp_path: Path) -> None:
    done = topdraw("demo", "-n", "10", "--problems", "3", "--out", "d")
    assert done.code == 0, done.err
    for word in (
        "For example",
        "greedy",
        "majority",
        "best of k by reward",
        "oracle",
        "report.html",
    ):
        assert word in done.out
    assert (tmp_path / "d/report.html").exists()


def test_a_run_of_a_recorded_file(topdraw: Topdraw, tmp_path: Path) -> None:
    questions = [{"id": i, "question": f"{i}+1=?", "answer": str(i + 1)} for i in range(3)]
    samples = [
        {"problem_id": str(i), "output": f"#### {i + j}"} for i in range(3) for j in range(2)
    ]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in questions))
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in samples))
    done = topdraw(
        "run", "q.jsonl", "--model", "recorded:s.jsonl", "-n", "2",
        "--value", "number", "--out", "x",
    )  # fmt: skip
    assert done.code == 0, done.err
    summary = json.loads(topdraw("report", "x", "--value", "number", "--json").out)
    coverage = next(c for c in summary["curves"] if c["strategy"] == "oracle")
    assert [e["value"] for e in coverage["estimates"]] == [0.5, 1.0]


def test_resume_goes_on_with_the_runs_own_settings(topdraw: Topdraw, tmp_path: Path) -> None:
    settings = ("-t", "0.8", "--seed", "5", "--stop", "/", "--no-greedy")
    topdraw("sample", "countdown", *SMALL, *settings, "--out", "x")
    before = Run.open(tmp_path / "x").samples()
    done = topdraw("sample", "--resume", "x", "-n", "7", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out) == {"run": "x", "problems": 2, "samples": 14}
    after = Run.open(tmp_path / "x")
    assert after.manifest.sampler("greedy") is None
    assert [s for s in after.samples() if s.index < 4] == before
    topdraw("sample", "countdown", "--problems", "2", "-n", "7", *settings, "--out", "whole")
    assert Run.open(tmp_path / "whole").samples() == after.samples()


def test_a_command_ends_with_parquet(topdraw: Topdraw, tmp_path: Path) -> None:
    import pandas

    topdraw("run", "countdown", *SMALL, "--out", "x")
    assert len(pandas.read_parquet(tmp_path / "x/samples")) == 10
    assert len(pandas.read_parquet(tmp_path / "x/scores/countdown")) == 10
    assert list((tmp_path / "x/segments").iterdir()) == []


@pytest.mark.slow
def test_a_terminal_gets_a_bar_and_a_pipe_gets_lines(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "topdraw.cli", "sample", "countdown", *SMALL, "--out"]
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [*command, "x"], cwd=tmp_path, stderr=follower, stdout=follower
    ) as process:
        os.close(follower)
        shown = b"".join(iter(lambda: _read(leader), b""))
    assert process.returncode == 0
    assert "━".encode() in shown
    piped = subprocess.run([*command, "y"], cwd=tmp_path, capture_output=True, check=True)
    assert b"Drawing: 10/10 samples" in piped.stderr
    assert b"\x1b" not in piped.stderr


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""


def test_a_changed_scorer_is_refused_and_again_makes_its_scores_anew(
    topdraw: Topdraw, tmp_path: Path
) -> None:
    text = "def even(problem, samples):\n    return [s.index % 2 == {} for s in samples]\n"
    (tmp_path / "own.py").write_text(text.format(0))
    topdraw("sample", "countdown", *SMALL, "--no-greedy", "--out", "x")
    assert json.loads(topdraw("score", "x", "own.py:even", "--json").out)["passed"] == 4
    (tmp_path / "own.py").write_text(text.format(5))
    refused = topdraw("score", "x", "own.py:even")
    assert refused.code == 3
    assert "--again" in refused.err
    assert json.loads(topdraw("score", "x", "own.py:even", "--again", "--json").out)["passed"] == 0


def test_a_scorer_without_verdicts_has_no_count_of_passed(topdraw: Topdraw) -> None:
    topdraw("sample", "countdown", *SMALL, "--out", "x")
    assert topdraw("score", "x", "logprob").out == "logprob: 10 scored\n"


def test_a_scorer_that_fails_says_why(topdraw: Topdraw, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def broken(problem, samples):\n    raise ValueError('oh')\n")
    topdraw("sample", "countdown", *SMALL, "--out", "x")
    done = topdraw("score", "x", "own.py:broken")
    assert done.code == 0
    assert "10 missing (the first: ValueError: oh" in done.out


def test_a_scorer_that_fails_on_every_sample_is_not_passed_over_in_silence(
    topdraw: Topdraw, tmp_path: Path
) -> None:
    (tmp_path / "own.py").write_text("def one(problem, sample):\n    return len(sample.output)\n")
    topdraw("run", "countdown", *SMALL, "--out", "x")
    done = topdraw("report", "x", "--with", "own.py:one")
    assert "one: all 10 scores are missing: AttributeError" in done.err


def test_the_hint_names_the_file_whose_scorer_has_not_scored(
    topdraw: Topdraw, tmp_path: Path
) -> None:
    (tmp_path / "own.py").write_text(
        "def one(problem, samples):\n    return [True] * len(samples)\n"
    )
    topdraw("sample", "countdown", *SMALL, "--out", "x")
    done = topdraw("select", "x", "--by", "own.py:one")
    assert done.code == 3
    assert "topdraw score x own.py:one" in done.err


def test_what_a_scorer_says_does_not_act_on_the_terminal(topdraw: Topdraw, tmp_path: Path) -> None:
    text = "def evil(problem, samples):\n    raise ValueError('\\x1b[2J\\x07')\n"
    (tmp_path / "own.py").write_text(text)
    topdraw("sample", "countdown", *SMALL, "--out", "x")
    done = topdraw("score", "x", "own.py:evil")
    assert "missing (the first: ValueError" in done.out
    assert not {"\x1b", "\x07"} & set(done.out)


def test_ask_says_which_answers_have_no_vote(topdraw: Topdraw) -> None:
    done = topdraw("ask", "Make 24 from 4, 6.", "-n", "3", "--by", "countdown")
    assert done.code == 0
    assert "3 answers could not be read by countdown" in done.err


def test_a_report_shows_exactly_the_k_asked_for_in_every_form(
    topdraw: Topdraw, tmp_path: Path
) -> None:
    assert topdraw("run", "countdown", "--problems", "2", "-n", "6", "--out", "x").code == 0
    usual = topdraw("report", "x").out.splitlines()
    text = topdraw("report", "x", "--k", "2,5").out
    page = (tmp_path / "x/report.html").read_text(encoding="utf-8")
    assert text.splitlines()[0] == usual[0], "the finding is at n, whatever is shown"
    assert text.splitlines()[0].startswith("6 samples chosen by")
    heads = [line.split() for line in text.splitlines() if "k = " in line and "[" not in line]
    assert heads == [["k", "=", "2", "k", "=", "5"], ["also", "k", "=", "2", "k", "=", "5"]]
    assert any(line.startswith("one sample (mean) ") for line in text.splitlines())
    table = page.partition('id="results"')[2].partition("</table>")[0]
    assert re.findall(r'<th scope="col">(k = \d+)</th>', table) == ["k = 2", "k = 5"]
    assert "all k correct" in table
    told = json.loads(topdraw("report", "x", "--k", "2,5", "--json").out)
    assert told["ks"] == told["also"]["k"] == [2, 5]
    assert {tuple(c["k"]) for c in told["curves"]} == {(1,), (2, 5)}
    head = topdraw("report", "x", "--k", "2,5", "--csv").out.splitlines()[0]
    assert head == "strategy,k = 2,k = 2 low,k = 2 high,k = 5,k = 5 low,k = 5 high"
    assert "strategy & k = 2 & k = 5 " in topdraw("report", "x", "--k", "2,5", "--latex").out
