"""A scorer that is one function in a user's file works with every command that reads scores."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Outcome, Topdraw

from topdraw.store.run import Run

OWN = """
def floats(problem, samples):
    return [-float(len(s.output)) for s in samples]

async def waits(problem, samples):
    return [-float(len(s.output)) for s in samples]

def bools(problem, samples):
    return [s.index % 2 == 0 for s in samples]

def gaps(problem, samples):
    return [None if s.index == 0 else float(s.index) for s in samples]

def raises(problem, samples):
    raise ValueError("oh no")

def short(problem, samples):
    return [1.0] * (len(samples) - 1)
"""

COMMANDS = {
    "report": ("report", "x", "--json", "--out", "page.html"),
    "select": ("select", "x", "-s", "best_of_n", "--json"),
    "compare": ("compare", "x", "--pair", "best_of_n@4,pass@1", "--json"),
    "score": ("score", "x"),
    "run": ("run", "countdown", "--problems", "2", "-n", "4", "--out", "x", "--json"),
}


GOOD = ("floats", "waits", "bools", "gaps")


@pytest.fixture
def folder(topdraw: Topdraw, tmp_path: Path) -> Path:
    """A folder with the file and a run that its functions have not scored."""
    (tmp_path / "own.py").write_text(OWN)
    drawn = ("countdown", "--problems", "2", "-n", "4", "--out", "x", "--concurrency", "1")
    for words in (("sample", *drawn), ("score", "x")):
        done = topdraw(*words)
        assert done.code == 0, done.err
    return tmp_path


def called(topdraw: Topdraw, command: str, name: str) -> Outcome:
    return topdraw(*COMMANDS[command], "--with", f"own.py:{name}")


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_scores_what_is_missing_with_any_function(
    topdraw: Topdraw, folder: Path, command: str
) -> None:
    named = [word for name in GOOD for word in ("--with", f"own.py:{name}")]
    done = topdraw(*COMMANDS[command], *named)
    assert done.code == 0, done.err
    run = Run.open(folder / "x")
    values = {name: [s.value for s in run.scores(name).values()] for name in ("floats", "waits")}
    assert values["floats"] == values["waits"]
    assert {score.passed for score in run.scores("bools").values()} == {True, False}
    gaps = run.scores("gaps")
    assert {key[2] for key, score in gaps.items() if score.is_missing} == {0}


@pytest.mark.slow
def test_a_function_with_the_wrong_number_of_scores_is_one_sentence(
    topdraw: Topdraw, folder: Path
) -> None:
    for command in COMMANDS:
        done = called(topdraw, command, "short")
        assert done.code == 3, command
        assert "'short' returned" in done.err
        assert "It must return one per sample" in done.err
        assert "Traceback" not in done.err


def test_one_that_raises_leaves_scores_missing_and_chooses_nobody(
    topdraw: Topdraw, folder: Path
) -> None:
    done = called(topdraw, "select", "raises")
    assert (done.code, done.out) == (3, "")
    assert "'raises' gave none" in done.err
    told = topdraw("score", "x", "--with", "own.py:raises").out
    assert "missing (the first: ValueError: oh no)" in told


def test_the_first_ranks_unless_value_names_another(topdraw: Topdraw, folder: Path) -> None:
    named = ("--with", "own.py:floats", "--with", "own.py:gaps")
    other = json.loads(topdraw("report", "x", *named, "--value", "own.py:gaps", "--json").out)
    assert other["value"] == "gaps"
    chosen = topdraw("select", "x", "-s", "best_of_n", "--json", *named).out.splitlines()
    samples = Run.open(folder / "x").samples()
    for row in map(json.loads, chosen):
        lengths = [len(s.output) for s in samples if s.problem_id == row["problem_id"]]
        assert len(row["output"]) == min(lengths)


def test_a_changed_file_is_named_and_a_missing_one_too(topdraw: Topdraw, folder: Path) -> None:
    assert called(topdraw, "select", "floats").code == 0
    (folder / "own.py").write_text(OWN.replace("-float(len", "float(len"))
    done = called(topdraw, "select", "floats")
    assert done.code == 3
    assert "--again" in done.err
    assert "no file 'gone.py'" in topdraw("report", "x", "--with", "gone.py:f").err
    assert "'nosuch'" in topdraw("select", "x", "--with", "own.py:nosuch").err


def test_a_table_cannot_be_scored(topdraw: Topdraw, folder: Path) -> None:
    (folder / "t.csv").write_text("problem,index,correct\na,0,1\na,1,0\n")
    for command in ("report", "select", "compare"):
        done = topdraw(command, "t.csv", "--with", "own.py:floats")
        assert done.code == 3, (command, done.err)
        assert "is a table" in done.err


@pytest.mark.slow
def test_every_cell_of_a_sweep_is_scored(topdraw: Topdraw, folder: Path) -> None:
    grid = ("--problems", "2", "-n", "2", "--temperature", "0.5,1")
    done = topdraw("sweep", "countdown", *grid, "--out", "s", "--with", "own.py:floats", "--json")
    assert done.code == 0, done.err
    again = topdraw("sweep", "s", "--with", "own.py:waits", "--json")
    assert again.code == 0, again.err
    for cell in ("t0.5", "t1"):
        assert {"floats", "waits"} <= set(Run.open(folder / "s" / cell).scorers())


def test_run_until_best_by_a_function(topdraw: Topdraw, folder: Path) -> None:
    (folder / "far.py").write_text(
        "def far(problem, samples):\n"
        "    return [100.0 if s.index == 3 else s.index % 3 for s in samples]\n"
    )
    best = ("--until", "best", "--confidence", "0.9", "--gain", "0.5", "--with", "far.py:far")
    done = topdraw("run", "countdown", "--problems", "2", "-n", "40", "--out", "b", *best, "--json")
    assert done.code == 0, done.err
    assert len(Run.open(folder / "b").samples()) < 80
    told = json.loads(done.out)
    assert told["stopping"]["until"].startswith("until the best score is settled by far but for")
    assert "--until best --batch 4 --confidence 0.9 --gain 0.5" in (
        (folder / "b/report.html").read_text(encoding="utf-8")
    )
    more = topdraw("sample", "--resume", "b", "-n", "44")
    assert more.code == 3
    assert "--by FILE.py:NAME" in more.err
    assert topdraw("sample", "--resume", "b", "-n", "44", "--by", "far.py:far").code == 0
