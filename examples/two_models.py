"""Is a small model with many samples as good as a large one with few? Paired, and at equal FLOPs.

python examples/two_models.py
"""

import sys
from pathlib import Path

import topdraw as td
from topdraw.analysis.comparison import compare
from topdraw.analysis.cost_report import compare_costs
from topdraw.analysis.intervals import paired_difference

LARGE, SMALL = "builtin", "builtin:small"


def main(folder: str = "runs/two-models", problems: int = 30, n: int = 64) -> None:
    task = td.load("countdown", problems=problems)
    runs = {}
    for model in (LARGE, SMALL):
        run = td.sample(task, model, n=n, out=Path(folder) / model.replace(":", "-"))
        runs[model] = td.score(run, "countdown")
    large, small = runs[LARGE], runs[SMALL]

    print(f"{LARGE} less {SMALL}, paired over {problems} problems:")
    for line in compare(large, small, ks=[1, n]).lines:
        print(f"  {line.measure_a:<14} {line.difference}")

    print("At equal FLOPs of a problem, each at its best k:")
    for at in compare_costs(large, small, unit="flops").budgets:
        print(f"  {at.budget:.2e}: k = {at.a.k} against {at.b.k}: {at.difference}")

    print(f"{SMALL} with {n} samples less {LARGE} with one (coverage):")
    print(" ", _many_less_one(small, large, n))


def _many_less_one(many: td.Run, one: td.Run, n: int) -> td.Estimate:
    solved = {key: (_right(many, key) > 0) for key in many.problems}
    mean = {key: _right(one, key) / n for key in one.problems}
    return paired_difference(list(map(float, solved.values())), list(mean.values()))


def _right(run: td.Run, problem: str) -> int:
    verdicts = run.scores("countdown")
    return sum(bool(score.passed) for key, score in verdicts.items() if key[1] == problem)


if __name__ == "__main__":
    main(*sys.argv[1:2])
