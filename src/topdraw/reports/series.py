"""One line of a figure: its numbers, its look, and whether they were measured, modelled or read.

Not here: the drawing (`series_figure`), the looks of selectors (`strategies`).
Try it: `python -m pytest tests/reports/test_series.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from topdraw.core.estimate import Estimate
from topdraw.reports.strategies import Look, look

Kind: TypeAlias = Literal["measured", "model", "published", "level"]

_KEYS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
_MARKS = ("circle", "square", "triangle", "diamond")
#: More things than colours cannot be told apart.
MOST_NUMBERED = len(_KEYS)


def numbered(at: int) -> Look:
    """The look of the at-th of several things that are no selectors: models, tasks, stages.

    Args:
        at: 0, 1, ...; the ninth looks like the first.

    Examples:
        >>> numbered(0).key, numbered(1).mark
        ('one', 'square')
    """
    return Look(_KEYS[at % MOST_NUMBERED], mark=_MARKS[at % len(_MARKS)])


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a figure.

    Attributes:
        name: what it is, for the label at its end; short; "" for no label.
        points: a number, or an estimate with its interval, by its place on the level axis; what is
            not finite is left out.
        look: `look("majority")` for a selector, `numbered(i)` for everything else: one colour for
            one meaning on all pages.
        kind: "measured" has a mark where it was measured, and its intervals as a band; "model" is
            dashed, without marks, and is called a model; "published" has hollow marks and no line;
            "level" is one number that does not depend on the level axis.
        band: edges of a band around the whole curve, by place; empty for the points' intervals.
    """

    name: str
    points: Mapping[float, Estimate | float]
    look: Look = field(default_factory=lambda: numbered(0))
    kind: Kind = "measured"
    band: Mapping[float, Estimate] = field(default_factory=dict)

    @property
    def called(self) -> str:
        """The name, with the word that says what kind of numbers they are."""
        word = self.kind if self.kind in ("model", "published") else ""
        return self.name if not word or word in self.name.lower() else f"{self.name}, {word}"

    def known(self) -> dict[float, Estimate]:
        """Its finite points as estimates, from left to right."""
        made = {
            x: y if isinstance(y, Estimate) else Estimate(float(y)) for x, y in self.points.items()
        }
        return {
            x: made[x] for x in sorted(made) if math.isfinite(x) and math.isfinite(made[x].value)
        }

    def edges(self) -> dict[float, Estimate]:
        """What its band is drawn through: places with two finite edges."""
        around = self.band or self.known()
        return {
            x: around[x] for x in sorted(around) if math.isfinite(around[x].low + around[x].high)
        }


def selector_series(
    strategy: str, points: Mapping[float, Estimate | float], name: str = ""
) -> Series:
    """The line of a selector in its own colour; references are level lines.

    Args:
        strategy: name of the selector, such as "majority", "oracle", "greedy", "random".
        points: as in `Series`.
        name: what it is called; default: the strategy's name in words.
    """
    drawn = look(strategy)
    kind: Kind = "level" if drawn.reference else "measured"
    return Series(name or strategy.replace("_", " "), points, drawn, kind)


def numbered_series(named: Iterable[tuple[str, Mapping[float, Estimate | float]]]) -> list[Series]:
    """Lines of models, tasks or stages, each in the next colour.

    Args:
        named: name and points of each.
    """
    return [Series(name, points, numbered(at)) for at, (name, points) in enumerate(named)]
