"""`pip install .` into a fresh environment: small, complete, light to start."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    build = tmp_path_factory.mktemp("source")
    subprocess.run(
        ["git", "checkout-index", "-a", "-f", f"--prefix={build}/"], cwd=ROOT, check=True
    )
    done = subprocess.run(
        [str(folder / "bin/pip"), "install", "-q", str(build)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode and "Temporary failure in name resolution" in done.stderr:
        pytest.skip("no package registry in reach")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
@pytest.mark.xdist_group("package")
def test_at_most_thirty_distributions_and_350_megabytes_without_torch(installed: Path) -> None:
    listing = subprocess.run(
        [str(installed / "bin/pip"), "list", "--format=json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = {row["name"] for row in json.loads(listing.stdout)}
    # What stands in an empty environment already is not what topdraw brings.
    before = {"pip", "setuptools"}
    packages = next(installed.glob("lib/python3*/site-packages"))
    ours = [f for f in installed.rglob("*") if f.is_file() and not f.is_symlink()]
    size = sum(
        f.stat().st_size
        for f in ours
        if not (f.is_relative_to(packages) and f.relative_to(packages).parts[0] in before)
    )
    assert len(names - before) <= 30, sorted(names)
    assert "torch" not in names
    assert size <= 350e6, size


@pytest.mark.slow
@pytest.mark.xdist_group("package")
def test_the_installed_package_runs_away_from_its_sources(installed: Path, tmp_path: Path) -> None:
    command = [
        str(installed / "bin/topdraw"), "run", "countdown", "-n", "4", "--problems", "2",
        "--out", "x", "--json",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x/report.html").stat().st_size > 1000
    assert json.loads(done.stdout)["samples"] == 8
