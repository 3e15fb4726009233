"""A number with its doubt: value, interval, level, method and how many problems it stands on.

Not here: how an interval is made; that is `topdraw.analysis.intervals`.
Try it: `python -c "from topdraw import Estimate; print(Estimate(0.8551, 0.8262, 0.8821, n=500))"`.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number that reaches a user.

    Attributes:
        value: the point estimate; NaN when nothing could be estimated.
        low: lower end of the interval; NaN when it has none.
        high: upper end of the interval; NaN when it has none.
        level: confidence level of the interval, in (0, 1).
        method: how value and interval were made, in words.
        n: problems it stands on.
        missing: problems or samples left out because they could not be scored.
        p_value: two-sided p-value against 0, for differences; NaN otherwise.

    Examples:
        >>> print(Estimate(0.8551, 0.8262, 0.8821))
        0.855 [0.826, 0.882]
        >>> print(Estimate(1.0, 1.0, 1.0))
        1.000 [1.000, 1.000]
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    level: float = 0.95
    method: str = ""
    n: int = 0
    missing: int = 0
    p_value: float = math.nan

    @property
    def standard_error(self) -> float:
        """Half the interval's width over the normal quantile of its level; NaN without one."""
        from statistics import NormalDist

        return (self.high - self.low) / (2 * NormalDist().inv_cdf((1 + self.level) / 2))

    @property
    def decimals(self) -> int:
        """Decimals that the standard error allows, by the rule of the Particle Data Group.

        The error keeps two digits when its first three are at most 354, else one; at least 0 and
        at most 6 decimals, 3 when there is no interval or no width.
        """
        error = self.standard_error
        if not math.isfinite(error) or error <= 0:
            return 3
        exponent = math.floor(math.log10(error))
        leading = round(error / 10.0**exponent, 2)
        digits = 2 if leading <= 3.54 or leading > 9.49 else 1
        exponent += leading > 9.49
        return min(max(digits - 1 - exponent, 0), 6)

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "-"
        if math.isnan(self.low):
            return _printed(self.value, self.decimals)
        value, low, high = (
            _printed(each, self.decimals) for each in (self.value, self.low, self.high)
        )
        return f"{value} [{low}, {high}]"

    def as_dict(self) -> dict[str, float | int | str | None]:
        """JSON values; NaN and infinities, which JSON does not have, become None."""
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in dataclasses.asdict(self).items()
        }


class WholeEstimate(Estimate):
    """A number that counts something: it prints without decimals.

    Examples:
        >>> print(WholeEstimate(12.0, 12.0, 24.0))
        12 [12, 24]
    """

    __slots__ = ()

    @property
    def decimals(self) -> int:
        """None, whatever the error."""
        return 0


def _printed(value: float, decimals: int) -> str:
    # 0.0785 that is 0.07849999999999999 by one way of summing must print as by the other.
    return f"{float(f'{value:.12g}'):z.{decimals}f}"
