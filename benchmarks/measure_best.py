"""How often `--until best` is wrong, and what it saves: simulated laws, and rewards of real draws.

Not here: the rule (`topdraw.sampling.best`). No ratio: what a stated confidence is worth.
Try it: `python benchmarks/measure_best.py FOLDER` draws 50 problems x 64 of each built-in task.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

import topdraw as td
from topdraw.analysis.stopping import outcome
from topdraw.core.records import FloatArray, Score
from topdraw.core.until import Until
from topdraw.selection.candidates import candidates

CAP, BATCH, SETS = 64, 4, 1000
RULES = [(0.95, 0.0), (0.95, 0.5), (0.8, 0.0), (0.8, 0.5), (0.8, 1.0)]

LAWS: dict[str, Callable[[np.random.Generator], FloatArray]] = {
    "uniform": lambda rng: rng.random(CAP),
    "normal": lambda rng: rng.normal(size=CAP),
    "logistic": lambda rng: rng.logistic(size=CAP),
    "exponential": lambda rng: rng.exponential(size=CAP),
    "Student t, 3": lambda rng: rng.standard_t(3, size=CAP),
    "log-normal": lambda rng: rng.lognormal(size=CAP),
    "1 in 20 far better": lambda rng: 5.0 * (rng.random(CAP) < 0.05) + rng.normal(size=CAP),
}


def measured(problems: Iterable[FloatArray], confidence: float, gain: float) -> dict[str, float]:
    """Mean samples drawn, share of problems with a better sample left, mean loss in their sd.

    Args:
        problems: scores in the order of drawing.
        confidence: of the rule.
        gain: of the rule.
    """
    until = Until("best", by="r", batch=BATCH, confidence=confidence, gain=gain)
    drawn, beaten, lost = [], [], []
    for values in problems:
        end = outcome(until, CAP, [Score(value=float(value)) for value in values]).drawn
        seen, whole = np.nanmax(values[:end]), np.nanmax(values)
        drawn.append(end)
        beaten.append(whole > seen + gain * np.nanstd(values[:end], ddof=1))
        lost.append((whole - seen) / max(float(np.nanstd(values)), 1e-12))
    told = {"drawn": np.mean(drawn), "beaten": np.mean(beaten), "loss_sd": np.mean(lost)}
    return {name: round(float(value), 3) for name, value in told.items()}


def rewards(folder: Path, task: str) -> list[FloatArray]:
    """The rewards of a built-in task's samples, problem by problem.

    Args:
        folder: of the runs; one that is there is not drawn again.
        task: its name.
    """
    run = td.sample(td.load(task, problems=50), "builtin", CAP, out=folder / task)
    td.score(run, ["reward"])
    return [one.value for one in candidates(run, value="reward").values()]


def main(folder: str) -> None:
    """Print a line of JSON for each law or task and rule."""
    drawn = {task: rewards(Path(folder), task) for task in ("arithmetic", "countdown", "functions")}
    for confidence, gain in RULES:
        for name, law in LAWS.items():
            rng = np.random.default_rng(7)
            found = measured((law(rng) for _ in range(SETS)), confidence, gain)
            print(
                json.dumps({"law": name, "confidence": confidence, "gain": gain, **found}),
                flush=True,
            )
        for task, problems in drawn.items():
            found = measured(problems, confidence, gain)
            print(
                json.dumps({"task": task, "confidence": confidence, "gain": gain, **found}),
                flush=True,
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
