"""The floors: the import contract passes as it stands and fails when something imports upwards."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = (
        "import sys; sys.path.insert(0, 'src'); "
        "from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    )
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy_of_the_house(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    ignore = shutil.ignore_patterns("__pycache__", "weights")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=ignore)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("core/seeds.py", "from topdraw.store import run"),
        ("models/connect.py", "from topdraw.sampling import engine"),
        ("scoring/number.py", "from topdraw.selection import pick"),
        ("analysis/coverage.py", "from topdraw.cli import options"),
    ],
)
def test_a_planted_upward_or_sideways_import_fails(
    copy_of_the_house: Path, module: str, line: str
) -> None:
    target = copy_of_the_house / "src/topdraw" / module
    target.write_text(target.read_text() + f"\n\ndef planted():\n    {line}\n")
    done = _lint(copy_of_the_house)
    assert done.returncode != 0
    assert "BROKEN" in done.stdout


@pytest.mark.slow
def test_a_room_outside_the_floors_fails(copy_of_the_house: Path) -> None:
    (copy_of_the_house / "src/topdraw/attic").mkdir()
    (copy_of_the_house / "src/topdraw/attic/__init__.py").write_text('"""Odds and ends."""\n')
    assert _lint(copy_of_the_house).returncode != 0


@pytest.mark.slow
def test_the_house_keeps_its_contract(copy_of_the_house: Path) -> None:
    done = _lint(copy_of_the_house)
    assert done.returncode == 0, done.stdout
    assert "1 kept, 0 broken" in done.stdout
