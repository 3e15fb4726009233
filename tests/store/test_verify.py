from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.store.strategies import HASH, MODEL, make

from topdraw.core.records import Decoding, Problem, Score, Task
from topdraw.errors import StoreError
from topdraw.store.run import Run, Sampler
from topdraw.store.segments import sealed_segments
from topdraw.store.verify import Verification, verify


def create(path: Path) -> Run:
    """A run with two parts of samples, a segment of five, one of scores, and a part of these."""
    task = Task("t", "1", (Problem("p", "?"),))
    run = Run.create(
        path, task=task, model=MODEL, samplers=[Sampler(HASH, "sampled", Decoding(), 20)], seed=0
    )
    for at in range(3):
        drawn = [make("p", 5 * at + k, f"text {k}") for k in range(5)]
        with run.writer() as writer:
            for sample in drawn:
                writer.append(sample)
        run.add_scores("s", [(sample, Score.verdict(True)) for sample in drawn])
        if at < 2:
            run.seal()
    return run


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def flip(path: Path, at: int, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.write_bytes(bytes(data))


def test_a_sound_run_has_no_problems(tmp_path: Path) -> None:
    run = create(tmp_path / "run")
    before = content(run.path)
    assert run.verify() == Verification(segments=2, records=10, parts=4)
    assert content(run.path) == before


@pytest.mark.slow
def test_a_flipped_bit_anywhere_is_found_and_named(tmp_path: Path) -> None:
    run = create(tmp_path / "run")
    rng = random.Random(5)  # which bits
    paths = [*run.path.rglob("*.parquet"), *run.path.rglob("segments/*.jsonl")]
    assert len(paths) == 6
    for path in paths:
        whole = path.read_bytes()
        ends = {0, len(whole) - 1}
        for at in sorted(ends | {rng.randrange(len(whole)) for _ in range(40)}):
            flip(path, at, rng.randrange(8))
            (problem, *more) = verify(run.path).problems
            name = str(path.relative_to(run.path))
            assert all(one.startswith(name) for one in (problem, *more))
            if path.suffix == ".jsonl":
                line = 1 + whole[:at].count(b"\n")
                assert problem.startswith(f"{name}, line {line}:")
            path.write_bytes(whole)
    assert verify(run.path).problems == []


def test_a_cut_part_and_a_lost_one_are_named(tmp_path: Path) -> None:
    run = create(tmp_path / "run")
    first, second = sorted((run.path / "samples").glob("*.parquet"))
    first.write_bytes(first.read_bytes()[:-1])
    second.unlink()
    assert verify(run.path).problems == [
        "samples/part-00001.parquet: it is missing.",
        "samples/part-00000.parquet: its digest does not match.",
    ]


@pytest.mark.parametrize(
    ("name", "change", "wanted"),
    [
        ("problems.jsonl", lambda data: data.replace(b'"?"', b'"!"'), "problems.jsonl: ids"),
        ("problems.jsonl", lambda data: b"{", "problems.jsonl cannot be read"),
        ("samples/_parts.json", lambda data: data[1:], "_parts.json cannot be read"),
        (
            "samples/_parts.json",
            lambda data: data.replace(b'"sha256": "', b'"sha256": "0', 1),
            "samples/part-00000.parquet: its digest",
        ),
    ],
)
def test_what_stands_beside_the_rows_is_checked_too(
    tmp_path: Path, name: str, change: Callable[[bytes], bytes], wanted: str
) -> None:
    run = create(tmp_path / "run")
    path = run.path / name
    path.write_bytes(change(path.read_bytes()))
    (problem,) = verify(run.path).problems
    assert wanted in problem


def test_parts_that_nobody_knows_are_not_checked(tmp_path: Path) -> None:
    run = create(tmp_path / "run")
    (run.path / "samples" / "_parts.json").unlink()
    found = verify(run.path)
    assert found.problems == []
    assert found.parts == 2
    assert found.unchecked == ["samples/part-00000.parquet", "samples/part-00001.parquet"]


def test_a_living_writer_is_no_problem_and_is_left_alone(tmp_path: Path) -> None:
    run = create(tmp_path / "run")
    with run.writer() as writer:
        writer.append(make("p", 19))
        (path,) = (run.path / "segments").glob("*.open.jsonl")
        assert verify(run.path) == Verification(segments=3, records=11, parts=4)
        path.write_bytes(path.read_bytes() + b'{"problem_id":"p"')
        name = str(path.relative_to(run.path))
        before = content(run.path)
        assert verify(run.path).unfinished == [f"{name}, line 2"]
        assert verify(run.path).problems == []
        path.write_bytes(b"rubbish\n" + path.read_bytes())
        assert verify(run.path).problems == [f"{name}, line 1: its checksum does not match."]
        path.write_bytes(before[str(path)])
        assert content(run.path) == before


def test_what_was_cut_is_listed(tmp_path: Path) -> None:
    run = create(tmp_path / "run")
    (path,) = sealed_segments(run.path / "segments")
    path.write_bytes(path.read_bytes() + b"half")
    assert verify(run.path).problems == [
        f"segments/{path.name}, line 6: its checksum does not match."
    ]
    run.seal()
    found = verify(run.path)
    assert found.problems == []
    assert found.torn == [f"segments/{path.stem}.torn"]


def test_a_compaction_half_way_is_no_problem(tmp_path: Path) -> None:
    run = create(tmp_path / "run")
    path = run.path / "samples" / "_parts.json"
    known = json.loads(path.read_bytes())
    known["parts"]["part-00009.parquet"] = known["parts"]["part-00000.parquet"]
    path.write_text(json.dumps(known | {"adds": ["part-00009.parquet"]}))
    assert verify(run.path).problems == []
    path.write_text(json.dumps(known))
    assert verify(run.path).problems == ["samples/part-00009.parquet: it is missing."]


def test_dropped_scores_are_not_looked_at(tmp_path: Path) -> None:
    run = create(tmp_path / "run")
    left = run.path / "scores" / ".dropped-1"
    left.mkdir()
    (left / "part-00000.parquet").write_bytes(b"half deleted")
    assert verify(run.path).unchecked == []


def test_what_is_no_run_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        verify(tmp_path)
    run = create(tmp_path / "run")
    (run.path / "samples" / "part-00007.parquet").mkdir()
    with pytest.raises(StoreError, match="could not be verified"):
        verify(run.path)


def test_a_part_that_was_moved_away_is_missed_until_it_is_drawn_again(tmp_path: Path) -> None:
    run = create(tmp_path / "run")
    before = run.samples()
    part = run.path / "samples" / "part-00000.parquet"
    part.rename(tmp_path / "damaged.parquet")
    assert verify(run.path).problems == ["samples/part-00000.parquet: it is missing."]
    with run.writer() as writer:
        for sample in before[:5]:
            writer.append(sample)
    run.seal()
    assert verify(run.path).problems == []
    assert Run.open(run.path).samples() == before
