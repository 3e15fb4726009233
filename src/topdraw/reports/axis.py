"""What the horizontal axis of a figure counts: samples, output tokens, USD or FLOPs per problem.

Not here: what k samples cost (`analysis.cost`), where a value lies in the picture (`frame`).
Try it: `python -m pytest tests/reports/test_axis.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_SUPERSCRIPT = str.maketrans(
    "-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
)
_SWITCH = {
    "k": ("samples", "samples used, k (log scale)"),
    "tokens": ("output tokens", "output tokens per problem (log scale)"),
    "usd": ("USD", "USD per problem (log scale)"),
    "flops": ("FLOPs", "inference FLOPs per problem (log scale)"),
}
_COMPACT = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True, slots=True)
class Axis:
    """A logarithmic axis.

    Attributes:
        key: "k", "tokens", "usd" or "flops".
        at: the value at each k, positive and rising with k.
        basis: how the values were made, in words; "" for k.
    """

    key: str
    at: Mapping[int, float]
    basis: str = ""

    @property
    def switch(self) -> str:
        """The word on its button."""
        return _SWITCH[self.key][0]

    @property
    def name(self) -> str:
        """What stands below it."""
        return _SWITCH[self.key][1]

    def told(self, value: float) -> str:
        """A value as a number at the axis.

        Examples:
            >>> Axis("k", {}).told(1000), Axis("tokens", {}).told(20_000)
            ('1,000', '20k')
            >>> Axis("usd", {}).told(0.002), Axis("flops", {}).told(2e12)
            ('$0.002', '2·10¹²')
        """
        if self.key == "flops":
            power = math.floor(math.log10(value) + 1e-9)
            front = f"{value / 10**power:.3g}"
            return ("" if front == "1" else f"{front}·") + f"10{str(power).translate(_SUPERSCRIPT)}"
        if self.key == "usd":
            places = max(0, -math.floor(math.log10(value) + 1e-9))
            return f"${value:,.{places}f}"
        if self.key == "tokens":
            for unit, letter in _COMPACT:
                if value >= unit:
                    return f"{value / unit:.3g}{letter}"
        return f"{value:,.10g}"

    def of(self, k: int) -> str:
        """The value at k in a sentence, as in "753 output tokens per problem".

        Args:
            k: one of those that `at` has.
        """
        value = self.at[k]
        if self.key == "flops":
            return f"{value:.2g} FLOPs per problem"
        if self.key == "usd":
            return f"${value:.2g} per problem"
        return f"{value:,.0f} {self.switch} per problem"


def axes(ks: Iterable[int], costs: Iterable[Axis] = ()) -> list[Axis]:
    """The axes that a figure can be drawn on: k first, then those costs that are known.

    Args:
        ks: all k of the figure.
        costs: further axes. One that is unknown, not positive, not finite or not rising at one of
            these k is left out.
    """
    every = sorted(set(ks))
    return [Axis("k", {k: float(k) for k in every}), *(one for one in costs if _known(one, every))]


def _known(axis: Axis, ks: Sequence[int]) -> bool:
    values = [axis.at.get(k, math.nan) for k in ks]
    rising = all(a < b for a, b in pairwise(values))
    return bool(values) and values[0] > 0 and rising and math.isfinite(values[-1])


def round_ticks(least: float, most: float) -> list[float]:
    """The numbers 1, 2 and 5 times a power of ten from `least` to `most`, both > 0.

    Examples:
        >>> round_ticks(0.015, 0.3)
        [0.02, 0.05, 0.1, 0.2]
    """
    first, last = math.floor(math.log10(least)), math.ceil(math.log10(most))
    every = (float(f"{m}e{p}") for p in range(first, last + 1) for m in (1, 2, 5))
    return [tick for tick in every if least <= tick <= most]
