"""A pairwise reward model that prefers the larger number, as `pair_ranker` would make one.

Not here: expectations. Try it: `python -m pytest tests/flows`.
"""

from __future__ import annotations

from collections.abc import Sequence

from topdraw.core.records import Problem, Sample


class Ranker:
    """Compares numbers."""

    def __init__(self, model: str) -> None:
        self.name = f"ranker-{model}"

    def compare_all(
        self, problem: Problem, samples: Sequence[Sample], pairs: Sequence[tuple[int, int]]
    ) -> list[float]:
        """NaN where an output is no number."""
        if not all(sample.output.isdigit() for sample in samples):
            return [float("nan")]
        values = [int(sample.output) for sample in samples]
        return [1 / (1 + 2.0 ** (values[b] - values[a])) for a, b in pairs]


def pair_ranker(*, model: str) -> Ranker:
    """One by its name."""
    return Ranker(model)
