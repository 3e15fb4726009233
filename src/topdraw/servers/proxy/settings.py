"""What the operator of a proxy decides.

Not here: what a client may ask for within it (`strategy`).
Try it: `topdraw serve proxy --help`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike

from topdraw.core.protocols import Scorer
from topdraw.errors import ConfigError, DomainError
from topdraw.sampling.prices import PriceTable
from topdraw.servers.proxy.keys import Keys


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator of a proxy decides.

    Attributes:
        models: that clients may ask for, the first when a request names none; empty for whatever
            the upstream has.
        select: selector of requests that name no strategy; None passes them through.
        n: candidates of a strategy that names no number.
        scorers: whose values rank, the first unless a request names another of them.
        by: scorer whose answers vote.
        judge: who compares candidates, "judge(model=NAME, url=URL)"; "" for nobody.
        judge_calls: most questions to the judge for one request.
        deadline_seconds: the longest time of a request with a strategy; None for no limit.
        most_candidates: of one request.
        largest_body_bytes: of a request.
        body_seconds: for a request's body to come.
        keys: who may use it; None for everybody.
        record: run in which requests with a strategy are kept; None for none.
        prices: come before those that are shipped.

    Raises:
        ConfigError: when a number is out of its range, or n is more than may be drawn.
    """

    models: tuple[str, ...] = ()
    select: str | None = None
    n: int = 16
    scorers: tuple[str | Scorer, ...] = ("logprob",)
    by: str | Scorer = "number"
    judge: str = ""
    judge_calls: int = 256
    deadline_seconds: float | None = None
    most_candidates: int = 64
    largest_body_bytes: int = 32 * 2**20
    body_seconds: float = 60.0
    keys: Keys | None = None
    record: str | PathLike[str] | None = None
    prices: PriceTable = field(default_factory=dict)

    def __post_init__(self) -> None:
        sizes: Mapping[str, float] = {
            "n": self.n,
            "most_candidates": self.most_candidates,
            "judge_calls": self.judge_calls,
            "largest_body_bytes": self.largest_body_bytes,
            "body_seconds": self.body_seconds,
            "deadline_seconds": 1 if self.deadline_seconds is None else self.deadline_seconds,
        }
        for name, value in sizes.items():
            if not value > 0:
                raise DomainError(f"{name} is {value}; it must be above 0.")
        if self.n > self.most_candidates:
            raise ConfigError(
                f"n is {self.n}, and a request may draw {self.most_candidates}.",
                hint="Raise --most-candidates, or lower -n.",
            )
