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
from typing import NamedTuple

from topdraw.core.records import Decoding, Problem, Sample, Score, Task, Usage, sampler_hash
from topdraw.store.run import Run, Sampler
from topdraw.store.table import columns, counts

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


class Timed(NamedTuple):
    """Wall-clock time of one call, and the time of the processor in this process."""

    seconds: float
    cpu_seconds: float


def timed(work: Callable[[], object]) -> Timed:
    """What one call took."""
    start, start_cpu = time.perf_counter(), time.process_time()
    work()
    return Timed(time.perf_counter() - start, time.process_time() - start_cpu)


def report(name: str, rows: int, taken: Timed, **more: float) -> None:
    """One JSON line; machines are noisy, processor time less so."""
    line = {"bench": name, "rows": rows, **taken._asdict(), "rows_per_second": rows / taken[0]}
    shown = {key: round(v, 4) if isinstance(v, float) else v for key, v in (line | more).items()}
    print(json.dumps(shown))


def bench_writing(samples: list[Sample], folder: Path, repeats: int) -> Run:
    """Best of some repeats, the two sides taking turns."""
    never = Timed(float("inf"), float("inf"))
    best = {"plain": never, "store": never}
    run = new_run(folder / "warm", len(samples))
    for repeat in range(repeats):
        run = new_run(folder / f"run-{repeat}", len(samples))
        best["plain"] = min(best["plain"], timed(lambda: plain(folder, samples)))
        best["store"] = min(best["store"], timed(lambda run=run: store(run, samples)))  # type: ignore[misc]  # bound now
    size = sum(path.stat().st_size for path in (run.path / "segments").iterdir()) / len(samples)
    report("plain json.dumps + write", len(samples), best["plain"])
    ratio = best["plain"].seconds / best["store"].seconds
    report("store append", len(samples), best["store"], bytes_per_row=size, ratio_to_plain=ratio)
    return run


def bench_reading(run: Run, samples: list[Sample]) -> None:
    """Reading and resuming before and after compaction, and counts from columns."""
    rows = len(samples)
    scored = [(sample, Score.verdict(sample.index % 3 == 0, answer="7")) for sample in samples]

    def look(where: str) -> None:
        report(f"drawn() from {where}", rows, timed(lambda: run.drawn(SAMPLER.hash)))
        report(f"counts() from {where}", rows, timed(lambda: counts(run, "bench")))
        report(f"columns() from {where}", rows, timed(lambda: columns(run, "bench")))
        report(f"samples() from {where}", rows, timed(run.samples))
        report(f"scores() from {where}", rows, timed(lambda: run.scores("bench")))
        report(f"verify() of {where}", rows, timed(run.verify))

    report("add_scores()", rows, timed(lambda: run.add_scores("bench", scored)))
    look("segments")
    report("seal() of samples and scores", rows, timed(run.seal))
    look("Parquet")


def bench_sealing(folder: Path, samples: list[Sample], seals: int) -> None:
    """A run sealed often: what a seal takes, and how many parts there are in the end."""
    run = new_run(folder / "sealed", len(samples))
    each = max(len(samples) // seals, 1)

    def seal() -> None:
        for at in range(seals):
            store(run, samples[at * each : (at + 1) * each])
            run.seal()

    taken = timed(seal)
    left = len(list((run.path / "samples").glob("*.parquet")))
    report(f"{seals} seals", seals * each, taken, seconds_per_seal=taken[0] / seals, parts=left)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--text-bytes", type=int, default=760)
    parser.add_argument("--seals", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    samples = make_samples(options.rows, options.text_bytes)
    with tempfile.TemporaryDirectory() as folder:
        run = bench_writing(samples, Path(folder), options.repeats)
        bench_reading(run, samples)
        bench_sealing(Path(folder), samples, options.seals)


if __name__ == "__main__":
    main()
