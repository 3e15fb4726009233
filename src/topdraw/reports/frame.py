"""The plotting area of a figure: scales, ticks and the text sizes that a layout asks for.

Not here: what is drawn in it; `topdraw.reports.figure` and `topdraw.reports.difficulty`.
Try it: `python -c "from topdraw.reports.frame import log_ticks; print(log_ticks(1, 100))"`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from markupsafe import escape

Number = TypeVar("Number", int, float)

_LETTER = 0.58
"""Mean width of a letter in font sizes; that of a wide system font, so that labels fit."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How much room a figure has, in its own units, which are pixels at full size.

    Attributes:
        name: "wide" or "narrow"; suffix of the figure's CSS class.
        width: of the view box.
        height: of the view box.
        font: size of the labels.
        left: room for the numbers of the upright axis.
        wrap: letters in a line of an end label.
    """

    name: str
    width: int
    height: int
    font: int
    left: int
    wrap: int


WIDE = Layout("wide", 880, 500, 14, 44, 40)
NARROW = Layout("narrow", 360, 480, 13, 34, 13)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where k, or what k samples cost, and a proportion lie in the picture.

    Attributes:
        left: x of the smallest k.
        right: x of the largest k.
        top: y of `ymax`.
        bottom: y of 0.
        kmin: smallest k, >= 1.
        kmax: largest k.
        ymax: largest proportion on the axis, in (0, 1].
        costs: the value at each k where the axis counts something else; positive, rising with k.
    """

    left: float
    right: float
    top: float
    bottom: float
    kmin: int
    kmax: int
    ymax: float
    costs: Mapping[int, float] | None = None

    @property
    def ends(self) -> tuple[float, float]:
        """The values at both ends of the logarithmic axis."""
        return (
            (self.kmin, self.kmax)
            if self.costs is None
            else (self.costs[self.kmin], self.costs[self.kmax])
        )

    def x(self, k: int) -> float:
        """The place of k on the logarithmic axis; the middle when there is only one k."""
        return self.at(k if self.costs is None else self.costs[k])

    def at(self, value: float) -> float:
        """The place of a value of the logarithmic axis; values beyond it lie on its ends."""
        least, most = self.ends
        if most == least:
            return (self.left + self.right) / 2
        share = math.log(max(value, least) / least) / math.log(most / least)
        return self.left + min(share, 1.0) * (self.right - self.left)

    def y(self, value: float) -> float:
        """The height of a proportion; values beyond the axis lie on its edge."""
        share = min(max(value / self.ymax, 0.0), 1.0)
        return self.bottom - share * (self.bottom - self.top)


def text_width(text: str, font: float) -> float:
    """About how wide a text is, on the safe side for Latin letters."""
    return len(text) * font * _LETTER


def label(x: float, y: float, text: str, look: str) -> str:
    """A text element of the figure.

    Args:
        x: its anchor.
        y: its base line.
        text: not yet escaped.
        look: classes of page.css.
    """
    return f'<text class="{look}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def top_of(values: Sequence[float]) -> float:
    """The end of an axis of proportions: the next tenth above all, beyond 0.5 the next fifth.

    Args:
        values: proportions; NaN is ignored.
    """
    largest = max((value for value in values if math.isfinite(value)), default=1.0)
    step = 2 if largest > 0.5 + 1e-9 else 1
    return min(max(math.ceil(largest * 10 / step - 1e-9) * step / 10, 0.1), 1.0)


def log_ticks(kmin: int, kmax: int) -> list[int]:
    """The numbers 1, 2 and 5 times a power of ten from kmin to kmax, and both ends."""
    powers = range(len(str(kmax)) + 1)
    inside = {m * 10**p for p in powers for m in (1, 2, 5) if kmin <= m * 10**p <= kmax}
    return sorted(inside | {kmin, kmax})


def level_ticks(ymax: float) -> list[float]:
    """Three to six round levels from 0 to `ymax`."""
    step = next(s for s in (0.02, 0.05, 0.1, 0.2) if ymax / s <= 5 + 1e-9)
    return [i * step for i in range(int(ymax / step + 1e-9) + 1)]


def thinned(
    ticks: Sequence[Number],
    frame: Frame,
    font: float,
    told: Callable[[Number], str] = "{:,}".format,
) -> list[Number]:
    """The ticks whose numbers do not touch: the ends first, then powers of ten, then the rest.

    Args:
        ticks: values of the logarithmic axis.
        frame: where they lie.
        font: size of the numbers.
        told: a value as it stands at the axis.
    """
    kept: list[Number] = []
    for tick in sorted(ticks, key=lambda t: (t not in frame.ends, not _is_power_of_ten(t), t)):
        room = [(text_width(told(tick) + told(other), font)) / 2 + font * 0.6 for other in kept]
        if all(abs(frame.at(tick) - frame.at(k)) >= gap for k, gap in zip(kept, room, strict=True)):
            kept.append(tick)
    return sorted(kept)


def _is_power_of_ten(value: float) -> bool:
    return abs(math.log10(value) - round(math.log10(value))) < 1e-9
