"""Do the intervals of `audit-scorer` hold the truth as often as they say? Simulated scorers.

A sample's log-odds of being right are those of its problem plus its own; the scorer sees them with
noise. docs/choosing.md quotes the result. Try it: `python benchmarks/measure_audit.py --sets 200`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from topdraw.analysis.agreement import auc, rank_correlation, right_over_wrong
from topdraw.analysis.calibration import brier_score, calibration_error
from topdraw.analysis.intervals import mean_estimate, paired_difference
from topdraw.analysis.ratios import ratio_estimate
from topdraw.core.estimate import Estimate
from topdraw.core.records import BoolArray, FloatArray

#: Name, spread between problems, spread within, noise of the scorer, slope of its probabilities.
LAWS = (
    ("easy scorer", 1.5, 1.5, 0.5, 1.0),
    ("weak scorer", 1.5, 0.7, 2.0, 1.0),
    ("overconfident", 1.0, 1.0, 1.0, 2.5),
)


class Set(NamedTuple):
    """Values, probabilities, verdicts and lengths; shape (problems, n) each."""

    value: FloatArray
    chance: FloatArray
    passed: BoolArray
    length: FloatArray


def simulated(law: tuple[str, float, float, float, float], problems: int, n: int, seed: int) -> Set:
    """One data set."""
    _, between, within, noise, slope = law
    random = np.random.default_rng(seed)
    odds = random.normal(0, between, problems)[:, None] + random.normal(0, within, (problems, n))
    value = odds + random.normal(0, noise, odds.shape)
    passed = random.random(odds.shape) < 1 / (1 + np.exp(-odds))
    length = np.round(50 + 10 * random.normal(size=odds.shape) - 3 * value)
    return Set(value, 1 / (1 + np.exp(-slope * value)), passed, length)


def per_problem(one: Set) -> dict[str, FloatArray]:
    """What is averaged over problems."""
    rows = list(zip(one.value, one.passed, one.length, strict=True))
    best = np.take_along_axis(one.passed, one.value.argmax(axis=1)[:, None], axis=1)[:, 0]
    return {
        "auc": np.array([auc(v, y) for v, y, _ in rows]),
        "top-1": best.astype(float),
        "over random": best - one.passed.mean(axis=1),
        "length": np.array([rank_correlation(v, t) for v, _, t in rows]),
    }


def estimates(one: Set) -> Iterator[tuple[str, Estimate]]:
    """The numbers of an audit."""
    each, problem = per_problem(one), np.repeat(np.arange(len(one.value)), one.value.shape[1])
    yield "auc", mean_estimate(each["auc"])
    yield "top-1", mean_estimate(each["top-1"])
    yield "over random", paired_difference(each["over random"], np.zeros(len(one.value)))
    yield "length", paired_difference(each["length"], np.zeros(len(one.value)))
    pairs = [right_over_wrong(v, y) for v, y in zip(one.value, one.passed, strict=True)]
    yield "pairs", ratio_estimate([p.ordered for p in pairs], [p.number for p in pairs])
    yield "brier", brier_score(one.chance.ravel(), one.passed.ravel(), problem)
    yield "ece", calibration_error(one.chance.ravel(), one.passed.ravel(), problem, draws=300)


def truths(law: tuple[str, float, float, float, float], n: int) -> dict[str, float]:
    """The same numbers of very many problems."""
    one = simulated(law, 40_000, n, 10**6)
    found = {name: float(np.nanmean(each)) for name, each in per_problem(one).items()}
    pairs = np.array(
        [right_over_wrong(v, y) for v, y in zip(one.value, one.passed, strict=True)]
    ).sum(axis=0)
    found["pairs"] = float(pairs[0] / pairs[1])
    found["brier"] = float(((one.chance - one.passed) ** 2).mean())
    one_unit = np.zeros(one.passed.size, np.int64)
    found["ece"] = calibration_error(
        one.chance.ravel(), one.passed.ravel(), one_unit, draws=1
    ).value
    return found


def main() -> None:
    """Print a line for each law and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=2000)
    parser.add_argument("--problems", type=int, nargs="+", default=[50, 200])
    asked = parser.parse_args()
    sets = asked.sets
    for law in LAWS:
        truth = truths(law, 16)
        for problems in asked.problems:
            inside = dict.fromkeys(truth, 0)
            for seed in range(sets):
                for name, found in estimates(simulated(law, problems, 16, seed)):
                    inside[name] += found.low <= truth[name] <= found.high
            shares = {name: round(100 * count / sets, 1) for name, count in inside.items()}
            print(json.dumps({"law": law[0], "problems": problems, "n": 16, "sets": sets} | shares),
                  flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
