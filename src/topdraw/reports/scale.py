"""Where a number lies on an axis, linear or logarithmic, and which numbers stand beside it.

Not here: what is drawn (`series_figure`), the axis of a report's own figure (`frame`).
Try it: `python -m pytest tests/reports/test_scale.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from topdraw.reports.axis import Axis, round_ticks
from topdraw.reports.frame import level_ticks, log_ticks, text_width, top_of

Unit: TypeAlias = Literal["plain", "share", "k", "tokens", "usd", "flops"]
_MOST_TICKS = 6


@dataclass(frozen=True, slots=True)
class Measure:
    """What an axis counts.

    Attributes:
        name: what stands beside the axis; short.
        unit: how a number is written; "share" for proportions, whose axis starts at 0.
        log: whether the axis is logarithmic; it then starts and ends where the data do, and holds
            only what is above 0.
        most: end of a linear axis; None for a round number above all data.
    """

    name: str
    unit: Unit = "plain"
    log: bool = False
    most: float | None = None

    def told(self, value: float) -> str:
        """A value as a number at the axis.

        Examples:
            >>> SAMPLES.told(1000), SOLVED.told(0.25), Measure("gap").told(-0.1)
            ('1,000', '0.25', '\u22120.1')
        """
        if self.unit in ("plain", "share"):
            # Sums of steps are no round numbers: -0.30000000000000004 must print as -0.3.
            number = f"{value:,.4g}" if abs(value) < 1e6 else f"{value:.4g}"
            return number.replace("-", "\u2212")
        return Axis(self.unit, {}).told(value)

    def said(self, value: float) -> str:
        """A value in a sentence, as in "k = 100" or "temperature 0.7"."""
        if self.unit == "k":
            return f"k = {self.told(value)}"
        if self.unit in ("tokens", "usd", "flops"):
            return Axis(self.unit, {1: value}).of(1)
        return f"{self.name} {self.told(value)}"


#: The axes that most figures have.
SAMPLES = Measure("samples used, k (log scale)", unit="k", log=True)
TOKENS = Measure("output tokens per problem (log scale)", unit="tokens", log=True)
USD = Measure("USD per problem (log scale)", unit="usd", log=True)
FLOPS = Measure("inference FLOPs per problem (log scale)", unit="flops", log=True)
SOLVED = Measure("share of problems solved", unit="share")


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis laid out in a picture.

    Attributes:
        least: the number at `start`; above 0 on a logarithmic axis.
        most: the number at `end`, at least `least`.
        start: the place of `least`.
        end: the place of `most`; may lie before `start`, as upright axes do.
        log: whether it is logarithmic.
        ticks: numbers that have a mark.
    """

    least: float
    most: float
    start: float
    end: float
    log: bool
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """The place of a value; values beyond the axis lie on its ends.

        Examples:
            >>> Scale(1, 100, 0, 200, True, ()).at(10)
            100.0
        """
        low, high, where = (
            (math.log(x) if self.log else x)
            for x in (self.least, self.most, min(max(value, self.least), self.most))
        )
        share = 0.5 if high == low else (where - low) / (high - low)
        return self.start + share * (self.end - self.start)

    def labelled(self, measure: Measure, font: float) -> list[float]:
        """The ticks of a level axis whose numbers do not touch: ends, powers of ten, the rest.

        Args:
            measure: what the axis counts.
            font: size of the numbers.
        """
        kept: list[float] = []
        ends = (self.ticks[0], self.ticks[-1]) if self.ticks else ()
        for tick in sorted(self.ticks, key=lambda t: (t not in ends, not _is_power(t), t)):
            half = text_width(measure.told(tick), font) / 2
            gaps = [half + text_width(measure.told(t), font) / 2 + font * 0.6 for t in kept]
            places = [abs(self.at(tick) - self.at(t)) for t in kept]
            if all(place >= gap for place, gap in zip(places, gaps, strict=True)):
                kept.append(tick)
        return sorted(kept)


def scale(
    measure: Measure, values: Iterable[float], start: float, end: float, at: Sequence[float] = ()
) -> Scale:
    """An axis that holds all the values.

    Args:
        measure: what it counts.
        values: all numbers to be shown; NaN and infinities are ignored, on a logarithmic axis also
            those not above 0.
        start: the place of its smallest number.
        end: the place of its largest.
        at: numbers that were tried, few; a linear axis then ends at them and marks them.
    """
    known = [x for x in values if math.isfinite(x) and (x > 0 or not measure.log)] or [1.0]
    least, most = min(known), max(known)
    if measure.log:
        whole = measure.unit == "k" and least == int(least) and most == int(most)
        ticks = log_ticks(int(least), int(most)) if whole else round_ticks(least, most)
        marks = tuple(map(float, ticks)) or tuple(sorted({least, most}))
        return Scale(least, most, start, end, log=True, ticks=marks)
    if at:
        return Scale(least, most, start, end, log=False, ticks=tuple(at))
    if measure.unit == "share" and least >= 0:
        top = measure.most or top_of(known)
        return Scale(0.0, top, start, end, log=False, ticks=tuple(level_ticks(top)))
    low, high = min(least, 0.0), max(most if measure.most is None else measure.most, 0.0)
    steps = _steps(low, high)
    if measure.most is not None:
        steps = [step for step in steps if step <= high]
    return Scale(steps[0], max(steps[-1], measure.most or 0.0), start, end, False, tuple(steps))


def _steps(low: float, high: float) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`, at most seven or so."""
    if high <= low:
        return [0.0, 1.0]
    power = 10.0 ** math.floor(math.log10((high - low) / _MOST_TICKS))
    step = next(m * power for m in (1, 2, 5, 10) if (high - low) / (m * power) <= _MOST_TICKS)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]


def _is_power(value: float) -> bool:
    return value > 0 and abs(math.log10(value) - round(math.log10(value))) < 1e-9
