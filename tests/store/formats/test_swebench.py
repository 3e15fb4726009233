"""SWE-bench: N reports are N attempts, predictions out and in, which failures are whose."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.coverage import pass_at_k
from topdraw.core.records import Json, Problem, Sample
from topdraw.errors import FormatError, StoreError
from topdraw.store.formats.importing import import_files
from topdraw.store.formats.protocol import About, Held
from topdraw.store.formats.swebench import RESOLVED, _write, patch_of, write_attempts
from topdraw.store.run import Run
from topdraw.store.table import counts

_PATCH = "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-1\n+2\n"


def _report(folder: Path, run_id: str, **ids: Json) -> Path:
    """A report as `make_run_report` writes it, with the keys that a test says."""
    file = folder / f"org__model.{run_id}.json"
    report = {"total_instances": 4, "resolved_ids": [], "unresolved_ids": [], "schema_version": 2}
    file.write_text(json.dumps(report | ids, indent=4))
    return file


def test_three_reports_are_three_attempts_with_coverage(tmp_path: Path) -> None:
    first = _report(tmp_path, "r1", resolved_ids=["a"], unresolved_ids=["b", "c"], error_ids=["d"])
    second = _report(tmp_path, "r2", resolved_ids=["b"], unresolved_ids=["a", "c", "d"],
                     infra_failure_ids=["d"], ambiguous_failure_ids=["c"])  # fmt: skip
    third = _report(tmp_path, "r3", unresolved_ids=["a", "b"], empty_patch_ids=["c"],
                    incomplete_ids=["d"])  # fmt: skip
    said = import_files([first, second, third], tmp_path / "run")
    assert said.format == "swebench-report"
    assert dict(said.dropped) == {"instances that were not submitted": 1}
    run = Run.open(tmp_path / "run")
    found = counts(run, RESOLVED)
    assert list(run.problems) == ["a", "b", "c", "d"]
    assert found.n.tolist() == [3, 3, 3, 1]
    assert found.c.tolist() == [1, 1, 0, 0]
    assert found.missing.tolist() == [0, 0, 0, 1]
    covered = pass_at_k(found.n[:3], found.c[:3], 3)
    assert covered.tolist() == [1.0, 1.0, 0.0]
    notes = {key[1:]: score.note for key, score in run.scores(RESOLVED).items()}
    assert notes["d", 0].startswith("error: the patch did not apply")
    assert notes["c", 1] == "ambiguous failure"
    assert run.manifest.model["model"] == "org__model"


def test_predictions_out_and_in_are_the_same(tmp_path: Path) -> None:
    file = tmp_path / "preds.jsonl"
    rows: list[dict[str, Json]] = [
        {"instance_id": "a", "model_name_or_path": "m", "model_patch": _PATCH},
        {"instance_id": "b", "model_name_or_path": "m", "model_patch": "", "note": 1},
        {"instance_id": "c", "model_name_or_path": "m", "model_patch": None},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    said = import_files([file], tmp_path / "run")
    assert said.format == "swebench"
    run = Run.open(tmp_path / "run")
    problems = [Held(run.problems[s.problem_id], [s], {}) for s in run.samples()]
    written = list(_write(problems, About(model="m")))
    assert written == [*rows[:2], {**rows[2], "model_patch": ""}]


def test_one_file_per_attempt_as_the_harness_takes_them(tmp_path: Path) -> None:
    samples = [Sample("a", i, f"```diff\n{_PATCH.replace('+2', f'+{i}')}```\n") for i in range(3)]
    problems = [
        Held(Problem("a", "a"), samples, {}),
        Held(Problem("b", "b"), [Sample("b", 0, "")], {}),
    ]
    files = write_attempts(problems, About(model="m"), tmp_path / "out")
    assert [file.name for file in files] == [f"attempt-{i}.jsonl" for i in range(3)]
    first, second = ([json.loads(line) for line in f.read_text().splitlines()] for f in files[:2])
    assert [row["instance_id"] for row in first] == ["a", "b"]
    assert [row["instance_id"] for row in second] == ["a"]
    assert set(first[0]) == {"instance_id", "model_name_or_path", "model_patch"}
    assert "+1" in second[0]["model_patch"]
    with pytest.raises(StoreError, match="Cannot write predictions"):
        write_attempts(problems, About(model="m"), tmp_path / "out")


@pytest.mark.parametrize(
    ("output", "patch"),
    [
        (_PATCH, _PATCH),
        (f"\n{_PATCH}", f"\n{_PATCH}"),
        (f"Here:\n{_PATCH}", _PATCH),
        (f"```diff\n--- a\n```\nor\n```patch\n{_PATCH}```\n", _PATCH),
        ("--- a/README.md\n+++ b/README.md\n+```diff\n+x\n+```\n", None),
        ("I cannot.", ""),
        ("", ""),
    ],
)
def test_the_patch_in_an_output(output: str, patch: str | None) -> None:
    assert patch_of(output) == (output if patch is None else patch)


@given(st.text())
def test_a_patch_of_a_patch_is_the_patch(output: str) -> None:
    patch = patch_of(output)
    assert patch_of(patch) == patch or not patch_of(patch).strip()


@pytest.mark.parametrize("ids", [{"resolved_ids": "a"}, {"unresolved_ids": [1]}])
def test_broken_reports_are_refused(tmp_path: Path, ids: dict[str, Json]) -> None:
    with pytest.raises(FormatError, match="must be a list of texts"):
        import_files([_report(tmp_path, "r", **ids)], tmp_path / "run")


def test_broken_predictions_are_refused_with_their_line(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    good = json.dumps({"instance_id": "a", "model_patch": ""})
    file.write_text(f'{good}\n{{"instance_id": "b", "model_patch": 3}}\n')
    with pytest.raises(FormatError, match=r"p.jsonl.*2.*'model_patch' must be a text"):
        import_files([file], tmp_path / "run")
