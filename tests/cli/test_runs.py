"""`topdraw runs`: what there is, how far it is, what is damaged; never a change on disk."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import Topdraw
from tests.conftest import TinyRun

from topdraw.store.segments import OPEN


def _rows(out: str) -> dict[str, dict[str, object]]:
    rows = [json.loads(line) for line in out.splitlines()]
    return {Path(row["run"]).name: row for row in rows}


def test_one_line_a_run_with_what_is_drawn_of_what_is_wanted(
    topdraw: Topdraw, tiny_run: TinyRun, tmp_path: Path
) -> None:
    whole = tiny_run({"a": ["1", "2"], "b": ["3", "4"]}, name="whole", greedy={"a": "x", "b": "y"})
    whole.seal()
    whole.add_scores("mine", [])
    tiny_run({"a": ["1", "2", "3"], "b": ["4"]}, name="part")
    (tmp_path / "no-run").mkdir()
    (tmp_path / "note.txt").write_text("not a run")
    done = topdraw("runs", ".", "--json")
    rows = _rows(done.out)
    assert done.code == 0, done.err
    assert list(rows) == ["part", "whole"]
    assert (rows["whole"]["state"], rows["part"]["state"]) == ("complete", "unfinished")
    assert (rows["whole"]["drawn"], rows["whole"]["wanted"]) == (6, 6)
    assert (rows["part"]["drawn"], rows["part"]["wanted"], rows["part"]["n"]) == (4, 6, 3)
    table = topdraw("runs", ".").out.splitlines()
    assert table[0].split()[:2] == ["name", "task"]
    assert [line.split()[0] for line in table[1:]] == ["part", "whole"]


def test_a_folder_that_is_a_run_is_listed_itself(topdraw: Topdraw, tiny_run: TinyRun) -> None:
    run = tiny_run({"a": ["1"]})
    assert list(_rows(topdraw("runs", str(run.path), "--json").out)) == ["run"]


def test_samples_in_parts_and_segments_are_counted_once(
    topdraw: Topdraw, tiny_run: TinyRun
) -> None:
    """As after a kill between writing a part and deleting the segments it was made of."""
    run = tiny_run({"a": ["1", "2", "3"]})
    segment = next(run.path.glob("segments/*.jsonl"))
    data = segment.read_bytes()
    run.seal()
    segment.write_bytes(data)
    row = _rows(topdraw("runs", str(run.path), "--json").out)["run"]
    assert (row["drawn"], row["state"]) == (3, "complete")


def test_a_damaged_run_is_named_and_spares_the_others(
    topdraw: Topdraw, tiny_run: TinyRun, tmp_path: Path
) -> None:
    tiny_run({"a": ["1"]}, name="good")
    for name in ("bad", "broken"):
        tiny_run({"a": ["1"]}, name=name).seal()
    (tmp_path / "bad" / "manifest.json").write_text("{")
    next((tmp_path / "broken" / "samples").glob("*.parquet")).write_bytes(b"PAR1 no more")
    done = topdraw("runs", ".")
    assert done.code == 0
    states = {line.split()[0]: line.split()[-1] for line in done.out.splitlines()[1:]}
    assert states == {"bad": "damaged", "broken": "damaged", "good": "complete"}
    assert "bad: " in done.err
    assert "broken: " in done.err


def test_a_run_that_another_process_writes_says_so(topdraw: Topdraw, tiny_run: TinyRun) -> None:
    run = tiny_run({"a": ["1"], "b": ["2"]})
    sample = run.samples()[0]
    with run.writer() as writer:
        writer.append(sample)
        assert (
            _rows(topdraw("runs", str(run.path), "--json").out)["run"]["state"] == "being written"
        )
    assert _rows(topdraw("runs", str(run.path), "--json").out)["run"]["state"] == "complete"


def test_listing_changes_nothing_on_disk(topdraw: Topdraw, tiny_run: TinyRun) -> None:
    run = tiny_run({"a": ["1", "2"]})
    sealed = next(run.path.glob("segments/*.jsonl"))
    left = sealed.with_name(sealed.name.removesuffix(".jsonl") + OPEN)
    sealed.rename(left)  # what a killed writer leaves
    left.write_bytes(left.read_bytes() + b'{"torn')
    before = {path: path.stat().st_mtime_ns for path in run.path.rglob("*")}
    row = _rows(topdraw("runs", str(run.path), "--json").out)["run"]
    assert (row["drawn"], row["state"]) == (2, "complete")
    assert {path: path.stat().st_mtime_ns for path in run.path.rglob("*")} == before


def test_nothing_there_is_one_clear_sentence(topdraw: Topdraw, tmp_path: Path) -> None:
    done = topdraw("runs")
    assert (done.code, done.out) == (3, "")
    assert "topdraw demo" in done.err
    empty = topdraw("runs", str(tmp_path))
    assert (empty.code, empty.out) == (0, "")
    assert "no run" in empty.err


def test_hostile_names_and_a_narrow_terminal(tiny_run: TinyRun, tmp_path: Path) -> None:
    tiny_run({"a": ["1"]}, name="\x1b[2J" + "long" * 10)
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "topdraw.cli", "runs", "."]
    size = {**os.environ, "COLUMNS": "80"}
    with subprocess.Popen(command, cwd=tmp_path, stdout=follower, env=size) as process:
        os.close(follower)
        shown = b"".join(iter(lambda: _read(leader), b"")).decode()
    assert process.returncode == 0
    assert "\x1b[2J" not in shown
    plain = shown.replace("\x1b[1m", "").replace("\x1b[0m", "").replace("\x1b[32m", "")
    assert len(plain.splitlines()) == 2
    assert all(len(line) <= 80 for line in plain.splitlines())
    assert plain.splitlines()[1].startswith("␛[2J" + "long" * 10)
    assert not {"size", "task"} & set(plain.splitlines()[0].split())
    assert plain.rstrip().endswith("complete")


def test_the_newest_run_comes_first(topdraw: Topdraw, tiny_run: TinyRun, tmp_path: Path) -> None:
    for name, day in (("a", 1), ("b", 3), ("c", 2)):
        file = tiny_run({"a": ["1"]}, name=name).path / "manifest.json"
        values = json.loads(file.read_text()) | {"created": f"2026-11-0{day}T10:00:00+00:00"}
        file.write_text(json.dumps(values))
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "manifest.json").write_text("{")
    assert list(_rows(topdraw("runs", ".", "--json").out)) == ["b", "c", "a", "d"]


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
