"""One function in a file as a scorer: it ranks samples, and topdraw says what its ranking is worth.

python examples/own_scorer.py
topdraw score runs/own-scorer examples/own_scorer.py:checked_steps
"""

import re
import sys
from collections.abc import Sequence

import topdraw as td

STEP = re.compile(r"(\d+) *([-+*]) *(\d+) *= *(\d+)")


def checked_steps(problem: td.Problem, samples: Sequence[td.Sample]) -> list[float | None]:
    """The share of the steps "a + b = c" of an output that hold; None, missing, without steps."""
    return [_share_that_holds(sample.output) for sample in samples]


def _share_that_holds(output: str) -> float | None:
    steps = STEP.findall(output)
    if not steps:
        return None
    return sum(_value(int(a), sign, int(b)) == int(c) for a, sign, b, c in steps) / len(steps)


def _value(a: int, sign: str, b: int) -> int:
    return {"+": a + b, "-": a - b, "*": a * b}[sign]


def main(out: str = "runs/own-scorer", problems: int = 30, n: int = 32) -> None:
    task = td.load("arithmetic", problems=problems)
    run = td.sample(task, "builtin", n=n, temperature=1.2, out=out)
    run = td.score(run, ["number", checked_steps])

    print("one sample             ", td.accuracy(run, "random", by="number"))
    print(
        "best of n by my scorer ", td.accuracy(run, "best_of_n", by="number", value="checked_steps")
    )
    print(
        "vote, weighted by it   ",
        td.accuracy(run, "weighted_majority(weight=exp)", by="number", value="checked_steps"),
    )
    print("an oracle              ", td.accuracy(run, "oracle", by="number"))


if __name__ == "__main__":
    main(*sys.argv[1:2])
