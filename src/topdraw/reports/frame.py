"""The plotting area of a figure: scales, ticks and the text sizes that a layout asks for.

Not here: what is drawn in it; `topdraw.reports.figure` and `topdraw.reports.difficulty`.
Try it: `python -c "from topdraw.reports.frame import log_ticks; print(log_ticks(1, 100))"`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import escape

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
    """Where k and a proportion lie in the picture.

    Attributes:
        left: x of the smallest k.
        right: x of the largest k.
        top: y of `ymax`.
        bottom: y of 0.
        kmin: smallest k, >= 1.
        kmax: largest k.
        ymax: largest proportion on the axis, in (0, 1].
    """

    left: float
    right: float
    top: float
    bottom: float
    kmin: int
    kmax: int
    ymax: float

    def x(self, k: float) -> float:
        """The place of k on the logarithmic axis; the middle when there is only one k."""
        if self.kmax == self.kmin:
            return (self.left + self.right) / 2
        share = math.log(max(k, self.kmin) / self.kmin) / math.log(self.kmax / self.kmin)
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


def thinned(ticks: Sequence[int], frame: Frame, font: float) -> list[int]:
    """The ticks whose numbers do not touch: the ends first, then powers of ten, then the rest."""
    kept: list[int] = []
    ends = (frame.kmin, frame.kmax)
    for tick in sorted(ticks, key=lambda t: (t not in ends, not _is_power_of_ten(t), t)):
        if all(abs(frame.x(tick) - frame.x(k)) >= _apart(tick, k, font) for k in kept):
            kept.append(tick)
    return sorted(kept)


def _is_power_of_ten(k: int) -> bool:
    return str(k).strip("0") == "1"


def _apart(a: int, b: int, font: float) -> float:
    return (text_width(f"{a:,}", font) + text_width(f"{b:,}", font)) / 2 + font * 0.6
