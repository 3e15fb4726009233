"""Speed of the store against plain `json.dumps` + `write`, in the same process and minute.

Not here: durability; `tests/store/test_kill.py`.
Try it: `python benchmarks/bench_store.py --rows 50000`. Prints one JSON line per measurement.
"""

from __future__ import annotations

import argparse
import json
import random
import string
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from topdraw.core.records import Decoding, Problem, Sample, Score, Task, Usage, sampler_hash
from topdraw.store.run import Run, Sampler
from topdraw.store.table import counts

MODEL = {"name": "bench"}
SAMPLER = Sampler(sampler_hash(MODEL, Decoding()), "sampled", Decoding(), 100)


def make_samples(rows: int, text_bytes: int) -> list[Sample]:
    """Samples of distinct text, 100 per problem, such that a stored row has about 1 KB."""
    rng = random.Random(0)  # noqa: S311  # text for a benchmark
    words = ["".join(rng.choices(string.ascii_lowercase, k=rng.randint(2, 9))) for _ in range(5000)]
    texts = (" ".join(rng.choices(words, k=text_bytes // 6)) for _ in range(rows))
    return [
        Sample(
            f"bench/{row // 100:06d}",
            row % 100,
            text,
            sampler=SAMPLER.hash,
            seed=row,
            logprob=-1.5 * row,
            usage=Usage(40, 200),
        )
        for row, text in enumerate(texts)
    ]


def new_run(folder: Path, rows: int) -> Run:
    """An empty run with the problems of `make_samples`."""
    problems = tuple(Problem(f"bench/{at:06d}", "?") for at in range((rows + 99) // 100))
    task = Task("bench", "1", problems)
    return Run.create(folder, task=task, model=MODEL, samplers=[SAMPLER], seed=0)


def plain(folder: Path, samples: list[Sample]) -> None:
    """The anchor: what most tools do, buffered and not durable."""
    with open(folder / "plain.jsonl", "w") as file:
        for sample in samples:
            row = {
                "problem_id": sample.problem_id,
                "index": sample.index,
                "sampler": sample.sampler,
                "output": sample.output,
                "finish_reason": sample.finish_reason,
                "seed": sample.seed,
                "logprob": sample.logprob,
                "prompt_tokens": sample.usage.prompt_tokens,
                "output_tokens": sample.usage.output_tokens,
                "usage_estimated": sample.usage.estimated,
                "metadata": json.dumps(sample.metadata),
            }
            file.write(json.dumps(row) + "\n")


def store(run: Run, samples: list[Sample]) -> None:
    """The store's writer: one write() per sample, group sync, sealed on exit."""
    with run.writer() as writer:
        for sample in samples:
            writer.append(sample)


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def report(name: str, rows: int, taken: float, **more: float) -> None:
    """One JSON line."""
    line = {"bench": name, "rows": rows, "seconds": taken, "rows_per_second": rows / taken, **more}
    print(json.dumps({key: round(v, 4) if isinstance(v, float) else v for key, v in line.items()}))


def bench_writing(samples: list[Sample], folder: Path, repeats: int) -> Run:
    """Best of some repeats, the two sides taking turns."""
    best = {"plain": float("inf"), "store": float("inf")}
    run = new_run(folder / "warm", len(samples))
    for repeat in range(repeats):
        run = new_run(folder / f"run-{repeat}", len(samples))
        best["plain"] = min(best["plain"], seconds(lambda: plain(folder, samples)))
        best["store"] = min(best["store"], seconds(lambda run=run: store(run, samples)))  # type: ignore[misc]  # bound now
    size = sum(path.stat().st_size for path in (run.path / "segments").iterdir()) / len(samples)
    report("plain json.dumps + write", len(samples), best["plain"])
    ratio = best["plain"] / best["store"]
    report("store append", len(samples), best["store"], bytes_per_row=size, ratio_to_plain=ratio)
    return run


def bench_reading(run: Run, samples: list[Sample]) -> None:
    """Reading and resuming before and after compaction, and counts from columns."""
    rows = len(samples)
    report("samples() from segments", rows, seconds(run.samples))
    report("drawn() from segments", rows, seconds(lambda: run.drawn(SAMPLER.hash)))
    scored = [(sample, Score.verdict(sample.index % 3 == 0, answer="7")) for sample in samples]
    report("add_scores()", rows, seconds(lambda: run.add_scores("bench", scored)))
    report("counts() from segments", rows, seconds(lambda: counts(run, "bench")))
    report("seal() of samples and scores", rows, seconds(run.seal))
    report("samples() from Parquet", rows, seconds(run.samples))
    report("drawn() from Parquet", rows, seconds(lambda: run.drawn(SAMPLER.hash)))
    report("scores() from Parquet", rows, seconds(lambda: run.scores("bench")))
    report("counts() from Parquet", rows, seconds(lambda: counts(run, "bench")))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--text-bytes", type=int, default=760)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    samples = make_samples(options.rows, options.text_bytes)
    with tempfile.TemporaryDirectory() as folder:
        run = bench_writing(samples, Path(folder), options.repeats)
        bench_reading(run, samples)


if __name__ == "__main__":
    main()
