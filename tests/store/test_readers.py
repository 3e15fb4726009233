"""What we store opens in four readers with none of our code."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.store.readers import READERS, Reader
from tests.store.strategies import HASH, HOSTILE, MODEL, make

from topdraw.core.records import Decoding, Problem, Score, Task
from topdraw.store.run import Run, Sampler

SHOWN = [
    text.replace("\ud83d\ude00", "\ufffd\ufffd").replace("\ud800", "\ufffd") for text in HOSTILE
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Samples in sealed segments, and the same compacted, side by side; scores likewise."""
    path = tmp_path_factory.mktemp("runs") / "run"
    task = Task("t", "1", tuple(Problem(one, one) for one in HOSTILE))
    samplers = [Sampler(HASH, "sampled", Decoding(), 1)]
    run = Run.create(path, task=task, model=MODEL, samplers=samplers, seed=0)
    for _ in range(2):
        with run.writer() as writer:
            for at, text in enumerate(HOSTILE):
                writer.append(make(text, at, text, logprob=float("-inf") if at else -1.0))
        run.add_scores("s", [(make(text, 0), Score.verdict(True)) for text in HOSTILE])
        if not (path / "samples").exists():
            run.seal()
    return run


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("pattern", ["samples/*.parquet", "segments/*.jsonl"])
def test_readers_open_samples(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: Reader, pattern: str
) -> None:
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    (path,) = run.path.glob(pattern)
    assert reader(path, tmp_path) == SHOWN


@pytest.mark.parametrize("pattern", ["scores/s/*.parquet", "scores/s/segments/*.jsonl"])
def test_scores_can_be_tallied_in_sql(run: Run, pattern: str) -> None:
    import duckdb

    (path,) = run.path.glob(pattern)
    query = f"SELECT count(*) FILTER (passed AND NOT missing) FROM '{path}'"  # a test's own path
    with duckdb.connect() as connection:
        assert connection.execute(query).fetchall() == [(len(HOSTILE),)]


@pytest.fixture
def late(tmp_path: Path) -> Path:
    """A sealed segment in which seed, logprob and answers come after 150 lines of null."""
    task = Task("t", "1", (Problem("p", "?"),))
    samplers = [Sampler(HASH, "sampled", Decoding(), 200)]
    run = Run.create(tmp_path / "run", task=task, model=MODEL, samplers=samplers, seed=0)
    with run.writer() as writer:
        for at in range(200):
            known = {} if at < 150 else {"logprob": -0.5, "seed": 2**62 + at}
            writer.append(make("p", at, str(at), **known))
    (path,) = (run.path / "segments").glob("*.jsonl")
    return path


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("reader", READERS)
def test_a_column_may_be_null_in_the_first_lines(
    late: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: Reader
) -> None:
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert reader(late, tmp_path) == [str(at) for at in range(200)]
