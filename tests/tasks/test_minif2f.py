"""miniF2F: Lean files, folders of them and provers' rows; both prompts."""

# ruff: noqa: RUF001  Lean writes its numbers as double-struck letters

import json
from pathlib import Path

import pytest

from topdraw.core.records import Json
from topdraw.errors import ConfigError, DomainError, FormatError
from topdraw.scoring.lean_text import Statement, read_statement
from topdraw.tasks.minif2f import load

# In the form of MiniF2F/Test.lean; the theorems are ours.
_FILE = """/-
Copyright of somebody.
-/
import Mathlib
open BigOperators Real


theorem first_one
  (b h : ℝ)
  (h₀ : b = 30) :
  b = 30 := by sorry

theorem second_one (n : ℕ) :
  n = n :=
  by sorry

theorem third_one : 1 = 1 := by
sorry
"""
_ROW: dict[str, Json] = {
    "name": "a_row",
    "split": "test",
    "informal_prefix": "/-- Show it. -/\n",
    "formal_statement": "theorem a_row (x : ℕ) : x = x := by\n",
    "header": "import Mathlib\nopen Nat\n",
}


def _lean(folder: Path, name: str = "Test.lean") -> str:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_FILE, encoding="utf-8")
    return str(file)


def _rows(folder: Path, *rows: dict[str, Json]) -> str:
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)


def test_a_lean_file(tmp_path: Path) -> None:
    task = load(path=_lean(tmp_path))
    assert [problem.id for problem in task.problems] == ["first_one", "second_one", "third_one"]
    statements = [read_statement(problem.target) for problem in task.problems]
    assert all(isinstance(one, Statement) for one in statements)
    assert statements[1] == Statement(
        "second_one",
        "theorem second_one (n : ℕ) :\n  n = n",
        "∀ (n : ℕ), n = n",
        "import Mathlib\nopen BigOperators Real\n",
    )
    assert task.scorer == "lean"


def test_both_prompts(tmp_path: Path) -> None:
    path = _rows(tmp_path, _ROW)
    (problem,) = (task := load(path=path)).problems
    assert problem.prompt == (
        "Complete the following Lean 4 code:\n\n```lean4\nimport Mathlib\nopen Nat\n\n"
        "/-- Show it. -/\ntheorem a_row (x : ℕ) : x = x := by\n"
    )
    assert task.decoding["stop"] == ["```"]
    chat = load(path=path, style="chat")
    assert "sorry\n```" in chat.problems[0].prompt
    assert "stop" not in chat.decoding


def test_parts_of_rows_and_of_folders(tmp_path: Path) -> None:
    path = _rows(tmp_path, {**_ROW, "name": "v", "split": "valid"}, _ROW)
    assert [p.id for p in load(path=path).problems] == ["a_row"]
    assert [p.id for p in load(path=path, part="valid").problems] == ["v"]
    assert len(load(path=path, part="all").problems) == 2
    _lean(tmp_path, "F2F/Test/one.lean")
    assert len(load(path=str(tmp_path / "F2F")).problems) == 3
    assert len(load(path=str(tmp_path / "F2F"), problems=2, part="all").problems) == 2
    with pytest.raises(ConfigError):
        load(path=str(tmp_path / "F2F"), part="valid")
    with pytest.raises(FormatError, match="no theorem of the part 'valid'"):
        load(path=_rows(tmp_path, _ROW), part="valid")


def test_rows_without_a_header_get_mathlib(tmp_path: Path) -> None:
    row = {key: value for key, value in _ROW.items() if key in ("name", "formal_statement")}
    (problem,) = load(path=_rows(tmp_path, row)).problems
    assert "import Mathlib" in problem.prompt


def test_bad_files_and_options(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Cannot read"):
        load(path=str(tmp_path / "no.lean"))
    (tmp_path / "bad.lean").write_bytes(b"theorem \xff")
    with pytest.raises(FormatError, match="not UTF-8"):
        load(path=str(tmp_path / "bad.lean"))
    (tmp_path / "empty.lean").write_text("import Mathlib\n")
    with pytest.raises(FormatError, match="no theorem"):
        load(path=str(tmp_path / "empty.lean"))
    for options in ({"part": "train"}, {"style": "x"}, {"problems": 0}):
        with pytest.raises(DomainError):
            load(path="x", **options)
