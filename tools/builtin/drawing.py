"""Samples of the built-in model with verdicts, for the tools that train on or measure them.

Not here: durable runs; these samples live in memory.
Try it: `python -m tools.measure_builtin --problems 5 --samples 10`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from topdraw.core.protocols import Model
from topdraw.core.records import Decoding, Problem, Sample, Score
from topdraw.core.registry import get_scorer

MAX_TOKENS = {"countdown": 32, "arithmetic": 96, "functions": 32}
SCORERS = {"countdown": "countdown", "arithmetic": "number", "functions": "functions"}


def draw(
    model: Model, problem: Problem, n: int, *, family: str, temperature: float = 1.0, seed: int = 0
) -> list[Sample]:
    """Samples 0..n-1 of a problem, in order.

    Args:
        model: who draws.
        problem: of one of the three families.
        n: samples; with temperature 0 they are all equal.
        family: "countdown", "arithmetic" or "functions".
        temperature: of the draw.
        seed: of the draw.
    """
    decoding = Decoding(temperature=temperature, max_tokens=MAX_TOKENS[family])

    async def collect() -> list[Sample]:
        stream = model.generate(problem, range(n), decoding=decoding, seed=seed)
        return [sample async for sample in stream]

    return sorted(asyncio.run(collect()), key=lambda sample: sample.index)


def verify(problem: Problem, samples: Sequence[Sample], *, family: str) -> list[Score]:
    """Verdicts of the family's verifier, one per sample.

    Raises:
        RuntimeError: when a verdict is missing, which would bias what is made of them.
    """
    scores = list(get_scorer(SCORERS[family])(problem, samples))
    for score in scores:
        if score.is_missing:
            raise RuntimeError(f"No verdict for {problem.id}: {score.missing_reason}")
    return scores
