"""`topdraw study` as a user meets it, on the study of coverage."""

from __future__ import annotations

import json
import os
import shutil
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
from tests.studies.monkeys.made import counts_file, law_counts

from topdraw.studies.folder import open_study

SMALL = ["study", "monkeys", "--task", "countdown", "--problems", "5", "-n", "6", "--out", "s"]
PRICE = '[[price]]\nmodels = ["m"]\ninput_usd = 0\noutput_usd = 1000000\ndate = 2026-01-01\n'


def _made(folder: Path) -> dict[str, bytes]:
    """Tables and figures by name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for part in ("tables", "figures")
        for path in sorted((folder / part).iterdir())
    }


def _counts(*, n: int = 60) -> Path:
    counts = {
        "strong": law_counts(-1.5, -0.35, n=n, problems=12),
        "weak": law_counts(-4.5, -0.35, n=n, problems=12),
    }
    return counts_file(Path.cwd(), counts, n=n, name="counts.csv")


@pytest.mark.slow
def test_a_study_draws_checks_and_tells_and_its_tables_come_again(topdraw: Topdraw) -> None:
    done = topdraw(*SMALL)
    assert done.code == 0, done.err
    assert done.out.startswith("On countdown, 6 samples of builtin")
    assert "Claims of the paper" in done.out
    assert "Page: s/study.html" in done.out
    assert "Run 2 of 2: countdown-builtin-small, n = 6." in done.err
    assert "Checking the verifier of countdown-builtin." in done.err
    made = _made(Path("s"))
    assert "tables/coverage-countdown.json" in made
    assert "figures/coverage-countdown.svg" in made
    for name in ("tables", "figures"):
        shutil.rmtree(Path("s") / name)
    (Path("s") / "study.html").unlink()
    again = topdraw("study", "s")
    assert again.code == 0, again.err
    assert _made(Path("s")) == made
    # Elsewhere, too, and drawing again draws nothing.
    shutil.copytree("s", "elsewhere")
    shutil.rmtree(Path("elsewhere") / "tables")
    assert topdraw("study", "elsewhere").code == 0
    assert _made(Path("elsewhere")) == made
    drawn = {path: path.stat().st_mtime_ns for path in Path("s/runs").rglob("*.parquet")}
    assert topdraw(*SMALL).code == 0
    assert {p: p.stat().st_mtime_ns for p in Path("s/runs").rglob("*.parquet")} == drawn
    assert _made(Path("s")) == made


@pytest.mark.slow
def test_killed_and_run_again_equals_an_uninterrupted_study(tmp_path: Path) -> None:
    base = [sys.executable, "-m", "topdraw.cli", *SMALL, "-n", "30"]
    subprocess.run([*base, "--out", "whole"], cwd=tmp_path, capture_output=True, check=True)
    cut = tmp_path / "cut"
    for runs in (1, 2):
        process = subprocess.Popen(
            [*base, "--out", "cut"],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 120
        while len(list(cut.glob("runs/*/manifest.json"))) < runs and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert not (cut / "tables").exists()
    subprocess.run([*base, "--out", "cut"], cwd=tmp_path, capture_output=True, check=True)
    assert _made(cut) == _made(tmp_path / "whole")
    whole, again = open_study(tmp_path / "whole"), open_study(cut)
    for leg in whole.plan.legs:
        first, second = whole.part(leg).run, again.part(leg).run
        assert first is not None
        assert second is not None
        assert len(first.samples()) == 150
        assert first.samples() == second.samples()


def test_recorded_counts_alone_are_a_study(topdraw: Topdraw) -> None:
    done = topdraw("study", "monkeys", "--recorded", str(_counts()), "--out", "s", "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    fits = told["tables"]["fits"]
    assert [row["model"] for row in fits] == ["strong", "weak"]
    assert all(row["mean error"]["value"] < 0.0297 for row in fits)
    assert told["tables"]["family"][1]["log10 shift"]["low"] > 0
    assert told["page"] == "s/study.html"
    assert not list(Path("s/runs").iterdir())


def test_the_terminal_shows_published_numbers_beside_ours_alone(topdraw: Topdraw) -> None:
    rows = [f"p{at},100,{at * 3},Pythia-70M" for at in range(20)]
    Path("math.csv").write_text("\n".join(["problem,n,c,model", *rows]) + "\n")
    done = topdraw("study", "monkeys", "--recorded", "math.csv", "--out", "s")
    assert done.code == 0, done.err
    told = done.out[done.out.index("Published numbers") :]
    assert "Pythia-70M" in told
    assert "Gemma-2B" not in told
    assert "rows without a number of ours: s/tables/published.csv" in told
    assert "Gemma-2B" in Path("s/tables/published.csv").read_text()


def test_recorded_samples_are_found_from_anywhere_and_bad_ones_leave_no_study(
    topdraw: Topdraw, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("bad.csv").write_text("x,y\n1,2\n")
    told = topdraw("study", "monkeys", "--recorded", "bad.csv", "--out", "s")
    assert told.code == 3
    assert "no column of problem ids" in told.err
    assert not Path("s").exists()
    _counts()
    assert topdraw("study", "monkeys", "--recorded", "counts.csv", "--out", "s").code == 0
    made = _made(Path("s"))
    shutil.rmtree(Path("s") / "tables")
    Path("below").mkdir()
    monkeypatch.chdir("below")
    assert topdraw("study", "../s").code == 0
    assert _made(Path("../s")) == made


def test_a_plan_tells_what_it_draws_and_costs_and_draws_nothing(topdraw: Topdraw) -> None:
    Path("prices.toml").write_text(PRICE)
    base = [*SMALL, "--plan", "--prices", "prices.toml", "--max-output-tokens", "7"]
    server = ["--endpoint", "http://localhost:1/v1"]
    told = topdraw(*base, *server, "-m", "m")
    assert told.code == 0, told.err
    assert told.out.splitlines()[0] == "runs      1, 0 of them complete"
    assert "samples   30 to draw, 0 drawn already" in told.out
    assert "cost      at most about $210.00 (prices of 2026-01-01)" in told.out
    assert "no table has the price of 'x'" in topdraw(*base, *server, "-m", "x").out
    free = json.loads(topdraw(*base, "--json").out)
    assert (free["runs"], free["samples"], free["usd"]) == (2, 60, None)
    assert not Path("s").exists()


def test_a_budget_needs_a_price_before_anything_is_drawn(topdraw: Topdraw) -> None:
    with ScriptedServer() as server:
        told = topdraw(*SMALL, "--endpoint", server.url, "-m", "m", "--budget", "1")
        assert told.code == 3
        assert "price of 'm' is unknown" in told.err
        assert not Path("s").exists()


@pytest.mark.slow
def test_a_budget_caps_the_whole_study_and_what_there_is_is_shown(topdraw: Topdraw) -> None:
    Path("prices.toml").write_text(PRICE)
    with ScriptedServer() as server:
        base = [*SMALL, "--endpoint", server.url, "-m", "m", "--prices", "prices.toml"]
        first = topdraw(*base, "--budget", "20", "--chunk", "1")
        assert first.code == 5, first.out
        assert "cap of the study is reached in the run countdown-m" in first.err
        assert "with a larger cap the same command goes on" in first.err
        assert "Page: s/study.html" in first.out
        spent = open_study("s")
        run = spent.part(spent.plan.legs[0]).run
        assert run is not None
        assert 0 < run.bill().output_tokens <= 80
        # The price is known to the folder, so that the page has it.
        assert (Path("s") / "prices.toml").read_text() == PRICE
        done = topdraw(*base, "--budget", "10000")
    assert done.code == 0, done.err
    assert "coverage of m rises" in Path("s/study.html").read_text()


@pytest.mark.slow
def test_samples_that_could_not_be_drawn_are_told_after_all_runs(topdraw: Topdraw) -> None:
    asked: list[str] = []

    def refuse_one(body: Mapping[str, Any], _: int) -> Fault | None:
        prompt = json.dumps(body["messages"])
        asked.append(prompt)
        return Fault("status", 400) if prompt == asked[0] else None

    with ScriptedServer(refuse_one) as server:
        base = [*SMALL, "--endpoint", server.url, "-m", "m", "-m", "n"]
        done = topdraw(*base, "--chunk", "6")
    assert done.code == 4
    assert "could not be drawn" in done.err
    assert "Run 2 of 2: countdown-n" in done.err
    assert "Page: s/study.html" in done.out


@pytest.mark.slow
def test_other_samples_of_one_study_are_refused(topdraw: Topdraw) -> None:
    assert topdraw(*SMALL, "-n", "3", "-m", "builtin:small").code == 0
    told = topdraw(*SMALL, "-n", "3", "-m", "builtin:small", "--seed", "9")
    assert told.code == 3
    assert "seed: the study has 0, asked 9" in told.err
    assert topdraw(*SMALL, "-n", "4", "-m", "builtin:small").code == 0


@pytest.mark.parametrize(
    ("args", "said", "code"),
    [
        (["lions"], "'lions' is no study and no folder of one", 2),
        (["monkeys", "-n", "2"], "at least 3 samples", 3),
        (["monkeys", "--task", "alpaca_eval", "--plan"], "", 3),
        (["monkeys", "--with", "no-such-scorer", "-n", "3"], "no-such-scorer", 3),
        (["monkeys", "--task", "no-such-task"], "no-such-task", 3),
    ],
)
def test_bad_input_is_one_sentence(topdraw: Topdraw, args: list[str], said: str, code: int) -> None:
    told = topdraw("study", *args, "--out", "s")
    assert told.code == code, told.err
    assert said in told.err
    assert not Path("s").exists()


def test_a_folder_is_shown_as_it_is(topdraw: Topdraw) -> None:
    topdraw("study", "monkeys", "--recorded", str(_counts()), "--out", "s")
    told = topdraw("study", "s", "--seed", "1")
    assert told.code == 2
    assert "'seed' is about drawing" in told.err
    assert topdraw("study", "s", "--level", "0.9", "--json").code == 0


def test_samples_that_say_nothing_yet_are_a_page_with_a_reason(topdraw: Topdraw) -> None:
    Path("few.csv").write_text("problem,n,c\na,2,1\n")
    told = topdraw("study", "monkeys", "--recorded", "few.csv", "--out", "s")
    assert told.code == 0, told.err
    assert told.out.startswith("Nothing can be said of these samples yet.")
    assert "few.csv is left out: " in told.out
    assert "at least 3" in told.out
    assert Path("s/study.html").exists()


def test_a_study_without_samples_says_so(topdraw: Topdraw) -> None:
    topdraw("study", "monkeys", "--recorded", str(_counts()), "--out", "s")
    plan = json.loads(Path("s/study.json").read_text())
    Path("s/study.json").write_text(json.dumps({**plan, "recorded": []}))
    told = topdraw("study", "s")
    assert told.code == 3
    assert "has no scored samples yet" in told.err
