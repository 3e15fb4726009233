"""The store's cases of the fault matrix, 37 to 46, each with real processes, files and disks."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from io import RawIOBase
from pathlib import Path

import pytest
from tests.store.kill_trials import TOGETHER
from tests.store.ledgers import MISSING, RIGHT, WRONG, indices_in_parts, rows_in_parts
from tests.store.readers import READERS, Reader
from tests.store.strategies import HASH, HOSTILE, MODEL, make

from topdraw.core.records import Decoding, Problem, Sample, Task, Usage
from topdraw.errors import StoreError
from topdraw.store import parquet
from topdraw.store.digests import read_digests
from topdraw.store.folders import scorer_folder
from topdraw.store.run import Run, Sampler
from topdraw.store.segments import frame, scan, sealed_segments, segments
from topdraw.store.table import counts
from topdraw.store.verify import verify

ROOT = Path(__file__).resolve().parents[2]
OPEN = "00001-abcd1234-0000.open.jsonl"
SOME = [make("p", at, f"text {at}\u2028", seed=at, logprob=-0.5) for at in range(8)]


def create(path: Path, ids: Sequence[str] = ("p",)) -> Run:
    task = Task("t", "1", tuple(Problem(one, "?") for one in ids))
    samplers = [Sampler(HASH, "sampled", Decoding(), 100)]
    return Run.create(path, task=task, model=MODEL, samplers=samplers, seed=0)


def draw(run: Run, samples: Sequence[Sample]) -> None:
    with run.writer() as writer:
        for sample in samples:
            writer.append(sample)


def python(code: str, *arguments: object) -> str:
    """What a process of its own prints."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_37_kill_nine_loses_and_doubles_nothing() -> None:
    command = [sys.executable, "-m", "tests.store.kill_trials", "8"]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, check=True)
    found = json.loads(done.stdout)
    assert found["kills"] == 32
    assert found["acknowledged"] >= 32
    assert found["lost"] == found["doubled"] == found["wrong"] == 0
    # Stored, and killed before it could say so: one write of each at the most.
    assert 0 <= found["unheard"] <= found["kills"] * max(TOGETHER)


def torn(run: Run, cut: int) -> Path:
    """The run as a writer left it that died within the last record; the segment once sealed."""
    folder = run.path / "segments"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / OPEN).write_bytes(b"".join(LINES)[:cut])
    return folder / OPEN.replace(".open", "")


LINES = [
    frame(
        json.dumps(
            {
                "problem_id": "p",
                "index": at,
                "sampler": HASH,
                "output": f"text {at}",
                "original": "",
            }
        ).encode()
    )
    for at in range(4)
]
WHOLE = sum(map(len, LINES))


@pytest.mark.slow
def test_38_a_tear_at_every_byte_of_the_last_record_recovers(tmp_path: Path) -> None:
    run = create(tmp_path / "run")
    for cut in range(WHOLE - len(LINES[-1]), WHOLE + 1):
        sealed = torn(run, cut)
        kept = 4 if cut == WHOLE else 3
        again = Run.open(run.path)
        assert sealed.read_bytes() == b"".join(LINES[:kept])
        assert again.drawn(HASH) == {("p", at) for at in range(kept)}
        assert [one.output for one in again.samples()] == [f"text {at}" for at in range(kept)]
        assert len(again.recovered) == (WHOLE - len(LINES[-1]) < cut < WHOLE)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("reader", READERS)
def test_38_what_was_torn_opens_in_four_readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: Reader
) -> None:
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    run = create(tmp_path / "run")
    for cut in (WHOLE - len(LINES[-1]) + 1, WHOLE - 40, WHOLE - 1, WHOLE):
        sealed = torn(run, cut)
        Run.open(run.path)
        kept = 4 if cut == WHOLE else 3
        assert reader(sealed, tmp_path / str(cut)) == [f"text {at}" for at in range(kept)]


