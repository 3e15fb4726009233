"""When a problem needs no further samples: a rule that is stored with the run it shaped.

Not here: drawing by it (`topdraw.sampling.stopping`), and what it does to estimates
(`topdraw.analysis.stopping`).
Try it: `python -c "from topdraw.core.until import Until; print(Until('pass', by='number'))"`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from topdraw.core.records import Json
from topdraw.errors import DomainError, FormatError

Rule: TypeAlias = Literal["pass", "settled"]


@dataclass(frozen=True, slots=True)
class Until:
    """Draw the samples of a problem in batches, and stop after the first batch that settles it.

    Looks are taken when samples 0..m*batch-1 are there, m = 1, 2, ...; a look sees these samples
    alone. What is drawn is therefore a function of the run's inputs and seed, whatever the
    concurrency, and however often the run was interrupted.

    Attributes:
        rule: "pass": one of them passed the verifier. "settled": the answer that leads their vote
            will stay ahead, see `confidence`.
        by: the scorer whose verdicts or answers count.
        batch: samples between two looks, >= 1.
        confidence: of "settled", in (0.5, 1]. Below 1: stop when the posterior probability that the
            leader beats the runner-up, Beta(a+1, b+1) on more than 1/2, exceeds it. 1: stop only
            when the samples still to come cannot change the winner.

    Raises:
        DomainError: for a number outside its range, or another rule.

    References:
        Aggarwal et al. 2023 (arXiv 2305.11860), section 3: the Beta stopping criterion.
    """

    rule: Rule
    by: str
    batch: int = 1
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.rule not in ("pass", "settled"):
            raise DomainError(f"until is {self.rule!r}; it must be 'pass' or 'settled'.")
        if self.batch < 1:
            raise DomainError(f"batch is {self.batch}; it must be at least 1.")
        if not 0.5 < self.confidence <= 1 or math.isnan(self.confidence):
            raise DomainError(f"confidence is {self.confidence}; it must be in (0.5, 1].")

    def as_dict(self) -> dict[str, Json]:
        """The rule as JSON values; confidence only where it means something."""
        values: dict[str, Json] = dataclasses.asdict(self)
        if self.rule == "pass":
            del values["confidence"]
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Json]) -> Until:
        """The rule that `as_dict` wrote.

        Raises:
            FormatError: when it is none that this version knows.
        """
        try:
            return cls(**cast("dict[str, object]", dict(values)))  # type: ignore[arg-type]  # checked
        except (TypeError, DomainError) as error:
            raise FormatError(f"{dict(values)} is no stopping rule: {error}") from error

    def __str__(self) -> str:
        looks = "every sample" if self.batch == 1 else f"every {self.batch} samples"
        what = "the first pass" if self.rule == "pass" else "the vote is settled"
        sure = f" at confidence {self.confidence:g}" if self.rule == "settled" else ""
        return f"until {what} by {self.by}{sure}, looking after {looks}"
