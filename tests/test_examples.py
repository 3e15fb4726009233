"""The examples run as they stand, offline, and say what they promise."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from tests.models.conftest import llama_server as llama_server

EXAMPLES = Path(__file__).parents[1] / "examples"
pytestmark = pytest.mark.slow


def _said(folder: Path, name: str, *words: str) -> str:
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _value(said: str, label: str) -> float:
    found = re.search(rf"^ *{re.escape(label)} +([\d.]+) \[", said, re.MULTILINE)
    assert found is not None, said
    return float(found[1])


def test_a_scorer_of_ones_own_beats_one_sample(tmp_path: Path) -> None:
    said = _said(tmp_path, "own_scorer.py")
    one, best = (_value(said, name) for name in ("one sample", "best of n by my scorer"))
    assert best > one + 0.1


def test_the_scorer_is_one_for_the_command_line_too(tmp_path: Path) -> None:
    spec = f"{EXAMPLES / 'own_scorer.py'}:checked_steps"
    words = ["run", "arithmetic", "--problems", "3", "-n", "4", "--value", spec, "--json"]
    command = [sys.executable, "-m", "topdraw.cli", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["value"] == "checked_steps"


def test_recorded_samples(tmp_path: Path) -> None:
    said = _said(tmp_path, "recorded_samples.py")
    assert _value(said, "one sample") == 0.5
    assert _value(said, "coverage at four") == 1
    assert _value(said, "coverage at 10,000") == pytest.approx(5 / 6, abs=0.01)
    assert Path(tmp_path, "runs/recorded/counts.csv.report.html").exists()


def test_two_models(tmp_path: Path) -> None:
    said = _said(tmp_path, "two_models.py")
    assert _value(said, "pass@1") > 0
    assert (
        _value(said.splitlines()[-1], "") > 0.3
    )  # many samples of the small one, one of the large


def test_a_k_for_a_budget(tmp_path: Path) -> None:
    said = _said(tmp_path, "choose_k.py")
    ks = [int(k) for k in re.findall(r"^\w+: k = (\d+) for", said, re.MULTILINE)]
    assert len(ks) == 2
    assert all(1 <= k <= 8 for k in ks)


@pytest.mark.xdist_group("llama_server")
def test_an_endpoint_of_ones_own(tmp_path: Path, llama_server: str) -> None:
    said = _said(tmp_path, "own_endpoint.py", llama_server, "builtin")
    assert 0 <= _value(said, "vote of 16") <= 1
    assert re.search(r"^\d+ requests, [\d,]+ tokens, 0 paid and not used$", said, re.MULTILINE)
    assert _said(tmp_path, "own_endpoint.py", llama_server, "builtin") == said  # nothing drawn anew


def test_how_an_endpoint_is_named_is_said() -> None:
    command = [sys.executable, str(EXAMPLES / "own_endpoint.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "llama-3.1-8b" in done.stderr


def test_the_notebook_runs_and_shows_a_figure(tmp_path: Path) -> None:
    notebook = nbformat.read(EXAMPLES / "first_look.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    shown = [out for cell in notebook.cells for out in cell.get("outputs", ())]
    assert any("image/svg+xml" in out.get("data", {}) for out in shown)
    assert not any(out.output_type == "error" or out.get("name") == "stderr" for out in shown)


def test_the_notebook_is_stored_without_outputs() -> None:
    notebook = nbformat.read(EXAMPLES / "first_look.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    assert not any(cell.get("outputs") for cell in notebook.cells)
