"""Samples of the built-in model with verdicts, for the tools that train on or measure them.

Not here: durable runs; these samples live in memory.
Try it: `python -m tools.measure_builtin --problems 5 --samples 10`.
"""

from __future__ import annotations

from collections.abc import Sequence

from topdraw.core.records import Decoding, Problem, Sample, Score, Usage
from topdraw.core.registry import get_scorer
from topdraw.core.seeds import sample_seed
from topdraw.models.builtin.batch import Draw
from topdraw.models.builtin.engine import Engine

MAX_TOKENS = {"countdown": 32, "arithmetic": 160, "functions": 32}
SCORERS = {"countdown": "countdown", "arithmetic": "number", "functions": "functions"}


def draw(
    engine: Engine,
    problem: Problem,
    n: int,
    *,
    family: str,
    temperature: float = 1.0,
    seed: int = 0,
) -> list[Sample]:
    """Samples 0..n-1 of a problem, in order.

    Args:
        engine: who draws, in this process.
        problem: of one of the three families.
        n: samples; with temperature 0 they are all equal.
        family: "countdown", "arithmetic" or "functions".
        temperature: of the draw.
        seed: of the draw.
    """
    decoding = Decoding(temperature=temperature, max_tokens=MAX_TOKENS[family])
    draws = [Draw(index, sample_seed(seed, problem.id, index)) for index in range(n)]
    outputs = engine.generate(problem.prompt, draws, decoding)
    return [
        Sample(
            problem.id,
            draw.index,
            output.text,
            finish_reason=output.finish_reason,
            logprob=output.logprob,
            usage=Usage(output.prompt_tokens, len(output.tokens)),
        )
        for draw, output in zip(draws, outputs, strict=True)
    ]


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
