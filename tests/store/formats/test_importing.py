import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.store.formats.made import Values, imported, lines

from topdraw.core.records import Problem
from topdraw.errors import ConfigError, FormatError, StoreError, UnknownNameError
from topdraw.store.catalog import catalog
from topdraw.store.formats import importing
from topdraw.store.formats.importing import TaskProblems, import_files
from topdraw.store.run import Run


def row(task: str = "a", completion: str = "x", **more: object) -> Values:
    return {"task_id": task, "completion": completion, **more}


def test_a_run_says_where_it_is_from(tmp_path: Path) -> None:
    path = lines(tmp_path / "mine.jsonl", [row(passed=True), row(passed=False), row("b")])
    report, run = imported(path)
    manifest = run.manifest
    assert manifest.model == {
        "kind": "imported", "model": "unknown", "format": "humaneval", "files": ["mine.jsonl"],
        "decoding": "unknown",
    }  # fmt: skip
    assert manifest.task["name"] == "mine"
    assert (manifest.scorer, report.by) == ("", "")  # one sample has no verdict
    facts = manifest.extra["import"]
    assert isinstance(facts, dict)
    assert facts["rows"] == 3
    assert run.verify().problems == []
    assert report.as_dict()["problems"] == 2


def test_a_run_of_unequal_numbers_is_complete_and_all_of_it_counts(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", [row(), row("b", "y"), row("b", "z")])
    made = imported(path)
    assert len(made.outputs) == 3
    (entry,) = [one for one in catalog(tmp_path) if one.path == made.run.path]
    assert (entry.state, entry.drawn) == ("complete", 3)


def test_many_rows_come_in_batches_and_none_is_lost(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "x.jsonl", [row(f"p{at % 7}", str(at), passed=True) for at in range(1500)]
    )
    made = imported(path)
    assert sorted(int(one[2]) for one in made.outputs) == list(range(1500))
    assert sum(one is not None for one in made.scores("humaneval:passed")) == 1500


def test_importing_twice_gives_the_same_rows(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", [row(), row("b")])
    first, second = imported(path).run, imported(path).run
    assert first.samples() == second.samples()
    assert first.manifest.samplers == second.manifest.samplers


def test_hostile_text_survives(tmp_path: Path) -> None:
    text = "NaN\u2028\x85\x00\x1b[2J\ud800"
    path = lines(tmp_path / "x.jsonl", [row("../../" + text, text, passed=True, result=text)])
    made = imported(path)
    assert made.outputs == [("../../" + text, 0, text)]
    (score,) = made.scores("humaneval:passed")
    assert score is not None
    assert score.note == text


def test_a_broken_file_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(row()) + "\nbroken\n")
    with pytest.raises(FormatError, match="line 2 is not JSON"):
        imported(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_is_never_written_over(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", [row()])
    (tmp_path / "run").mkdir()
    import_files([path], tmp_path / "run")  # an empty folder is fine
    with pytest.raises(StoreError, match="is there already"):
        import_files([path], tmp_path / "run")
    with pytest.raises(StoreError, match="is there already"):
        import_files([path], path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_says_so(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", [row()])
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="No run can be made"):
        import_files([path], tmp_path / "run")


def test_a_parent_that_is_a_file_says_so(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", [row()])
    with pytest.raises(StoreError, match="No run can be made"):
        import_files([path], path / "run")


def test_files_of_several_formats_are_refused(tmp_path: Path) -> None:
    paths = [
        lines(tmp_path / "x.jsonl", [row()]),
        lines(tmp_path / "y.jsonl", [{"task_id": "a", "solution": "y"}]),
    ]
    with pytest.raises(ConfigError, match=r"several formats: .*humaneval, .*evalplus"):
        imported(paths)


def test_a_format_that_nobody_knows_lists_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'humaneval'"):
        imported(lines(tmp_path / "x.jsonl", [row()]), format_name="human-eval")


def test_a_task_gives_prompts_and_targets_by_id_or_prompt(tmp_path: Path) -> None:
    problem = Problem("a", "Add.", "2")
    task = TaskProblems("sums", "1", (problem,))
    rows = [
        {"id": "a", "prompt": "other", "output": "x"},
        {"prompt": "Add.", "output": "y"},
        {"id": "z", "output": "z"},
    ]
    made = imported(lines(tmp_path / "x.jsonl", rows), task=task)
    assert made.outputs == [("a", 0, "x"), ("a", 1, "y")]
    assert made.run.problems == {"a": problem}
    assert made.run.manifest.task["name"] == "sums"
    assert dict(made.report.dropped) == {"samples of no problem of the task 'sums'": 1}


def test_numbers_of_a_task_are_found_where_no_prompt_contradicts() -> None:
    problems = tuple(Problem(f"t/{at:04d}", f"Question: {at}+1?") for at in range(3))
    task = TaskProblems("t", "1", problems)
    assert task.find(Problem("2", "2")) is problems[2]
    assert task.find(Problem("2", "2+1?")) is problems[2]
    assert task.find(Problem("2", "7+7?")) is None
    assert task.find(Problem("9", "9")) is None
    twice = TaskProblems("t", "1", (Problem("a/1", "x"), Problem("b/1", "y")))
    assert twice.find(Problem("1", "1")) is None


def test_prompts_that_change_are_told(tmp_path: Path) -> None:
    rows = [{"id": 1, "prompt": one, "output": "x"} for one in ("q?", "r?")]
    report, run = imported(lines(tmp_path / "x.jsonl", rows))
    assert run.problems["1"].prompt == "q?"
    assert any("prompt is not their problem's first" in one for one in report.warnings)


def test_too_many_scorers_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_MOST_SCORERS", 1)
    rows = [{"id": 1, "output": "x", "passed": True}, {"id": 1, "output": "x", "correct": True}]
    with pytest.raises(FormatError, match="more than 1 scorers"):
        imported(lines(tmp_path / "x.jsonl", rows))


_LIMITED = """
import resource, sys
from topdraw.store.formats.importing import import_files
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = import_files([sys.argv[1]], sys.argv[2])
print(report.samples, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
def test_a_large_file_is_imported_in_the_memory_of_a_small_one(tmp_path: Path) -> None:
    path, text = tmp_path / "x.jsonl", "word " * 400
    with path.open("w") as file:
        for at in range(25_000):
            file.write(json.dumps(row(f"p{at % 50}", f"{text}{at}", passed=True)) + "\n")
    size = path.stat().st_size
    assert size > 50e6
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(path), str(tmp_path / "run")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    samples, grown = map(int, done.stdout.split())
    unit = 1 if sys.platform == "darwin" else 1024
    assert samples == 25_000
    assert grown * unit < size / 2
    assert len(Run.open(tmp_path / "run").problems) == 50