@pytest.mark.parametrize("bit", range(8))
def test_39_a_flipped_bit_costs_one_record_and_is_reported(tmp_path: Path, bit: int) -> None:
    run = create(tmp_path / "run")
    draw(run, SOME)
    (path,) = sealed_segments(run.path / "segments")
    data = bytearray(path.read_bytes())
    data[data.index(b"text 4") + 5] ^= 1 << bit  # no bit of "4" makes a newline of it
    path.write_bytes(bytes(data))
    rest = [one for one in SOME if one.index != 4]
    again = Run.open(run.path)
    assert again.samples() == rest
    assert again.recovered == [f"{path.name}: 1 damaged record(s) left out."]
    (problem,) = verify(run.path).problems
    assert problem.startswith(f"segments/{path.name}, line 5:")
    again.seal()
    assert Run.open(run.path).samples() == rest
    assert path.with_suffix(".torn").exists()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if done.returncode:
        pytest.skip("a small file system can be mounted by root only")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _write_for_ever(file: RawIOBase) -> None:
    while True:
        file.write(bytes(4096))


def fill(folder: Path, *, leave: int = 0) -> Path:
    """A file that takes all room but some bytes."""
    path = folder / "ballast"
    with open(path, "wb", buffering=0) as file:
        with pytest.raises(OSError, match="No space"):
            _write_for_ever(file)
        file.truncate(file.tell() - leave)
    return path


def test_40_a_full_disk_is_an_error_before_the_acknowledgement(disk: Path) -> None:
    run = create(disk / "run")
    acknowledged: list[Sample] = []
    refused = 0
    with run.writer() as writer:
        writer.append(SOME[0])
        acknowledged.append(SOME[0])
        ballast = fill(disk, leave=20_000)
        for at in range(1, 90):
            sample = make("p", at, "x" * 1500)
            try:
                writer.append(sample)
            except StoreError as error:
                assert "No space left" in str(error)  # noqa: PT017  # some succeed
                refused += 1
                if refused == 5:
                    ballast.unlink()
            else:
                acknowledged.append(sample)
    assert refused == 5
    assert acknowledged[-1].index == 89
    assert Run.open(run.path).samples() == acknowledged
    assert verify(run.path).problems == []


@pytest.mark.slow
def test_40_a_disk_that_is_full_when_sealing_loses_nothing(disk: Path) -> None:
    run = create(disk / "run")
    drawn = [make("p", at, secrets.token_hex(2000)) for at in range(90)]
    draw(run, drawn)
    for leave in (0, 40_000, 120_000):
        ballast = fill(disk, leave=leave)
        with pytest.raises(StoreError, match=r"No space left|could not be"):
            run.seal()
        assert Run.open(run.path).samples() == drawn
        assert not list(disk.rglob(".draft*"))
        ballast.unlink()
    run.seal()
    assert run.samples() == drawn
    assert rows_in_parts(run.sample_ledger()) == len(drawn)
    assert verify(run.path).problems == []


def test_40_a_limit_of_the_system_is_an_error_and_passes(tmp_path: Path) -> None:
    run = create(tmp_path / "run")
    code = """
import resource, signal, sys
from topdraw.core.records import Sample
from topdraw.errors import StoreError
from topdraw.store.run import Run

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
run = Run.open(sys.argv[1])
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
with run.writer() as writer:
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    for index in range(20):
        try:
            writer.append(Sample("p", index, "x" * 700, sampler=sys.argv[2]))
            print(index)
        except StoreError:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
"""
    told = [int(line) for line in python(code, run.path, HASH).split()]
    assert len(told) == 19
    again = Run.open(run.path)
    assert [one.index for one in again.samples()] == told
    assert again.recovered == []


def test_41_two_processes_on_one_run_never_mix(tmp_path: Path) -> None:
    run = create(tmp_path / "run")
    code = """
import sys
from topdraw.core.records import Sample
from topdraw.store.run import Run
with Run.open(sys.argv[1]).writer() as writer:
    for index in range(50):
        writer.append(Sample("p", 2 * index + 1, "theirs", sampler=sys.argv[2]))
"""
    with run.writer() as writer:
        writer.append(make("p", 0, "ours"))
        command = [sys.executable, "-c", code, str(run.path), HASH]
        process = subprocess.Popen(command)
        for index in range(1, 50):
            writer.append(make("p", 2 * index, "ours"))
        assert process.wait() == 0
        assert len({path.name[:14] for path in segments(run.path / "segments")}) == 2
    by_file = [
        {json.loads(line)["output"] for line in scan(path.read_bytes()).whole}
        for path in segments(run.path / "segments")
    ]
    assert sorted(by_file, key=sorted) == [{"ours"}, {"theirs"}]
    assert [one.index for one in run.samples()] == list(range(100))


