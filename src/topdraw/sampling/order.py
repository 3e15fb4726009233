"""What is asked of a draw, the model aside: the arguments of `sample` as one value.

Not here: what they mean; that is told to users in `engine`, where they are given.
Try it: `python -m pytest tests/sampling/test_engine.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from os import PathLike

from topdraw.core.records import Decoding, Json, Problem, Sample, Task
from topdraw.core.until import Until
from topdraw.sampling.budget import Budget
from topdraw.sampling.prices import PriceTable
from topdraw.sampling.session import Watcher
from topdraw.sampling.stopping import Judge
from topdraw.store.run import Durability


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked of a draw; the attributes are those of `engine.sample`."""

    problems: Task | Iterable[Problem]
    n: int
    temperature: float
    top_p: float
    top_k: int
    repetition_penalty: float
    presence_penalty: float
    frequency_penalty: float
    max_tokens: int | None
    stop: Iterable[str]
    extra_body: Mapping[str, Json] | None
    system: str
    seed: int
    greedy: bool
    out: str | PathLike[str] | None
    concurrency: int | None
    budget: Budget | None
    prices: PriceTable | None
    until: Until | None
    judge: Judge | None
    durability: Durability
    on_progress: Watcher | None
    on_sample: Callable[[Sample], None] | None

    @property
    def decoding(self) -> Decoding:
        """How outputs are drawn.

        Raises:
            ConfigError: when extra_body cannot be used.
        """
        return Decoding(
            self.temperature,
            self.top_p,
            self.top_k,
            self.repetition_penalty,
            self.max_tokens,
            (self.stop,) if isinstance(self.stop, str) else tuple(self.stop),
            self.presence_penalty,
            self.frequency_penalty,
            self.extra_body or {},
            self.system,
        )
