"""Coverage of nominal 95 % intervals over simulated data sets: means and paired differences.

A data set is 50 to 200 problems with 10 to 100 samples each; what an interval should hold is the
expected value over the population of problems, computed from 1.6 million further ones. Prints one
JSON line for each law, size and quantity, and at last a summary with what is outside 93 to 97 %.
With `--bands`, simultaneous coverage of bands instead.
Try it: `python benchmarks/measure_coverage.py --sets 200`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from numpy.typing import NDArray

from topdraw.analysis.bands import UNSEEN, correlation_of, critical_value
from topdraw.analysis.coverage import coverage_curve, pass_at_k
from topdraw.analysis.intervals import mean_estimate, paired_difference
from topdraw.analysis.limits import (
    Limits,
    difference_limits,
    student_quantile,
    wilson_limits,
)
from topdraw.analysis.selected import best_of_k_weights

Floats = NDArray[np.float64]
K, LEVEL = 10, 0.95
SIZES = ((50, 10), (50, 20), (50, 100), (100, 20), (200, 20), (200, 100))
MEANS = ("pass@1", "pass@10", "majority@10", "best of 10")
DIFFERENCES = (
    ("majority@10", "pass@1"),
    ("best of 10", "pass@1"),
    ("best of 10", "majority@10"),
    ("pass@10", "pass@1"),
    ("pass@10", "majority@10"),
    ("pass@10", "best of 10"),
    ("other run's pass@1", "pass@1"),
    ("other run's pass@10", "pass@10"),
)


def _sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


LAWS: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "beta(1,1) even": lambda r, s: r.beta(1, 1, s),
    "beta(.3,.3) all or nothing": lambda r, s: r.beta(0.3, 0.3, s),
    "beta(.5,2) hard": lambda r, s: r.beta(0.5, 2, s),
    "beta(.3,3) harder": lambda r, s: r.beta(0.3, 3, s),
    "beta(.1,5) hopeless": lambda r, s: r.beta(0.1, 5, s),
    "beta(2,.5) easy": lambda r, s: r.beta(2, 0.5, s),
    "beta(3,.3) easier": lambda r, s: r.beta(3, 0.3, s),
    "beta(2,5) middling": lambda r, s: r.beta(2, 5, s),
    "logit-normal(-1,2)": lambda r, s: _sigmoid(r.normal(-1, 2, s)),
    "logit-normal(-3,1.5)": lambda r, s: _sigmoid(r.normal(-3, 1.5, s)),
    "logit-normal(2,1.5)": lambda r, s: _sigmoid(r.normal(2, 1.5, s)),
    "40 % zero, beta(1,2)": lambda r, s: np.where(r.random(s) < 0.4, 0.0, r.beta(1, 2, s)),
    "two points .1 .9": lambda r, s: np.where(r.random(s) < 0.5, 0.1, 0.9),
    "two points .02 .7": lambda r, s: np.where(r.random(s) < 0.7, 0.02, 0.7),
}

# All ways in which 10 samples fall on four answers, and the first answer's share of the win.
_FALLS = np.array([f for f in itertools.product(range(K + 1), repeat=4) if sum(f) == K])
_TOP = _FALLS == _FALLS.max(axis=1, keepdims=True)
_SHARE = _TOP[:, 0] / _TOP.sum(axis=1)


def majority_of_ten(counts: NDArray[np.int64]) -> Floats:
    """Exact majority@10 by enumeration of how ten samples fall on four answers."""
    n = int(counts[0].sum())
    table = np.array([[math.comb(a, b) for b in range(K + 1)] for a in range(n + 1)], float)
    falls, share = _FALLS[_SHARE > 0], _SHARE[_SHARE > 0] / math.comb(n, K)
    out = np.empty(len(counts))
    for start in range(0, len(counts), 20_000):
        ways = np.ones((len(counts[start : start + 20_000]), len(falls)))
        for column in range(4):
            ways *= table[counts[start : start + 20_000, column]][:, falls[:, column]]
        out[start : start + 20_000] = ways @ share
    return np.minimum(out, 1.0)


def best_of_ten(rng: np.random.Generator, c: NDArray[np.int64], n: int) -> Floats:
    """Best of 10 by a scorer that tells right from wrong better on some problems than others."""
    better, weights, out = rng.normal(1, 1, c.size), best_of_k_weights(n, K), np.empty(c.size)
    step = max(1, 4_000_000 // n)
    for start in range(0, c.size, step):
        right = np.arange(n) < c[start : start + step, None]
        score = rng.normal(size=right.shape) + right * better[start : start + step, None]
        order = np.argsort(-score, axis=1)
        out[start : start + step] = np.take_along_axis(right, order, axis=1) @ weights
    return np.minimum(out, 1.0)


def quantities(
    rng: np.random.Generator, law: str, n: int, sets: int, problems: int
) -> dict[str, Floats]:
    """Each quantity of each problem, shape (sets, problems)."""
    p = LAWS[law](rng, sets * problems)
    odds = np.log((p + 1e-9) / (1 - p + 1e-9)) + rng.normal(0.3, 0.8, p.size)
    wrong = rng.dirichlet([0.7] * 3, p.size) * (1 - p)[:, None]
    counts = rng.multinomial(n, np.concatenate([p[:, None], wrong], axis=1))
    c, other = counts[:, 0], rng.binomial(n, _sigmoid(odds) * (p > 0))
    drawn = np.full(p.size, n)
    values = {
        "pass@1": c / n,
        "pass@10": pass_at_k(drawn, c, K),
        "majority@10": majority_of_ten(counts),
        "best of 10": best_of_ten(rng, c, n),
        "other run's pass@1": other / n,
        "other run's pass@10": pass_at_k(drawn, other, K),
    }
    return {name: value.reshape(sets, problems) for name, value in values.items()}


def intervals(values: Floats) -> Limits:
    """What `mean_estimate` does, for all data sets at once; checked on the first."""
    problems = values.shape[1]
    quantile = student_quantile(problems - 1, LEVEL)
    found = wilson_limits(values.mean(axis=1), values.var(axis=1, ddof=1), problems, quantile)
    one = mean_estimate(values[0], level=LEVEL)
    assert np.allclose([one.low, one.high], [found.low[0], found.high[0]], atol=1e-9)
    return found


def differences(values: Floats) -> Limits:
    """What `paired_difference` does, for all data sets at once; checked on the first."""
    problems = values.shape[1]
    found = difference_limits(values, problems, student_quantile(problems - 1, LEVEL))
    one = paired_difference(np.maximum(values[0], 0), np.maximum(-values[0], 0), level=LEVEL)
    assert np.allclose([one.low, one.high], [found.low[0], found.high[0]], atol=1e-9)
    return found


def one_law(job: tuple[str, int]) -> list[dict[str, object]]:
    """All sizes and quantities of one law."""
    law, sets = job
    rng = np.random.default_rng(sum(map(ord, law)))
    truth: dict[str, float] = dict.fromkeys([*MEANS, *(a for a, _ in DIFFERENCES)], 0.0)
    for _ in range(8):
        more = quantities(rng, law, 20, 1000, 200)
        truth = {name: truth[name] + float(more[name].mean()) / 8 for name in truth}
    rows = []
    for problems, n in SIZES:
        found = quantities(rng, law, n, sets, problems)
        named = [(name, truth[name], intervals(found[name])) for name in MEANS]
        for a, b in DIFFERENCES:
            gap = found[a] - found[b]
            named.append((f"{a} less {b}", truth[a] - truth[b], differences(gap)))
            if a == "pass@10" and b != "pass@1":
                ordered = intervals(np.maximum(gap, 0.0))
                named.append((f"{a} less {b}, ordered", truth[a] - truth[b], ordered))
        rows += [
            {
                "law": law,
                "problems": problems,
                "n": n,
                "quantity": name,
                "truth": round(expected, 4),
                "covered": round(float(((low <= expected) & (expected <= high)).mean()), 4),
                "too_high": round(float((low > expected).mean()), 4),
                "too_low": round(float((high < expected).mean()), 4),
                "width": round(float((high - low).mean()), 4),
            }
            for name, expected, (low, high) in named
        ]
    return rows


def one_band(job: tuple[str, int]) -> list[dict[str, object]]:
    """Simultaneous coverage of the band around pass@k at 25 k, for one law."""
    law, sets = job
    rng = np.random.default_rng(sum(map(ord, law)))
    rows = []
    for problems, n in ((50, 100), (100, 30), (100, 100), (200, 100)):
        ks = np.unique(np.geomspace(1, n, 25).round().astype(int))
        p = LAWS[law](rng, 4_000_000)
        truth = np.array([1 - float(((1 - p) ** k).mean()) for k in ks])
        right = rng.binomial(n, LAWS[law](rng, sets * problems)).reshape(sets, problems)
        table, held = coverage_curve(np.full(n + 1, n), np.arange(n + 1), ks.tolist()), 0
        for row in right:
            covariance = np.cov(table[row].T)
            critical = critical_value(correlation_of(covariance), problems - 1, draws=2000, rng=rng)
            low, high = wilson_limits(
                table[row].mean(axis=0), np.diag(covariance), problems, critical, unseen=UNSEEN
            )
            held += bool(((low <= truth) & (truth <= high)).all())
        rows.append(
            {"law": law, "problems": problems, "n": n, "quantity": "band", "covered": held / sets}
        )
    return rows


def summary(rows: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    """For each quantity: lowest, median and highest coverage, and what is outside 93 to 97 %."""
    for name in dict.fromkeys(str(row["quantity"]) for row in rows):
        mine = [row for row in rows if row["quantity"] == name]
        covered = np.array([float(str(row["covered"])) for row in mine])
        outside = [
            f"{row['law']} {row['problems']}x{row['n']}: {row['covered']}"
            for row, share in zip(mine, covered, strict=True)
            if not 0.93 <= share <= 0.97
        ]
        yield {
            "quantity": name,
            "settings": len(mine),
            "lowest": float(covered.min()),
            "median": float(np.median(covered)),
            "highest": float(covered.max()),
            "within_93_97": int(((covered >= 0.93) & (covered <= 0.97)).sum()),
            "outside": outside,
        }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=2000, help="data sets for each setting")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--law", action="append", help="only laws with this in their name")
    parser.add_argument("--bands", action="store_true", help="bands instead of intervals")
    parser.add_argument("--quiet", action="store_true", help="the summary alone")
    args = parser.parse_args()
    wanted = args.law or [""]
    jobs = [(law, args.sets) for law in LAWS if any(part in law for part in wanted)]
    with ProcessPoolExecutor(args.workers) as pool:
        work = one_band if args.bands else one_law
        rows = []
        for found in pool.map(work, jobs):
            rows += found
            for row in [] if args.quiet else found:
                print(json.dumps(row), flush=True)
    for line in summary(rows):
        print(json.dumps(line))


if __name__ == "__main__":
    main()
