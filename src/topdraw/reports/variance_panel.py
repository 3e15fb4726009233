"""The panel of doubt: how much of it comes from which problems, how much from which samples.

Not here: the numbers (`analysis.variance`).
Try it: `python -m pytest tests/reports/test_variance_panel.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from markupsafe import escape

from topdraw.errors import InputError
from topdraw.reports.cards import percent
from topdraw.reports.frame import NARROW, WIDE, Layout, label, text_width
from topdraw.reports.panel import Panel
from topdraw.reports.tabular import Tabular

if TYPE_CHECKING:
    from topdraw.analysis.summary import Summary
    from topdraw.analysis.variance import Variance
    from topdraw.store.evidence import Evidence

_ROW, _BAR, _MORE = 62, 22, 4


def variance_panel(evidence: Evidence, summary: Summary) -> Panel | None:
    """Where the doubt of the mean sample comes from, and what other designs would buy.

    Args:
        evidence: a scored run or a table.
        summary: of the same evidence.

    Returns:
        None with a single problem or sample each, where a rule stopped the drawing, and where all
        verdicts agree.
    """
    from topdraw.analysis.variance import variance_of

    if summary.stopping is not None:
        return None
    try:
        parts = variance_of(evidence, by=summary.by)
    except InputError:  # too few problems or samples to part anything
        return None
    return panel_of(parts) if parts.between + parts.within > 0 else None


def panel_of(parts: Variance) -> Panel:
    """The panel of a parted variance.

    Args:
        parts: of a run, not all 0.
    """
    from topdraw.analysis.variance import designs

    samples = sorted({1, 4, 16, 64, max(round(parts.samples), 1)})
    rows = designs(parts, samples=samples, factor=_MORE)
    return Panel(
        key="variance",
        title="Where the doubt is from",
        claim=_claim(parts),
        figures=tuple(variance_figure(parts, layout=layout) for layout in (WIDE, NARROW)),
        table=Tabular(
            ("problems", "samples each", "samples to draw", "standard error of the mean (model)"),
            tuple((one.problems, one.samples, one.drawn, one.error) for one in rows),
        ),
        how=(
            "The variance of one sample's verdict is parted into the variance of the problems' "
            "true shares correct and the mean variance within a problem, both unbiased (two-stage "
            "sampling; Cochran 1977). Standard errors of other designs are a model: they take "
            "further problems to be like these. The interval of the share is a bootstrap over "
            "problems."
        ),
    )


def _claim(parts: Variance) -> str:
    error, rest = _apart(parts.error, parts.error_of_problems)
    more = 1 - parts.error_at(parts.problems * _MORE, round(parts.samples)) / parts.error
    return (
        f"Of the variance of a sample's verdict, a share of {parts.share} lies between problems. "
        f"The mean sample has a standard error of {error}; with endless samples of these "
        f"{parts.problems:,} problems {rest} of it would remain, and "
        f"{_MORE} times as many problems like them would take {more:.0%} off it."
    )


def _apart(one: float, two: float) -> tuple[str, str]:
    """Both numbers with two digits, or with as many as it takes to tell them apart, up to five."""
    told = [(f"{one:.{digits}g}", f"{two:.{digits}g}") for digits in range(2, 6)]
    return next((pair for pair in told if pair[0] != pair[1]), told[-1])


def variance_figure(parts: Variance, *, layout: Layout = WIDE) -> str:
    """Two bars, each parted into what comes from problems and what from samples.

    Args:
        parts: not all 0.
        layout: the room there is.

    Returns:
        An `svg` element, escaped.
    """
    total = parts.error**2
    drawn = f"{parts.samples:,.0f} samples each"
    bars = [
        ("variance of one sample's verdict", parts.share.value),
        (f"variance of the mean, {drawn}", parts.error_of_problems**2 / total if total else 0.0),
    ]
    body = [piece for at, bar in enumerate(bars) for piece in _bar(*bar, at * _ROW, layout)]
    told = escape(_claim(parts))
    return (
        f'<svg class="figure {layout.name}" viewBox="0 0 {layout.width} {len(bars) * _ROW + 6}" '
        f'role="img" aria-label="{told}">{"".join(body)}</svg>'
    )


def _bar(name: str, share: float, top: float, layout: Layout) -> Iterable[str]:
    """One bar from left to right: problems first, then samples; each named inside where it fits."""
    left, right = 2.0, float(layout.width - 2)
    cut = left + (right - left) * share
    yield label(left, top + 16, name, "name")
    parts = (("seven", left, cut, "problems", share), ("six", cut, right, "samples", 1 - share))
    for key, start, end, word, part in parts:
        if end - start > 0.5:
            yield (
                f'<g class="s-{key}"><rect class="bar-of" x="{start:.1f}" y="{top + 24:.1f}" '
                f'width="{end - start:.1f}" height="{_BAR}"/></g>'
            )
        text = f"{word} {percent(part)}"
        if text_width(text, layout.font) + 12 < end - start:
            yield label(start + 6, top + 40, text, "inside")
