"""Caps on what a run may cost.

Not here: keeping them while a draw goes on (`account`), prices (`prices`).
Try it: `python -c "from topdraw.sampling.budget import Budget; print(Budget(usd=5))"`.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from topdraw.errors import DomainError


@dataclass(frozen=True, slots=True)
class Budget:
    """Caps; None is no cap. The run stops at the first that is reached, and can go on later.

    Samples, tokens and USD are those of the whole run, earlier sessions and failed attempts
    included, so that a command which is started again after a crash does not spend twice. Requests
    under way are reckoned with at the mean cost so far: a cap is passed only by what they cost
    beyond that.

    Attributes:
        samples: samples on disk, >= 1; never passed.
        tokens: prompt and output tokens charged, > 0.
        usd: their price, > 0; the price of the model must be known.
        seconds: of this session, > 0; requests under way then get three more.

    Raises:
        DomainError: for a number outside its range.
    """

    samples: int | None = None
    tokens: int | None = None
    usd: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            if value is not None and not 0 < value < math.inf:
                raise DomainError(f"The cap on {name} is {value}; it must be finite and > 0.")

    @property
    def is_empty(self) -> bool:
        """Whether nothing is capped."""
        return self == Budget()
