"""`topdraw study good-bad-greedy`: planned, capped, killed, resumed, made again from its runs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli.conftest import Topdraw

STUDY = ("study", "good-bad-greedy", "--task", "countdown", "--problems", "4", "-n", "2")
SMALL = (*STUDY, "--model", "builtin", "--model", "builtin:small")
SAMPLES = 4 * (2 * (2 + 1) + 3 * 2 + 3 * 2)
PRICES = """
[[price]]
models = ["builtin"]
input_usd = 0
output_usd = 1000
date = 2026-01-01
source = "made up"
"""


def _tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "tables").iterdir())}


def test_a_plan_says_what_it_takes_and_draws_nothing(topdraw: Topdraw, tmp_path: Path) -> None:
    outcome = topdraw(*SMALL, "--out", "study", "--plan", "--json")
    told = json.loads(outcome.out)
    assert (told["runs"], told["samples"], told["drawn"]) == (8, SAMPLES, 0)
    assert not (tmp_path / "study").exists()


def test_a_cap_in_usd_needs_a_price(topdraw: Topdraw, tmp_path: Path) -> None:
    outcome = topdraw(*SMALL, "--out", "study", "--budget", "1")
    assert outcome.code == 3
    assert "cannot be kept" in outcome.err
    assert not (tmp_path / "study").exists()


@pytest.mark.slow
def test_a_budget_stops_it_and_the_same_command_goes_on(topdraw: Topdraw, tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text(PRICES)
    asked = (*STUDY, "--model", "builtin", "--out", "study", "--prices", "prices.toml")
    stopped = topdraw(*asked, "--budget", "0.15")
    assert stopped.code == 5
    assert "Greedy against sampled" in stopped.out
    plan = (*asked, "--plan", "--json")
    assert json.loads(topdraw(*plan).out)["samples"] > 0
    assert topdraw(*asked).code == 0
    assert json.loads(topdraw(*plan).out)["samples"] == 0


@pytest.mark.slow
def test_killed_and_made_again_it_has_the_same_tables_bit_for_bit(
    topdraw: Topdraw, tmp_path: Path
) -> None:
    assert topdraw(*SMALL, "--out", "whole").code == 0
    whole = _tables(tmp_path / "whole")
    assert {"greedy.json", "temperature.csv", "passing.tex", "claims.json"} <= set(whole)

    _kill_when(tmp_path / "cut", samples=12, folder=tmp_path)
    assert not (tmp_path / "cut" / "tables").exists()
    assert topdraw(*SMALL, "--out", "cut").code == 0
    assert _tables(tmp_path / "cut") == whole

    shutil.rmtree(tmp_path / "cut" / "tables")
    assert topdraw("study", "cut").code == 0
    assert _tables(tmp_path / "cut") == whole

    (tmp_path / "elsewhere").mkdir()
    moved = (tmp_path / "cut").rename(tmp_path / "elsewhere" / "moved")
    shutil.rmtree(moved / "tables")
    assert topdraw("study", str(moved)).code == 0
    assert _tables(moved) == whole


def _kill_when(study: Path, *, samples: int, folder: Path) -> None:
    command = [sys.executable, "-m", "topdraw.cli", *SMALL, "--out", str(study)]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while _lines(study) < samples and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert 0 < _lines(study) < SAMPLES


def _lines(study: Path) -> int:
    """Samples on disk: journals of the run under way, and parts of those that are sealed."""
    import duckdb

    lines = sum(path.read_bytes().count(b"\n") for path in study.glob("runs/*/segments/*.jsonl"))
    parts = [str(path) for path in study.glob("runs/*/samples/*.parquet")]
    if not parts:
        return lines
    found = duckdb.sql(f"select count(*) from read_parquet({parts!r})").fetchone()
    return lines + int(found[0] if found else 0)


def test_recorded_samples_alone_are_a_study(topdraw: Topdraw, tmp_path: Path) -> None:
    rows = ({"problem": f"p{at}", "correct": [at % 2, 1, 0]} for at in range(6))
    (tmp_path / "samples.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    outcome = topdraw(
        "study", "good-bad-greedy", "--recorded", "samples.jsonl", "--out", "study", "--json"
    )
    assert outcome.code == 0
    table = json.loads(outcome.out)["tables"]["greedy"]
    assert table[0]["one sample (mean)"]["value"] == pytest.approx(0.5)
    assert table[0]["greedy"]["value"] is None


@pytest.mark.slow
def test_the_phenomena_of_the_paper_are_there_with_the_built_in_model(topdraw: Topdraw) -> None:
    outcome = topdraw(
        "study", "good-bad-greedy", "--task", "countdown", "-n", "8", "--out", "study", "--json"
    )
    told = {row["claim"]: row for row in json.loads(outcome.out)["tables"]["claims"]}
    for start in (
        "There is a notable gap",
        "Temperature has an optimum",
        "High temperature harms",
        "With the best of N a weaker model passes a stronger one",
    ):
        (row,) = (row for claim, row in told.items() if claim.startswith(start))
        assert row["these samples"] == "supported", row
        assert "[" in row["decided by"]
