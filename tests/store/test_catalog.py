"""What `catalog` counts without reading a run row by row is what reading it row by row counts."""

import dataclasses
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Decoding, Problem, Sample, Task, sampler_hash
from topdraw.core.until import Until
from topdraw.store.catalog import catalog
from topdraw.store.run import Run, Sampler

MODEL = {"name": "tiny"}
HASH = sampler_hash(MODEL, Decoding())
IDS = ("plain", 'q","output":"x', "emoji 🙂\u2028", "\\")


def _run(path: Path, *, until: Until | None = None, n: int = 3) -> Run:
    task = Task("tiny", "1", tuple(Problem(key, "?") for key in IDS))
    samplers = [Sampler(HASH, "sampled", Decoding(), n)]
    return Run.create(path, task=task, model=MODEL, samplers=samplers, seed=0, until=until)


KEYS = st.lists(st.tuples(st.sampled_from(IDS), st.integers(0, 2)), max_size=12)


@given(sessions=st.lists(st.tuples(KEYS, st.booleans()), max_size=3), unfinished=st.booleans())
def test_it_counts_what_is_drawn_wherever_it_lies(
    tmp_path_factory: pytest.TempPathFactory,
    sessions: list[tuple[list[tuple[str, int]], bool]],
    unfinished: bool,
) -> None:
    run = _run(tmp_path_factory.mktemp("catalog") / "run")
    for keys, seal in sessions:
        with run.writer() as writer:
            for key, index in keys:
                writer.append(Sample(key, index, 'out","output":', sampler=HASH))
        # As a kill between a part and the deletion of its segments leaves it.
        left = {path: path.read_bytes() for path in run.path.glob("segments/*.jsonl")}
        if seal:
            run.seal()
            for path, data in left.items() if unfinished else ():
                path.write_bytes(data)
    (entry,) = catalog(run.path)
    assert entry.drawn == len(run.drawn(HASH))
    assert (entry.problems, entry.wanted) == (4, 12)
    assert entry.state == ("complete" if entry.drawn == 12 else "unfinished")


def test_a_stopping_rule_leaves_open_whether_more_is_wanted(tmp_path: Path) -> None:
    run = _run(tmp_path / "run", until=Until("pass", by="number"))
    with run.writer() as writer:
        writer.append(Sample(IDS[0], 0, "x", sampler=HASH))
    assert [entry.state for entry in catalog(tmp_path)] == ["until"]


def test_size_and_scorers_are_told(tmp_path: Path) -> None:
    run = _run(tmp_path / "run")
    with run.writer() as writer:
        writer.append(Sample(IDS[0], 0, "x" * 5000, sampler=HASH))
    (entry,) = catalog(tmp_path)
    assert entry.bytes == sum(f.stat().st_size for f in run.path.rglob("*") if f.is_file()) > 5000
    assert dataclasses.replace(entry, path=tmp_path).scorers == ()
    shutil.rmtree(run.path)
    assert list(catalog(tmp_path)) == []
