"""`topdraw import` as a user meets it: the report, then score and report on the run it made."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Topdraw

from topdraw.cli.import_files import _stem
from topdraw.store.formats.known import FORMATS
from topdraw.store.run import Run


def write(path: Path, rows: list[dict[str, object]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path.name


@pytest.fixture
def samples(tmp_path: Path) -> str:
    return write(tmp_path / "mine.jsonl", [
        {"question": f"{at}+1?", "answer": str(at + 1), "response": f"it is {at + 1 + wrong}",
         "is_correct": not wrong}
        for at in range(3) for wrong in (0, 1)
    ])  # fmt: skip


def test_a_file_becomes_a_run_that_is_scored_anew_and_reported(
    topdraw: Topdraw, tmp_path: Path, samples: str
) -> None:
    said = "problem=question,text=response,correct=is_correct"
    done = topdraw("import", samples, "--map", said, "--map", "target=answer")
    assert done.code == 0, done.err
    for line in (
        "format: plain (mine.jsonl)",
        "rows: 6 read, 0 dropped",
        "problems: 3",
        "samples: 6; per problem min 2, median 2, max 2",
        "score plain:is_correct: 6 samples, 3 of 6 passed",
        "by default: plain:is_correct",
        "run: runs/mine",
    ):
        assert line in done.out.splitlines()
    reported = topdraw("report", "runs/mine", "--json")
    assert json.loads(reported.out)["by"] == "plain:is_correct"
    assert topdraw("score", "runs/mine", "number").out == "number: 6 scored, 3 passed\n"
    anew = topdraw("report", "runs/mine", "--by", "number", "--json")
    assert json.loads(anew.out)["by"] == "number"
    assert "is_correct" in topdraw("show", "runs/mine").out


def test_what_came_with_the_samples_is_not_made_anew(topdraw: Topdraw, samples: str) -> None:
    topdraw("import", samples, "--map", "problem=question", "--out", "r")
    done = topdraw("score", "r")
    assert done.code == 3
    assert "came with the samples" in done.err


def test_the_report_as_json(topdraw: Topdraw, samples: str) -> None:
    done = topdraw("import", samples, "--json", "--out", "x")
    report = json.loads(done.out)
    assert (report["rows"], report["problems"], report["fewest"]) == (6, 3, 2)
    assert report["scorers"]["plain:is_correct"]["passed"] == 3


def test_a_task_gives_targets(topdraw: Topdraw, tmp_path: Path) -> None:
    write(tmp_path / "q.jsonl", [{"id": "a", "question": "1+1?", "answer": 2}])
    file = write(tmp_path / "s.jsonl", [{"id": "a", "output": "2"}, {"id": "b", "output": "3"}])
    done = topdraw("import", file, "--task", "q.jsonl")
    assert done.code == 0, done.err
    assert "  dropped: 1 samples of no problem of the task 'q' (the first: b)" in done.out
    assert "by default: no verdicts in the file" in done.out
    assert topdraw("score", "runs/s").out == "number: 1 scored, 1 passed\n"  # the task's own
    options = ("--task", "jsonl", "-o", "path=q.jsonl", "-o", "prompt=question", "--out", "t")
    assert topdraw("import", file, *options).code == 0
    assert topdraw("show", "t", "--json").code == 0


@pytest.mark.slow
def test_game_of_24_judged_anew_agrees_with_every_stored_verdict(
    topdraw: Topdraw, tmp_path: Path, shared_data: Path
) -> None:
    (log,) = (shared_data / "game24").glob("*.json.gz")
    puzzles = f"path={shared_data / 'game24' / 'puzzles_900_999.csv'}"
    assert topdraw("import", str(log), "--task", "game24", "-o", puzzles, "--out", "g").code == 0
    assert topdraw("score", "g", "countdown").out == "countdown: 10,000 scored, 734 passed\n"
    run = Run.open(tmp_path / "g")
    ours, theirs = run.scores("countdown"), run.scores("tree-of-thought:r")
    assert [key for key in ours if ours[key].passed != theirs[key].passed] == []


def test_filters_models_and_greedy_samples_are_told(topdraw: Topdraw, tmp_path: Path) -> None:
    row = {"doc_id": 0, "doc": {}, "resps": [["a"]], "filtered_resps": ["a"], "metrics": []}
    file = write(tmp_path / "l.jsonl", [row | {"filter": "x"}, row | {"filter": "y"}])
    done = topdraw("import", file)
    assert "filters merged: x, y" in done.out
    assert "extractor: lm-eval's filters: x, y" in done.out
    rows: list[dict[str, object]] = [
        {"id": 1, "output": "a", "model": "m"},
        {"id": 1, "output": "b", "model": "n", "role": "greedy"},
    ]
    done = topdraw("import", write(tmp_path / "m.jsonl", rows))
    assert "samples: 1, and 1 greedy;" in done.out
    assert "warning: Samples of 2 models are one run (m, n)" in done.out


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (["nothing.jsonl"], 3, "There is no file 'nothing.jsonl'"),
        (["."], 3, "is a folder; name the files in it"),
        (["mine.jsonl", "--map", "x"], 3, "--map is OURS=THEIRS"),
        (["mine.jsonl", "--format", "lm_eval"], 3, "There is no format named 'lm_eval'"),
        (["mine.jsonl", "--format", "inspect"], 3, "holds no sample to import"),
        ([], 2, "Missing argument"),
    ],
)
@pytest.mark.usefixtures("samples")
def test_what_cannot_be_done_is_one_sentence(
    topdraw: Topdraw, args: list[str], code: int, told: str
) -> None:
    done = topdraw("import", *args)
    assert done.code == code
    assert told in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


def test_a_long_file_says_how_far_it_is_on_stderr(
    topdraw: Topdraw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("topdraw.cli.progress._LINE_SECONDS", 0.0)
    file = write(tmp_path / "m.jsonl", [{"id": at, "output": "a"} for at in range(2100)])
    done = topdraw("import", file, "--json")
    assert json.loads(done.out)["rows"] == 2100
    told = [one.partition(" rows, ")[0] for one in done.err.splitlines()]
    assert told == ["Importing: 1,024", "Importing: 2,048"]


def test_the_help_lists_every_format(topdraw: Topdraw) -> None:
    told = " ".join(topdraw("import", "--help").out.split()).replace("- ", "-")  # unwrapped
    assert [name for name in FORMATS if f"{name}," not in told and f"{name}:" not in told] == []


def test_names_from_a_file_do_not_act_on_the_terminal(topdraw: Topdraw, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"id": 1, "output": "a", "model": "\x1b[2Jm", "\x1b[31mpassed": 1, "passed": True},
        {"id": 1, "output": "a", "model": "n", "passed": True},
    ]
    done = topdraw("import", write(tmp_path / "m.jsonl", rows))
    assert done.code == 0, done.err
    assert "\x1b" not in done.out + done.err


def test_the_default_folder_has_the_name_of_the_file() -> None:
    assert _stem("a/b.json.gz") == "b"
    assert _stem("x.eval") == "x"
    assert _stem(".jsonl") == "imported"
