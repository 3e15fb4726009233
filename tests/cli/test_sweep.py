"""`topdraw sweep` as a user meets it."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Topdraw
from tests.models.scripted_server import Fault, ScriptedServer

from topdraw.sampling.sweep import open_sweep
from topdraw.store.run import Run

TASK = ["sweep", "countdown", "--problems", "4", "-n", "3", "--temperature", "0,1"]
SMALL = [*TASK, "--model", "builtin:small"]


@pytest.mark.slow
def test_a_sweep_draws_scores_and_says_which_cell_is_best(topdraw: Topdraw) -> None:
    done = topdraw(*SMALL, "--repetition-penalty", "1,1.2", "--out", "s", "--greedy-samples", "2")
    assert done.code == 0, done.err
    head, *rows = done.out.split("\n\n")[0].splitlines()
    assert head.split("  ")[:3] == ["temperature", "repetition penalty", "one sample (mean)"]
    assert len(rows) == 4
    assert " is the best of 4 cells" in done.out
    assert "No output changed in 2 repeats of 4 problems" in done.out
    assert "Page: s/sweep.html" in done.out
    assert Path("s/sweep.html").read_text().startswith("<!doctype html>")
    assert len(Run.open("s/t1-r1.2").samples()) == 12
    assert "Cell 4 of 4: temperature 1, repetition penalty 1.2." in done.err


@pytest.mark.slow
def test_a_sweep_folder_opens_again_in_every_form(topdraw: Topdraw) -> None:
    topdraw(*SMALL, "--out", "s")
    told = topdraw("sweep", "s", "--json", "--k", "1,3")
    assert told.code == 0, told.err
    found = json.loads(told.out)
    assert [cell["cell"] for cell in found["cells"]] == ["t0", "t1"]
    assert found["ks"] == [1, 3]
    table = list(csv.DictReader(io.StringIO(topdraw("sweep", "s", "--csv").out)))
    assert [row["temperature"] for row in table] == ["0.0", "1.0"]
    assert table[1]["one sample (mean) low"]
    assert r"\toprule" in topdraw("sweep", "s", "--latex").out
    assert topdraw("sweep", "s", "--page", "elsewhere.html").code == 0
    assert Path("elsewhere.html").exists()
    with_names = topdraw("sweep", "s", "--by", "countdown", "--level", "0.9", "--json")
    assert json.loads(with_names.out)["level"] == 0.9


@pytest.mark.slow
def test_the_same_command_draws_nothing_twice_and_more_values_add_cells(topdraw: Topdraw) -> None:
    topdraw(*SMALL, "--out", "s")
    before = {path: path.stat().st_mtime_ns for path in Path("s").rglob("*.parquet")}
    again = topdraw(*SMALL, "--temperature", "0:1:0.5", "--out", "s")
    assert again.code == 0, again.err
    assert before.items() <= {p: p.stat().st_mtime_ns for p in Path("s").rglob("*.parquet")}.items()
    assert [cell.name for cell in open_sweep("s").cells] == ["t0", "t0.5", "t1"]


@pytest.mark.slow
def test_a_plan_draws_nothing(topdraw: Topdraw) -> None:
    told = topdraw(*SMALL, "--out", "s", "--plan")
    assert told.code == 0
    assert told.out.splitlines()[0] == "cells     2, 0 of them complete"
    assert "samples   16 to draw, 0 drawn already" in told.out
    assert "the model runs on this machine" in told.out
    assert not Path("s").exists()
    topdraw(*SMALL, "--out", "s", "--max-samples", "10")
    plan = json.loads(topdraw(*SMALL, "--out", "s", "--plan", "--json").out)
    assert (plan["samples"], plan["drawn"], plan["complete"]) == (6, 10, 1)
    assert "as in those drawn" in plan["basis"]


def test_a_plan_knows_prices(topdraw: Topdraw) -> None:
    Path("prices.toml").write_text(
        '[[price]]\nmodels = ["m"]\ninput_usd = 0\noutput_usd = 1000000\ndate = 2026-01-01\n'
    )
    paid = ["--endpoint", "http://localhost:1/v1", "--prices", "prices.toml", "--plan"]
    named = topdraw(*TASK, *paid, "--model", "m", "--max-output-tokens", "7")
    assert "cost      at most about $112.00 (prices of 2026-01-01)" in named.out
    assert "no table has the price of 'x'" in topdraw(*TASK, *paid, "--model", "x").out
    assert "unknown (no --model" in topdraw(*TASK, *paid).out


@pytest.mark.slow
def test_a_cap_stops_the_sweep_and_shows_what_there_is(topdraw: Topdraw) -> None:
    stopped = topdraw(*SMALL, "--out", "s", "--max-samples", "10")
    assert stopped.code == 5
    assert "not drawn in full" in stopped.out
    assert "cap of the sweep is reached in cell t1" in stopped.err
    assert "the same command goes on" in stopped.err
    done = topdraw(*SMALL, "--out", "s")
    assert done.code == 0
    assert "not drawn in full" not in done.out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--temperature", "hot"], "'hot'"),
        (["--temperature", "0:1:0"], "leads nowhere"),
        (["--temperature=-1"], "temperature is -1"),
        (["--top-p", "0.5:1.5:0.5"], "top_p is 1.5"),
        (["--top-k", "0.5"], "top_k is 0.5"),
        (["--k", "0"], "--k"),
        (["--json", "--csv"], "name one"),
    ],
)
def test_bad_input_is_one_sentence_before_anything_is_drawn(
    topdraw: Topdraw, args: list[str], said: str
) -> None:
    told = topdraw("sweep", "countdown", "--out", "s", *args)
    assert told.code == 2
    assert said in told.err
    assert not Path("s").exists()


@pytest.mark.slow
def test_what_is_no_sweep_or_another_one_is_refused(topdraw: Topdraw) -> None:
    Path("empty").mkdir()
    assert "no sweep" in topdraw("sweep", "empty").err
    topdraw(*SMALL, "--out", "s")
    drawn = topdraw("sweep", "s", "-n", "5")
    assert drawn.code == 2
    assert "-n is about drawing" in drawn.err
    assert "--plan is about drawing" in topdraw("sweep", "s", "--plan").err
    dear = topdraw(*SMALL, "--out", "dear", "--max-usd", "1")
    assert dear.code == 3
    assert "price of" in dear.err
    assert "Cell 1" not in dear.err
    assert not Path("dear").exists()
    other = topdraw(*SMALL, "--out", "s", "--seed", "9")
    assert other.code == 3
    assert "seed: the sweep has 0, asked 9" in other.err
    Path("mine.jsonl").write_text('{"id": "1", "prompt": "x"}\n')
    silent = topdraw("sweep", "mine.jsonl", "-o", "scorer=", "--out", "t")
    assert "no scorer of its own" in silent.err


def test_samples_that_a_server_refuses_do_not_keep_other_cells_from_being_drawn(
    topdraw: Topdraw,
) -> None:
    asked: list[str] = []

    def refuse_one(body: Mapping[str, Any], _: int) -> Fault | None:
        prompt = json.dumps(body["messages"])
        asked.append(prompt)
        return Fault("status", 400) if prompt == asked[0] and body["temperature"] == 0 else None

    with ScriptedServer(refuse_one) as server:
        done = topdraw(*TASK, "-m", "tiny", "--out", "s", "--endpoint", server.url, "--chunk", "4")
    made = open_sweep("s")
    assert [made.part(cell).missing for cell in made.cells] == [1, 0]
    assert done.code == 4
    assert "1 of 4 samples could not be drawn" in done.err
    assert "not drawn in full" in done.out
    assert json.loads(topdraw("sweep", "s", "--json").out)["best"] == "t1"


def test_a_server_that_is_not_there_ends_it(topdraw: Topdraw) -> None:
    told = topdraw(
        *SMALL, "--out", "s", "--endpoint", "http://127.0.0.1:9/v1", "-m", "m", "--retries", "0",
    )  # fmt: skip
    assert (told.code, told.out) == (4, "")
    assert not (Path("s") / "t1").exists()


@pytest.mark.slow
def test_killed_and_run_again_equals_an_uninterrupted_sweep(tmp_path: Path) -> None:
    base = [sys.executable, "-m", "topdraw.cli", *SMALL, "-n", "40", "--temperature", "0.5,1,1.5"]
    subprocess.run([*base, "--out", "whole"], cwd=tmp_path, capture_output=True, check=True)
    cut = tmp_path / "cut"
    for cells in (1, 2):
        process = subprocess.Popen(
            [*base, "--out", "cut"],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 120
        while len(list(cut.glob("*/manifest.json"))) < cells and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    subprocess.run([*base, "--out", "cut"], cwd=tmp_path, capture_output=True, check=True)
    whole, again = open_sweep(tmp_path / "whole"), open_sweep(cut)
    for cell in whole.cells:
        first, second = whole.run(cell), again.run(cell)
        assert first is not None
        assert second is not None
        assert len(first.samples()) == 160
        assert first.samples() == second.samples()
        assert first.scores("countdown") == second.scores("countdown")
