"""What a cap or failed requests leave behind: Parquet files, a report, a hint, the exit code."""

import json
from pathlib import Path

import pandas
import pytest
from tests.cli.conftest import Topdraw
from tests.models.scripted_server import Fault, ScriptedServer, always

BUILTIN = ("countdown", "--problems", "4", "-n", "4", "--concurrency", "1", "--out", "x")


def test_a_run_stopped_by_a_cap_is_scored_and_reported(topdraw: Topdraw, tmp_path: Path) -> None:
    done = topdraw("run", *BUILTIN, "--max-samples", "12", "--json")
    assert done.code == 5, done.err
    assert "The cap of 12 samples is reached." in done.err
    assert json.loads(done.out)["page"] == "x/report.html"
    assert len(pandas.read_parquet(tmp_path / "x/samples")) == 12


def test_a_sample_stopped_by_a_cap_compacts_and_names_what_uses_it(
    topdraw: Topdraw, tmp_path: Path
) -> None:
    done = topdraw("sample", *BUILTIN, "--max-samples", "6")
    assert done.code == 5
    assert len(pandas.read_parquet(tmp_path / "x/samples")) == 6
    assert "topdraw score x" in done.err
    assert "topdraw report x" in done.err


def test_a_draw_with_failed_requests_compacts_too(topdraw: Topdraw) -> None:
    answered = 0

    def script(body: object, attempt: int) -> Fault | None:
        nonlocal answered
        answered += 1
        return None if answered <= 5 else Fault("status", 400, body={"error": "no such thing"})

    with ScriptedServer(script) as server:
        done = topdraw(
            "sample", *BUILTIN[:-2], "--chunk", "1", "--endpoint", server.url, "--model", "tiny"
        )
    assert done.code == 4
    [folder] = Path("runs").iterdir()
    assert len(pandas.read_parquet(folder / "samples")) == 5
    assert f"topdraw score {folder}" in done.err


def test_where_nothing_came_there_is_nothing_to_score(topdraw: Topdraw) -> None:
    with ScriptedServer(always(Fault("status", 401))) as server:
        done = topdraw("sample", *BUILTIN, "--endpoint", server.url, "--model", "tiny")
    assert done.code == 4
    assert "topdraw score" not in done.err


@pytest.mark.slow
def test_requests_that_a_stop_drops_are_counted(topdraw: Topdraw) -> None:
    with ScriptedServer(seconds=60) as server:
        done = topdraw(
            "sample", *BUILTIN, "--no-greedy", "--endpoint", server.url, "--model", "tiny",
            "--max-seconds", "0.2", "--chunk", "1", "--concurrency", "3",
        )  # fmt: skip
    assert done.code == 5
    assert "3 requests under way were dropped; they may be charged." in done.err
