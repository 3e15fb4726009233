"""Small models for engine tests: deterministic, failing, wrong on purpose."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence

from topdraw.core.records import Decoding, Json, Problem, Sample, Usage
from topdraw.core.seeds import sample_seed
from topdraw.errors import EndpointError


class Echo:
    """Gives text that depends on (problem, index, decoding, seed), after some turns of the loop.

    Args:
        chunk: as models say it; None for all of a problem.
        fails: (problem id, index) whose call ends in an EndpointError.
        error: raised instead.
    """

    deterministic = True

    def __init__(
        self,
        *,
        chunk: int | None = None,
        fails: frozenset[tuple[str, int]] = frozenset(),
        error: Exception | None = None,
    ) -> None:
        self.chunk = chunk
        self.fails = fails
        self.error = error or EndpointError("it broke", status=500)
        self.drawn: list[tuple[str, int, bool]] = []
        self.calls: list[tuple[str, tuple[int, ...]]] = []
        self.now = 0
        self.most_at_once = 0
        self.closed = 0

    @property
    def identity(self) -> Mapping[str, Json]:
        return {"kind": "echo", "model": "org/Echo 1"}

    async def aclose(self) -> None:
        self.closed += 1

    async def generate(
        self, problem: Problem, indices: Sequence[int], /, *, decoding: Decoding, seed: int
    ) -> AsyncIterator[Sample]:
        self.calls.append((problem.id, tuple(indices)))
        self.now += 1
        self.most_at_once = max(self.most_at_once, self.now)
        try:
            for index in indices:
                own = sample_seed(seed, problem.id, index)
                for _ in range(own % 5):
                    await asyncio.sleep(0)
                if (problem.id, index) in self.fails:
                    raise self.error
                key = f"{problem.prompt}{own}{decoding}"
                text = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]
                self.drawn.append((problem.id, index, decoding.greedy))
                yield Sample(problem.id, index, text, seed=own, usage=Usage(3, 4))
        finally:
            self.now -= 1
