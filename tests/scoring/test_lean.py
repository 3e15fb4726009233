"""The Lean verifier end to end, with a scripted `lean` on the PATH in place of the real one."""

import os
import stat
import sys
from pathlib import Path

import pytest

from topdraw.core.records import Problem, Sample, Score
from topdraw.errors import MissingPackage
from topdraw.scoring import lean_process
from topdraw.scoring.contracts import check_scorer
from topdraw.scoring.lean import score_lean
from topdraw.scoring.lean_process import PROJECT, lean_command, run_lean

_PROBLEM = Problem("t", "", {"statement": "theorem t (n : Nat) : n = n := by sorry"})

# Says of a file what Lean would say of these proofs; `env` and `cwd` show what a proof could see.
_FAKE = """
import os, re, sys, time
print(open(os.path.dirname(os.path.abspath(__file__)) + "/log", "a").write(" ".join(sys.argv[1:])
      + " " + os.getcwd() + " " + ",".join(sorted(os.environ)) + "\\n") and "")
source = open(sys.argv[-1]).read()
name = re.findall(r"#print axioms (\\S+)", source)[-1]
if "bad_step" in source:
    print("Check.lean:5:2: error: unsolved goals\\nn : Nat")
    sys.exit(1)
if "spin" in source:
    while True: pass
if "silent" in source:
    sys.exit(0)
if "flood" in source:
    print("x" * 5_000_000)
if "native" in source:
    print(f"'{name}' depends on axioms: [propext, Lean.ofReduceBool]")
elif "forged" in source:
    print("'topdraw_final_00' does not depend on any axioms")
elif "classical" in source:
    print(f"'Deep.{name}' depends on axioms: [propext,\\n Classical.choice, Quot.sound]")
else:
    print(f"'{name}' does not depend on any axioms")
"""


@pytest.fixture
def fake_lean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an executable `lean` (and `lake`), the only one on the PATH."""
    for name in ("lean", "lake"):
        script = tmp_path / name
        script.write_text(f"#!{sys.executable} -IS\n{_FAKE}")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    monkeypatch.delenv(PROJECT, raising=False)
    return tmp_path


def _score(*outputs: str) -> list[Score]:
    return score_lean(_PROBLEM, [Sample("t", i, output) for i, output in enumerate(outputs)])


@pytest.mark.parametrize(
    ("output", "passed", "note"),
    [
        ("rfl", True, "proof; axioms: none"),
        ("  exact classical n", True, "proof; axioms: Classical.choice, Quot.sound, propext"),
        (
            "```lean4\ntheorem t (n : Nat) : n = n := rfl\n```",
            True,
            "theorem in a fence; axioms: none",
        ),
        ("bad_step", False, "proof; unsolved goals"),
        ("native_decide", False, "proof; new axioms: Lean.ofReduceBool"),
        ("silent", False, "proof; Lean ended with code 0"),
        ("forged", False, "proof; Lean ended with code 0"),
        ("flood", False, "proof; Lean ended with code 0"),
        ("sorry", False, "sorry: leaves a gap"),
        ("theorem t (n : Nat) : 1 = 1 := rfl", False, "changes the statement"),
        ("", False, "empty"),
        ("x" * 100_001, False, "longer than 100000 characters"),
    ],
)
def test_verdicts(fake_lean: Path, output: str, passed: bool, note: str) -> None:
    (score,) = _score(output)
    assert score.passed is passed
    assert score.note == note


def test_the_proof_sees_no_secrets_and_lies_in_a_folder_of_its_own(fake_lean: Path) -> None:
    _score("exact nothing_seen")
    command, folder, seen = (fake_lean / "log").read_text().split()[-3:]
    assert command.endswith("Check.lean")
    assert os.path.dirname(command) == folder
    assert set(seen.split(",")) <= {"PATH", "HOME", "ELAN_HOME", "LC_CTYPE"}
    assert not Path(folder).exists()


def test_a_project_is_used_through_lake(
    fake_lean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PROJECT, str(tmp_path))
    assert _score("exact in_project")[0].passed
    words = (fake_lean / "log").read_text().split("\n")[-2].split()
    assert words[:2] == ["env", "lean"]
    assert words[3] == str(tmp_path)


@pytest.mark.slow
def test_out_of_time_by_the_processor_and_by_the_clock(fake_lean: Path) -> None:
    source = "-- {}\n#print axioms x\n"
    assert run_lean(source.format("spin"), cpu_seconds=1).late == "cpu"
    assert run_lean(source.format("spin"), wall_seconds=0.2).late == "wall"


def test_a_clock_that_ran_out_is_missing_and_a_processor_that_did_is_wrong(
    fake_lean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = {"a": "wall", "b": "cpu"}
    monkeypatch.setattr(
        "topdraw.scoring.lean.run_lean",
        lambda source: lean_process.Checked(-9, "", late["a" if "first" in source else "b"]),
    )
    scores = _score("exact first", "exact second")
    assert scores[0].is_missing
    assert scores[1].passed is False


def test_without_lean_one_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv(PROJECT, raising=False)
    with pytest.raises(MissingPackage, match="needs Lean 4") as caught:
        lean_command()
    assert PROJECT in caught.value.hint
    with pytest.raises(MissingPackage):
        _score("rfl")
    assert score_lean(_PROBLEM, []) == []


def test_a_target_without_a_statement_is_missing() -> None:
    (score,) = score_lean(Problem("t", "", "7"), [Sample("t", 0, "rfl")])
    assert score.missing_reason == "the target has no statement"


@pytest.mark.slow
def test_it_keeps_the_contract(fake_lean: Path) -> None:
    check_scorer("lean", problem=_PROBLEM, outputs=["rfl", "bad_step", "sorry"])