@pytest.fixture(scope="module")
def eventful(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose next seal makes a part, replaces others, drops one, and merges."""
    run = create(tmp_path_factory.mktemp("runs") / "run")
    for at in range(3):
        draw(run, SOME[at : at + 1])
        run.add_scores("s", [(SOME[at], MISSING if at else RIGHT)])
        run.seal()
    draw(run, [SOME[0], *SOME[3:6]])  # a duplicate
    draw(run, SOME[5:])
    run.add_scores("s", [(SOME[3], MISSING), (SOME[1], RIGHT), (SOME[4], MISSING)])
    run.add_scores("s", [(SOME[3], WRONG), (SOME[3], RIGHT), (SOME[5], WRONG)])
    return run


def state(run: Path) -> tuple[tuple[str, bytes], ...]:
    """What is on disk, the random part of draft names apart."""
    paths = sorted(path for path in run.rglob("*") if path.is_file())
    return tuple((path.name[:15], hashlib.sha256(path.read_bytes()).digest()) for path in paths)


@pytest.mark.slow
def test_42_a_kill_at_each_step_of_a_seal(eventful: Run, tmp_path: Path) -> None:
    wanted = eventful.scores("s")
    tallied = counts(eventful, "s")
    command = [sys.executable, "-m", "tests.store.kill_steps", str(eventful.path), str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True)
    copies = {state(copy): copy for copy in sorted(tmp_path.iterdir())}
    assert len(copies) > 25
    for copy in copies.values():
        assert verify(copy).problems == []
        run = Run.open(copy)
        assert run.samples() == SOME
        assert run.drawn(HASH) == {("p", at) for at in range(8)}
        assert run.scores("s") == wanted
        assert [one.tolist() for one in (counts(run, "s").n, counts(run, "s").missing)] == [
            tallied.n.tolist(),
            tallied.missing.tolist(),
        ]
        run.seal()
        assert sorted(itertools.chain(*indices_in_parts(run.sample_ledger()))) == list(range(8))
        assert sorted(itertools.chain(*indices_in_parts(run.score_ledger("s")))) == list(range(6))
        for ledger in (run.sample_ledger(), run.score_ledger("s")):
            assert segments(ledger.segments) == []
            assert not list(ledger.parts.glob(".*draft*"))
            names = {path.name for path in parquet.parts(ledger.parts)}
            assert read_digests(ledger.parts).parts.keys() == names
            assert len(names) < 4
        assert verify(copy).problems == verify(copy).unchecked == []


def test_43_writers_differ_whatever_the_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create(tmp_path / "run")
    backwards = itertools.count(2**31, -3600)
    monkeypatch.setattr(time, "time", lambda: float(next(backwards)))
    monkeypatch.setattr(os, "getpid", lambda: 7)
    start = threading.Barrier(8)

    def work(at: int) -> None:
        with run.writer() as writer:
            start.wait()
            for index in range(at, 96, 8):
                writer.append(make("p", index, f"by {at}"))

    for _ in range(2):  # the same again, later by no clock
        threads = [threading.Thread(target=work, args=(at,)) for at in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    names = [path.name for path in segments(run.path / "segments")]
    assert len(names) == len({name[:14] for name in names}) == 16
    assert [one.output for one in run.samples()] == [f"by {index % 8}" for index in range(96)]


@pytest.mark.slow
def test_44_hostile_ids_stay_inside_the_run(tmp_path: Path) -> None:
    ids = [*HOSTILE, "\u202e\u05d0", "con", "a/../../../b", "~", "$(touch x)"]
    run = create(tmp_path / "runs" / "run", ids)
    draw(run, [make(one, 0, one) for one in ids])
    for at, one in enumerate(ids):
        run.add_scores(one, [(make(ids[at], 0), RIGHT)])
    run.seal()
    again = Run.open(run.path)
    assert [(one.problem_id, one.output) for one in again.samples()] == [(one, one) for one in ids]
    assert set(again.scorers()) == set(ids)
    for at, one in enumerate(ids):
        assert counts(again, one).n.tolist() == [at == place for place in range(len(ids))]
    assert os.listdir(tmp_path) == ["runs"]
    assert os.listdir(tmp_path / "runs") == ["run"]
    folders = {path.name for path in (run.path / "scores").iterdir()}
    assert folders == {scorer_folder(one) for one in ids}
    assert all(len(name) < 100 and name.isascii() and name[0] != "." for name in folders)


def test_45_a_read_only_run_is_read_and_refuses_writes_clearly(disk: Path) -> None:
    run = create(disk / "run")
    draw(run, SOME[:4])
    run.seal()
    draw(run, SOME[4:])
    (run.path / "segments" / "00009-ab-0000.open.jsonl").write_bytes(
        b"torn"
    )  # its writer was killed
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    again = Run.open(run.path)
    assert again.samples() == SOME
    assert again.recovered == []
    assert verify(run.path).problems == []
    with pytest.raises(StoreError, match="Read-only file system"), again.writer() as writer:
        writer.append(make("p", 9))
    with pytest.raises(StoreError, match="Read-only file system"):
        again.seal()
    with pytest.raises(StoreError, match="Read-only file system"):
        again.add_scores("s", [(SOME[0], RIGHT)])
    assert again.scores("s") == {}


@pytest.mark.slow
def test_45_without_file_locks_nothing_is_lost_and_one_sentence_says_what_is_not_done(
    tmp_path: Path,
) -> None:
    run = create(tmp_path / "run")
    draw(run, SOME[:2])
    code = """
import errno, fcntl, sys

def refuse(file, operation):
    raise OSError(errno.ENOTSUP, "Operation not supported")

fcntl.flock = refuse
from topdraw.core.records import Sample
from topdraw.store.run import Run

run = Run.open(sys.argv[1])
with run.writer() as writer:
    writer.append(Sample("p", 2, "theirs", sampler=sys.argv[2]))
    assert len(run.drawn(sys.argv[2])) == 3
    Run.open(sys.argv[1])  # which must not take the living writer for a dead one
    writer.append(Sample("p", 3, "theirs", sampler=sys.argv[2]))
run.seal()
run.seal()
assert [one.index for one in run.samples()] == [0, 1, 2, 3]
print("\\n".join(run.recovered))
"""
    told = python(code, run.path, HASH)
    assert told.count("\n") == 1
    assert "no file locks" in told
    assert len(sealed_segments(run.path / "segments")) == 2
    run.seal()  # from a machine that has them
    assert [one.index for one in run.samples()] == [0, 1, 2, 3]
    assert rows_in_parts(run.sample_ledger()) == 4


def test_46_rows_of_older_and_later_versions_are_read_and_their_fields_kept(
    tmp_path: Path,
) -> None:
    run = create(tmp_path / "run")
    manifest = json.loads((run.path / "manifest.json").read_bytes())
    (run.path / "manifest.json").write_text(json.dumps({**manifest, "colour": "blue"}))
    key = {"problem_id": "p", "sampler": HASH, "output": "text"}
    records = [
        {**key, "index": 0},  # older: it lacks all else
        {**key, "index": 1, "output_tokens": 3, "original": "", "reasoning": "because\u2028"},
    ]
    folder = run.path / "segments"
    folder.mkdir()
    for at, record in enumerate(records):
        line = frame(json.dumps(record).encode())
        (folder / f"0000{at}-ab-0000.jsonl").write_bytes(line)
    wanted = [make("p", 0, "text"), make("p", 1, "text", usage=Usage(0, 3))]
    for _ in range(2):
        again = Run.open(run.path)
        assert again.samples() == wanted
        assert again.manifest.extra == {"colour": "blue"}
        again.seal()
    with parquet.connect() as connection:
        (part,) = parquet.parts(run.path / "samples")
        query = f"SELECT reasoning, finish_reason, seed FROM '{part}' ORDER BY index"
        rows = connection.execute(query).fetchall()
    assert [row[0] for row in rows] == [None, "because\u2028"]
