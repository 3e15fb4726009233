"""The gap between the oracle and the best real selector: shaded, bracketed, named.

Not here: its estimate, which is paired over problems and comes from the summary.
Try it: `python -m pytest tests/reports/test_figure.py -k gap`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from topdraw.core.estimate import Estimate
from topdraw.reports.frame import Frame, Layout, label, text_width
from topdraw.reports.line import Line

_LEADING = 1.25


def gap_marks(
    oracle: Line, best: Line, gap: Estimate, frame: Frame, layout: Layout
) -> Iterable[str]:
    """The area between both lines, and what it measures at its right end.

    Args:
        oracle: the upper line.
        best: the lower line.
        gap: what was drawn and not chosen at the largest k; more than their difference where the
            luck of having picked the best is taken off.
        frame: where they are drawn.
        layout: the room there is.

    Returns:
        SVG elements; none when the lines share fewer than two k.
    """
    ks = sorted(set(oracle.points) & set(best.points))
    if len(ks) < 2:
        return
    upper = [f"{frame.x(k):.1f} {frame.y(oracle.points[k].value):.1f}" for k in ks]
    lower = [f"{frame.x(k):.1f} {frame.y(best.points[k].value):.1f}" for k in reversed(ks)]
    yield f'<path class="gap" d="M{"L".join(upper + lower)}Z"/>'
    # The best of several had luck on these problems: without it the bracket goes below its line.
    top = oracle.points[ks[-1]].value
    end = frame.y(max(top - gap.value, 0.0))
    right = frame.x(ks[-1])
    yield f'<path class="bracket" d="M{upper[-1]}L{right:.1f} {end:.1f}m-5 0h10"/>'
    yield from _named(oracle, best, gap, ks, frame, layout)


def _named(
    oracle: Line, best: Line, gap: Estimate, ks: Sequence[int], frame: Frame, layout: Layout
) -> Iterable[str]:
    """The number in the middle of the area where it fits, else above the oracle's end."""
    number, _, interval = str(gap).partition(" ")
    rows = [f"gap {number}", interval] if interval else [f"gap {number}"]
    x = frame.x(ks[-1]) - 10
    left = x - max(text_width(row, layout.font) for row in rows)
    roof, floor = _room(oracle, best, ks, left, frame)
    height = layout.font * _LEADING * len(rows)
    if floor - roof < height + 4:
        above = frame.y(oracle.points[ks[-1]].value) - 12
        yield label(x + 10, above, " ".join(rows), "gap-value right")
        return
    first = (roof + floor - height) / 2 + layout.font
    for at, row in enumerate(rows):
        look = "gap-interval" if at else "gap-value"
        yield label(x, first + at * layout.font * _LEADING, row, f"{look} right")


def _room(
    oracle: Line, best: Line, ks: Sequence[int], left: float, frame: Frame
) -> tuple[float, float]:
    """Lowest point of the oracle and highest of the best from x = `left` to the end."""
    start = max((k for k in ks if frame.x(k) <= left), default=ks[0])
    spanned = [k for k in ks if k >= start]
    roof = max(frame.y(oracle.points[k].value) for k in spanned)
    floor = min(frame.y(best.points[k].value) for k in spanned)
    return roof, floor
