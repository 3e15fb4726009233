"""What a model says about a k: a value, an interval, and what other models say.

Not here: the models (`law`, `forecast`). Try it: `topdraw fit RUN --extrapolate 10000`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

#: Resamples of fewer problems repeat each other: their percentiles are no interval.
FEWEST_PROBLEMS = 5


def too_few(problems: int) -> str:
    """Why a number that stands on so few problems has no interval.

    Args:
        problems: fewer than `FEWEST_PROBLEMS`.

    Examples:
        >>> too_few(1)
        'no interval: 1 of at least 5 problems'
    """
    return f"no interval: {problems} of at least {FEWEST_PROBLEMS} problems"


@dataclass(frozen=True, slots=True)
class ModelValue:
    """What a model says about a k, drawn or not. Not an estimate.

    Attributes:
        k: samples.
        value: coverage by the model.
        low: lower end of its interval; what the interval allows for is in the label. NaN where
            there are too few problems for one.
        high: upper end, likewise.
        others: what each method says by itself; where they differ, nobody knows.
        label: what to print beside it; begins with "model".
        level: level of the interval.
        shares: of a model average, the probability of each family given the counts.
    """

    k: int
    value: float
    low: float
    high: float
    others: Mapping[str, float]
    label: str
    level: float = 0.95
    shares: Mapping[str, float] = field(default_factory=dict)

    @property
    def spread(self) -> tuple[float, float]:
        """The smallest and the largest value of all methods."""
        values = [self.value, *self.others.values()]
        return min(values), max(values)

    def __str__(self) -> str:
        low, high = self.spread
        said = f"models say {low:.3f} to {high:.3f}"
        ends = "no interval" if math.isnan(self.low) else f"[{self.low:.3f}, {self.high:.3f}]"
        return f"{self.value:.3f} {ends} ({self.label}; {said})"

    def as_dict(self) -> dict[str, object]:
        """JSON values; numbers that JSON does not have become None."""
        whole: dict[str, object] = {
            name: getattr(self, name) for name in ("k", "value", "low", "high", "level", "label")
        }
        whole |= {"low": _finite(self.low), "high": _finite(self.high)}
        whole["methods"] = {name: _finite(value) for name, value in self.others.items()}
        whole["family_probabilities"] = dict(self.shares)
        return whole


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
