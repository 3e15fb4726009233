"""How far forecasts of pass@K miss, and how often their intervals hold: simulated and recorded.

Not here: speed (`bench_analysis`). Nothing is stored: recorded counts are read from --counts.
Try it: `python benchmarks/measure_forecast.py --sets 100` or `--counts COUNTS.csv --seeds 20`.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from topdraw.analysis.coverage import coverage_curve
from topdraw.analysis.scaling import forecast_counts
from topdraw.core.records import FloatArray, IntArray

#: (law, first, second, share of problems that nothing solves).
LAWS: dict[str, list[tuple[float, float, float]]] = {
    "beta": [(0.2, 2, 0), (0.3, 3, 0), (0.2, 1, 0), (0.3, 5, 0), (0.25, 5, 0), (0.1, 1, 0),
             (0.5, 10, 0), (0.15, 2, 0), (0.5, 3, 0), (0.3, 10, 0), (0.5, 5, 0), (0.1, 5, 0)],
    "logit-normal": [(-4, 2, 0), (-3, 2, 0), (-5, 2, 0), (-3, 1.5, 0), (-5, 3, 0), (-4, 3, 0),
                     (-6, 2, 0), (-3, 3, 0), (-2, 2, 0), (-6, 3, 0), (-2, 3, 0), (-4, 1.5, 0)],
    "zero-inflated": [(0.5, 3, 0.3), (0.5, 2, 0.2), (0.5, 5, 0.3), (0.3, 3, 0.1), (0.4, 4, 0.25),
                      (0.5, 2, 0.4), (1, 5, 0.2), (0.3, 3, 0.3), (0.5, 10, 0.15), (0.3, 5, 0.2),
                      (1, 10, 0.3), (0.5, 5, 0.5)],
}  # fmt: skip


class Missed(NamedTuple):
    """One forecast against the truth."""

    ours: float
    squares: float
    line: float
    covered: bool
    covered_law: bool
    width: float


def difficulties(
    law: str, setting: tuple[float, float, float], size: int, random: np.random.Generator
) -> FloatArray:
    """Chances of problems drawn from a law."""
    first, second, zeros = setting
    if law == "logit-normal":
        return 1 / (1 + np.exp(-random.normal(first, second, size)))
    return np.where(random.random(size) < zeros, 0.0, random.beta(first, second, size))


def coverage_of(chances: FloatArray, k: int) -> float:
    """Expected coverage of these problems at k."""
    return float(-np.expm1(k * np.log1p(-np.minimum(chances, 1 - 1e-15))).mean())


def simulated(law: str, k: int, samples: int, seed: int) -> Missed | None:
    """One simulated data set of 100 to 200 problems; None when nothing was solved."""
    random = np.random.default_rng([seed, len(law)])
    setting = LAWS[law][seed % len(LAWS[law])]
    chances = difficulties(law, setting, int(random.integers(100, 201)), random)
    right = random.binomial(samples, chances)
    if not right.any():
        return None
    many = coverage_of(difficulties(law, setting, 200_000, np.random.default_rng(seed)), k)
    return missed(np.full(len(right), samples), right, k, coverage_of(chances, k), many, 0.95)


def missed(
    n: IntArray, c: IntArray, k: int, truth: float, law_truth: float, level: float
) -> Missed:
    """One forecast against the coverage of these problems, and of all such problems."""
    found = forecast_counts(n, c, [k], level=level)[0]
    return Missed(
        found.value - truth,
        found.others["least-squares law"] - truth,
        found.others["log-log line"] - truth,
        found.low <= truth <= found.high,
        found.low <= law_truth <= found.high,
        found.high - found.low,
    )


def recorded(path: Path) -> Iterator[tuple[str, IntArray, IntArray]]:
    """Name, n and c of each model of a table with columns model, n, c."""
    rows: dict[str, list[tuple[int, int]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["model"], []).append((int(row["n"]), int(row["c"])))
    for name, pairs in rows.items():
        n, c = np.array(pairs, np.int64).T
        yield name, n, c


def subset(n: IntArray, c: IntArray, samples: int, k: int, seed: int) -> Missed:
    """A forecast from some samples of each problem against coverage of all of them at k."""
    right = np.random.default_rng([seed, samples]).hypergeometric(c, n - c, samples)
    truth = float(coverage_curve(n, c, [k]).mean())
    return missed(np.full(n.size, samples), right, k, truth, truth, 0.9)


def summary(name: str, results: list[Missed]) -> dict[str, object]:
    """Mean absolute errors, shares covered, mean width."""
    table: NDArray[np.float64] = np.array(results, dtype=float)
    ours, squares, line = np.abs(table[:, :3]).mean(axis=0)
    return {
        "what": name,
        "forecasts": len(results),
        "mean_absolute_error": round(float(ours), 4),
        "least_squares_law": round(float(squares), 4),
        "log_log_line": round(float(line), 4),
        "ratio_to_least_squares_law": round(float(ours / squares), 3),
        "bias": round(float(table[:, 0].mean()), 4),
        "covered": round(float(table[:, 3].mean()), 4),
        "covered_law": round(float(table[:, 4].mean()), 4),
        "mean_width": round(float(table[:, 5].mean()), 3),
    }


def main() -> None:
    """Measure and print one JSON line for each law, or each model and all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=Path, help="CSV with columns model, n, c")
    parser.add_argument("--sets", type=int, default=2000, help="simulated data sets of each law")
    parser.add_argument("--seeds", type=int, default=20, help="subsets of each recorded model")
    parser.add_argument("--laws", nargs="+", default=list(LAWS), choices=list(LAWS))
    parser.add_argument("--samples", type=int, nargs="+", default=[100])
    parser.add_argument("--k", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    with ProcessPoolExecutor(asked.workers) as pool:
        for samples in asked.samples:
            if asked.counts is None:
                for law in asked.laws:
                    one = partial(simulated, law, asked.k, samples)
                    done = [each for each in pool.map(one, range(asked.sets), chunksize=4) if each]
                    print(json.dumps(summary(f"{law}, n = {samples}", done)), flush=True)
                continue
            together = []
            for name, n, c in recorded(asked.counts):
                part = partial(subset, n, c, samples, asked.k)
                done = list(pool.map(part, range(asked.seeds), chunksize=4))
                print(json.dumps(summary(f"{name}, n = {samples}", done)), flush=True)
                together += done
            print(json.dumps(summary(f"all recorded, n = {samples}", together)), flush=True)


if __name__ == "__main__":
    main()
