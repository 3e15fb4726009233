"""What we store opens in four readers with none of our code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.store.strategies import HASH, HOSTILE, MODEL, make

from topdraw.core.records import Decoding, Problem, Score, Task
from topdraw.store.run import Run, Sampler

SHOWN = [
    text.replace("\ud83d\ude00", "\ufffd\ufffd").replace("\ud800", "\ufffd") for text in HOSTILE
]
Reader = Callable[[Path, Path], list[str]]


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


def read_pandas(path: Path, _: Path) -> list[str]:
    import pandas as pd

    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_json(path, lines=True)
    return [str(text) for text in frame.sort_values("index")["output"]]


def read_polars(path: Path, _: Path) -> list[str]:
    import polars as pl

    frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_ndjson(path)
    return list(frame.sort("index")["output"])


def read_duckdb(path: Path, _: Path) -> list[str]:
    import duckdb

    with duckdb.connect() as connection:
        query = f"SELECT output FROM '{path}' ORDER BY \"index\""
        rows = connection.execute(query).fetchall()
    return [text for (text,) in rows]


def read_datasets(path: Path, cache: Path) -> list[str]:
    import datasets

    kind = "parquet" if path.suffix == ".parquet" else "json"
    table = datasets.load_dataset(kind, data_files=str(path), split="train", cache_dir=str(cache))
    return [text for _, text in sorted(zip(table["index"], table["output"], strict=True))]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("reader", [read_pandas, read_polars, read_duckdb, read_datasets])
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
