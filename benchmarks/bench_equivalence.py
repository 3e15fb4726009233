"""Speed of checking answers against math-verify's parse + parse + verify, same process and minute.

Not here: whether verdicts are right; `tests/golden/equivalence.json` and docs/answers.md.
Try it: `python benchmarks/bench_equivalence.py`. Prints one JSON line per kind of answer.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from topdraw.core.records import Problem, Sample
from topdraw.scoring.mathematics import score_math


class Asked(NamedTuple):
    """One check: the right answer and an output that ends in another."""

    gold: str
    output: str


def integers(count: int) -> list[Asked]:
    """Distinct integers, every second one right."""
    return [Asked(str(7 * i), f"So it is \\boxed{{{7 * i + i % 2}}}.") for i in range(count)]


def fractions(count: int) -> list[Asked]:
    """Distinct fractions, not in lowest terms."""
    return [
        Asked(f"\\frac{{{i}}}{{7}}", f"So it is \\boxed{{\\frac{{{2 * i}}}{{14}}}}.")
        for i in range(1, count + 1)
    ]


def symbolic(count: int) -> list[Asked]:
    """Distinct expressions that need both checks; ours asks math-verify in its workers."""
    return [
        Asked(f"(x+{i})^2", f"So it is \\boxed{{x^2+{2 * i}x+{i * i}}}.")
        for i in range(1, count + 1)
    ]


def ours(asked: Sequence[Asked]) -> int:
    """Checks that pass by the math scorer."""
    passed = 0
    for gold, output in asked:
        score = score_math(Problem("p", "", gold), [Sample("p", 0, output)])[0]
        passed += score.passed is True
    return passed


def theirs(asked: Sequence[Asked]) -> int:
    """Checks that pass by math-verify in this process."""
    from math_verify import parse, verify

    return sum(bool(verify(parse(f"${gold}$"), parse(output))) for gold, output in asked)


def measure(name: str, make: Callable[[int], list[Asked]], count: int, repeats: int) -> None:
    """Print both speeds, the best of several, on answers never seen before in the process."""
    best = {"ours": 0.0, "theirs": 0.0}
    agree = True
    everything = make(count * repeats * 2)
    for at in range(repeats):
        here = everything[2 * at * count : (2 * at + 1) * count]
        other = everything[(2 * at + 1) * count : (2 * at + 2) * count]
        for kind, run, asked in (("ours", ours, here), ("theirs", theirs, other)):
            started = time.perf_counter()
            passed = run(asked)
            best[kind] = max(best[kind], count / (time.perf_counter() - started))
            agree = agree and passed == run(asked)
    print(
        json.dumps(
            {
                "answers": name,
                "count": count,
                "ours_per_second": round(best["ours"]),
                "math_verify_per_second": round(best["theirs"]),
                "ratio": round(best["ours"] / best["theirs"], 1),
                "repeatable": agree,
            }
        )
    )


def main() -> None:
    """Measure every kind of answer."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=500)
    options.add_argument("--repeats", type=int, default=3)
    given = options.parse_args()
    logging.disable(logging.CRITICAL)
    ours(integers(2)), theirs(symbolic(2)), ours(symbolic(2))
    measure("integers", integers, given.count, given.repeats)
    measure("fractions", fractions, given.count, given.repeats)
    measure("symbolic", symbolic, max(given.count // 10, 1), given.repeats)


if __name__ == "__main__":
    main()
