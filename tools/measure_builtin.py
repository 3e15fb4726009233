"""Measure the shipped model and reward heads on held-out problems: the model card's tables.

Not here: training. The figures are means over problems with their standard errors.
Try it: `python -m tools.measure_builtin --problems 10 --samples 20`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from tools.builtin.drawing import draw, verify
from tools.builtin.figures import Drawn, best_of_k, figure, majority, pass_at_k, within_auc

from topdraw.core.records import Problem, Task
from topdraw.core.registry import get_scorer
from topdraw.models.builtin.engine import Engine
from topdraw.tasks import arithmetic, countdown, functions

TASKS: dict[str, Callable[..., Task]] = {
    "countdown": countdown.load,
    "arithmetic": arithmetic.load,
    "functions": functions.load,
}
CHOOSERS = ("logprob", "reward", "reward-naive")


def measure_problem(
    engine: Engine, problem: Problem, *, family: str, samples: int, temperature: float
) -> Drawn:
    """Draw, verify and value the samples of one problem."""
    drawn = draw(engine, problem, samples, family=family, temperature=temperature, seed=1)
    greedy = draw(engine, problem, 1, family=family, temperature=0.0)
    verdicts = verify(problem, [*drawn, *greedy], family=family)
    values = {}
    for chooser in CHOOSERS:
        scores = get_scorer(chooser)(problem, drawn)
        values[chooser] = np.array([score.value for score in scores])
    return Drawn(
        correct=np.array([bool(verdict.passed) for verdict in verdicts[:-1]]),
        answers=tuple(verdict.answer for verdict in verdicts[:-1]),
        values=values,
        greedy=bool(verdicts[-1].passed),
    )


def show(name: str, drawn: list[Drawn], samples: int) -> None:
    """Print every figure of one task and stage."""
    ks = [k for k in (1, 4, 10, 100) if k <= samples]
    print(f"\n{name}: greedy {figure([d.greedy for d in drawn])}")
    rows = {"coverage": [figure([pass_at_k(d, k) for d in drawn]) for k in ks]}
    rows["majority"] = [figure([majority(d, k) for d in drawn]) for k in ks]
    for chooser in CHOOSERS:
        rows[chooser] = [figure([best_of_k(d, chooser, k) for d in drawn]) for k in ks]
    for row, figures in rows.items():
        print(f"  {row:13s}" + "  ".join(f"@{k} {f}" for k, f in zip(ks, figures, strict=True)))
    gains = [majority(d, samples) - d.correct.mean() for d in drawn]
    print(f"  majority@{samples} minus one sample: {figure(gains)}")
    gains = [best_of_k(d, "reward", samples) - d.correct.mean() for d in drawn]
    print(f"  reward best of {samples} minus one sample: {figure(gains)}")
    for chooser in CHOOSERS:
        found = [within_auc(d, chooser) for d in drawn]
        print(f"  within-problem AUC of {chooser}: {figure([a for a in found if a is not None])}")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=50)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0, help="of the problems")
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--models", nargs="+", default=["builtin", "small"])
    given = parser.parse_args()
    for spec in given.models:
        engine = Engine.load(spec)
        for family in given.tasks:
            started = time.process_time()
            task: Task = TASKS[family](problems=given.problems, seed=given.seed)
            drawn = [
                measure_problem(
                    engine,
                    problem,
                    family=family,
                    samples=given.samples,
                    temperature=given.temperature,
                )
                for problem in task.problems
            ]
            show(f"{spec} {family}, T={given.temperature}", drawn, given.samples)
            print(f"  {time.process_time() - started:.0f} CPU-s", flush=True)


if __name__ == "__main__":
    main()
