"""Speed and memory of an import against plain `json.loads` over the same lines.

Not here: reading the run it makes. Try it: `python benchmarks/bench_import.py --megabytes 100`.
Prints one JSON line. The peak is that of the process, Python and topdraw included.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from topdraw.store.formats.importing import import_files


def write_samples(path: Path, megabytes: float) -> int:
    """HumanEval results of about 1 KB a line, 1,000 problems; gives the rows."""
    rng = random.Random(0)  # noqa: S311  # text for a benchmark
    words = [f"w{at}" for at in range(5000)]
    size = rows = 0
    with path.open("w") as file:
        while size < megabytes * 1e6:
            text = " ".join(rng.choices(words, k=160))
            passed = rng.random() < 0.3
            row = {"task_id": f"HumanEval/{rows % 1000}", "completion": text, "passed": passed}
            size += file.write(json.dumps(row) + "\n")
            rows += 1
    return rows


def best_of(rounds: int, work: Callable[[], object]) -> float:
    """CPU seconds of the fastest round."""
    best = float("inf")
    for _ in range(rounds):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best


def main() -> None:
    """Print rows per second of both, their ratio, and the peak memory."""
    options = argparse.ArgumentParser()
    options.add_argument("--megabytes", type=float, default=50)
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, run = Path(folder) / "samples.jsonl", Path(folder) / "run"
        rows = write_samples(path, asked.megabytes)

        def import_once() -> None:
            shutil.rmtree(run, ignore_errors=True)
            import_files([path], run)

        def load_all() -> None:
            with path.open() as file:
                for line in file:
                    json.loads(line)

        mine = best_of(asked.rounds, import_once)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        theirs = best_of(asked.rounds, load_all)
    result = {
        "benchmark": "import",
        "rows": rows,
        "megabytes": asked.megabytes,
        "import_rows_per_second": round(rows / mine),
        "json_loads_rows_per_second": round(rows / theirs),
        "import_over_json_loads_time": round(mine / theirs, 2),
        "peak_megabytes": round(peak / (1e6 if sys.platform == "darwin" else 1e3)),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
