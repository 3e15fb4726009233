"""An invisible area of a figure that tells its number to a pointer and to the keyboard.

Not here: what page.js does with it. Try it: `python -m pytest tests/reports/test_spot.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from markupsafe import escape

from topdraw.core.estimate import Estimate
from topdraw.reports.visible import plain


def spot(
    x: float,
    y: float,
    width: float,
    height: float,
    told: Sequence[str],
    *,
    keys: Sequence[str] = (),
    first: bool = False,
) -> str:
    """An area of the figure.

    Args:
        x: its left edge.
        y: its upper edge.
        width: > 0.
        height: > 0.
        told: what it tells: a heading, then lines; not yet escaped.
        keys: for each line the CSS key of its colour; none for lines without one.
        first: whether the tab key stops here; from there on arrows lead to the others.

    Returns:
        A `rect` element; the figure around it is a group and no image, so that it is heard.
    """
    text = escape("\n".join(plain(each) for each in told))
    colours = f' data-keys="{" ".join(keys)}"' if keys else ""
    return (
        f'<rect class="spot" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
        f'{colours} tabindex="{0 if first else -1}" role="img" aria-label="{text}">'
        f"<title>{text}</title></rect>"
    )


def column(
    across: tuple[float, float],
    down: tuple[float, float],
    at: float,
    told: Sequence[str],
    *,
    keys: Sequence[str],
    room: Literal["above", "below"] = "below",
    first: bool = False,
) -> str:
    """An area over the whole height of a plot, with a guide line when it is asked.

    Args:
        across: its left and right edge.
        down: its upper and lower edge.
        at: where the guide line stands.
        told: what it tells: a heading, then lines; not yet escaped.
        keys: for each line the CSS key of its colour.
        room: which half of the plot has no lines there.
        first: as in `spot`.
    """
    text = escape("\n".join(plain(each) for each in told))
    (left, right), (top, bottom) = across, down
    return (
        f'<rect class="column" x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
        f'height="{bottom - top:.1f}" data-x="{at:.1f}" data-room="{room}" '
        f'data-keys="{" ".join(keys)}" tabindex="{0 if first else -1}" role="img" '
        f'aria-label="{text}"><title>{text}</title></rect>'
    )


def with_n(estimate: Estimate) -> str:
    """A number with its interval and what it stands on.

    Args:
        estimate: any.

    Examples:
        >>> with_n(Estimate(0.5, 0.4, 0.6, n=1200)), with_n(Estimate(0.5))
        ('0.50 [0.40, 0.60] (1,200 problems)', '0.500')
    """
    return f"{estimate} ({estimate.n:,} problems)" if estimate.n else str(estimate)
