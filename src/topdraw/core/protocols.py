"""The four seams of topdraw: what a model, a scorer, a selector and a task loader must do.

Not here: any implementation. Contract tests for third parties: `scoring.contracts` and
`selection.contracts`.
Try it: `python -m pytest tests/core/test_protocols.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from topdraw.core.records import (
    Candidates,
    Decoding,
    FloatArray,
    Json,
    Problem,
    Sample,
    Score,
    Task,
)


@runtime_checkable
class Model(Protocol):
    """Who draws: hands over each sample the moment it is finished."""

    @property
    def identity(self) -> Mapping[str, Json]:
        """What distinguishes this model from another in a run's manifest; never a key or secret."""

    def generate(
        self, problem: Problem, indices: Sequence[int], /, *, decoding: Decoding, seed: int
    ) -> AsyncIterator[Sample]:
        """Draw the samples with these indices, in any order of completion.

        A sample depends on (problem, index, decoding, seed) alone where the model allows it, never
        on which other indices are asked for. Use `core.seeds.sample_seed` for its seed.

        Args:
            problem: what to answer.
            indices: distinct, >= 0; each is yielded exactly once, or an error is raised.
            decoding: settings of the draw.
            seed: seed of the run.

        Raises:
            EndpointError: when the rest could not be drawn; what was yielded before stands.
        """


@runtime_checkable
class Scorer(Protocol):
    """What makes scores: verifier, reward model, judge."""

    def __call__(self, problem: Problem, samples: Sequence[Sample], /) -> Sequence[Score]:
        """One score per sample, in the same order; permuting the samples permutes the scores."""


@runtime_checkable
class Selector(Protocol):
    """What chooses: a probability for each candidate."""

    def __call__(self, candidates: Candidates, /) -> FloatArray:
        """Weights of shape (n,), >= 0, summing to 1, or all 0 when none can be chosen."""


@runtime_checkable
class TaskLoader(Protocol):
    """What makes a task: problems, prompt text and default scorer."""

    def __call__(self, **options: Json) -> Task:
        """The task for these options."""
