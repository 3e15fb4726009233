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

Rule: TypeAlias = Literal["pass", "settled", "best"]


@dataclass(frozen=True, slots=True)
class Until:
    """Draw the samples of a problem in batches, and stop after the first batch that settles it.

    Looks are taken when samples 0..m*batch-1 are there, m = 1, 2, ...; a look sees these samples
    alone. What is drawn is therefore a function of the run's inputs and seed, whatever the
    concurrency, and however often the run was interrupted.

    Attributes:
        rule: "pass": one of them passed the verifier. "settled": the answer that leads their vote
            will stay ahead. "best": the samples still to come will bring none with a score that is
            better than the best so far. See `confidence`.
        by: the scorer whose verdicts, answers or values count.
        batch: samples between two looks, >= 1.
        confidence: in (0.5, 1]. Of "settled", below 1: stop when the posterior probability that the
            leader beats the runner-up, Beta(a+1, b+1) on more than 1/2, exceeds it. 1: stop only
            when the samples still to come cannot change the winner. Of "best": stop when a MODEL
            gives the samples still to come a chance of at most 1 - confidence to bring a better
            one (`sampling.best`); 1 draws them all.
        gain: of "best", >= 0. How much better counts, in standard deviations of the problem's own
            scores.

    Raises:
        DomainError: for a number outside its range, or another rule.

    References:
        Aggarwal et al. 2023 (arXiv 2305.11860), section 3: the Beta stopping criterion.
    """

    rule: Rule
    by: str
    batch: int = 1
    confidence: float = 0.95
    gain: float = 0.0

    def __post_init__(self) -> None:
        if self.rule not in ("pass", "settled", "best"):
            raise DomainError(f"until is {self.rule!r}; it must be 'pass', 'settled' or 'best'.")
        if self.batch < 1:
            raise DomainError(f"batch is {self.batch}; it must be at least 1.")
        if not 0.5 < self.confidence <= 1 or math.isnan(self.confidence):
            raise DomainError(f"confidence is {self.confidence}; it must be in (0.5, 1].")
        if not 0 <= self.gain < math.inf:
            raise DomainError(f"gain is {self.gain}; it must be a finite number >= 0.")

    def as_dict(self) -> dict[str, Json]:
        """The rule as JSON values; confidence and gain only where they mean something."""
        values: dict[str, Json] = dataclasses.asdict(self)
        if self.rule == "pass":
            del values["confidence"]
        if self.rule != "best":
            del values["gain"]
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
        sure = f" at confidence {self.confidence:g}" if self.rule != "pass" else ""
        more = f" but for {self.gain:g} sd" if self.rule == "best" and self.gain else ""
        return f"until {_ENDS[self.rule]} by {self.by}{more}{sure}, looking after {looks}"


_ENDS = {
    "pass": "the first pass",
    "settled": "the vote is settled",
    "best": "the best score is settled",
}
