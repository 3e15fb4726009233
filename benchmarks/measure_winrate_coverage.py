"""How often the intervals of win rates hold the truth: ours, and the benchmarks' own.

Not here: means and differences in [0, 1] (`measure_coverage.py`).
Try it: `python benchmarks/measure_winrate_coverage.py --sets 2000` (five minutes on one core).
"""

from __future__ import annotations

import argparse
import json

import numpy as np

from topdraw.analysis.winrate.arena_hard import score_estimate, their_bootstrap
from topdraw.analysis.winrate.controlled import Weights, length_controlled
from topdraw.analysis.winrate.logistic import sigmoid
from topdraw.analysis.winrate.points import in_points
from topdraw.analysis.winrate.verdicts import battles
from topdraw.core.estimate import Estimate

LAWS = ((-5.0, 4.0), (-3.0, 4.0), (0.0, 4.0), (0.0, 1.0), (2.0, 3.0))
WEIGHTS = (Weights(-1.8, 1.0, -1.2), Weights(-1.1, 0.65, 0.26))
STRENGTHS = (0.0, 1.2, -1.5)
LABELS = np.array(["B>>A", "B>A", "A=B", "A>B", "A>>B"])
LARGE = 2_000_000


def main() -> None:
    """Print one JSON line for each setting."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", type=int, default=200)
    sets = parser.parse_args().sets
    random = np.random.default_rng(1)
    for law in LAWS:
        for rows in (805, 200, 50):
            plain(law, rows, sets, random)
    for weights in WEIGHTS:
        for rows in (805, 200):
            controlled(weights, rows, sets, random)
    for rows in (805, 200):
        # Short outputs, and no table: equal length lies at the edge of what was seen.
        controlled(Weights(-1.8, 0.0, -0.6), rows, sets, random, longer=1000.0, table=False)
    for strength in STRENGTHS:
        for rows in (500, 100):
            arena(strength, rows, sets, random)


def plain(law: tuple[float, float], rows: int, sets: int, random: np.random.Generator) -> None:
    """Win rates of logit-normal preferences."""
    truth = 100 * float(sigmoid(random.normal(*law, LARGE)).mean())
    found = [in_points(sigmoid(random.normal(*law, rows))) for _ in range(sets)]
    tell("plain", truth, rows, ours=[holds(one, truth) for one in found])


def controlled(
    weights: Weights,
    rows: int,
    sets: int,
    random: np.random.Generator,
    *,
    longer: float = -300.0,
    table: bool = True,
) -> None:
    """Length-controlled win rates of sharp preferences; theirs is 1.96 of their errors."""
    truth = 100 * float(
        sigmoid(weights.model + weights.difficulty * random.normal(0, 1.4, LARGE)).mean()
    )
    ours, theirs = [], []
    for _ in range(sets):
        hard, delta = random.normal(0, 1.4, rows), random.normal(longer, 900, rows)
        z = (
            weights.length * np.tanh(delta / delta.std(ddof=1))
            + weights.difficulty * hard
            + weights.model
        )
        mean = 0.6 * sigmoid(z) + 1e-9
        value = np.clip(random.beta(mean, 0.6 - mean + 2e-9), 0, 1)
        found = length_controlled(value, delta, difficulty=hard if table else None)
        ours.append(holds(found.estimate, truth))
        theirs.append(abs(found.value - truth) <= 1.96 * found.standard_error)
    if table:
        tell("length-controlled", truth, rows, ours=ours, theirs=theirs)
    else:  # without difficulties their error is 0
        tell("length-controlled, no table", truth, rows, ours=ours)


def arena(strength: float, rows: int, sets: int, random: np.random.Generator) -> None:
    """Arena-Hard scores of questions whose two games go together; theirs is nominally 90 %."""
    truth = battles(games(strength, LARGE // 20, random)).score
    names = [str(at) for at in range(rows)]
    ours, theirs = [], []
    for _ in range(sets):
        made = battles(games(strength, rows, random))
        ours.append(holds(score_estimate(made, names), truth))
        interval = their_bootstrap(made, rng=random)
        theirs.append(interval.low <= truth <= interval.high)
    tell("arena-hard", truth, rows, ours=ours, theirs=theirs)


def games(strength: float, rows: int, random: np.random.Generator) -> list[tuple[str, str]]:
    """Verdicts of both games, with a bias for the answer shown first."""
    each = random.normal(strength, 1.5, rows)
    shown = np.stack([-each, each]) + random.normal(0.3, 1.0, (2, rows))
    first, second = LABELS[np.digitize(shown, [-1.5, -0.3, 0.3, 1.5])].tolist()
    return list(zip(first, second, strict=True))


def holds(found: Estimate, truth: float) -> bool:
    """Whether the interval holds the truth."""
    return found.low <= truth <= found.high


def tell(what: str, truth: float, rows: int, **held: list[bool]) -> None:
    """One line of JSON, coverages in %."""
    shares = {name: round(100 * float(np.mean(each)), 2) for name, each in held.items()}
    print(json.dumps({"what": what, "truth": round(truth, 1), "rows": rows, **shares}))


if __name__ == "__main__":
    main()
